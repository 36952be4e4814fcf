"""What is measured of retrieved targets: recall, rank and margin, in all resamples of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from latentprint.experiments.pairs.pairs_retrieval import Retrieved
from latentprint.stats import ClusterBootstrap
from latentprint.words import PairMeasure

_BLOCKS = 5000
_DRAWS_AT_ONCE = 64


@dataclass(frozen=True)
class Measure:
    """A figure of each query, and how those of many are summed up.

    Attributes:
        name: ``recall@k``, ``median_rank``, ``rank_shift`` or ``margin``.
        worse: 1 where higher values are worse, else -1.
        k: The k of recall@k.
    """

    name: str
    worse: int
    k: int | None = None

    def values(self, found: Retrieved) -> np.ndarray:
        """The figure of every query, float64 [Q]: recall in percent, 100 times the margin."""
        if self.k is not None:
            return 100.0 * (found.rank <= self.k)
        figures: np.ndarray = (
            100.0 * found.margin if self.name == PairMeasure.MARGIN else 1.0 * found.rank
        )
        return figures

    def whole(self, values: np.ndarray) -> float:
        """The figure of all queries."""
        return (
            float(np.median(values))
            if self.name == PairMeasure.MEDIAN_RANK
            else float(values.mean())
        )

    def resampled(self, values: np.ndarray, subjects: ClusterBootstrap) -> np.ndarray:
        """The figure in every resample, float64 [draws]; NaN where a resample has no query."""
        if self.name == PairMeasure.MEDIAN_RANK:
            return _medians(values, subjects)
        with np.errstate(invalid="ignore"):
            return subjects.means(values)


def measures(ks: Sequence[int]) -> tuple[Measure, ...]:
    """Everything that is measured, recall at every k first."""
    return (
        *(Measure(PairMeasure.RECALL.at(k), worse=-1, k=k) for k in sorted(set(ks))),
        Measure(PairMeasure.MEDIAN_RANK, worse=1),
        Measure(PairMeasure.RANK_SHIFT, worse=1),
        Measure(PairMeasure.MARGIN, worse=-1),
    )


def exact_mcnemar(first: int, second: int) -> float:
    """The two-sided p of McNemar's test, from the exact binomial distribution.

    Args:
        first: Pairs of answers of which only the first is right.
        second: Pairs of which only the second is right.
    """
    n, least = first + second, min(first, second)
    term = total = 1
    for i in range(least):
        term = term * (n - i) // (i + 1)
        total += term
    return min(1.0, float(2 * total / 2**n))


def blocks_of(subjects: Sequence[str]) -> list[str]:
    """Subjects, or blocks of them where there are many: resamples must stay in memory."""
    different = set(subjects)
    if len(different) <= _BLOCKS:
        return list(subjects)
    digests = {each: blake2b(each.encode(), digest_size=8).digest() for each in different}
    numbers = {each: int.from_bytes(digest, "big") % _BLOCKS for each, digest in digests.items()}
    return [str(numbers[each]) for each in subjects]


def _medians(values: np.ndarray, subjects: ClusterBootstrap) -> np.ndarray:
    order = np.argsort(values, kind="stable")
    ordered, members = values[order], subjects.members[order]
    found = np.empty(len(subjects.counts))
    for start in range(0, len(found), _DRAWS_AT_ONCE):
        part = slice(start, start + _DRAWS_AT_ONCE)
        below = np.cumsum(subjects.counts[part][:, members], axis=1)
        middle = below[:, -1:] / 2
        # The two middle values are one where their number is odd.
        lower, upper = (below >= middle).argmax(axis=1), (below > middle).argmax(axis=1)
        found[part] = np.where(middle[:, 0] > 0, (ordered[lower] + ordered[upper]) / 2, np.nan)
    return found
