"""A result as a notebook shows it: the card of verdicts, or its rows, in one piece of HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markupsafe import Markup

from latentprint.report.figures.fragment import fragment
from latentprint.report.inputs import Row, Run
from latentprint.report.verdict_card import card_html
from latentprint.report.wording import number, span
from latentprint.words import CONTROL

_ARTICLE = Path(__file__).parent.parent / "article"
_MOST = 12
"""Rows that are shown where there is no card."""


def shown_html(run: Run, sentence: str = "") -> str:
    """What was found, as HTML that brings its style along and asks for nothing.

    Args:
        run: What was measured, and what was left out.
        sentence: What was found beside, in words.
    """
    card, left_out = card_html(run), run.left_out
    rows = [] if card else [row for row in run.table.to_dicts() if row["family"] != CONTROL]
    return str(
        fragment(
            "shown.html.j2",
            style=_style(),
            # The template of the card has escaped what is from data.
            card=Markup(card),  # noqa: S704
            rows=[_cells(row) for row in rows[:_MOST]],
            more=len(rows) - _MOST,
            sentence=sentence,
            left_out=[
                (", ".join(filter(None, (each.attribute, each.encoder))), each.reason)
                for each in left_out[:_MOST]
            ],
            more_left_out=len(left_out) - _MOST,
        )
    )


def _cells(row: Row) -> tuple[str, ...]:
    names = ("encoder", "experiment", "attribute", "setup")
    figures = (number(row["value"], 2), span(row["low"], row["high"], digits=2))
    return (*(str(row[name]) for name in names), *figures, str(row["verdict"]))


@cache
def _style() -> Markup:
    """The style of the card, for the piece alone and always light: a notebook has its own theme."""
    colours = (_ARTICLE / "colours.css").read_text("utf-8")
    light = colours[colours.index(":root {") : colours.index("}") + 1].replace(":root", "&", 1)
    card = (_ARTICLE / "verdicts.css").read_text("utf-8")
    of_page = "body:has("
    own = "\n".join(line for line in card.splitlines() if not line.lstrip().startswith(of_page))
    return Markup(f".latentprint {{\n{light}\n{own}\n}}")  # noqa: S704 - files of our own
