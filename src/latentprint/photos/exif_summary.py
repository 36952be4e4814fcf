"""A table of acquisition labels in brief: how many photos have each, and with which values."""

from __future__ import annotations

from typing import Any

import polars as pl

from latentprint.photos.exif_labels import LABELS

_MOST = 10


def exif_summary(table: pl.DataFrame, *, most: int = _MOST) -> dict[str, Any]:
    """Count what ``exif_table`` found.

    Args:
        table: The table [N].
        most: How many values of every label to list, the most frequent first.

    Returns:
        The numbers of ``photos``, of those whose file is ``unreadable``, ``without_exif`` and
        ``with_problems``; ``labels`` with, for each label, its kind, unit and description, the
        number of ``photos`` that have it and of ``different`` values, and the ``most_frequent``
        as pairs of value and count; ``problems`` likewise as pairs.
    """
    readable = table.filter(pl.col("status") != "broken")
    problems = readable["exif_problems"].replace("", None)
    return {
        "photos": table.height,
        "unreadable": table.height - readable.height,
        "without_exif": int((~readable["has_exif"]).sum()),
        "with_problems": readable.height - problems.null_count(),
        "labels": {name: _label(readable[name], most) for name in LABELS},
        "problems": _most_frequent(problems, most),
    }


def shown(label: str, value: Any) -> str:
    """A value as people write it: an exposure time as 1/60, a yes or no as a word."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if label == "exposure_time" and value < 0.3:
        return f"1/{1 / value:.4g}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _label(values: pl.Series, most: int) -> dict[str, Any]:
    label = LABELS[values.name]
    return {
        "kind": label.kind,
        "unit": label.unit,
        "description": label.description,
        "photos": len(values) - values.null_count(),
        "different": values.drop_nulls().n_unique(),
        "most_frequent": _most_frequent(values, most),
    }


def _most_frequent(values: pl.Series, most: int) -> list[list[Any]]:
    counts = values.drop_nulls().rename("value").value_counts(name="count")
    ranked = counts.sort("count", "value", descending=[True, False]).head(most)
    return [list(row) for row in ranked.rows()]
