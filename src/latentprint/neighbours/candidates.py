"""Candidates for the nearest photos, from float32 products, with a proof that none is missing.

A float32 product is faster than a float64 one and wrong by at most a known bound. So it may choose
candidates: whatever lies further than twice the bound from the k-th best is surely in or surely
out, and ``pools`` compares the few between in float64. Where the list of candidates may have been
too short, the row is reported, and full float64 products decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.arrays import (
    Array,
    array_namespace,
    is_on_cpu,
    largest,
    namespace,
    plain_namespace,
    take_along,
    to_numpy,
)
from latentprint.neighbours.grid import GRID
from latentprint.neighbours.workers import Computing

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

QUERIES_AT_ONCE = 512
"""Rows of one product: enough for full speed, few enough for the processor's cache."""

SPARE = 48
"""Candidates beyond the k that are asked for, as many as may be too close to tell apart."""

_FOLDS = 4
_NOTHING = -math.inf
_CENTRE_OF = 1024


@dataclass(frozen=True)
class Searched:
    """Unit vectors among which neighbours are looked for.

    Attributes:
        vectors: Float32, or float64 that is rounded [N, D]; they may lie on disk.
        keys: A number for every row, int64 [N]; rows with the key of a query are *inside*.
        order: The rows in the order in which they are read, int64 [N].
        centre: A vector that is subtracted from all of them, float32 [D]. It moves all similarities
            of one query alike; the mean of the gallery makes the error bound smaller.
    """

    vectors: VectorArray
    keys: np.ndarray
    order: np.ndarray
    centre: np.ndarray

    @classmethod
    def of(cls, vectors: VectorArray, keys: np.ndarray, order: np.ndarray) -> Searched:
        """With the centre of these vectors."""
        return cls(vectors, keys, order, centre_of([vectors], order))


@dataclass(frozen=True)
class Candidates:
    """The best rows of a gallery for some queries, by float32 similarity, best first.

    Attributes:
        values: Similarities less that to the centre, float32 [t, L]; minus infinity where there are
            fewer rows.
        rows: int64 [t, L].
        error: How far a value may be from the exact similarity.
    """

    values: Array
    rows: Array
    error: float

    @property
    def floor(self) -> Array:
        """No row that is not listed has a higher value, float32 [t]."""
        return self.values[:, -1]

    def of(self, part: slice | Array) -> Candidates:
        """The lists of some queries."""
        return replace(self, values=self.values[part], rows=self.rows[part])

    def first(self, length: int) -> Candidates:
        """Shorter lists."""
        return replace(self, values=self.values[:, :length], rows=self.rows[:, :length])


def error_bound(dimensions: int, length: float) -> float:
    """How far a float32 product of a unit vector and a centred one may be from the exact value.

    Whatever the order of the sum, the error of a dot product of D terms is at most
    D u / (1 - D u) times the product of the lengths, u = 2^-24 (Higham, Accuracy and Stability of
    Numerical Algorithms, 2002, section 3.1). Subtracting the centre adds one u, the query's own
    rounding another. The rest covers underflow, float64 sums and the rounding to the grid.

    Args:
        dimensions: Number of terms D.
        length: The largest length of a centred vector.
    """
    terms = (dimensions + 2) * 2.0**-24
    # The length is a float32 sum of its own.
    return terms / (1 - terms) * length * (1 + terms) + 2 / GRID


def centre_of(galleries: Sequence[VectorArray], order: np.ndarray) -> np.ndarray:
    """The mean of some vectors of several galleries, float32 [D].

    Args:
        galleries: float32 [N, D] each.
        order: Rows in the order in which they are read, int64 [N].
    """
    some = order[:: max(1, len(order) // _CENTRE_OF)]
    means = [np.asarray(each[some]).mean(axis=0, dtype=np.float64) for each in galleries]
    centre: np.ndarray = np.mean(means, axis=0).astype(np.float32)
    return centre


def search(
    queries: np.ndarray,
    keys: np.ndarray,
    gallery: Searched,
    depth: int,
    computing: Computing,
) -> tuple[Candidates, Candidates]:
    """Find candidates inside (same key as the query) and outside (another key).

    Args:
        queries: Unit vectors, float32 [t, D].
        keys: int64 [t].
        gallery: Where to look.
        depth: Length L of the lists.
        computing: How products are computed.

    Returns:
        Candidates inside and outside.
    """
    block, device, threads = computing.block, computing.device, computing.threads
    order = np.argsort(keys, kind="stable")
    xp = plain_namespace() if computing.plain else namespace(device)
    moved, keys = xp.asarray(queries[order], device=device), keys[order]
    kept = [_nothing(xp, (len(keys), depth), device) for _ in range(2)]
    spaces: SimpleQueue[Array] = SimpleQueue()
    for _ in range(threads.count):
        size = min(QUERIES_AT_ONCE, len(keys)) * min(block, len(gallery.order))
        spaces.put(xp.empty(size, dtype=xp.float32, device=device))
    longest = 0.0
    for rows in _blocks(gallery, block):
        centred = np.asarray(gallery.vectors[rows], dtype=np.float32) - gallery.centre
        longest = max(longest, float(np.linalg.norm(centred, axis=1).max()))
        vectors, named = xp.asarray(centred, device=device), xp.asarray(rows, device=device)
        columns = gallery.keys[rows]

        def compare(
            part: slice,
            vectors: Array = vectors,
            named: Array = named,
            columns: np.ndarray = columns,
        ) -> None:
            space = spaces.get()
            similarities = _product(moved[part], vectors, space)
            found = _both(similarities, keys[part], columns, depth)
            spaces.put(space)
            for (values, where), (best, at) in zip(kept, found, strict=True):
                _keep(values[part], where[part], best, named[at])

        with _full_precision(device):
            threads.map(compare, slices(len(keys), QUERIES_AT_ONCE))
    back = np.argsort(order)
    error = error_bound(queries.shape[1], longest)
    inside, outside = (
        Candidates(xp.asarray(to_numpy(values)[back]), xp.asarray(to_numpy(where)[back]), error)
        for values, where in kept
    )
    return inside, outside


def slices(n: int, size: int) -> list[slice]:
    """Consecutive parts of n rows, of at most a size."""
    return [slice(at, min(at + size, n)) for at in range(0, n, size)]


def _nothing(xp: Any, shape: tuple[int, int], device: str) -> tuple[Array, Array]:
    values = xp.full(shape, _NOTHING, dtype=xp.float32, device=device)
    return values, xp.zeros(shape, dtype=xp.int64, device=device)


def _blocks(gallery: Searched, size: int) -> Iterator[np.ndarray]:
    """Rows of the gallery, some at a time, those of one key beside each other."""
    for rows in np.array_split(gallery.order, math.ceil(len(gallery.order) / size)):
        yield rows[np.argsort(gallery.keys[rows], kind="stable")]


def _product(queries: Array, vectors: Array, space: Array) -> Array:
    """All similarities [t, N], written into memory that is there already."""
    shape = len(queries), len(vectors)
    found = space[: shape[0] * shape[1]].reshape(shape)
    if is_on_cpu(queries):
        # NumPy's OpenBLAS is as fast as PyTorch's MKL, and faster on processors by AMD.
        np.matmul(to_numpy(queries), to_numpy(vectors).T, out=to_numpy(found))
        return found
    return array_namespace(queries).matmul(queries, vectors.T, out=found)


def _both(
    similarities: Array, keys: np.ndarray, columns: np.ndarray, depth: int
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The best columns inside and outside; both sets of keys are sorted.

    The similarities inside are overwritten.
    """
    xp, device = array_namespace(similarities), str(similarities.device)
    values, where = _nothing(xp, (len(keys), depth), device)
    names, starts = np.unique(keys, return_index=True)
    ends = [*starts[1:], len(keys)]
    lefts, rights = (np.searchsorted(columns, names, side) for side in ("left", "right"))
    for start, end, left, right in zip(starts, ends, lefts, rights, strict=True):
        if left == right:
            continue
        part = similarities[start:end, left:right]
        best, at = largest(part, min(depth, part.shape[1]))
        values[start:end, : best.shape[1]] = best
        where[start:end, : best.shape[1]] = at + int(left)
        part[...] = _NOTHING
    return (values, where), top(similarities, depth)


def top(values: Array, count: int, *, ordered: bool = True) -> tuple[Array, Array]:
    """The highest values of each row and their columns: ``largest``, but faster.

    The best of a row lie in those of its folds of four columns whose highest values are the best,
    and these folds are found in the same way.

    Args:
        values: float32 [t, N].
        count: How many; all where there are fewer.
        ordered: The best first.
    """
    width = values.shape[1] // _FOLDS
    if width <= 2 * count:
        return largest(values, min(count, values.shape[1]), ordered=ordered)
    xp, rows, even = array_namespace(values), len(values), width * _FOLDS
    highest = xp.max(values[:, :even].reshape(rows, _FOLDS, width), axis=1)
    _, folds = top(highest, count, ordered=False)
    shifts = xp.arange(0, even, width, device=values.device)
    rest = xp.arange(even, values.shape[1], device=values.device)
    within = (folds[:, None, :] + shifts[:, None]).reshape(rows, -1)
    columns = xp.concat([within, xp.broadcast_to(rest, (rows, len(rest)))], axis=1)
    best, at = largest(take_along(values, columns, 1), count, ordered=ordered)
    return best, take_along(columns, at, 1)


def _keep(values: Array, rows: Array, better: Array, better_rows: Array) -> None:
    """Put the best of old and new into the place of the old."""
    xp = array_namespace(values)
    best, at = largest(xp.concat([values, better], axis=1), values.shape[1])
    values[...] = best
    rows[...] = take_along(xp.concat([rows, better_rows], axis=1), at, 1)


@contextmanager
def _full_precision(device: str) -> Iterator[None]:
    """Keep accelerators from shortening float32, which the error bound does not allow."""
    if device == "cpu":
        yield
        return
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
