"""Habits of kramdown, Jekyll's Markdown, that CommonMark does not have."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from latentprint.article.context import Context
from latentprint.article.elements import write_attributes
from latentprint.article.footnotes import NOTE

# Extensions that only say how kramdown should read what they enclose, or set its options.
_KRAMDOWN = re.compile(
    r"""(?P<comment><!--.*?-->)
    | \{::comment\}.*?\{:/(?:comment)?\}
    | \{::(?:nomarkdown|options\b[^{}]*)/?\} | \{:/(?:nomarkdown)?\}
    | <d-footnote\s*>(?P<note>(?:(?!</?d-footnote).)*\n(?:(?!</?d-footnote).)*)</d-footnote\s*>""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_FENCE = re.compile(
    r"^[ \t>]*(`{3,}|~{3,}).*?^[ \t>]*\1[ \t]*$|`[^`\n]+`|<(script|style|pre)\b.*?</\2\s*>",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)


def settle_kramdown(text: str, context: Context) -> str:
    """Take kramdown's extensions out of a text, and set notes of several lines aside.

    A note stands in a paragraph, which a displayed formula or a blank line in it would end; it is
    read from the context, which also learns from which line of the article each line now is.

    Args:
        text: The text after its Liquid was settled.
        context: The state of the rendering.
    """
    spared = [found.span() for found in _FENCE.finditer(text)]

    def outside(found: re.Match[str]) -> bool:
        return not any(start <= found.start() < end for start, end in spared)

    parts: list[str] = []
    lines: list[int] = []
    notes: list[tuple[str, int]] = []
    position = 0
    line = 1

    def take(end: int) -> None:
        nonlocal position, line
        part = text[position:end]
        parts.append(part)
        lines.extend(range(line + 1, line + 1 + part.count("\n")))
        line += part.count("\n")
        position = end

    for found in filter(outside, _KRAMDOWN.finditer(text)):
        take(found.start())
        if found["note"] is not None:
            note = found["note"]
            begins = line + found.group().count("\n", 0, found.start("note") - found.start())
            begins += note.count("\n", 0, len(note) - len(note.lstrip()))
            notes.append((note.strip(), begins))
            number = write_attributes({NOTE: str(len(notes) - 1)})
            parts.append(f"<d-footnote{number}></d-footnote>")
        elif found["comment"] is not None:
            # A blank line in it would end the comment, and what it hides would show.
            parts.append("<!-- -->")
        line += found.group().count("\n")
        position = found.end()
    take(len(text))
    origin = context.lines or list(range(1, text.count("\n") + 2))
    context.lines = [origin[min(each, len(origin)) - 1] for each in [1, *lines]]
    # The lines of the notes are counted after those of the text.
    for note, begins in notes:
        context.notes.append((note, len(context.lines) + 1))
        context.lines += origin[begins - 1 : begins + note.count("\n")]
    return "".join(parts)


def emphasis_plugin(md: MarkdownIt) -> None:
    """Let `**` be strong wherever it touches text, as in `**(a)**th`, which CommonMark refuses."""
    md.inline.ruler.at("emphasis", _tokenize)


def _tokenize(state: StateInline, silent: bool) -> bool:
    """CommonMark's rule of emphasis, but for runs of two or more asterisks."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    opens, closes = scanned.can_open, scanned.can_close
    if marker == "*" and scanned.length == 2:
        before = state.src[state.pos - 1 : state.pos]
        after = state.src[state.pos + 2 : state.pos + 3]
        opens = opens or bool(after.strip())
        closes = closes or bool(before.strip())
    for _ in range(scanned.length):
        token = state.push("text", "", 0)
        token.content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=scanned.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=opens,
                close=closes,
            )
        )
    state.pos += scanned.length
    return True
