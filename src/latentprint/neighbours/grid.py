"""Which training photos are nearest, defined so that every machine agrees.

The last bits of a matrix product depend on its shape and on the machine, so that photos which are
equally near would come in any order. Similarities are therefore defined in float64 and rounded to a
grid far coarser than their error; equal ones are ordered by the row of the training photo. This
module computes them from full products, which is slow; ``candidates`` finds the same neighbours
from float32 products and proves it for every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

GRID = 2.0**40
"""Similarities are whole multiples of 1 / GRID."""

BANNED = -3 * 2**39
"""A similarity below all others, for pairs that are not allowed."""


def grid_cosines(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """Cosine similarities of unit vectors as whole numbers of grid steps.

    Args:
        queries: float32 [t, D].
        gallery: float32 [N, D].

    Returns:
        int64 [t, N], between -GRID and GRID.
    """
    product = queries.astype(np.float64) @ gallery.astype(np.float64).T
    return np.rint(product * GRID).astype(np.int64)


def full_cosines(
    queries: np.ndarray, gallery: VectorArray, order: np.ndarray, block: int
) -> np.ndarray:
    """Cosine similarities to a whole gallery, which is read in blocks.

    Args:
        queries: Unit vectors, float32 [t, D].
        gallery: Unit vectors, float32 [N, D].
        order: Rows of the gallery in the order of reading, int64 [N].
        block: Rows that are read at once.

    Returns:
        int64 [t, N], in grid steps.
    """
    found = np.empty((len(queries), len(order)), dtype=np.int64)
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        found[:, rows] = grid_cosines(queries, np.asarray(gallery[rows]))
    return found


def nearest(similarities: np.ndarray, k: int) -> np.ndarray:
    """Find the nearest photos; equal similarities are ordered by row, the lowest first.

    Args:
        similarities: In grid steps, int64 [t, N]; BANNED where a pair is not allowed.
        k: Number of neighbours, at most N.

    Returns:
        Their rows, nearest first, int64 [t, k].
    """
    least = np.partition(similarities, -k, axis=1)[:, -k, None]
    equal = similarities == least
    # One comparison after the other: a number that held both would bound the photos.
    room = k - (similarities > least).sum(axis=1, keepdims=True)
    taken = (similarities > least) | (equal & (equal.cumsum(axis=1, dtype=np.int32) <= room))
    rows = np.nonzero(taken)[1].reshape(len(similarities), k)
    order = np.argsort(-np.take_along_axis(similarities, rows, 1), axis=1, kind="stable")
    return np.take_along_axis(rows, order, 1)


def on_grid(cosines: np.ndarray) -> np.ndarray:
    """Cosines as multiples of 1 / GRID, float64 [...]."""
    found = np.asarray(cosines * GRID)
    # In place: there are as many of them as fit into memory.
    np.rint(found, out=found)
    found /= GRID
    return found


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length one, float64 [n, D]; none may be zero."""
    vectors = np.asarray(vectors, dtype=np.float64)
    found: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found
