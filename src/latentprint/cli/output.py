"""Results on standard output, as a table for people or JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from latentprint.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def print_json(value: Any) -> None:
    """Print one JSON value and nothing else."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def print_results(
    table: pl.DataFrame,
    left_out: Mapping[str, str],
    *,
    as_json: bool,
    more: Mapping[str, Any] | None = None,
    **paths: str,
) -> None:
    """Print measured figures, what was left out and why, and where files were written.

    ``more`` is for machines only.
    """
    if as_json:
        found = {"results": table.to_dicts(), "left_out": dict(left_out)}
        print_json({**found, **(more or {}), **paths})
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console = Console(width=160)
    for shown in (_probes(table), _curves(table), _variance(table), _neighbours(table)):
        if shown.row_count:
            console.print(shown)
    for note in _notes(table):
        console.print(Text(note))
    for what, why in left_out.items():
        console.print(Text(f"Left out: {what}: {why}"))
    for what, path in paths.items():
        console.print(Text(f"{what}: {path}"), soft_wrap=True)


def _table(title: str, texts: Sequence[str], numbers: Sequence[str], last: str = "") -> Table:
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for heading in texts:
        made.add_column(heading)
    for heading in numbers:
        made.add_column(heading, justify="right")
    if last:
        made.add_column(last)
    return made


def _probes(table: pl.DataFrame) -> Table:
    shown = _table(
        "Probes: accuracy in percent",
        ("encoder", "label", "set-up"),
        ("value", "95 % interval", "chance", "floor", "ceiling", "shuffled", "file", "n", "q"),
        "verdict",
    )
    for row in _rows(table, "processing_probe", "acquisition_probe"):
        shown.add_row(
            *_texts(row["encoder"], row["attribute"], row["setup"]),
            _number(row["value"]),
            _span(row),
            *(_number(row[name]) for name in ("chance", "floor", "ceiling")),
            *(_number(row[name]) for name in ("permuted", "container")),
            f"{row['n_test']}",
            _rate(row["q"]),
            *_texts("" if row["family"] == "control" else row["verdict"]),
        )
    return shown


def _curves(table: pl.DataFrame) -> Table:
    shown = _table(
        "Learning curves: accuracy by number of training photos",
        ("encoder", "label", "set-up"),
        (),
        "training photos: accuracy (95 % interval)",
    )
    curves: dict[tuple[str, str, str], list[str]] = {}
    for row in _rows(table, "learning_curve"):
        points = curves.setdefault((row["encoder"], row["attribute"], row["setup"]), [])
        points.append(f"{row['n_train']}: {row['value']:.1f} ({_span(row)})")
    for key, points in curves.items():
        shown.add_row(*_texts(*key, ", ".join(points)))
    return shown


def _variance(table: pl.DataFrame) -> Table:
    shown = _table(
        "Variance of embeddings: shares in percent; cosine distances times 100",
        ("encoder", "attribute", "measure"),
        ("value", "95 % interval", "n"),
    )
    for row in _rows(table, "variance"):
        shown.add_row(
            *_texts(row["encoder"], row["attribute"], row["setup"]),
            f"{row['value']:.2f}",
            f"{row['low']:.2f} to {row['high']:.2f}",
            f"{row['n_test']}",
        )
    return shown


def _neighbours(table: pl.DataFrame) -> Table:
    shown = _table(
        "kNN accuracy in percent; influence in points",
        ("encoder", "attribute", "set-up"),
        ("value", "95 % interval", "chance", "n"),
        "verdict",
    )
    for row in _rows(table, "knn_influence"):
        shown.add_row(
            *_texts(row["encoder"], row["attribute"], f"{row['setup']} k={row['k']}"),
            _number(row["value"]),
            _span(row),
            _number(row["chance"]),
            f"{row['n_test']}",
            *_texts(row["verdict"]),
        )
    return shown


def _notes(table: pl.DataFrame) -> list[str]:
    """What is said of every probe, and its failed health checks."""
    from latentprint.report.prose import probe_sentence

    said = []
    for row in _rows(table, "processing_probe", "acquisition_probe"):
        if row["family"] == "control":
            continue
        warning = f" Check: {row['notes']}." if row["notes"] else ""
        said.append(f"{row['encoder']}: {probe_sentence(row)}{warning}")
    return said


def _rows(table: pl.DataFrame, *experiments: str) -> list[dict[str, Any]]:
    return [row for row in table.to_dicts() if row["experiment"] in experiments]


def _texts(*texts: str) -> tuple[Text, ...]:
    """Text that is shown as it is, whatever brackets it holds."""
    from rich.text import Text

    return tuple(Text(each) for each in texts)


def _span(row: Mapping[str, Any]) -> str:
    return f"{row['low']:.1f} to {row['high']:.1f}"


def _rate(q: float | None) -> str:
    """A rate of false discoveries; small ones rest on the tail of a normal curve."""
    if q is None:
        return ""
    return "< 0.001" if q < 0.001 else f"{q:.2g}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def fail_if_empty(results: Sequence[object], left_out: Mapping[str, str]) -> None:
    """Refuse to print an empty table.

    Raises:
        UsageError: Nothing was measured; the message is the first reason.
    """
    if not results:
        raise UsageError(next(iter(left_out.values()), "There is nothing to measure."))
