"""Labels of single photos dealt out anew, many times at once, and how many neighbours share them.

Where photos come in groups that count as one, see ``signs``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_AT_ONCE = 128
_BYTE = 255
_PAIRS_AT_ONCE = 64 * _BYTE


@dataclass(frozen=True)
class SharedByChance:
    """How many of some pairs (photo, neighbour) share a label where labels tell nothing.

    Attributes:
        expected: How many on average.
        beyond: How many more do.
        moved: How many more do in every draw, float64 [draws].
    """

    expected: float
    beyond: float
    moved: np.ndarray


@dataclass(frozen=True)
class Shuffles:
    """Shuffles of labels within strata.

    Attributes:
        labels: Number of the label of every photo, int64 [n].
        strata: Labels stay within them, int64 [n].
    """

    labels: np.ndarray
    strata: np.ndarray

    def pairs(self, one: np.ndarray, other: np.ndarray, draws: int, seed: int) -> SharedByChance:
        """Count the pairs that share a label in every shuffle.

        Args:
            one: Rows of the photos, int64 [m].
            other: Rows of their neighbours, int64 [m].
            draws: Number of shuffles.
            seed: Seeds them: the same shuffles for other pairs of the same photos.
        """
        counts = [_equal(dealt, one, other) for dealt in self._dealt(draws, seed)]
        shared = np.concatenate(counts)
        expected = float(shared.mean())
        value = int((self.labels[one] == self.labels[other]).sum())
        return SharedByChance(expected, value - expected, shared - expected)

    def _dealt(self, draws: int, seed: int) -> Iterator[np.ndarray]:
        """Labels after some shuffles at once [n, shuffles]."""
        rng = np.random.default_rng(seed)
        # Small numbers are compared many at once.
        labels = self.labels.astype(np.min_scalar_type(int(self.labels.max())))
        order = np.argsort(self.strata, kind="stable")
        strata = np.split(order, np.flatnonzero(np.diff(self.strata[order])) + 1)
        for start in range(0, draws, _AT_ONCE):
            dealt = np.repeat(labels[:, None], min(_AT_ONCE, draws - start), axis=1)
            for rows in strata:
                part = dealt[rows]
                dealt[rows] = rng.permuted(part, axis=0, out=part)
            yield dealt


def _equal(labels: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How many pairs of photos have equal labels in every shuffle, int64 [shuffles]."""
    found = np.zeros(labels.shape[1], dtype=np.int64)
    for start in range(0, len(one), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        same = (labels[one[part]] == labels[other[part]]).view(np.uint8)
        # Sums that fit into a byte are added many at once.
        sums = np.add.reduceat(same, np.arange(0, len(same), _BYTE), axis=0)
        found += sums.sum(axis=0, dtype=np.int64)
    return found
