"""Means, percentiles and shares of how far photos move, for any weights of the photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Moves:
    """Similarities of some photos to their re-encoded selves and their nearest other photos.

    Attributes:
        selves: float64 [n, m] for m pairs (processing, re-encoded as).
        others: The same photo under the first of the pair to any other under it, float64 [n, m].
        pairs: Names of the pairs [m].
    """

    selves: np.ndarray
    others: np.ndarray
    pairs: tuple[tuple[str, str], ...]

    def only(self, kept: Sequence[int]) -> Moves:
        """Some of the pairs."""
        pairs = tuple(self.pairs[each] for each in kept)
        return Moves(self.selves[:, kept], self.others[:, kept], pairs)


@dataclass(frozen=True)
class Measures:
    """What is measured of some moves, for any weights of the photos.

    Attributes:
        means: Values of each photo that are averaged, float64 [measures, n].
        sorted_selves: All self-similarities, rising, float64 [n * m].
        photo: Which photo each of them belongs to, int64 [n * m].
    """

    means: np.ndarray
    sorted_selves: np.ndarray
    photo: np.ndarray

    @classmethod
    def of(cls, moves: Moves, threshold: float | None) -> Measures:
        """Prepare the moves."""
        selves, m = moves.selves, moves.selves.shape[1]
        averaged = [selves, moves.others, selves < moves.others]
        if threshold is not None:
            averaged.append(selves < threshold)
        order = np.argsort(selves, axis=None, kind="stable")
        means = np.stack([each.mean(axis=1) for each in averaged])
        return cls(means, selves.ravel()[order], order // m)

    def weighted(self, weights: np.ndarray) -> np.ndarray:
        """All measures times 100 in the order of ``words.StabilityMeasure``, for weights of photos.

        A percentile is the lowest value that at least so many percent do not exceed.
        """
        means = self.means @ weights / weights.sum()
        counts = np.cumsum(weights[self.photo])
        places = np.searchsorted(100 * counts, np.array([5, 1]) * counts[-1])
        return 100.0 * np.concatenate([means[:1], self.sorted_selves[places], means[1:]])


def resamples(groups: Sequence[str], draws: int, seed: int) -> Iterator[np.ndarray]:
    """How often each photo counts in each resample of whole groups, int64 [n].

    The draws of ``cluster_bootstrap_counts``, one at a time: all of them may not fit into memory.
    """
    names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        drawn = rng.integers(len(names), size=len(names))
        yield np.bincount(drawn, minlength=len(names))[members]
