"""Results on standard output, as a table for people or JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from latentprint.errors import UsageError


def print_json(value: Any) -> None:
    """Print one JSON value and nothing else."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def print_results(
    table: pl.DataFrame, left_out: Mapping[str, str], *, as_json: bool, **paths: str
) -> None:
    """Print measured figures, what was left out and why, and where files were written."""
    if as_json:
        print_json({"results": table.to_dicts(), "left_out": dict(left_out), **paths})
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console = Console(width=140)
    shown = Table(box=box.SIMPLE_HEAD)
    for heading in ("encoder", "experiment", "attribute", "set-up"):
        shown.add_column(heading)
    for heading in ("value", "95 % interval", "chance", "floor", "n"):
        shown.add_column(heading, justify="right")
    shown.add_column("verdict")
    for row in table.iter_rows(named=True):
        setup = row["setup"] + (f" k={row['k']}" if row["k"] else "")
        shown.add_row(
            *(Text(row[name]) for name in ("encoder", "experiment", "attribute")),
            Text(setup),
            f"{row['value']:.1f}",
            f"{row['low']:.1f} to {row['high']:.1f}",
            _number(row["chance"]),
            _number(row["floor"]),
            str(row["n_test"]),
            Text(row["verdict"]),
        )
    if table.height:
        console.print(shown)
    for what, why in left_out.items():
        console.print(Text(f"Left out: {what}: {why}"))
    for what, path in paths.items():
        console.print(Text(f"{what}: {path}"), soft_wrap=True)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def fail_if_empty(results: Sequence[object], left_out: Mapping[str, str]) -> None:
    """Refuse to print an empty table.

    Raises:
        UsageError: Nothing was measured; the message is the first reason.
    """
    if not results:
        raise UsageError(next(iter(left_out.values()), "There is nothing to measure."))
