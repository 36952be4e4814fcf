"""A result as a notebook shows it: the card of verdicts, or its rows, in one piece of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from markupsafe import Markup

from latentprint.report.figures.fragment import fragment
from latentprint.report.found import Told
from latentprint.report.inputs import Row, Run
from latentprint.report.verdict_card import card_html
from latentprint.report.wording import number, span
from latentprint.words import CONTROL

_ARTICLE = Path(__file__).parent.parent / "article"
_MOST = 12
"""Rows that are shown where there is no card."""
_HEAD = ("Encoder", "Experiment", "Attribute", "Set-up", "Value", "Interval", "Verdict")


def shown_html(run: Run, sentence: str = "") -> str:
    """What was found, as HTML that brings its style along and asks for nothing.

    Args:
        run: What was measured, and what was left out.
        sentence: What was found beside, in words.
    """
    card = card_html(run)
    rows = [] if card else [row for row in run.table.to_dicts() if row["family"] != CONTROL]
    left_out = [
        (", ".join(filter(None, (each.attribute, each.encoder))), each.reason)
        for each in run.left_out
    ]
    told = Told("", [sentence] if sentence else [], _HEAD, [_cells(row) for row in rows])
    return told_html(told, card, left_out)


def told_html(told: Told, card: str = "", left_out: Sequence[tuple[str, str]] = ()) -> str:
    """A finding as HTML that brings its style along and asks for nothing.

    Args:
        told: What was found.
        card: The card of verdicts, which stands first.
        left_out: What was left out, and why.
    """
    return str(
        fragment(
            "shown.html.j2",
            style=_style(),
            # The template of the card has escaped what is from data.
            card=Markup(card),  # noqa: S704
            sentences=[each for each in (told.headline, *told.sentences) if each],
            head=told.head,
            rows=told.rows[:_MOST],
            more=len(told.rows) - _MOST,
            left_out=left_out[:_MOST],
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
    of_page = ":root body "
    own = "\n".join(line for line in card.splitlines() if not line.lstrip().startswith(of_page))
    return Markup(f".latentprint {{\n{light}\n{own}\n}}")  # noqa: S704 - files of our own
