"""Intervals and tests that several experiments share: one bootstrap, exact binomials, permutations.

What scipy has (false discovery rates, distributions) is taken from there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from latentprint.errors import UsageError

ROUNDING = 1e-9
"""What figures that are equal on paper may differ by, from the order of their sums."""


@dataclass(frozen=True)
class ClusterBootstrap:
    """Resamples of whole clusters, drawn one at a time: all of them may not fit into memory.

    Every method goes through the same resamples. They depend on the clusters, the number of draws
    and the seed alone, whatever the order of the rows: two encoders that saw the same photos are
    compared photo by photo.

    Attributes:
        members: Number of every row's cluster, from 0 without gaps, int64 [N].
        draws: Number of resamples.
        seed: Seeds the resampling.
    """

    members: np.ndarray
    draws: int
    seed: int

    def __post_init__(self) -> None:
        if not len(self.members) or self.draws < 1:
            raise UsageError("A bootstrap needs at least one photo and one draw.")

    @classmethod
    def of(cls, groups: Sequence[str], draws: int, seed: int) -> ClusterBootstrap:
        """Resample rows by the names of their clusters.

        Args:
            groups: Cluster of every row [N].
            draws: Number of resamples.
            seed: Seeds the resampling.

        Raises:
            UsageError: There are no rows, or no draws are asked for.
        """
        _, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
        return cls(members, draws, seed)

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return int(self.members.max()) + 1

    def resamples(self) -> Iterator[np.ndarray]:
        """How often each resample holds each cluster, int64 [clusters], one resample at a time."""
        return _resamples(self.clusters, self.draws, self.seed)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of some values over the rows of every resample.

        Args:
            values: One value a row, in one or several series, float64 [N] or [series, N].

        Returns:
            float64 [draws] or [draws, series].
        """
        series = np.atleast_2d(np.asarray(values, dtype=np.float64))
        by_cluster = np.stack([np.bincount(self.members, weights=each) for each in series], axis=1)
        sums = self.sums_of(by_cluster)
        return sums[:, 0] if np.ndim(values) == 1 else sums

    def sums_of(self, by_cluster: np.ndarray) -> np.ndarray:
        """The sum over the clusters of every resample.

        Args:
            by_cluster: Values of every cluster, float64 [clusters, series].

        Returns:
            float64 [draws, series].
        """
        return np.array([counts @ by_cluster for counts in self.resamples()])

    def means(self, values: np.ndarray) -> np.ndarray:
        """The mean of some values over the rows of every resample; shapes as those of ``sums``."""
        several = np.atleast_2d(np.asarray(values, dtype=np.float64))
        sums = self.sums(np.concatenate([several, np.ones((1, several.shape[1]))]))
        means: np.ndarray = sums[:, :-1] / sums[:, -1:]
        return means[:, 0] if np.ndim(values) == 1 else means


def resample_counts(n: int, draws: int, seed: int) -> np.ndarray:
    """How often each of n things is drawn, n times with replacement, float64 [draws, n]."""
    return np.array(list(_resamples(n, draws, seed)), dtype=np.float64)


def _resamples(n: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield np.bincount(rng.integers(n, size=n), minlength=n)


def crossed_means(photos: ClusterBootstrap, repeats: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean over photos and repeats, both resampled at once.

    Photos and random assignments are two crossed sources of error, and resampling each of them
    independently covers both (the pigeonhole bootstrap: Owen, Annals of Applied Statistics 2007;
    it errs on the wide side).

    Args:
        photos: Resamples of the photos.
        repeats: Counts of the resampled repeats, float64 [draws, repeats].
        values: One value for every repeat and photo, float64 [repeats, N].

    Returns:
        float64 [draws].
    """
    means: np.ndarray = (photos.means(values) * repeats).sum(axis=1) / repeats.sum(axis=1)
    return means


def interval(samples: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of bootstrap samples.

    Args:
        samples: The statistic in every resample, float64 [draws].
        level: Share of the samples that the interval holds.
    """
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(samples, [tail, 100.0 - tail])
    return float(low), float(high)


def binomial_interval(share: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson, Biometrika 1934).

    Where observations depend on each other, or are weighted, n is the number of independent ones
    with the same standard error (Korn and Graubard, Survey Methodology 1998).

    Args:
        share: Share of successes, 0 to 1.
        n: Number of independent observations, not necessarily whole.
        level: Coverage.

    Returns:
        Two shares, 0 to 1.
    """
    from scipy.special import betaincinv

    tail, hits, misses = (1.0 - level) / 2, share * n, (1.0 - share) * n
    low = betaincinv(hits, misses + 1.0, tail) if hits > 0 else 0.0
    high = betaincinv(hits + 1.0, misses, 1.0 - tail) if misses > 0 else 1.0
    return float(low), float(high)


def interval_of_equals(value: float, groups: float, *, change: bool = False) -> tuple[float, float]:
    """The 95 % interval of a figure that is the same in all groups: there is nothing to resample.

    That of a binomial share; of a change, as many groups as may differ where none of so many did.

    Args:
        value: The share in percent, or the change in points.
        groups: Number of independent groups, not necessarily whole.
        change: Whether it is a change.
    """
    if change:
        reach = 100.0 * binomial_interval(0.0, groups)[1]
        return value - reach, value + reach
    low, high = binomial_interval(value / 100.0, groups)
    return 100.0 * low, 100.0 * high


def two_sided_p(value: float, samples: np.ndarray, groups: float = 1.0) -> float:
    """Two-sided p of the hypothesis that a value is zero, from the spread of its resamples.

    Args:
        value: The figure of all photos.
        samples: The same in every resample, float64 [draws].
        groups: Number of independent groups of photos, which decides where all have the same value;
            1 where it is not known.
    """
    spread = float(np.std(samples))
    # Resamples of equal values differ by the order in which they were added.
    if spread <= ROUNDING * abs(value):
        return equal_signs_p(value, groups)
    return math.erfc(abs(value) / spread / math.sqrt(2.0))


def equal_signs_p(value: float, groups: float) -> float:
    """Two-sided p of the hypothesis that a value which all groups share is zero: the sign test.

    Args:
        value: The value.
        groups: Number of independent groups, not necessarily whole.
    """
    return min(1.0, 2.0 ** (1.0 - groups)) if abs(value) > ROUNDING else 1.0


def permutation_p(value: float, permuted: np.ndarray, *, complete: bool = False) -> float:
    """Two-sided p of the hypothesis that data could as well have been permuted.

    Random permutations count the data as one of them, so that p is never too small (Phipson and
    Smyth, Statistical Applications in Genetics and Molecular Biology 2010).

    Args:
        value: The figure, whose expectation under the hypothesis is zero.
        permuted: The same after every permutation, float64 [permutations].
        complete: These are all permutations there are, the data themselves among them.
    """
    # Sums that are equal on paper differ by the order in which they were added.
    least = abs(value) * (1.0 - ROUNDING) - ROUNDING
    beyond = int((np.abs(permuted) >= least).sum())
    return beyond / len(permuted) if complete else (1 + beyond) / (1 + len(permuted))
