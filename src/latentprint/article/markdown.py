"""Markdown as Distill articles have it: CommonMark, tables, notes, formulas and Distill's elements.

Habits of Jekyll's kramdown are followed where CommonMark has others: Markdown goes on right after
the tag that closes raw HTML, `markdown="1"` on an element, `**` that touches any text, and
attribute lists such as `{: .l-page }`.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from mdit_py_plugins.tasklists import tasklists_plugin

from latentprint.article.assets import assets_plugin
from latentprint.article.attribute_lists import attribute_lists_plugin
from latentprint.article.citations import citations_plugin
from latentprint.article.code import code_plugin
from latentprint.article.elements import elements_plugin
from latentprint.article.emoji import emoji_plugin
from latentprint.article.footnotes import footnotes_plugin
from latentprint.article.html_blocks import html_plugin
from latentprint.article.kramdown import emphasis_plugin
from latentprint.article.liquid import shown_liquid_plugin
from latentprint.article.mathematics import mathematics_plugin

# What begins a block when it stands at the start of a line.
_LEADING = re.compile(r"\d{1,9}(?=[.)](?:\s|$))|(?=[:>]|-(?:[\s:-]|$)|\+(?:\s|$)|=(?:[\s=]|$))")
# Control characters, half characters and two noncharacters: no file should hold them.
_UNSHOWN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0\ufdd1]")
_SPECIAL = re.compile(
    r"""
    [\\{\[\]]                           # formulas, Liquid, links: backslashes could make formulas
    | &(?=[#A-Za-z]|$)                  # character references
    | <                                 # HTML
    | ^\s+ | \s+$ | \t                  # what Markdown would trim
    | (?<![A-Za-z0-9])_ | _(?![A-Za-z0-9])
    | [`*|~$\#] | !$
    | :(?=[a-z0-9_+-]+:)                # names of emoji
    """,
    re.VERBOSE,
)
_BACKSLASHED = frozenset("`*_|~$#!&")


def escape_markdown(text: str) -> str:
    r"""Write a text so that Markdown, HTML, Liquid and formulas in it show as they are.

    The result is one line that may stand in a paragraph, a heading, a list, a link's text or a
    table's cell, at the start of a line or within one. It is not for an HTML attribute.

    Args:
        text: Any text; a line break becomes a space, and control characters, lone surrogates and
            the noncharacters U+FDD0 and U+FDD1 show as U+FFFD.
    """
    text = _UNSHOWN.sub("\ufffd", re.sub(r"\r\n?|\n", " ", text))
    text = _SPECIAL.sub(lambda found: _escaped(found.group()), text)
    leading = _LEADING.match(text)
    if leading is None:
        return text
    return f"{leading.group()}\\{text[leading.end() :]}"


def _escaped(characters: str) -> str:
    if characters in _BACKSLASHED:
        return f"\\{characters}"
    return "".join(f"&#{ord(each)};" for each in characters)


def make_parser() -> MarkdownIt:
    """The parser of an article's Markdown; its environment must hold a `Context` as "article"."""
    md = MarkdownIt("commonmark", {"html": True, "maxNesting": 60}).enable(
        ["table", "strikethrough"]
    )
    tasklists_plugin(md)
    elements_plugin(md)
    shown_liquid_plugin(md)
    mathematics_plugin(md)
    footnotes_plugin(md)
    citations_plugin(md)
    code_plugin(md)
    assets_plugin(md)
    html_plugin(md)
    attribute_lists_plugin(md)
    emphasis_plugin(md)
    emoji_plugin(md)
    return md
