r"""Formulas in LaTeX, as MathML that browsers draw without a script.

`$$…$$` is a formula as in Distill; on lines of its own it is displayed. So are `\(…\)` and, on
lines of its own, `\[…\]`, with one backslash or, as Jekyll wants them, two. A single `$` is a
dollar sign.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from latentprint.article.elements import block_text, context_of, line_at

_INLINE = re.compile(r"\$\$(?!\$)(.+?)(?<!\\)\$\$|\\\\\((.+?)\\\\\)|\\\((.+?)\\\)", re.DOTALL)
_OPENINGS = ("$$", "\\[", "\\\\[")
_BLOCK = re.compile(r"\$\$(?!\$)(.+?)(?<!\\)\$\$|\\\\\[(.+?)\\\\\]|\\\[(.+?)\\\]", re.DOTALL)
# Environments under the name by which the converter knows them; the rest it would garble.
_ENVIRONMENTS = (
    {
        "aligned": "align*",
        "align": "align*",
        "gathered": "matrix",
        "gather": "matrix",
        "gather*": "matrix",
        "multline": "matrix",
        "multline*": "matrix",
        "dcases": "cases",
        "equation": "",
        "equation*": "",
        "displaymath": "",
    }
    | {name: name for name in ("align*", "array", "cases", "smallmatrix", "split")}
    | {f"{kind}matrix": f"{kind}matrix" for kind in ("", "b", "B", "p", "v", "V")}
)
_ELEMENTS = """math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom
    mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder
    munderover none"""
_TAGS = frozenset(_ELEMENTS.split())
_PROPERTIES = """accent accentunder columnspan depth display displaystyle fence form height largeop
    linethickness lspace mathcolor mathbackground mathsize mathvariant maxsize minsize movablelimits
    notation rowspan rspace scriptlevel separator stretchy symmetric voffset width"""
_ATTRIBUTES = frozenset(_PROPERTIES.split())
# How many parts an element has; with fewer a browser draws nothing or an error.
_CHILDREN = {
    **dict.fromkeys(("mfrac", "mover", "mroot", "msub", "msup", "munder"), (2,)),
    **dict.fromkeys(("msubsup", "munderover"), (3,)),
}
_SYMBOLS = {r"\{": "&#x7B;", r"\}": "&#x7D;", r"\|": "&#x2016;"}
_SIZE = re.compile(r"[#\w.+\- %]*")
_VARIANTS = {"bold", "italic", "bold-italic", "script", "fraktur", "double-struck"}


class FormulaError(Exception):
    """The formula cannot be converted; the message says why."""


def inline_mathematics_plugin(md: MarkdownIt) -> None:
    """Let a parser read formulas in inline text."""
    md.inline.ruler.after("text", "mathematics", _inline)


def mathematics_plugin(md: MarkdownIt) -> None:
    """Let a parser read formulas and `<d-math>`, and a renderer write them."""
    inline_mathematics_plugin(md)
    md.block.ruler.before(
        "fence", "mathematics", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    md.add_render_rule("formula", _render)
    md.add_render_rule("d_math", _render)


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = _INLINE.match(state.src, state.pos, state.posMax)
    source = _source(found)
    if found is None or not source:
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = source
        token.meta = {"attributes": {}, "line": line_at(state, state.pos)}
    state.pos = found.end()
    return True


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    position = state.bMarks[start_line] + state.tShift[start_line]
    if state.is_code_block(start_line) or not state.src.startswith(_OPENINGS, position):
        return False
    found = _BLOCK.match(state.src, position, state.eMarks[end_line - 1])
    text = block_text(state, start_line, found.end()) if found else ""
    found = _BLOCK.match(text)
    source = _source(found)
    if found is None or not source or text[found.end() :].strip():
        return False
    if silent:
        return True
    state.line = start_line + text.count("\n", 0, found.end()) + 1
    token = state.push("formula", "math", 0)
    token.block = True
    token.content = source
    token.map = [start_line, state.line]
    token.meta = {"attributes": {"block": ""}, "line": start_line + 1}
    return True


def _source(found: re.Match[str] | None) -> str:
    return next((each for each in found.groups() if each), "").strip() if found else ""


def _render(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    token = tokens[index]
    context = context_of(env)
    display = "block" in token.meta["attributes"]
    source = html.unescape(token.content) if token.type == "d_math" else token.content
    try:
        formula = mathml(source.strip(), display=display)
    except FormulaError as error:
        context.warn(token.meta["line"], f"The formula {_short(source)} stays as source: {error}.")
        formula = f'<code class="math-source">{html.escape(source.strip())}</code>'
    whole = f'<div class="math-display">{formula}</div>\n' if display else formula
    return context.slots.put(whole, title=formula)


@lru_cache(maxsize=4096)
def mathml(latex: str, *, display: bool = False) -> str:
    """Convert a formula.

    Args:
        latex: The formula without its delimiters.
        display: Whether it stands on a line of its own.

    Raises:
        FormulaError: The converter does not know a part of it.
    """
    try:
        math = convert_to_element(_prepare(latex), display="block" if display else "inline")
    except FormulaError:
        raise
    except Exception as error:  # The converter fails in many ways on broken input.
        name = type(error).__name__.removesuffix("Error")
        reason = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
        raise FormulaError(f"it is broken ({reason})") from error
    for node in math.iter():
        _settle(node)
    math.set("alttext", latex)
    return tostring(math, encoding="unicode")


def _prepare(latex: str) -> str:
    """Write a formula in the words that the converter knows."""

    def environment(found: re.Match[str]) -> str:
        name = found.group(2)
        if name not in _ENVIRONMENTS:
            raise FormulaError(f"the environment {name!r} is not supported")
        known = _ENVIRONMENTS[name]
        return (
            rf"\{found.group(1)}{{{known}}}" if known else "{" if found.group(1) == "begin" else "}"
        )

    latex = re.sub(r"\\label\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])", "", latex)
    latex = re.sub(r"\\(begin|end)\s*\{([^{}]*)\}", environment, latex)
    latex = re.sub(r"\\arg(?![A-Za-z])", r"\\operatorname{arg}", latex)
    latex = re.sub(r"\\mathrm\s*\{([A-Za-z0-9 ]+)\}", r"\\text{\1}", latex)
    return re.sub(r"\\operatorname\*?\s*\{([^{}]*)\}", _operator, latex)


def _operator(found: re.Match[str]) -> str:
    """An operator's name without star and spacing, which the converter does not know."""
    name = re.sub(r"\\[,;:! ]|~|\s+", "\N{NO-BREAK SPACE}", found.group(1))
    return rf"\operatorname{{{name}}}"


def _settle(node: Element) -> None:
    """Check an element that the converter made, and write it as browsers want it."""
    text = node.text or ""
    if node.tag not in _TAGS or len(node) not in _CHILDREN.get(node.tag, (len(node),)):
        raise FormulaError("a part of it is missing or unknown")
    if node.tag != "mtext":
        text = _SYMBOLS.get(text, text)
        _check(text)
    if node.get("linebreak"):
        raise FormulaError(r"\\ is not supported outside of an environment")
    align = node.get("columnalign")
    for name, value in list(node.items()):
        if name not in _ATTRIBUTES or not _SIZE.fullmatch(value):
            del node.attrib[name]
    if align in ("left", "right", "center"):
        node.set("style", f"text-align:{align}")
    text = re.sub(r"&#x[0-9A-Fa-f]{2,6};", lambda found: html.unescape(found.group()), text)
    node.text = _styled(text, node.attrib.pop("mathvariant", ""), node) or None


def _check(text: str) -> None:
    """Refuse what the converter passed through because it did not understand it."""
    if text == "&":
        raise FormulaError("it has a stray &")
    if text in ("{", "}"):
        raise FormulaError("its braces do not match")
    if re.fullmatch(r"\\.+", text, re.DOTALL) or text == "&#x;":
        raise FormulaError(f"{text} is not supported")


def _styled(text: str, variant: str, node: Element) -> str:
    """Letters of a bold or another style; browsers know the style only as characters."""
    if variant == "normal":
        node.set("mathvariant", "normal")
    if variant not in _VARIANTS:
        return text
    words = f"MATHEMATICAL {variant.replace('-', ' ').upper()}"
    styled = []
    for character in text:
        name = unicodedata.name(character, "").replace("LATIN ", "").replace("GREEK ", "")
        kind, _, letter = name.partition(" LETTER ")
        try:
            styled.append(unicodedata.lookup(f"{words} {kind} {letter}"))
        except KeyError:
            styled.append(character)
    return "".join(styled)


def _short(source: str) -> str:
    text = " ".join(source.split())
    return f"'{text}'" if len(text) <= 40 else f"'{text[:40]}…'"
