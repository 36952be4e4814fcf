"""What is measured of retrieved targets: recall, rank and margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentprint.neighbours.grid import GRID
from latentprint.words import PairMeasure


@dataclass(frozen=True)
class PairFigure:
    """A figure of each query, and how those of many are summed up.

    Attributes:
        name: ``recall@k``, ``median_rank``, ``rank_shift`` or ``margin``.
        worse: 1 where higher values are worse, else -1.
        k: The k of recall@k.
    """

    name: str
    worse: int
    k: int | None = None

    @property
    def is_median(self) -> bool:
        """Whether many queries are summed up by their median; else by their mean."""
        return self.name == PairMeasure.MEDIAN_RANK

    def values(self, rank: np.ndarray, margin: np.ndarray) -> np.ndarray:
        """The figure of every query: recall in percent, 100 times the margin, or the rank.

        Args:
            rank: Place of the target, [...].
            margin: How much more similar the target is than any distractor, float64 [...].

        Returns:
            float64 [...].
        """
        if self.k is not None:
            return 100.0 * (rank <= self.k)
        return 100.0 * margin if self.name == PairMeasure.MARGIN else 1.0 * rank

    @property
    def unit(self) -> float:
        """What one of ``steps`` is worth."""
        if self.k is not None:
            return 100.0
        return 100.0 / GRID if self.name == PairMeasure.MARGIN else 1.0

    def steps(self, rank: np.ndarray, margin: np.ndarray) -> np.ndarray:
        """The figure of every query as a whole number of units, whose sums are exact.

        Args:
            rank: Place of the target, [...].
            margin: How much more similar the target is than any distractor, finite multiples of
                1 / GRID, float64 [...].

        Returns:
            int64 [...].
        """
        if self.k is not None:
            return (rank <= self.k).astype(np.int64)
        if self.name == PairMeasure.MARGIN:
            return np.rint(margin * GRID).astype(np.int64)
        return rank.astype(np.int64)

    def summed_up(self, values: np.ndarray) -> float:
        """The figure of all queries."""
        return float(np.median(values) if self.is_median else values.mean())


def pair_figures(ks: Sequence[int]) -> tuple[PairFigure, ...]:
    """Everything that is measured, recall at every k first."""
    return (
        *(PairFigure(PairMeasure.RECALL.at(k), worse=-1, k=k) for k in sorted(set(ks))),
        PairFigure(PairMeasure.MEDIAN_RANK, worse=1),
        PairFigure(PairMeasure.RANK_SHIFT, worse=1),
        PairFigure(PairMeasure.MARGIN, worse=-1),
    )
