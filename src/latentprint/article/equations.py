r"""The equations of one article: what they define carries over, and `\ref` finds their numbers."""

from __future__ import annotations

import html
import re
import threading
from functools import lru_cache

from latentprint.article.mathjax import MathJax
from latentprint.article.mathml import drawn

# What stands for the number of an equation until all are known; no text holds this noncharacter.
MARK = "\ufdd1"

_REFERENCE = re.compile(rf"{MARK}(link-)?(eq)?:([^{MARK}]*){MARK}")
_shared = threading.local()


class Equations:
    """Formulas in the order of the article.

    Attributes:
        unknown: Labels that were referred to and that no equation has.
    """

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self._mathjax = MathJax()

    def write(self, latex: str, *, display: bool, block: bool = False) -> str:
        """A formula as HTML, with marks for the numbers that it refers to.

        Args:
            latex: The formula without its delimiters.
            display: Whether it stands on a line of its own.
            block: Whether it is a block rather than a part of a paragraph.

        Raises:
            FormulaError: A part of it is not known.
        """
        formula = drawn(
            self._mathjax.convert(latex, display=display), latex, display=display, name=equation_id
        )
        if not display or not formula.html:
            return formula.html
        element = "div" if block else "span"
        number, classes = "", "math-display"
        if formula.number:
            classes += " numbered"
            number = (
                f'<span class="equation-number" id="{html.escape(equation_id(formula.name))}">'
                f"{html.escape(formula.number)}</span>"
            )
            return (
                f'<{element} class="{classes}"><span class="equation">{formula.html}</span>'
                f"{number}</{element}>"
            )
        return f'<{element} class="{classes}">{formula.html}</{element}>'

    def settle_references(self, text: str) -> str:
        """Put the numbers of equations where the marks for them are."""
        return _REFERENCE.sub(self._number, text)

    def _number(self, found: re.Match[str]) -> str:
        link, parentheses, label = found.groups()
        tag, name = self._mathjax.labels.get(html.unescape(label).strip(), ("", ""))
        if not tag:
            self.unknown.add(html.unescape(label).strip())
        shown = html.escape(tag) or "???"
        shown = f"({shown})" if parentheses else shown
        if link and tag:
            return f'<a href="#{html.escape(equation_id(name))}">{shown}</a>'
        return shown


def reference_mark(label: str, *, parentheses: bool) -> str:
    r"""What stands in the text for `\ref` or `\eqref`, as HTML."""
    kind = "eq" if parentheses else ""
    return f"{MARK}link-{kind}:{html.escape(label)}{MARK}"


def equation_id(name: str) -> str:
    """The id of a numbered line, from MathJax's name for it."""
    return "page-equation-" + re.sub(r"[^\w.-]+", "-", name.removeprefix("mjx-eqn:"))


@lru_cache(maxsize=4096)
def mathml(latex: str) -> str:
    """A formula that stands alone, such as one in a title of the bibliography.

    Args:
        latex: The formula without its delimiters.

    Raises:
        FormulaError: A part of it is not known.
    """
    if not hasattr(_shared, "mathjax"):
        _shared.mathjax = MathJax()
    _shared.mathjax.forget()
    written = _shared.mathjax.convert(latex, display=False)
    return _REFERENCE.sub("???", drawn(written, latex, display=False, name=equation_id).html)
