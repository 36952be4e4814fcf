"""The nearest photos, exactly and in bounded memory.

For all photos of a set among each other, as sets; or for some queries, in order and with their
similarities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from latentprint.arrays import array_namespace, to_numpy
from latentprint.neighbours.candidates import SPARE, Candidates, Searched, search
from latentprint.neighbours.grid import BANNED, GRID, full_cosines, nearest, unit_rows
from latentprint.neighbours.memory import Portions, list_lengths, parts
from latentprint.neighbours.pools import Exact, Pool
from latentprint.neighbours.workers import Computing, workers

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_BLOCK, _NUMBERS = 4096, 2**18
"""Photos of a gallery, and numbers of them, that are compared at once."""

_SMALL = 2**22
"""Similarities that NumPy has looked through before torch is imported."""
# Rounding two unit vectors to float32 moves their product by at most 3 u, u = 2^-24.
_ROUNDED = 2.0**-22


def nearest_photos(
    photos: Searched,
    ks: Sequence[int],
    *,
    memory_mb: float,
    device: str = "cpu",
    asked: np.ndarray | None = None,
) -> dict[int, np.ndarray]:
    """Find the nearest neighbours of photos among the photos with another key.

    Args:
        photos: All photos [n]. Those with one key are never neighbours; a key of its own for every
            photo forbids nothing but the photo itself.
        ks: Numbers of neighbours; every photo has as many.
        memory_mb: Memory for similarities and candidates; the result does not depend on it.
        device: Where products are computed.
        asked: Rows of the photos whose neighbours are looked for, int64 [m]; by default all.

    Returns:
        By k, the neighbours of every photo that is asked, in no particular order, int64 [m, k].
    """
    vectors, keys, order = photos.vectors, photos.keys, photos.order
    n, dimensions = vectors.shape
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    asked, ks = np.arange(n) if asked is None else asked, tuple(ks)
    found = {k: np.empty((len(asked), k), dtype=np.int64) for k in ks}
    left = np.argsort(place[asked], kind="stable")
    with workers(device) as threads:
        for depth in list_lengths(max(ks) + SPARE, n):
            portions = Portions.of(
                memory_mb, classes=1, n=n, dimensions=dimensions, depth=depth, threads=threads.count
            )
            computing = Computing(portions.block, device, threads)
            unsure = [np.empty(0, dtype=np.int64)]
            for at in parts(left, portions.queries):
                queries = np.asarray(vectors[asked[at]])
                _, others = search(queries, keys[asked[at]], photos, depth, computing)
                chosen, short = Pool.of([others], [0]).settle(ks, Exact(queries, [vectors]), 0)
                for k in ks:
                    found[k][at] = to_numpy(chosen[k])
                unsure.append(at[to_numpy(short)])
            left = np.concatenate(unsure)
        for at in parts(left, portions.full_queries):
            rows = asked[at]
            similarities = full_cosines(np.asarray(vectors[rows]), vectors, order, portions.block)
            similarities[keys[rows][:, None] == keys] = BANNED
            neighbors = nearest(similarities, max(ks))
            for k in ks:
                found[k][at] = neighbors[:, :k]
    return found


@dataclass(frozen=True)
class Neighbours:
    """The most similar rows for some queries, most similar first, equal ones by rising row.

    Attributes:
        similarities: Cosines, float64 [t, k]; minus infinity where there are fewer than k.
        rows: Their rows, int64 [t, k].
    """

    similarities: np.ndarray
    rows: np.ndarray

    def put(self, queries: np.ndarray | int, found: Neighbours) -> None:
        """Put what was found for some queries into its place."""
        self.similarities[queries], self.rows[queries] = found.similarities, found.rows

    def merged(self, other: Neighbours) -> Neighbours:
        """The best of two lists of different rows, as long as this one."""
        similarities = np.concatenate([self.similarities, other.similarities], axis=1)
        rows = np.concatenate([self.rows, other.rows], axis=1)
        return _ordered(similarities, rows, self.rows.shape[1])


@dataclass(frozen=True)
class Keyed:
    """Photos with what decides which of them may be neighbours.

    Attributes:
        vectors: Unit vectors of queries, float64 [n, D]; in a gallery vectors of any length but
            zero, which may lie on disk.
        keys: Photos with the key of a query are *inside*, int64 [n].
        apart: Photos that share it with a query are no neighbours of it, int64 [n].
    """

    vectors: VectorArray
    keys: np.ndarray
    apart: np.ndarray

    def only(self, rows: np.ndarray) -> Keyed:
        """Some of the photos."""
        return Keyed(self.vectors[rows], self.keys[rows], self.apart[rows])


def nearest_in_order(queries: Keyed, gallery: Keyed, k: int) -> tuple[Neighbours, Neighbours]:
    """Find the most similar photos inside and outside, in order.

    Similarities are those of float64 unit vectors, on the grid of 2^-40.

    Args:
        queries: Query photos [t].
        gallery: Where to look [N].
        k: Number of neighbours.

    Returns:
        Neighbours with the key of the query, and with another.
    """
    vectors, n = _Units(gallery.vectors), gallery.vectors.shape[0]
    searched = Searched.of(vectors, gallery.keys, np.arange(n))
    shape = len(queries.keys), k
    found = [Neighbours(np.full(shape, -np.inf), np.zeros(shape, dtype=np.int64)) for _ in range(2)]
    left = [np.arange(len(queries.keys))] * 2
    for depth in list_lengths(k + SPARE, n):
        asked = np.union1d(*left)
        if not len(asked):
            break
        some = queries.only(asked)
        units = np.asarray(some.vectors)
        exact = Exact(units, [vectors])
        block = min(n, _BLOCK, max(2 * depth, _NUMBERS // vectors.shape[1]))
        computing = Computing(block, plain=len(asked) * n <= _SMALL)
        lists = search(units.astype(np.float32), some.keys, searched, depth, computing)
        for at, each in enumerate(lists):
            best, short = _settled(each, exact, _Allowed(some, gallery, at == 0), k)
            found[at].put(asked, best)
            left[at] = asked[short]
    exact = Exact(np.asarray(queries.vectors), [vectors])
    for at, unsure in enumerate(left):
        for row in unsure:
            every = _Allowed(queries, gallery, at == 0).all(int(row))
            cosines = _cosines(exact, np.full(len(every), row), every)
            found[at].put(int(row), _ordered(cosines[None], every[None], k))
    return found[0], found[1]


@dataclass(frozen=True)
class _Allowed:
    """Which photos may be neighbours.

    Attributes:
        queries: Query photos [t].
        gallery: Where is looked [N].
        inside: Those with the key of the query; else those with another.
    """

    queries: Keyed
    gallery: Keyed
    inside: bool

    def listed(self, rows: np.ndarray) -> np.ndarray:
        """Which candidates, that are inside or outside as they should be, bool [t, L]."""
        allowed: np.ndarray = self.gallery.apart[rows] != self.queries.apart[:, None]
        return allowed

    def all(self, query: int) -> np.ndarray:
        """The rows of all neighbours that one query may have, int64 [m]."""
        same = self.gallery.keys == self.queries.keys[query]
        apart = self.gallery.apart != self.queries.apart[query]
        return np.flatnonzero((same == self.inside) & apart)


def _settled(
    listed: Candidates, exact: Exact, allowed: _Allowed, k: int
) -> tuple[Neighbours, np.ndarray]:
    """The nearest of some candidates, and where that cannot be told from these, bool [t]."""
    pool = Pool.of([replace(listed, error=listed.error + _ROUNDED)], [0])
    kept = array_namespace(pool.rows).asarray(allowed.listed(to_numpy(pool.rows)))
    few = min(k, kept.shape[1])
    chosen, short = pool.only(kept).settle((few,), exact, 0)
    rows = to_numpy(chosen[few])
    query, column = np.nonzero(rows >= 0)
    similarities = np.full(rows.shape, -np.inf)
    similarities[query, column] = _cosines(exact, query, rows[query, column])
    return _ordered(similarities, np.maximum(rows, 0), k), to_numpy(short)


def _cosines(exact: Exact, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    cosines: np.ndarray = exact(queries, np.zeros(len(rows), dtype=np.int64), rows) / GRID
    return cosines


def _ordered(similarities: np.ndarray, rows: np.ndarray, k: int) -> Neighbours:
    """The first k by falling similarity, then by rising row; filled up where there are fewer."""
    missing = max(0, k - rows.shape[1])
    similarities = np.pad(similarities, ((0, 0), (0, missing)), constant_values=-np.inf)
    rows = np.pad(rows, ((0, 0), (0, missing)))
    order = np.lexsort((rows, -similarities), axis=-1)[:, :k]
    return Neighbours(
        np.take_along_axis(similarities, order, axis=1), np.take_along_axis(rows, order, axis=1)
    )


@dataclass(frozen=True)
class _Units:
    """Vectors of length one, read where they are indexed, float64 [n, D]."""

    array: VectorArray

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.array.shape[0]), int(self.array.shape[1])

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        return unit_rows(self.array[rows])
