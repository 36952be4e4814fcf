"""Intervals by the bootstrap over clusters of photos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentprint.errors import UsageError


@dataclass(frozen=True)
class ClusterBootstrap:
    """Resamples of whole clusters, kept as counts so that any mean is one matrix product.

    Attributes:
        members: Cluster of every row, int64 [N].
        counts: How often each resample holds each cluster, float64 [draws, clusters].
    """

    members: np.ndarray
    counts: np.ndarray

    def means(self, values: np.ndarray) -> np.ndarray:
        """The mean of some values over the rows of every resample.

        Args:
            values: One value a row, in one or several series, float64 [N] or [series, N].

        Returns:
            float64 [draws] or [draws, series].
        """
        clusters = self.counts.shape[1]
        series = np.atleast_2d(np.asarray(values, dtype=np.float64))
        sums = [np.bincount(self.members, weights=each, minlength=clusters) for each in series]
        sizes = np.bincount(self.members, minlength=clusters)
        means: np.ndarray = self.counts @ np.stack(sums, axis=1) / (self.counts @ sizes)[:, None]
        return means[:, 0] if values.ndim == 1 else means


def cluster_bootstrap_counts(groups: Sequence[str], draws: int, seed: int) -> ClusterBootstrap:
    """Resample clusters with replacement.

    The same groups, draws and seed give the same resamples, whatever the order of the rows: two
    encoders that saw the same photos are compared photo by photo.

    Args:
        groups: Cluster of every row [N].
        draws: Number of resamples.
        seed: Seeds the resampling.

    Raises:
        UsageError: There are no rows, or no draws are asked for.
    """
    if not len(groups) or draws < 1:
        raise UsageError("A bootstrap needs at least one photo and one draw.")
    names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    return ClusterBootstrap(members, resample_counts(len(names), draws, seed))


def resample_counts(n: int, draws: int, seed: int) -> np.ndarray:
    """How often each of n things is drawn, n times with replacement, float64 [draws, n]."""
    rng = np.random.default_rng(seed)
    counts = np.empty((draws, n))
    for row in counts:
        row[:] = np.bincount(rng.integers(n, size=n), minlength=n)
    return counts


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


def two_sided_p(value: float, samples: np.ndarray) -> float:
    """Two-sided p of the hypothesis that a value is zero, from the spread of its resamples.

    Args:
        value: The figure of all photos.
        samples: The same in every resample, float64 [draws].
    """
    spread = float(np.std(samples))
    if spread == 0:
        return 1.0
    return math.erfc(abs(value) / spread / math.sqrt(2.0))


def false_discovery_rates(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of several tests for the rate of false discoveries.

    The step-up procedure of Benjamini and Hochberg (Journal of the Royal Statistical Society B,
    1995): of the tests whose adjusted value is at most q, a share of at most q is expected to be
    false.

    Args:
        p_values: One p for every test [M].

    Returns:
        The adjusted value of every test [M], in the order given.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(-p, kind="stable")
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum.accumulate(np.minimum(p[order] * len(p) / ranks, 1.0))
    return [float(each) for each in adjusted]
