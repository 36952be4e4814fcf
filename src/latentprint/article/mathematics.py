r"""Formulas in LaTeX: where they stand in a text.

`$$…$$` is a formula as in Distill and kramdown; on lines of its own it is displayed. So are
`\[…\]`, with one backslash or, as Jekyll wants them, two, and environments such as `align` without
delimiters. `$…$` and `\(…\)` stand in the text. As on the dialect's sites, `$` is a dollar sign
where no formula can begin: an amount such as $5, or words up to the next dollar sign.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from latentprint.article.elements import block_text, context_of, line_at
from latentprint.article.equations import reference_mark
from latentprint.article.mathjax import FormulaError

_DOUBLE = re.compile(r"\$\$(?!\$)(.+?)(?<!\\)\$\$", re.DOTALL)
_BRACKETS = re.compile(
    r"\\\\\((?P<round2>.+?)\\\\\)|\\\((?P<round>.+?)\\\)"
    r"|\\\\\[(?P<square2>.+?)\\\\\]|\\\[(?P<square>.+?)\\\]",
    re.DOTALL,
)
_BEGIN = re.compile(r"\\begin\s*\{([A-Za-z]+\*?)\}")
_REFERENCE = re.compile(r"\\(eq)?ref\s*\{([^{}\n]*)\}")
_OPENINGS = ("$$", "\\[", "\\\\[", "\\begin")
# What only a formula holds, and what only a text does.
_LATEX = re.compile(r"[\\^_={}]")
_WORDS = re.compile(r"[A-Za-z]{2,}[,;:.]?\s+\(?[A-Za-z]{2,}")
_AMOUNT = re.compile(r"\s\(?[A-Za-z]{2,}|[-–/]$")
_LETTER = re.compile(r"\s+[A-Za-z]\s+")
_TAG = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|nbsp|#\d+|#x[0-9A-Fa-f]+);")
# What kramdown takes for an escape, but for names, where an underscore may be meant.
_ESCAPED = re.compile(r"(\\(?:text|math|operatorname)[a-z]*\*?\s*\{[^{}]*\})|\\([_*])")


@dataclass(frozen=True)
class _Found:
    """A formula in a text: its source without delimiters, where it ends, how it stands."""

    latex: str
    end: int
    display: bool = False


def inline_mathematics_plugin(md: MarkdownIt) -> None:
    """Let a parser read formulas in inline text."""
    md.inline.ruler.after("text", "mathematics", _inline)
    md.inline.ruler.after("mathematics", "equation_reference", _reference)


def mathematics_plugin(md: MarkdownIt) -> None:
    """Let a parser read formulas and `<d-math>`, and a renderer write them."""
    inline_mathematics_plugin(md)
    md.block.ruler.before(
        "fence", "mathematics", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    md.add_render_rule("formula", _render)
    md.add_render_rule("d_math", _render)
    md.add_render_rule("equation_reference", _render_reference)


def _inline(state: StateInline, silent: bool) -> bool:
    found = _find(state.src, state.pos, state.posMax)
    if found is None or not found.latex.strip():
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = found.latex
        token.meta = {"display": found.display, "line": line_at(state, state.pos)}
    state.pos = found.end
    return True


def _reference(state: StateInline, silent: bool) -> bool:
    r"""`\ref` and `\eqref` in the text, as MathJax reads them."""
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("equation_reference", "", 0)
        token.content = found.group(2)
        token.meta = {"parentheses": bool(found.group(1)), "line": line_at(state, state.pos)}
    state.pos = found.end()
    return True


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    position = state.bMarks[start_line] + state.tShift[start_line]
    if state.is_code_block(start_line) or not state.src.startswith(_OPENINGS, position):
        return False
    found = _find(state.src, position, state.eMarks[end_line - 1])
    text = block_text(state, start_line, found.end) if found else ""
    found = _find(text, 0, len(text))
    if found is None or not found.latex.strip() or text[found.end :].strip():
        return False
    if not found.display and not text.startswith("$$"):
        return False
    if silent:
        return True
    state.line = start_line + text.count("\n", 0, found.end) + 1
    token = state.push("formula", "math", 0)
    token.block = True
    token.content = found.latex
    token.map = [start_line, state.line]
    token.meta = {"display": True, "line": start_line + 1}
    return True


def _find(text: str, position: int, end: int) -> _Found | None:
    """The formula that begins at a position of a text."""
    if text.startswith("$$", position):
        found = _DOUBLE.match(text, position, end)
        return _Found(found.group(1), found.end()) if found else None
    if text.startswith("$", position):
        return _between_dollars(text, position, end)
    if not text.startswith("\\", position):
        return None
    if begun := _BEGIN.match(text, position, end):
        return _environment(text, begun, end)
    found = _BRACKETS.match(text, position, end)
    if found is None or found.lastgroup is None:
        return None
    latex = found[found.lastgroup]
    square = found.lastgroup.startswith("square")
    # In Markdown, "\[" within a line is a bracket that is meant as it stands.
    if found.lastgroup == "square" and not _alone(text, found):
        return None
    return _Found(_unescaped(latex), found.end(), square)


def _alone(text: str, found: re.Match[str]) -> bool:
    return found.start() == 0 and not text[found.end() :].partition("\n")[0].strip()


def _between_dollars(text: str, position: int, end: int) -> _Found | None:
    closing = _closing_dollar(text, position + 1, end)
    if closing is None:
        return None
    latex = text[position + 1 : closing]
    sure = _LATEX.search(latex) is not None
    amount = latex[:1].isdigit()
    if "`" in latex or "\n\n" in latex or not latex.strip() or _TAG.search(latex):
        return None
    if text[closing + 1 : closing + 2].isdigit() and (amount or not sure):
        return None
    if not sure and (_WORDS.search(latex) or (amount and _AMOUNT.search(latex))):
        return None
    if latex != latex.strip() and not sure and not _LETTER.fullmatch(latex):
        return None
    return _Found(_unescaped(latex, dollars=True), closing + 1)


def _closing_dollar(text: str, position: int, end: int) -> int | None:
    r"""The dollar sign that ends a formula: braces may hold others, as in `\text{if $x$}`."""
    depth = 0
    while position < end:
        character = text[position]
        if character == "\\":
            position += 1
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
        elif character == "$" and depth <= 0:
            return None if text.startswith("$$", position) else position
        position += 1
    return None


def _environment(text: str, begun: re.Match[str], end: int) -> _Found | None:
    name = begun.group(1)
    depth = 0
    marks = re.compile(rf"\\(begin|end)\s*\{{{re.escape(name)}\}}")
    for mark in marks.finditer(text, begun.start(), end):
        depth += 1 if mark.group(1) == "begin" else -1
        if depth == 0:
            return _Found(_unescaped(text[begun.start() : mark.end()]), mark.end(), True)
    return None


def _unescaped(latex: str, *, dollars: bool = False) -> str:
    r"""A formula as kramdown hands it on: outside of `$$…$$` it takes backslashes for escapes.

    Posts double them therefore. Where nothing is doubled, the formula is taken as LaTeX.
    """
    if r"\\\\" in latex:
        latex = latex.replace(r"\\", "\\")
    elif dollars and r"\begin" not in latex:
        latex = re.sub(r"\\\\(?=[A-Za-z{}|,;:!_#%&])", r"\\", latex)
    return _ESCAPED.sub(lambda found: found.group(1) or found.group(2), latex)


def _render(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    token = tokens[index]
    context = context_of(env)
    display = token.meta.get("display", "block" in token.meta.get("attributes", ()))
    block = token.block
    unescape = html.unescape if token.type == "d_math" else _without_entities
    source = unescape(token.content).strip()
    for found in _REFERENCE.finditer(source):
        context.references.append((found.group(2).strip(), token.meta["line"]))
    try:
        whole = context.equations.write(source, display=display, block=block)
        formula = whole
    except FormulaError as error:
        message = f"The formula {_short(source)} stays as source: {error}."
        context.warn(token.meta["line"], message, kind="formula")
        formula = f'<code class="math-source">{html.escape(source)}</code>'
        element = "div" if block else "span"
        whole = f'<{element} class="math-display">{formula}</{element}>' if display else formula
    return context.slots.put(f"{whole}\n" if block and whole else whole, title=formula)


def _render_reference(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    token = tokens[index]
    context = context_of(env)
    context.references.append((token.content.strip(), token.meta["line"]))
    mark = reference_mark(token.content, parentheses=token.meta["parentheses"])
    return context.slots.put(mark, title=mark)


def _without_entities(latex: str) -> str:
    """Raw HTML writes a formula's "<" as a reference, which no formula needs."""
    return _ENTITY.sub(lambda found: html.unescape(found.group()), latex)


def _short(source: str) -> str:
    text = " ".join(source.split())
    return f"'{text}'" if len(text) <= 40 else f"'{text[:40]}…'"
