"""Raw HTML in Markdown, taken apart into tags so that formulas and elements in it work too."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.html_blocks import block_names
from markdown_it.common.html_re import attribute
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, html_inline, image
from markdown_it.token import Token

from latentprint.article.assets import LINE, no_description, picture
from latentprint.article.elements import (
    block_text,
    context_of,
    elements_plugin,
    is_element_tag,
    line_at,
    read_attributes,
)
from latentprint.article.footnotes import footnote_elements_plugin
from latentprint.article.liquid import MARK, shown_liquid_plugin
from latentprint.article.mathematics import inline_mathematics_plugin
from latentprint.article.sanitise import is_allowed

# How many elements with Markdown inside may enclose one another.
DEEPEST = 20
_OPEN = re.compile(rf"<({'|'.join(block_names)})((?:{attribute})*)\s*>", re.IGNORECASE)
_MARKDOWN = re.compile(r"""\s+markdown\s*=\s*(?:"\w*"|'\w*'|\w+)""", re.IGNORECASE)
_VERBATIM = re.compile(
    r"<(script|style|pre|code|textarea|svg|math)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE
)
_FILES = re.compile(r"<(?:audio|embed|iframe|img|link|object|script|source|video)\b", re.IGNORECASE)
_BLOCK = re.compile(rf"</?(?:{'|'.join(block_names)})(?=[\s/>])", re.IGNORECASE)
_BLOCK_TAGS = re.compile(
    rf"<(?P<end>/?)(?P<name>{'|'.join(block_names)})(?=[\s/>])[^<>]*?(?P<void>/?)>", re.IGNORECASE
)
_VOID = frozenset(("base", "basefont", "col", "frame", "hr", "link", "param", "source", "track"))
# The elements with which kramdown begins a paragraph rather than a block of HTML.
_SPAN_NAMES = """a abbr acronym b big bdo br cite code del dfn em font i img input ins kbd label
    mark q rp rt ruby s samp small span strike strong sub sup time tt u var"""
_SPAN = re.compile(rf"</?(?:{'|'.join(_SPAN_NAMES.split())})(?=[\s/>])", re.IGNORECASE)
_FORMULA = re.compile(r"\$\$.+?\$\$|\\begin\{(\w+\*?)\}.+?\\end\{\1\}", re.DOTALL)
_PARAGRAPHS = re.compile(r"p|h[1-6]|figcaption|td|th|dt|summary|caption|legend", re.IGNORECASE)
_ENDING: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote"]}


def html_plugin(md: MarkdownIt) -> None:
    """Let a parser take raw HTML apart, and read Markdown in it where that is wished."""
    md.block.ruler.before("html_block", "html_container", _container, _ENDING)
    md.block.ruler.at("html_block", _html_block, _ENDING)
    md.inline.ruler.at("html_inline", _html_inline)
    md.inline.ruler.at("image", _image)
    raw = _raw_parser()

    def expand(state: StateCore) -> None:
        state.tokens = _expanded(state.tokens, md, state.env)

    def inline(state: StateCore) -> None:
        state.tokens = _parsed(state.tokens, md, raw, state.env)

    md.core.ruler.after("block", "expand", expand)
    md.core.ruler.at("inline", inline)
    md.add_render_rule("html_inline", _render)


def _raw_parser() -> MarkdownIt:
    """A parser of raw HTML: tags, text, formulas and elements, but no Markdown."""
    raw = MarkdownIt("zero", {"html": True, "maxNesting": 60}).enable(["html_inline", "entity"])
    raw.inline.ruler.at("html_inline", _html_inline)
    raw.inline.ruler.before("html_inline", "verbatim", _verbatim)
    elements_plugin(raw)
    footnote_elements_plugin(raw)
    inline_mathematics_plugin(raw)
    shown_liquid_plugin(raw)
    return raw


def _expanded(tokens: list[Token], md: MarkdownIt, env: Any) -> list[Token]:
    """Put the blocks of details and of elements with Markdown where their token is."""
    expanded: list[Token] = []
    for token in tokens:
        if token.type == "d_details":
            expanded += _details(token, md, env)
        elif token.type == "html_markdown":
            expanded += _markdown(token, md, env)
        elif token.type == "html_block" and (parts := _nested(token)):
            expanded += _expanded(parts, md, env)
        else:
            expanded.append(token)
    return expanded


def _details(token: Token, md: MarkdownIt, env: Any) -> list[Token]:
    line = token.meta["line"] - 1
    summary = Token("inline", "", 0, map=[line, line + 1])
    summary.content = token.meta["attributes"].get("summary", "").strip() or "Details"
    given = token.meta["attributes"]
    attributes = dict(token.attrs) | ({"name": given["group"]} if "group" in given else {})
    attributes |= {"open": ""} if "open" in given else {}
    return [
        Token("details_open", "details", 1, block=True, attrs=attributes),
        Token("summary_open", "summary", 1, block=True),
        summary,
        Token("summary_close", "summary", -1, block=True),
        *_inside(md, env, token.content, token.meta["inner"] - 1),
        Token("details_close", "details", -1, block=True),
    ]


def _markdown(token: Token, md: MarkdownIt, env: Any) -> list[Token]:
    line, inner = token.meta["line"] - 1, token.meta["inner"] - 1
    opening = Token("html_block", "", 0, map=[line, inner + 1], content=token.meta["opening"])
    closing = Token("html_block", "", 0, map=[inner, inner + 1], content=token.meta["closing"])
    if token.meta["paragraph"]:
        text = Token("inline", "", 0, map=[inner, inner + 1], content=token.content.strip())
        return [opening, text, closing]
    return [opening, *_inside(md, env, token.content, inner), closing]


def _nested(token: Token) -> list[Token]:
    """Raw HTML, parted where an element in it holds Markdown; nothing where none does."""
    for opened in _OPEN.finditer(token.content):
        if read_attributes(opened.group()).get("markdown") not in ("1", "block", "span"):
            continue
        closed = _closing(opened.group(1), token.content, opened.end(), len(token.content))
        if closed is None:
            continue
        line = token.map[0] if token.map else 0
        start = line + token.content.count("\n", 0, opened.start())
        end = line + token.content.count("\n", 0, closed.end())
        before = token.content[: opened.start()]
        after = token.content[closed.end() :]
        meta = _markdown_meta(opened, closed, start)
        content = token.content[opened.end() : closed.start()]
        return [
            Token("html_block", "", 0, map=[line, start], content=before),
            Token("html_markdown", "", 0, map=[start, end], content=content, meta=meta),
            Token("html_block", "", 0, map=[end, end + 1], content=after),
        ]
    return []


def _markdown_meta(opened: re.Match[str], closed: re.Match[str], line: int) -> dict[str, Any]:
    """What is told of an element with Markdown in it, which opens on a line from 0."""
    return {
        "line": line + 1,
        "inner": line + 1 + opened.group().count("\n"),
        "opening": _MARKDOWN.sub("", opened.group(), count=1),
        "closing": closed.group() + "\n",
        "paragraph": _PARAGRAPHS.fullmatch(opened.group(1)) is not None,
    }


def _inside(md: MarkdownIt, env: Any, text: str, line: int) -> list[Token]:
    """Parse Markdown that stands in an element and begins on a line, from 0, of the article."""
    context = context_of(env)
    tokens: list[Token] = []
    if context.depth >= DEEPEST:
        context.warn(line + 1, "Elements lie too deep in one another; the innermost is left out.")
        return tokens
    context.depth += 1
    md.block.parse(dedent(text), md, env, tokens)
    for token in tokens:
        if token.map:
            token.map = [each + line for each in token.map]
        for name in ("line", "inner"):
            if name in token.meta:
                token.meta[name] += line
    tokens = _expanded(tokens, md, env)
    context.depth -= 1
    return tokens


def _parsed(tokens: list[Token], md: MarkdownIt, raw: MarkdownIt, env: Any) -> list[Token]:
    """Parse the inline text of blocks and raw HTML, in the order of the article."""
    done: list[Token] = []
    for token in tokens:
        if token.type in ("inline", "html_block"):
            parser = md if token.type == "inline" else raw
            token.type = "inline"
            token.children = _children(token, parser, env)
            done += _parts(token, md, raw, env)
        elif token.type == "d_image":
            done.append(Token("inline", "", 0, map=token.map, children=picture(token, md, env)))
        else:
            done.append(token)
    return done


def _children(token: Token, parser: MarkdownIt, env: Any) -> list[Token]:
    context = context_of(env)
    context.line = token.map[0] if token.map else context.line
    children: list[Token] = []
    parser.inline.parse(token.content, parser, env, children)
    return children


def _parts(token: Token, md: MarkdownIt, raw: MarkdownIt, env: Any) -> list[Token]:
    """Inline text, parted where details stand in it, which hold blocks."""
    parts: list[Token] = []
    children: list[Token] = []
    for child in token.children or []:
        if child.type == "d_details":
            parts.append(token.copy(children=children))
            parts += _parsed(_details(child, md, env), md, raw, env)
            children = []
        elif child.type == "d_image":
            children += picture(child, md, env)
        else:
            children.append(child)
    return [*parts, token.copy(children=children)]


def _container(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """An element that holds Markdown, or one whose lines are all tags in spite of blank lines."""
    position = state.bMarks[start_line] + state.tShift[start_line]
    opened = _OPEN.match(state.src, position)
    if opened is None or state.is_code_block(start_line):
        return False
    end = state.eMarks[end_line - 1]
    closed = _closing(opened.group(1), state.src, opened.end(), end)
    if closed is None:
        return False
    text = block_text(state, start_line, closed.end())
    start = opened.end() - position
    closed = _closing(opened.group(1), text, start, len(text))
    if closed is None or text[closed.end() :].strip():
        return False
    inside = text[start : closed.start()]
    marked = read_attributes(opened.group()).get("markdown") in ("1", "block", "span")
    if not marked and not ("\n\n" in inside and (_all_tags(inside) or _blank_in_formula(inside))):
        return False
    if silent:
        return True
    lines = text.count("\n", 0, closed.end()) + 1
    state.line = start_line + lines
    if not marked:
        token = state.push("html_block", "", 0)
        token.content = text[: closed.end()] + "\n"
    else:
        token = state.push("html_markdown", "", 0)
        token.content = inside
        token.meta = _markdown_meta(opened, closed, start_line)
    token.map = [start_line, state.line]
    return True


def _closing(name: str, text: str, start: int, end: int) -> re.Match[str] | None:
    """The tag that closes an element."""
    depth = 1
    tags = re.compile(rf"<(/?){name}(?=[\s/>])[^>]*>", re.IGNORECASE)
    for tag in tags.finditer(text, start, end):
        depth += -1 if tag.group(1) else 1
        if depth == 0:
            return tag
    return None


def _blank_in_formula(text: str) -> bool:
    """Whether blank lines stand in displayed formulas alone, so that none ends the HTML."""
    return "\n\n" not in _FORMULA.sub("$", text)


def _all_tags(text: str) -> bool:
    """Whether every line begins with a tag, so that indented ones cannot be meant as code."""
    return all(line.lstrip().startswith("<") for line in text.split("\n") if line.strip())


def _html_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """CommonMark's raw HTML, which ends as kramdown has it; our elements are no HTML.

    In kramdown Markdown goes on after the tag that closes the HTML, not only after a blank line,
    and what begins with an element of a text, such as `<br>` or `<b>`, is a paragraph.
    """
    position = state.bMarks[start_line] + state.tShift[start_line]
    if is_element_tag(state.src, position):
        return False
    if _SPAN.match(state.src, position) and not _is_block_of_tags(state, start_line, end_line):
        return False
    if not html_block(state, start_line, end_line, silent):
        return False
    if not silent and state.tokens and _BLOCK.match(state.src, position):
        _end_after_closing(state, start_line)
    return True


def _is_block_of_tags(state: StateBlock, start_line: int, end_line: int) -> bool:
    """Whether every line up to a blank one begins with a tag."""
    for line in range(start_line, end_line):
        if state.isEmpty(line):
            break
        if not state.src.startswith("<", state.bMarks[line] + state.tShift[line]):
            return False
    return True


def _end_after_closing(state: StateBlock, start_line: int) -> None:
    """End raw HTML after the line that closes it, where Markdown follows at once."""
    token = state.tokens[-1]
    depth = 0
    for line in range(start_line, state.line - 1):
        text = state.src[state.bMarks[line] : state.eMarks[line]]
        for tag in _BLOCK_TAGS.finditer(text):
            if tag.group("name").lower() not in _VOID and not tag.group("void"):
                depth += -1 if tag.group("end") else 1
        following = state.src[state.bMarks[line + 1] + state.tShift[line + 1] :]
        indented = state.sCount[line + 1] - state.blkIndent >= 4
        ended = depth <= 0 and text.rstrip().endswith(">")
        if ended and not indented and not re.match(r"</|<!", following):
            state.line = line + 1
            token.map = [start_line, state.line]
            token.content = state.getLines(start_line, state.line, state.blkIndent, True)
            return


def _html_inline(state: StateInline, silent: bool) -> bool:
    return _with_line(html_inline, state, silent)


def _image(state: StateInline, silent: bool) -> bool:
    return _with_line(image, state, silent)


def _with_line(rule: Any, state: StateInline, silent: bool) -> bool:
    """Apply a rule, and note the line on the token that it makes."""
    line = line_at(state, state.pos)
    if not rule(state, silent):
        return False
    if not silent:
        token = state.tokens[-1]
        token.meta["line"] = line
        if token.type == "image":
            token.attrSet(LINE, str(line))
            if not token.content.strip():
                no_description(context_of(state.env), line, str(token.attrGet("src")))
    return True


def _verbatim(state: StateInline, silent: bool) -> bool:
    """Elements in which nothing is read: scripts, styles, code, drawings."""
    found = _VERBATIM.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content = found.group()
        token.meta["line"] = line_at(state, state.pos)
    state.pos = found.end()
    return True


def _render(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    """A tag; comments are for who writes the article, not for who reads it."""
    token = tokens[index]
    if token.content.startswith(("<!", "<?")):
        return ""
    line = token.meta.get("line")
    context = context_of(env)
    if is_element_tag(token.content):
        context.warn(line, f"{token.content[:60]} has no other tag and is left out.")
        return ""
    if context.options.safe and not is_allowed(token.content):
        name = re.match(r"<[A-Za-z][\w-]*", token.content)
        shown = f"{name.group()}>" if name else "A tag"
        context.warn(line, f"{shown} is left out of a page made with --safe.")
    tag = token.content.replace(MARK, "")
    named = _FILES.match(tag)
    if named is None or line is None:
        return str(tag)
    return f'{named.group()} {LINE}="{line}"{tag[named.end() :]}'
