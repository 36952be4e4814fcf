"""How a comparison is told: the same words on a terminal and on a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from latentprint.comparison.judging import Compared
from latentprint.comparison.vectors import VectorsCompared
from latentprint.embeddings.store import in_short
from latentprint.report.found import Told
from latentprint.results import LeftOut, setup_of
from latentprint.words import Comparison

HEADINGS = (
    "encoder", "experiment", "attribute", "set-up", "first", "second", "difference",
    "95 % interval", "q", "how", "verdict",
)  # fmt: skip
FIGURES = frozenset(HEADINGS[4:9])
"""The headings that figures stand below."""


def cells_of(row: Compared) -> tuple[str, ...]:
    """The cells of a row, one for each of ``HEADINGS``."""
    same = row.first_encoder == row.second_encoder
    encoder = row.first_encoder if same else f"{row.first_encoder} → {row.second_encoder}"
    shown = row.verdict != Comparison.NOT_COMPARABLE
    return (
        encoder,
        row.experiment.replace("_", " "),
        row.attribute,
        setup_of(row),
        _number(row.first),
        _number(row.second),
        _signed(row.difference) if shown else "",
        f"{_signed(row.low)} to {_signed(row.high)}" if shown else "",
        "" if row.q is None else "< 0.001" if row.q < 0.001 else f"{row.q:.2g}",
        row.method,
        f"{row.verdict}: {row.reason}" if row.reason else str(row.verdict),
    )


def counted(rows: Sequence[Compared]) -> str:
    """How many rows have each verdict, in a sentence."""
    verdicts = Counter(row.verdict for row in rows)
    parts = [f"{verdicts[each]} {each}" for each in Comparison if verdicts[each]]
    methods = Counter(row.method for row in rows if row.method)
    how = ", ".join(f"{count} {method}" for method, count in sorted(methods.items()))
    measured = "measurement" if len(rows) == 1 else "measurements"
    return f"{len(rows)} {measured} in both: {', '.join(parts)}" + (f" ({how})." if how else ".")


def left_out_lines(left_out: Sequence[LeftOut]) -> list[str]:
    """What was not compared, with the reason; equal reasons of one experiment together."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for each in left_out:
        about = ", ".join(filter(None, (each.attribute, each.encoder)))
        grouped.setdefault((each.experiment, each.reason), []).append(about)
    return [
        f"{experiment.replace('_', ' ')} ({'; '.join(dict.fromkeys(abouts))}): {reason}"
        for (experiment, reason), abouts in grouped.items()
    ]


def setting_lines(settings: Sequence[tuple[str, Any, Any]]) -> list[str]:
    """What of the settings differs."""
    return [f"{name}: {in_short(first)}, {in_short(second)}" for name, first, second in settings]


def told_stores(
    names: tuple[str, str],
    encoders: Sequence[VectorsCompared],
    settings: Sequence[tuple[str, Any, Any]],
) -> Told:
    """What is shown of two sets of embeddings."""
    pairs = [f"{each.first} and {each.second}, {each.photos:,} photos" for each in encoders]
    rows = [
        (
            each.first,
            each.second,
            each.processing,
            figure.measure,
            f"{figure.value:.3g}",
            f"{figure.low:.3g} to {figure.high:.3g}",
            "" if figure.chance is None else f"{figure.chance:.3g}",
        )
        for each in encoders
        for figure in each.figures
    ]
    head = ("First", "Second", "Class", "Measure", "Value", "95 % interval", "Chance")
    return Told(f"{' and '.join(names)}: {'; '.join(pairs)}", setting_lines(settings), head, rows)


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{round(value, 2) + 0.0:+.2f}"
