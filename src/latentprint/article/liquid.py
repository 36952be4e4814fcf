"""Jekyll's Liquid as far as articles use it; everything else stays visible and is reported.

Supported are `highlight`, `details`, `raw`, `comment`, addresses such as
`{{ '/assets/a.png' | relative_url }}` and `{{ site.baseurl }}` (which is empty here), and one
include, al-folio's `figure.liquid`, as a picture with a caption. Nothing is ever run.

Unlike in Jekyll, Liquid in code and formulas is left alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from latentprint.article.context import Context
from latentprint.article.elements import block_text, context_of, write_attributes

# Stands before Liquid that is not run, until it is shown; no text holds this noncharacter.
MARK = "\ufdd0"

_LIQUID = re.compile(
    r"\{%-?\s*(\w+)((?:(?!%\}).)*?)-?%\}|\{\{-?((?:(?!\}\}|\n\n).)*?)-?\}\}", re.DOTALL
)
_SHOWN = re.compile(r"\{%(?:(?!%\}).)*%\}|\{\{(?:(?!\}\}).)*\}\}", re.DOTALL)
_HIGHLIGHT = re.compile(r"\{%-?\s*highlight\s+([^\s%]+)\s*([^%]*?)\s*-?%\}")
_END_HIGHLIGHT = re.compile(r"\{%-?\s*endhighlight\s*-?%\}")
_ADDRESS = re.compile(
    r"""\s*(?:(['"])(?P<path>[^'"]*)\1|(?P<base>site\.(?:base)?url))\s*
    (?:\|\s*(?:relative_url|absolute_url|prepend:\s*site\.(?:base)?url)\s*)*""",
    re.VERBOSE,
)
_FIGURE = re.compile(r"figure\.(?:liquid|html)\s+(.*)", re.DOTALL)
_PARAMETER = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")
_CODE = re.compile(r"(?<![`\\])(`+)(?!`)(?:.+?)(?<!`)\1(?!`)|(?<!\\)\$\$.+?\$\$", re.DOTALL)


def liquid_plugin(md: MarkdownIt) -> None:
    """Let a parser settle Liquid before it reads Markdown."""
    md.core.ruler.after("normalize", "liquid", _settle)
    md.block.ruler.before(
        "fence", "highlight", _highlight, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    shown_liquid_plugin(md)


def shown_liquid_plugin(md: MarkdownIt) -> None:
    """Let a parser show the Liquid that is not run."""
    md.inline.ruler.push("liquid", _shown)
    md.add_render_rule("liquid", _render_shown)


def _settle(state: StateCore) -> None:
    context = context_of(state.env)
    if "{%" in state.src or "{{" in state.src:
        state.src = settle_liquid(state.src, context, _code_lines(state))


def settle_liquid(text: str, context: Context, code: set[int]) -> str:
    """Run the Liquid that is supported, and mark the rest.

    Args:
        text: The article's text.
        context: Where it is reported what is not supported.
        code: The lines, from 0, that are code.

    Returns:
        The text with as many lines.
    """
    run = _Run(context)
    position = 0
    for start, end in _spared(text, code):
        if start >= position:
            position = run.settle(text, position, start)
        if end > position:
            run.parts.append(text[position:end])
            position = end
    run.settle(text, position, len(text))
    return run.finish()


class _Run:
    """The text as far as its Liquid is settled."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.parts: list[str] = []
        self.opened: list[tuple[int, int, re.Match[str]]] = []

    def settle(self, text: str, position: int, end: int) -> int:
        """Settle what begins between two positions, and tell where it ends."""
        while found := _LIQUID.search(text, position):
            if found.start() >= end:
                break
            self.parts.append(text[position : found.start()])
            position = self._one(text, found)
        if position < end:
            self.parts.append(text[position:end])
        return max(position, end)

    def finish(self) -> str:
        """The whole text; details that nothing closes are reported."""
        for index, line, found in self.opened:
            self.parts[index] = _unsupported(self.context, line, found.group())
        return "".join(self.parts)

    def _one(self, text: str, found: re.Match[str]) -> int:
        name, arguments = found.group(1), (found.group(2) or "").strip()
        line = text.count("\n", 0, found.start()) + 1
        if name in ("raw", "comment"):
            end = re.compile(rf"\{{%-?\s*end{name}\s*-?%\}}").search(text, found.end())
            if end:
                content = text[found.end() : end.start()]
                self.parts.append(content if name == "raw" else "\n" * content.count("\n"))
                return end.end()
        if name == "details":
            self.opened.append((len(self.parts), line, found))
            self.parts.append("")
        elif name == "enddetails" and self.opened:
            index, _, opening = self.opened.pop()
            title = " ".join(opening.group(2).split())
            self.parts[index] = f"<d-details{write_attributes({'summary': title})}>"
            self.parts.append("</d-details>")
        else:
            written = _include(arguments) if name == "include" else None
            if name is None:
                written = _output(found.group(3))
            if written is None:
                written = _unsupported(self.context, line, found.group())
            self.parts.append(written + "\n" * (found.group().count("\n") - written.count("\n")))
        return found.end()


def _code_lines(state: StateCore) -> set[int]:
    """The lines that are code, found by reading the blocks before Liquid is settled."""
    tokens: list[Token] = []
    environment = {"article": Context(**{**vars(context_of(state.env)), "warnings": []})}
    state.md.block.parse(state.src, state.md, environment, tokens)
    return {
        line
        for token in tokens
        if token.type in ("fence", "code_block", "highlight") and token.map
        for line in range(*token.map)
    }


def _spared(text: str, code: set[int]) -> Iterator[tuple[int, int]]:
    """The parts of a text in which Liquid is left alone: code and formulas."""
    position = 0
    start: int | None = 0
    for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text)):
        ends = number in code or not line.strip()
        if ends and start is not None:
            yield from (found.span() for found in _CODE.finditer(text, start, position))
            start = None
        if number in code:
            yield position, position + len(line)
        elif not ends and start is None:
            start = position
        position += len(line)
    if start is not None:
        yield from (found.span() for found in _CODE.finditer(text, start))


def _unsupported(context: Context, line: int, source: str) -> str:
    shown = " ".join(source.split())
    context.warn(line, f"Liquid that is not supported is shown as it is: {shown[:80]}")
    return MARK + source


def _output(content: str) -> str | None:
    """What an output writes: an address, or nothing for the site's own."""
    found = _ADDRESS.fullmatch(content)
    if found is None or (found["path"] is not None and "|" not in content):
        return None
    return found["path"] or ""


def _include(arguments: str) -> str | None:
    """The one include that is known, a picture."""
    found = _FIGURE.match(arguments)
    if found is None:
        return None
    given = {
        key: double or single or bare
        for key, double, single, bare in _PARAMETER.findall(found.group(1))
    }
    attributes = {"src": given.get("path", "")}
    for key in ("alt", "caption", "class", "title", "width", "height", "max-width"):
        if key in given:
            attributes[key] = " ".join(given[key].split())
    end = "\n" * arguments.count("\n")
    return f"<d-image{write_attributes(attributes)}{end}></d-image>"


def _highlight(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    position = state.bMarks[start_line] + state.tShift[start_line]
    opened = _HIGHLIGHT.match(state.src, position)
    if opened is None or state.is_code_block(start_line):
        return False
    closed = _END_HIGHLIGHT.search(state.src, opened.end(), state.eMarks[end_line - 1])
    text = block_text(state, start_line, closed.end()) if closed else ""
    start = opened.end() - position
    closed = _END_HIGHLIGHT.search(text, start)
    if closed is None or text[closed.end() :].strip():
        return False
    if silent:
        return True
    state.line = start_line + text.count("\n", 0, closed.end()) + 1
    token = state.push("highlight", "code", 0)
    token.map = [start_line, state.line]
    token.content = text[start : closed.start()].strip("\n")
    numbered = "linenos" in opened.group(2).split()
    token.meta = {"language": opened.group(1), "numbered": numbered, "line": start_line + 1}
    return True


def _shown(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "{" or state.src[state.pos - 1 : state.pos] != MARK:
        return False
    found = _SHOWN.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.pending = state.pending.removesuffix(MARK)
        state.push("liquid", "code", 0).content = found.group()
    state.pos = found.end()
    return True


def _render_shown(_: object, tokens: list[Token], index: int, __: object, ___: object) -> str:
    return f'<code class="unsupported">{html.escape(tokens[index].content)}</code>'
