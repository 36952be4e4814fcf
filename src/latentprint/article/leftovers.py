"""What a reader would see as source: LaTeX, Markdown and others that nothing read."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString

from latentprint.article.context import Context

_SOURCES = {
    "a formula": re.compile(
        r"(?<!\\)\$\$|(?<![\\$\w])\$(?=\S)[^$\n]{0,300}?[\\^_={][^$\n]{0,300}?\$"
        r"|\\(?:begin|end|frac|sqrt|sum|mathbb|mathcal|mathbf|mathrm|text|ref|eqref|label|cite)\s*\{"
    ),
    "Markdown": re.compile(r"\*\*[^\s*][^*\n]*\*\*|\[[^\[\]\n]+\]\((?:https?:|/|#)[^\s()]*\)"),
    # As Pandoc has them.
    "a citation": re.compile(r"\[(?:[^\[\]\n]* )?-?@\w[^\s\[\]]*[^\[\]\n]*\]"),
    "a footnote": re.compile(r"\^\[[^\[\]\n]*\s[^\[\]\n]*\]"),
    "an attribute list": re.compile(r"\{:\s*[.#][^{}\n]*\}|\{::?/?\w+[^{}\n]*\}"),
}
_UNREAD = ("code", "pre", "script", "style", "textarea", "math", "svg")


def report_leftovers(soup: BeautifulSoup, source: str, context: Context) -> None:
    """Report what stays in the text as its source, each kind once for a piece of text.

    Args:
        soup: The body or a footnote, with marks where formulas and code will be.
        source: The text as it was read, in which the lines are looked up.
        context: Where it is reported.
    """
    for text in soup.find_all(string=True):
        if not isinstance(text, NavigableString) or isinstance(text, PreformattedString):
            continue
        if any(isinstance(each, Tag) and each.name in _UNREAD for each in text.parents):
            continue
        plain = context.slots.clear(str(text))
        for what, pattern in _SOURCES.items():
            found = pattern.search(plain)
            line = _line(found.group(), source) if found else None
            # What is not written so in the article was escaped there, and is meant as it stands.
            if found and line is not None:
                shown = " ".join(found.group().split())
                message = f"This stays as the source of {what}: {shown[:60]}"
                context.warn(line, message, kind="source")


def _line(found: str, source: str) -> int | None:
    """The first line that holds what was found, or None."""
    first = found.strip().partition("\n")[0][:12]
    position = source.find(first)
    return source.count("\n", 0, position) + 1 if position >= 0 else None
