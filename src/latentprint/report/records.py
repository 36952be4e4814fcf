"""What a run recorded beside its figures, for pictures and curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import polars as pl

from latentprint.report.inputs import Run
from latentprint.words import CONTROL

Record = dict[str, Any]
"""What details.json holds of one measurement."""

_T = TypeVar("_T")


def records_of(run: Run, experiment: str) -> list[Record]:
    """What was recorded of an experiment on final embeddings of the user's encoders."""
    others = run.table.filter((pl.col("family") == CONTROL) | pl.col("layer").is_not_null())
    left_out = set(others["encoder"].to_list())
    return [each for each in run.details_of(experiment) if each["encoder"] not in left_out]


def place_of(run: Run, record: Record) -> str:
    """The set of photos of a record, where the run has several; else nothing."""
    return str(record.get("dataset") or "") if len(run.datasets) > 1 else ""


def in_turns(items: Iterable[_T], key: Callable[[_T], object], most: int) -> list[_T]:
    """As many as there is room for, in their order: the first of every key, then others."""
    every: Sequence[_T] = list(items)
    seen: Counter[object] = Counter()
    turns = []
    for place, each in enumerate(every):
        turns.append((seen[key(each)], place))
        seen[key(each)] += 1
    return [every[place] for place in sorted(place for _, place in sorted(turns)[:most])]


def shown_of(shown: int, total: int, what: str) -> str:
    """A sentence that says where the rest is; nothing where all are shown."""
    if shown == total:
        return ""
    return f" {shown:,} of {total:,} {what} are shown; details.json of the run holds every one."
