"""Cosine similarities in blocks, the same to the last bit whatever the blocks are.

The last bits of a matrix product depend on its shape and on the machine. A similarity here is
therefore the sum of products in one fixed order, in float64, rounded to a grid far coarser than its
error. Matrix products only tell which few similarities are worth that sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

BINS_PER_UNIT = 2**14
"""Histograms round similarities to multiples of 1 / 16,384 (0.00006)."""

BINS = 2 * BINS_PER_UNIT + 1
"""Number of multiples from -1 to 1."""

_GRID = 2.0**40
# Far above the error of a float64 product of unit vectors of any length in use, and the grid.
_SAFE = 2.0**-37
_BLOCK = 4096
_MARGIN = 8
_EXACT_AT_ONCE = 64

Allowed = Callable[[slice], np.ndarray]
"""Which pairs of a query and a row of some block count, bool [M, t, b], for M lists at once."""


@dataclass(frozen=True)
class Nearest:
    """The most similar rows for some queries, most similar first, equal ones by rising row.

    Attributes:
        similarities: Cosines, float64 [..., k]; minus infinity where fewer than k rows count.
        rows: Their rows, int64 [..., k].
    """

    similarities: np.ndarray
    rows: np.ndarray

    def merged(self, other: Nearest) -> Nearest:
        """The best of two lists of different rows, as long as this one."""
        similarities = np.concatenate([self.similarities, other.similarities], axis=-1)
        rows = np.concatenate([self.rows, other.rows], axis=-1)
        return _ordered(similarities, rows, self.rows.shape[-1])


def units(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length one, float64 [n, D]; none may be zero."""
    vectors = np.asarray(vectors, dtype=np.float64)
    found: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


def exact_cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Cosines of pairs of unit vectors, on a grid of 2^-40.

    Args:
        one: float64 [..., D].
        other: float64 [..., D].
    """
    # Memory order decides in which order NumPy adds.
    sums = np.multiply(one, other, order="C").sum(axis=-1)
    found: np.ndarray = np.rint(sums * _GRID) / _GRID
    return found


def blocks(n: int) -> Iterator[slice]:
    """Slices that cover n rows."""
    for start in range(0, n, _BLOCK):
        yield slice(start, min(start + _BLOCK, n))


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
    for start in range(0, len(pairs), _BLOCK):
        one, other = pairs[start : start + _BLOCK].T
        place[one, other] = (exact_cosines(queries[one], others[other]) + 1.0) * BINS_PER_UNIT
    bins: np.ndarray = np.clip(np.rint(place), 0, BINS - 1).astype(np.int64)
    return bins


def nearest(queries: np.ndarray, vectors: VectorArray, k: int, allowed: Allowed) -> Nearest:
    """Find the most similar rows of an array that may lie on disk.

    A matrix product preselects k and a few more rows. Where it cannot be ruled out that a row
    outside them belongs to the k nearest, as with many copies of one vector, all are compared.

    Args:
        queries: Unit vectors, float64 [t, D].
        vectors: Vectors of any length but zero [N, D].
        k: Number of rows to find.
        allowed: Which pairs count in each of M lists.

    Returns:
        M lists for every query [M, t, k].
    """
    similarities, rows = _candidates(queries, vectors, k + _MARGIN, allowed)
    outside = similarities.min(axis=-1)
    exact = np.full(similarities.shape, -np.inf)
    for column in range(rows.shape[-1]):
        for each, at in zip(exact, rows, strict=True):
            each[:, column] = exact_cosines(queries, units(vectors[at[:, column]]))
    exact[similarities == -np.inf] = -np.inf
    found = _ordered(exact, rows, k)
    short = rows.shape[-1] < k + _MARGIN
    doubtful = (found.similarities[..., -1] - _SAFE <= outside) & (outside > -np.inf)
    if not short:
        _compare_all(queries, vectors, allowed, np.argwhere(doubtful), found)
    return found


def _candidates(
    queries: np.ndarray, vectors: VectorArray, kept: int, allowed: Allowed
) -> tuple[np.ndarray, np.ndarray]:
    """The rows that a matrix product finds most similar, in no order [M, t, at most kept]."""
    similarities: np.ndarray | None = None
    rows: np.ndarray | None = None
    for block in blocks(vectors.shape[0]):
        products = queries @ units(vectors[block]).T
        new = np.where(allowed(block), products, -np.inf)
        at = np.broadcast_to(np.arange(block.start, block.stop), new.shape)
        if similarities is not None and rows is not None:
            new = np.concatenate([similarities, new], axis=-1)
            at = np.concatenate([rows, at], axis=-1)
        if new.shape[-1] > kept:
            best = np.argpartition(-new, kept - 1, axis=-1)[..., :kept]
            new, at = (np.take_along_axis(each, best, axis=-1) for each in (new, at))
        similarities, rows = new, at
    assert similarities is not None  # noqa: S101 - an array has rows
    assert rows is not None  # noqa: S101
    return similarities, rows


def _compare_all(
    queries: np.ndarray, vectors: VectorArray, allowed: Allowed, places: np.ndarray, found: Nearest
) -> None:
    """Replace some lists (number of the list, query) by those of a full comparison."""
    k = found.rows.shape[-1]
    for start in range(0, len(places), _EXACT_AT_ONCE):
        some = places[start : start + _EXACT_AT_ONCE]
        exact = np.empty((len(some), vectors.shape[0]))
        for block in blocks(vectors.shape[0]):
            others, counts = units(vectors[block]), allowed(block)
            for into, (which, query) in zip(exact, some, strict=True):
                cosines = exact_cosines(queries[query], others)
                into[block] = np.where(counts[which, query], cosines, -np.inf)
        best = _ordered(exact, np.broadcast_to(np.arange(exact.shape[1]), exact.shape), k)
        which, query = some.T
        found.similarities[which, query], found.rows[which, query] = best.similarities, best.rows


def _ordered(similarities: np.ndarray, rows: np.ndarray, k: int) -> Nearest:
    """The first k by falling similarity, then by rising row; filled up where there are fewer."""
    missing = max(0, k - rows.shape[-1])
    if missing:
        wider = [(0, 0)] * (rows.ndim - 1) + [(0, missing)]
        similarities = np.pad(similarities, wider, constant_values=-np.inf)
        rows = np.pad(rows, wider)
    order = np.lexsort((rows, -similarities), axis=-1)[..., :k]
    return Nearest(
        np.take_along_axis(similarities, order, axis=-1), np.take_along_axis(rows, order, axis=-1)
    )
