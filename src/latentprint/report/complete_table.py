"""Every row of the result table, as a figure of its own."""

from __future__ import annotations

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run
from latentprint.report.wording import (
    checks,
    digits_of,
    interval,
    number,
    points,
    significant,
    whole,
)
from latentprint.words import Experiment

_SMALL = (Experiment.VARIANCE, Experiment.SIMILARITY, Experiment.STABILITY)
"""Experiments whose figures need two decimals."""


def complete_figure(run: Run) -> Figure:
    """Every row of the result table, the controls included."""
    tables = [("The result table", complete_table(run.table.to_dicts()))]
    return Figure("results", "Every result, the controls included.", tables=tables)


def complete_table(rows: list[Row]) -> Table:
    """Every row of the result table."""
    return Table(
        "Every result; shares in percent, differences in percentage points, cosine similarities "
        "and distances times 100",
        ("Encoder", "Family", "Experiment", "Attribute", "Set-up", "Condition", "Verdict",
         "Training", "Direction", "Harm", "Value", "Interval", "Chance", "Classes", "All answers",
         "Above untrained, interval", "Colour statistics", "DCT energies", "Shuffled labels",
         "Selectivity", "File alone", "Discriminant", "Exact p", "At ten times", "Smallest effect",
         "p", "q", "SD", "Fits", "k", "Test photos", "Training photos", "Fit", "Notes"),
        [_complete_row(row) for row in rows],
        names=10,
        remarks=2,
    ).on([row["dataset"] for row in rows])  # fmt: skip


def _complete_row(row: Row) -> tuple[str, ...]:
    digits = max(2 if row["experiment"] in _SMALL else 1, digits_of(row))
    devices = f"query {row['query_device']}, target {row['target_device']}"
    conditions = (
        row["condition"],
        devices if row["query_device"] else "",
        f"from {row['reference']}" if row["reference"] else "",
        "" if row["threshold"] is None else f"threshold {row['threshold']:g}",
        row["stage"],
        f"{row['eraser']}, rank {row['rank']}" if row["eraser"] else "",
    )
    return (
        *(row[name] or "–" for name in ("encoder", "family", "experiment", "attribute", "setup")),
        ", ".join(filter(None, conditions)) or "–",
        *(row[name] or "–" for name in ("verdict", "learned", "direction", "harm")),
        number(row["value"], digits),
        interval(row, digits=digits),
        number(row["chance"]),
        whole(row["classes"]),
        number(row["micro"]),
        signed(row["twin_low"], row["twin_high"]),
        *(number(row[name]) for name in ("colour", "dct", "permuted", "selectivity", "container")),
        number(row["discriminant"]),
        significant(row["discriminant_p"]),
        number(row["ten_times"]),
        number(row["smallest_effect"]),
        significant(row["p"]),
        significant(row["q"]),
        number(row["sd"]),
        *(whole(row[name]) for name in ("seeds", "k", "n_test", "n_train")),
        row["fit"] or "–",
        "; ".join(checks(row)) or "–",
    )


def signed(low: float | None, high: float | None) -> str:
    """The interval of a difference."""
    return "–" if low is None or high is None else f"{points(low)} to {points(high)}"
