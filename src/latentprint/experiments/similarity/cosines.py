"""Cosine similarities in blocks, the same to the last bit whatever the blocks are.

The last bits of a matrix product depend on its shape and on the machine. A similarity here is
therefore the sum of products in one fixed order, in float64, rounded to a grid far coarser than its
error. Matrix products only tell which few similarities are worth that sum.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latentprint.experiments.vectors import rows_at_once
from latentprint.neighbours.grid import on_grid

BINS_PER_UNIT = 2**14
"""Histograms round similarities to multiples of 1 / 16,384 (0.00006)."""

BINS = 2 * BINS_PER_UNIT + 1
"""Number of multiples from -1 to 1."""

# Far above the error of a float64 product of unit vectors of any length in use, and the grid.
_SAFE = 2.0**-37


def exact_cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Cosines of pairs of unit vectors, on a grid of 2^-40.

    Args:
        one: float64 [..., D].
        other: float64 [..., D].
    """
    # Memory order decides in which order NumPy adds.
    sums = np.multiply(one, other, order="C").sum(axis=-1)
    return on_grid(sums)


def blocks(n: int, dimensions: int) -> Iterator[slice]:
    """Slices that cover n vectors of so many dimensions."""
    step = rows_at_once(dimensions)
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def rounded_cosines(queries: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Cosines of all pairs as numbers of bins: bin b holds those nearest to b / 16,384 - 1.

    Args:
        queries: Unit vectors, float64 [t, D].
        others: Unit vectors, float64 [b, D].

    Returns:
        int64 [t, b], from 0 to ``BINS`` - 1.
    """
    place = (queries @ others.T + 1.0) * BINS_PER_UNIT
    close = np.abs(place - np.floor(place) - 0.5) < _SAFE * BINS_PER_UNIT
    pairs = np.argwhere(close)
    for part in blocks(len(pairs), queries.shape[1]):
        one, other = pairs[part].T
        place[one, other] = (exact_cosines(queries[one], others[other]) + 1.0) * BINS_PER_UNIT
    bins: np.ndarray = np.clip(np.rint(place), 0, BINS - 1).astype(np.int64)
    return bins
