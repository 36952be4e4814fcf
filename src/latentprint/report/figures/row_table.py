"""The rows of the result table behind a figure, as they are, for the download."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, is_published

COLUMNS = (
    "encoder", "family", "layer", "experiment", "dataset", "attribute", "setup", "condition",
    "query_device", "target_device", "reference", "threshold", "stage", "eraser", "rank", "k",
    "n_train",
    "value", "low", "high", "chance", "classes", "twin", "twin_low", "twin_high", "colour", "dct",
    "container", "discriminant", "discriminant_p", "ten_times", "p", "q", "verdict", "learned",
    "direction", "harm", "tiny", "n_test", "notes",
)  # fmt: skip
"""The columns of the result table that figures tell of."""


def numbers_of(rows: Iterable[Row]) -> str:
    """The heading of a table of numbers beside one of the published encoders."""
    whose = "published encoders" if all(map(is_published, rows)) else "your encoders"
    return f"Numbers: {whose}"


def row_table(rows: Iterable[Row]) -> Table:
    """The columns that a row fills, under their names in results.csv, with six digits."""
    kept = list(rows)
    names = [name for name in COLUMNS if any(row.get(name) not in (None, "") for row in kept)]
    return Table(
        "Rows of the result table",
        tuple(names),
        [tuple(_text(row.get(name)) for name in names) for row in kept],
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
