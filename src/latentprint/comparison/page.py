"""A comparison as an article in Markdown, from which a page is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from latentprint.article.markdown import escape_markdown
from latentprint.comparison.judging import Compared
from latentprint.comparison.telling import (
    HEADINGS,
    cells_of,
    counted,
    left_out_lines,
    setting_lines,
)
from latentprint.report.found import markdown_table
from latentprint.results import LeftOut
from latentprint.words import Comparison

Difference = tuple[str, Any, Any]


def markdown_of(
    names: tuple[str, str],
    rows: Sequence[Compared],
    left_out: Sequence[LeftOut],
    settings: Sequence[Difference],
) -> str:
    """The article of two runs.

    Args:
        names: What the runs are called.
        rows: What both measured.
        left_out: What was not compared.
        settings: What of the settings differs.
    """
    title = f"{names[0]} and {names[1]} compared"
    front = {"title": title, "description": counted(rows)}
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=100)
    body = "\n".join(_body(rows, left_out, settings))
    return f"---\n{text}---\n\n{body}"


def _body(
    rows: Sequence[Compared], left_out: Sequence[LeftOut], settings: Sequence[Difference]
) -> Iterator[str]:
    yield from ("## Summary", "", escape_markdown(counted(rows)), "")
    yield (
        "A difference is told where its 95 % interval leaves zero out and q, corrected for all "
        "rows together (Benjamini-Hochberg), is at most 0.01. *Better* is said of less trace, of "
        "more of what photos show, and of differences made by traces that are nearer to zero. "
        "That no difference is shown is no proof that there is none."
    )
    verdicts = Counter(row.verdict for row in rows)
    for verdict in Comparison:
        if verdicts[verdict]:
            yield from ("", f"## {verdict.capitalize()}", "")
            yield from _table([row for row in rows if row.verdict == verdict])
    yield from _listed("What differs in the settings", setting_lines(settings))
    yield from _listed("What was not compared", left_out_lines(left_out))
    yield ""


def _table(rows: Sequence[Compared]) -> Iterator[str]:
    yield from markdown_table(HEADINGS, map(cells_of, rows))


def _listed(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {heading}", "")
        yield from (f"- {escape_markdown(line)}" for line in lines)
