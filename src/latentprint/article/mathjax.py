r"""LaTeX to MathML by MathJax, which is what the dialect's sites use, in an engine without a page.

The engine is QuickJS: it has no access to files, network or clock, and its time and memory are
bounded. MathJax makes the tree; `latentprint.article.mathml` writes it as browsers draw it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from latentprint.article.javascript import library

if TYPE_CHECKING:
    import quickjs

SECONDS = 20.0
"""Computing time that one formula may take."""

_MEMORY = 512_000_000
# In the order in which they need one another.
_EXTENSIONS = (
    *("ams", "newcommand", "configmacros", "boldsymbol", "braket", "bbox", "enclose", "cancel"),
    *("color", "mathtools", "extpfeil", "amscd", "unicode", "upgreek", "centernot", "gensymb"),
    *("mhchem", "verb", "html"),
)
# What KaTeX, which Distill's own elements use, or common packages know and MathJax does not.
_MACROS = {
    "bm": [r"\boldsymbol{#1}", 1],
    "argmin": r"\operatorname*{arg\,min}",
    "argmax": r"\operatorname*{arg\,max}",
    "R": r"\mathbb{R}",
    "N": r"\mathbb{N}",
    "Z": r"\mathbb{Z}",
    "mathbbm": [r"\mathbb{#1}", 1],
    "mathds": [r"\mathbb{#1}", 1],
    "ensuremath": ["{#1}", 1],
    "textsc": [r"\text{#1}", 1],
    "emph": [r"\textit{#1}", 1],
    "coloneq": r"\mathrel{:=}",
    "llbracket": r"\mathopen{\unicode{x27E6}}",
    "rrbracket": r"\mathclose{\unicode{x27E7}}",
}
# A macro in braces, which LaTeX takes for its name as well.
_BRACED = re.compile(r"(\\(?:g?def|let)\s*)\{\s*(\\[A-Za-z]+)\s*\}")
# What MathJax expects of its surroundings: a place for its parts, and what the last match was.
_PRELUDE = """
globalThis.MathJax = {version: '3.2.2'};
const match = String.prototype.match;
String.prototype.match = function (pattern) {
  const found = match.call(this, pattern);
  if (found) RegExp['$&'] = found[0];
  return found;
};
"""


class FormulaError(Exception):
    """The formula cannot be converted; the message says why."""


class MathJax:
    """One article's formulas: what one of them defines, the next ones know.

    It belongs to the thread that makes it.
    """

    def __init__(self) -> None:
        self.labels: dict[str, tuple[str, str]] = {}
        self._engine: quickjs.Context | None = None

    def convert(self, latex: str, *, display: bool) -> str:
        r"""Convert a formula to MathML as MathJax writes it.

        A `\ref` or `\eqref` in it is a mark that `latentprint.article.equations` replaces.

        Args:
            latex: The formula without its delimiters.
            display: Whether it stands on a line of its own.

        Raises:
            FormulaError: MathJax does not know a part of it, or it takes too long.
        """
        from quickjs import JSException

        engine = self._started()
        engine.set_time_limit(SECONDS)
        try:
            answer = json.loads(engine.get("convert")(_BRACED.sub(r"\1\2", latex), display))
        except JSException as error:
            self._engine = None
            raise FormulaError("it takes too much time or memory") from error
        if "error" in answer:
            raise FormulaError(_sentence(answer["error"]))
        self.labels = {label: (tag, name) for label, tag, name in answer["labels"]}
        return str(answer["mathml"])

    def forget(self) -> None:
        """Forget macros, labels and numbers."""
        self.labels = {}
        if self._engine is not None:
            self._begin(self._engine)

    @staticmethod
    def _begin(engine: quickjs.Context) -> None:
        packages = json.dumps(["base", "later", *_EXTENSIONS])
        engine.eval(f"begin({packages}, {json.dumps(_MACROS)})")

    def _started(self) -> quickjs.Context:
        if self._engine is None:
            import quickjs

            engine = quickjs.Context()
            engine.set_memory_limit(_MEMORY)
            engine.set_max_stack_size(2_000_000)
            engine.eval(_PRELUDE)
            for script in _scripts():
                engine.eval(script)
            self._begin(engine)
            self._engine = engine
        return self._engine


def _sentence(message: str) -> str:
    """MathJax's message as the end of a sentence."""
    text = " ".join(message.split()).rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


@cache
def _scripts() -> tuple[str, ...]:
    """MathJax's own scripts and ours."""
    names = ["core", "adaptors/liteDOM", "input/tex-base"]
    names += [f"input/tex/extensions/{name}" for name in _EXTENSIONS]
    scripts = [library(f"mathjax/{name}.js") for name in names]
    return (*scripts, Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))
