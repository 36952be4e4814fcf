"""Count over made-up sets how often intervals hold the truth, and how often p is small."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from latentprint.results import Result

LEVEL = 0.05
"""p up to which a single test claims something."""


@dataclass(frozen=True)
class MadeUp:
    """Made-up embeddings, as the experiments ask for them."""

    photos: pl.DataFrame
    by_class: dict[str, np.ndarray]
    split_made: bool = False
    encoder: str = "made up"
    network: str = "made up"
    family: str = "yours"
    dataset: str = "made up"
    layer: int | None = None

    def vectors(self, processing: str) -> np.ndarray:
        """The embeddings under one class, float32 [N, D]."""
        return self.by_class[processing]


def table(n: int, groups: np.ndarray | None = None, **columns: np.ndarray) -> pl.DataFrame:
    """A table of photos, every other one a test photo; columns hold numbers of names."""
    ids = [f"photo{each:05}" for each in range(n)]
    alike = ids if groups is None else [f"group{each}" for each in groups]
    named = {name: [f"{name}{each}" for each in numbers] for name, numbers in columns.items()}
    split = ["train" if each % 2 else "val" for each in range(n)]
    return pl.DataFrame({"id": ids, "split": split, "group": alike, **named})


def held(
    measure: Callable[[int], Iterable[Result]],
    sets: int,
    name: Callable[[Result], str] = lambda row: row.setup,
    truth: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Measure many sets of one population.

    Args:
        measure: The rows of the set with some seed.
        sets: Number of sets.
        name: What tells the figures of one set apart.
        truth: The figure of an endless set; else the truth is the mean over all sets.

    Returns:
        For every figure its ``mean`` and ``sd`` over the sets, the ``truth``, the mean
        ``half_width`` of the intervals, the share that ``holds`` the truth, that lie ``below`` and
        ``above`` it, and the shares that claim ``less`` or ``more`` than nothing by p alone, all in
        percent.
    """
    rows: dict[str, list[Result]] = {}
    for seed in range(sets):
        for row in measure(seed):
            rows.setdefault(name(row), []).append(row)
    return pl.DataFrame([_counted(*each, (truth or {}).get(each[0])) for each in rows.items()])


def _counted(name: str, rows: list[Result], known: float | None) -> dict[str, object]:
    value, low, high = np.array([(row.value, row.low, row.high) for row in rows]).T
    chance = np.array([row.chance or 0.0 for row in rows])
    shown = np.array([row.p is not None and row.p <= LEVEL for row in rows])
    truth = value.mean() if known is None else known
    return {
        "figure": name,
        "sets": len(rows),
        "mean": value.mean(),
        "truth": truth,
        "sd": value.std(),
        "half_width": (high - low).mean() / 2,
        "holds": 100 * ((low <= truth) & (truth <= high)).mean(),
        "below": 100 * (high < truth).mean(),
        "above": 100 * (low > truth).mean(),
        "less": 100 * (shown & (value < chance)).mean(),
        "more": 100 * (shown & (value > chance)).mean(),
    }
