"""Elements such as `<d-cite key="…"></d-cite>`: Distill's own, and ours in the same manner.

They become tokens before anything else looks at HTML, so they work in Markdown, in raw HTML and in
sources that are not trusted.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from dataclasses import dataclass
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.common.html_re import attribute
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from latentprint.article.context import Context

NAMES = ("cite", "code", "details", "figure", "footnote", "image", "math")
# These stand as blocks of their own when they begin a line.
BLOCKS = ("code", "details", "figure", "image", "math")
_OPEN = re.compile(rf"<d-({'|'.join(NAMES)})((?:{attribute})*)\s*(/?)>", re.IGNORECASE)
_TAG = re.compile(rf"</?d-(?:{'|'.join(NAMES)})(?=[\s/>])", re.IGNORECASE)
# Distill's own `<d-figure>` only encloses HTML; ours names a file.
_FILELESS = re.compile(r"</?d-figure(?![^>]*\ssrc\s*=)", re.IGNORECASE)


@dataclass(frozen=True)
class Element:
    """An element in a text.

    Attributes:
        name: Its name without "d-".
        attributes: Its attributes; one without a value has the value "".
        content: What stands between its tags.
        start: Where the content begins.
        end: Where the element ends.
        tag: Its opening tag.
    """

    name: str
    attributes: dict[str, str]
    content: str
    start: int
    end: int
    tag: str


def context_of(env: object) -> Context:
    """The state of the rendering that a parser's environment holds."""
    context = env["article"]  # type: ignore[index]
    if not isinstance(context, Context):
        raise TypeError("The parser was called without its context.")
    return context


def line_at(state: StateInline, position: int) -> int:
    """The line, from 1, of a position in inline text."""
    return context_of(state.env).line + state.src.count("\n", 0, position) + 1


def find_element(text: str, position: int, *, end: int | None = None) -> Element | None:
    """Read the element that begins at a position of a text.

    `<d-cite>` needs no closing tag; any other element without one is none.
    """
    end = len(text) if end is None else end
    opened = _OPEN.match(text, position, end)
    if opened is None or _FILELESS.match(text, position):
        return None
    name = opened.group(1).lower()
    attributes = read_attributes(opened.group())
    closed = None if opened.group(3) else _closing(name, text, opened.end(), end)
    if closed is not None:
        content = text[opened.end() : closed.start()]
        return Element(name, attributes, content, opened.end(), closed.end(), opened.group())
    if opened.group(3) or name == "cite":
        return Element(name, attributes, "", opened.end(), opened.end(), opened.group())
    return None


def is_element_tag(text: str, position: int = 0) -> bool:
    """Whether one of the elements opens or closes at a position of a text."""
    return _TAG.match(text, position) is not None and not _FILELESS.match(text, position)


def _closing(name: str, text: str, start: int, end: int) -> re.Match[str] | None:
    """The tag that closes an element; only details lie in one another."""
    depth = 1
    for tag in re.compile(rf"<(/?)d-{name}(?=[\s/>])[^>]*>", re.IGNORECASE).finditer(
        text, start, end
    ):
        depth += -1 if tag.group(1) else 1
        if depth == 0:
            return tag
        if name != "details":
            return None
    return None


class _Attributes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found = {name: value or "" for name, value in reversed(attrs)}


def read_attributes(tag: str) -> dict[str, str]:
    """The attributes of an opening tag, with character references decoded."""
    parser = _Attributes()
    parser.feed(tag)
    return parser.found


def write_attributes(attributes: dict[str, str]) -> str:
    """Attributes as they stand in a tag, each with a space before it."""
    return "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())


def elements_plugin(md: MarkdownIt) -> None:
    """Let a parser make the token `d_NAME` of each element, with its attributes as `meta`."""
    md.inline.ruler.before("html_inline", "distill", _inline)
    md.block.ruler.before(
        "fence", "distill", _block, {"alt": ["paragraph", "reference", "blockquote"]}
    )


def _inline(state: StateInline, silent: bool) -> bool:
    element = find_element(state.src, state.pos, end=state.posMax)
    if element is None:
        return False
    if not silent:
        _fill(state.push(f"d_{element.name}", "", 0), element, line_at(state, state.pos))
    state.pos = element.end
    return True


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    position = state.bMarks[start_line] + state.tShift[start_line]
    if state.is_code_block(start_line) or not is_element_tag(state.src, position):
        return False
    element = find_element(state.src, position, end=state.eMarks[end_line - 1])
    if element is None or element.name not in BLOCKS or not _alone(element, state.src):
        return False
    text = block_text(state, start_line, element.end)
    element = find_element(text, 0)
    if element is None:
        return False
    if silent:
        return True
    token = state.push(f"d_{element.name}", "", 0)
    state.line = start_line + text.count("\n", 0, element.end) + 1
    token.block = True
    token.map = [start_line, state.line]
    _fill(token, element, start_line + 1)
    return True


def block_text(state: StateBlock, start_line: int, end: int) -> str:
    """The text of a block from a line to the line of a position, without what encloses it."""
    last = bisect_left(state.eMarks, end)
    return state.getLines(start_line, last + 1, state.blkIndent, False).lstrip(" ")


def _alone(element: Element, text: str) -> bool:
    """Whether nothing follows an element on its last line."""
    return not text[element.end :].partition("\n")[0].strip() and (
        element.name != "math" or "block" in element.attributes
    )


def _fill(token: Token, element: Element, line: int) -> None:
    token.content = element.content
    inner = line + element.tag.count("\n")
    token.meta = {"attributes": element.attributes, "line": line, "inner": inner}
