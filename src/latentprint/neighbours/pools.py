"""The nearest photos, chosen from candidates: exactly, or else reported as unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from latentprint.neighbours.candidates import Candidates
from latentprint.neighbours.grid import GRID

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_PAIRS_AT_ONCE = 4096
_NOTHING = -torch.inf


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
        for each in np.unique(gallery):
            index = np.flatnonzero(gallery == each)
            for start in range(0, len(index), _PAIRS_AT_ONCE):
                part = index[start : start + _PAIRS_AT_ONCE]
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

    values: Tensor
    rows: Tensor
    gallery: Tensor
    floor: Tensor
    error: float

    @classmethod
    def of(cls, lists: Sequence[Candidates], galleries: Sequence[int]) -> Pool:
        """Put lists of several galleries beside each other."""
        widths = [each.values.shape[1] for each in lists]
        columns = torch.from_numpy(np.repeat(np.asarray(galleries, dtype=np.int64), widths))
        return cls(
            torch.cat([each.values for each in lists], 1),
            torch.cat([each.rows for each in lists], 1),
            columns.expand(len(lists[0].values), -1),
            torch.stack([each.floor for each in lists]).amax(0),
            max(each.error for each in lists),
        )

    def best(self, count: int) -> Pool:
        """A pool of the best ``count`` candidates."""
        values, columns = self.values.topk(count)
        rows, gallery = self.rows.gather(1, columns), self.gallery.gather(1, columns)
        floor = torch.maximum(self.floor, values[:, -1])
        return Pool(values, rows, gallery, floor, self.error)

    def only(self, allowed: Tensor) -> Pool:
        """The same pool without the candidates that are not allowed, bool [t, C]."""
        return replace(self, values=self.values.masked_fill(~allowed, _NOTHING))

    def settle(
        self, ks: Sequence[int], exact: Exact, first: int
    ) -> tuple[dict[int, Tensor], Tensor]:
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
        top = self.values.topk(min(max(ks) + 1, self.values.shape[1]))
        rows = self.rows.gather(1, top.indices).masked_fill(top.values == _NOTHING, -1)
        short = torch.zeros(len(rows), dtype=torch.bool)
        chosen = {}
        for k in ks:
            last = top.values[:, k - 1].double()
            # Twice: the k-th best and its rival may both be wrong.
            lacking = (self.floor >= last - 2 * self.error) & (self.floor > _NOTHING)
            short |= lacking
            chosen[k] = rows[:, :k].clone()
            if k < top.values.shape[1]:
                near = (last - top.values[:, k] <= 2 * self.error) & ~lacking
                index = near.nonzero()[:, 0]
                if len(index):
                    chosen[k][index] = self._compared(index, last[index], k, exact, first)
        return chosen, short

    def _compared(self, index: Tensor, last: Tensor, k: int, exact: Exact, first: int) -> Tensor:
        """The k nearest of some queries whose k-th neighbour needs exact similarities."""
        distance = self.values[index].double() - last[:, None]
        taken = distance > 2 * self.error
        query, column = (distance.abs() <= 2 * self.error).nonzero().unbind(1)
        rows = self.rows[index[query], column].numpy()
        gallery = self.gallery[index[query], column].numpy()
        similarities = exact((index[query] + first).numpy(), gallery, rows)
        order = torch.from_numpy(np.lexsort((rows, -similarities, query.numpy())))
        query, column = query[order], column[order]
        starts = torch.searchsorted(query, torch.arange(len(index)))
        place = torch.arange(len(query)) - starts[query]
        fits = place < k - taken.sum(1)[query]
        taken[query[fits], column[fits]] = True
        return self.rows[index][taken].view(len(index), k)
