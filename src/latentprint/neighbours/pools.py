"""The nearest photos, chosen from candidates: exactly, or else reported as unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from latentprint.arrays import Array, array_namespace, largest, take_along, to_numpy
from latentprint.neighbours.candidates import Candidates
from latentprint.neighbours.grid import GRID

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_PAIRS_AT_ONCE, _NUMBERS_AT_ONCE = 4096, 2**18
_NOTHING = -inf


@dataclass(frozen=True)
class Exact:
    """Computes exact similarities of single pairs.

    Attributes:
        queries: Unit vectors, float32 or float64 [t, D].
        galleries: Unit vectors of every gallery, float32 or float64 [N, D] each.
        lock: Held while vectors are read.
    """

    queries: np.ndarray
    galleries: Sequence[VectorArray]
    lock: Lock = field(default_factory=Lock)

    def __call__(self, queries: np.ndarray, gallery: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Similarities in grid steps.

        Args:
            queries: Rows of the queries, int64 [m].
            gallery: Which gallery, int64 [m].
            rows: Rows of the gallery, int64 [m].

        Returns:
            int64 [m].
        """
        found = np.empty(len(rows), dtype=np.int64)
        size = max(1, min(_PAIRS_AT_ONCE, _NUMBERS_AT_ONCE // self.queries.shape[1]))
        for each in np.unique(gallery):
            index = np.flatnonzero(gallery == each)
            for start in range(0, len(index), size):
                part = index[start : start + size]
                # A row on disk is read once, in the order of the file.
                needed, place = np.unique(rows[part], return_inverse=True)
                # Several threads ask, and a file is read by one.
                with self.lock:
                    vectors = np.asarray(self.galleries[each][needed], dtype=np.float64)
                # Row by row, so that equal vectors have equal similarities whatever else is there.
                products = (vectors[place] * self.queries[queries[part]]).sum(axis=1)
                found[part] = np.rint(products * GRID)
        return found


@dataclass(frozen=True)
class Pool:
    """Candidates from one or several galleries, among which the nearest are chosen.

    Attributes:
        values: float32 [t, C]; minus infinity where there is none.
        rows: Rows of the gallery, int64 [t, C].
        gallery: Which gallery each comes from, int64 [t, C].
        floor: No row that is not listed has a higher value, float32 [t].
        error: How far a value may be from the exact similarity.
    """

    values: Array
    rows: Array
    gallery: Array
    floor: Array
    error: float

    @classmethod
    def of(cls, lists: Sequence[Candidates], galleries: Sequence[int]) -> Pool:
        """Put lists of several galleries beside each other."""
        widths = [each.values.shape[1] for each in lists]
        xp = array_namespace(lists[0].values)
        columns = xp.asarray(np.repeat(np.asarray(galleries, dtype=np.int64), widths))
        return cls(
            xp.concat([each.values for each in lists], axis=1),
            xp.concat([each.rows for each in lists], axis=1),
            xp.broadcast_to(columns, (len(lists[0].values), len(columns))),
            xp.max(xp.stack([each.floor for each in lists]), axis=0),
            max(each.error for each in lists),
        )

    def best(self, count: int) -> Pool:
        """A pool of the best ``count`` candidates."""
        values, columns = largest(self.values, count)
        rows, gallery = (take_along(each, columns, 1) for each in (self.rows, self.gallery))
        floor = array_namespace(values).maximum(self.floor, values[:, -1])
        return Pool(values, rows, gallery, floor, self.error)

    def only(self, allowed: Array) -> Pool:
        """The same pool without the candidates that are not allowed, bool [t, C]."""
        xp = array_namespace(self.values)
        return replace(self, values=xp.where(allowed, self.values, _NOTHING))

    def settle(self, ks: Sequence[int], exact: Exact, first: int) -> tuple[dict[int, Array], Array]:
        """Choose the k nearest, for several k.

        Args:
            ks: Numbers of neighbours, each at most C.
            exact: Computes exact similarities.
            first: Row of the first query of this pool among those of ``exact``.

        Returns:
            For every k the rows of the neighbours in no particular order, int64 [t, k], -1 where
            there are fewer; and for which queries this cannot be told from the candidates, bool
            [t].
        """
        xp = array_namespace(self.values)
        values, columns = largest(self.values, min(max(ks) + 1, self.values.shape[1]))
        rows = xp.where(values == _NOTHING, -1, take_along(self.rows, columns, 1))
        short = xp.zeros(len(rows), dtype=xp.bool)
        chosen = {}
        for k in ks:
            last = xp.astype(values[:, k - 1], xp.float64)
            # Twice: the k-th best and its rival may both be wrong.
            lacking = (self.floor >= last - 2 * self.error) & (self.floor > _NOTHING)
            short |= lacking
            chosen[k] = xp.asarray(rows[:, :k], copy=True)
            if k < values.shape[1]:
                # Where there are fewer, nothing is near nothing.
                with np.errstate(invalid="ignore"):
                    near = (last - values[:, k] <= 2 * self.error) & ~lacking
                index = xp.nonzero(near)[0]
                if len(index):
                    chosen[k][index] = self._compared(index, last[index], k, exact, first)
        return chosen, short

    def _compared(self, index: Array, last: Array, k: int, exact: Exact, first: int) -> Array:
        """The k nearest of some queries whose k-th neighbour needs exact similarities."""
        xp = array_namespace(self.values)
        distance = to_numpy(xp.astype(self.values[index], xp.float64) - last[:, None])
        listed, galleries, asked = (
            to_numpy(each) for each in (self.rows[index], self.gallery[index], index)
        )
        taken = distance > 2 * self.error
        query, column = np.nonzero(np.abs(distance) <= 2 * self.error)
        rows, gallery = listed[query, column], galleries[query, column]
        similarities = exact(asked[query] + first, gallery, rows)
        order = np.lexsort((rows, -similarities, query))
        query, column = query[order], column[order]
        starts = np.searchsorted(query, np.arange(len(asked)))
        place = np.arange(len(query)) - starts[query]
        fits = place < k - taken.sum(axis=1)[query]
        taken[query[fits], column[fits]] = True
        return xp.asarray(listed[taken].reshape(len(asked), k))
