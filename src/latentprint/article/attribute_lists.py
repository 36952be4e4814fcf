"""kramdown's attribute lists, such as `{: .l-page #figure }` behind a block or a picture."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.attrs.parse import ParseError, parse

_LIST = re.compile(r"\{:([^{}\n]*)\}")
_SINGLE = re.compile(r"""='([^'"]*)'""")
_ALTERNATIVES = ["paragraph", "reference", "blockquote", "list"]
_CARRIERS = ("code_inline", "em_close", "image", "link_close", "s_close", "strong_close")


def attribute_lists_plugin(md: MarkdownIt) -> None:
    """Let a parser give attributes to the block before or after a list, and to inline elements."""
    md.block.ruler.before("fence", "attributes", _block, {"alt": _ALTERNATIVES})
    md.core.ruler.after("block", "attributes", _attach_blocks)
    md.core.ruler.push("inline_attributes", _attach_inline)


def _read(inside: str) -> dict[str, str] | None:
    """The attributes of a list; None where it is none."""
    try:
        _, attributes = parse("{" + _SINGLE.sub(r'="\1"', inside.strip()) + "}")
    except ParseError:
        return None
    return attributes or None


def _block(state: StateBlock, start_line: int, _: int, silent: bool) -> bool:
    position = state.bMarks[start_line] + state.tShift[start_line]
    found = _LIST.fullmatch(state.src[position : state.eMarks[start_line]].rstrip())
    attributes = _read(found.group(1)) if found else None
    if not attributes or state.is_code_block(start_line):
        return False
    if silent:
        return True
    token = state.push("attributes", "", 0)
    token.meta = {"attributes": attributes}
    token.map = [start_line, start_line + 1]
    state.line = start_line + 1
    return True


def _attach_blocks(state: StateCore) -> None:
    kept: list[Token] = []
    waiting: dict[str, str] | None = None
    for token in state.tokens:
        if token.type == "attributes":
            previous = _opening(kept)
            line = token.map[0] if token.map else 0
            if previous and previous.map and previous.map[1] >= line:
                _add(previous, token.meta["attributes"])
            else:
                waiting = token.meta["attributes"]
            continue
        if waiting and token.nesting >= 0:
            _add(token, waiting)
        waiting = None
        kept.append(token)
    state.tokens = kept


def _attach_inline(state: StateCore) -> None:
    for block in state.tokens:
        children = block.children or []
        for index, token in enumerate(children[1:], start=1):
            found = _LIST.match(token.content) if token.type == "text" else None
            if found is None or children[index - 1].type not in _CARRIERS:
                continue
            carrier = _opening(children[:index])
            attributes = _read(found.group(1))
            if carrier and attributes:
                _add(carrier, attributes)
                token.content = token.content[found.end() :]


def _opening(tokens: list[Token]) -> Token | None:
    """The token that opens what the last token closes."""
    depth = 0
    for token in reversed(tokens):
        depth += token.nesting
        if depth >= 0:
            return token if depth == 0 else None
    return None


def _add(token: Token, attributes: dict[str, str]) -> None:
    for name, value in attributes.items():
        if name == "class":
            token.attrJoin("class", value)
        else:
            token.attrSet(name, value)
