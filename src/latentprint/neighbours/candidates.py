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
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from latentprint.neighbours.grid import GRID
from latentprint.neighbours.workers import Computing

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

QUERIES_AT_ONCE = 512
"""Rows of one product: enough for full speed, few enough for the processor's cache."""

SPARE = 48
"""Candidates beyond the k that are asked for, as many as may be too close to tell apart."""

_FOLDS = 4
_NOTHING = -torch.inf
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
        floor: No row that is not listed has a higher value, float32 [t].
        error: How far a value may be from the exact similarity.
    """

    values: Tensor
    rows: Tensor
    floor: Tensor
    error: float

    def of(self, part: slice | Tensor) -> Candidates:
        """The lists of some queries."""
        return replace(self, values=self.values[part], rows=self.rows[part], floor=self.floor[part])

    def first(self, length: int) -> Candidates:
        """Shorter lists."""
        if length >= self.values.shape[1]:
            return self
        return replace(
            self,
            values=self.values[:, :length],
            rows=self.rows[:, :length],
            floor=self.values[:, length - 1],
        )


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
    moved, keys = torch.from_numpy(queries[order]).to(device), keys[order]
    kept = [_nothing(len(keys), depth, device) for _ in range(2)]
    spaces: SimpleQueue[Tensor] = SimpleQueue()
    for _ in range(threads.count):
        size = min(QUERIES_AT_ONCE, len(keys)) * min(block, len(gallery.order))
        spaces.put(torch.empty(size, device=device))
    longest = 0.0
    for rows in _blocks(gallery, block):
        vectors = torch.from_numpy(
            np.asarray(gallery.vectors[rows], dtype=np.float32) - gallery.centre
        )
        longest = max(longest, float(torch.linalg.vector_norm(vectors, dim=1).max()))
        vectors, named = vectors.to(device), torch.from_numpy(rows).to(device)
        columns = gallery.keys[rows]

        def compare(
            part: slice,
            vectors: Tensor = vectors,
            named: Tensor = named,
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
    back = torch.from_numpy(np.argsort(order))
    error = error_bound(queries.shape[1], longest)
    inside, outside = (
        Candidates(values.cpu()[back], where.cpu()[back], values[:, -1].cpu()[back], error)
        for values, where in kept
    )
    return inside, outside


def slices(n: int, size: int) -> list[slice]:
    """Consecutive parts of n rows, of at most a size."""
    return [slice(at, min(at + size, n)) for at in range(0, n, size)]


def _nothing(n: int, depth: int, device: str) -> tuple[Tensor, Tensor]:
    values = torch.full((n, depth), _NOTHING, device=device)
    return values, torch.zeros((n, depth), dtype=torch.int64, device=device)


def _blocks(gallery: Searched, size: int) -> Iterator[np.ndarray]:
    """Rows of the gallery, some at a time, those of one key beside each other."""
    for rows in np.array_split(gallery.order, math.ceil(len(gallery.order) / size)):
        yield rows[np.argsort(gallery.keys[rows], kind="stable")]


def _product(queries: Tensor, vectors: Tensor, space: Tensor) -> Tensor:
    """All similarities [t, N], written into memory that is there already."""
    shape = len(queries), len(vectors)
    found = space[: shape[0] * shape[1]].view(shape)
    if queries.device.type == "cpu":
        # NumPy's OpenBLAS is as fast as PyTorch's MKL, and faster on processors by AMD.
        np.matmul(queries.numpy(), vectors.numpy().T, out=found.numpy())
        return found
    return torch.matmul(queries, vectors.T, out=found)


def _both(
    similarities: Tensor, keys: np.ndarray, columns: np.ndarray, depth: int
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The best columns inside and outside; both sets of keys are sorted.

    The similarities inside are overwritten.
    """
    values, where = _nothing(len(keys), depth, str(similarities.device))
    names, starts = np.unique(keys, return_index=True)
    ends = [*starts[1:], len(keys)]
    lefts, rights = (np.searchsorted(columns, names, side) for side in ("left", "right"))
    for start, end, left, right in zip(starts, ends, lefts, rights, strict=True):
        if left == right:
            continue
        part = similarities[start:end, left:right]
        best = part.topk(min(depth, part.shape[1]))
        values[start:end, : best.values.shape[1]] = best.values
        where[start:end, : best.values.shape[1]] = best.indices + int(left)
        part.fill_(_NOTHING)
    return (values, where), top(similarities, depth)


def top(values: Tensor, count: int, *, ordered: bool = True) -> tuple[Tensor, Tensor]:
    """The highest values of each row and their columns: ``topk``, but faster.

    The best of a row lie in those of its folds of four columns whose highest values are the best,
    and these folds are found in the same way.

    Args:
        values: float32 [t, N].
        count: How many; all where there are fewer.
        ordered: The best first.
    """
    width = values.shape[1] // _FOLDS
    if width <= 2 * count:
        best = values.topk(min(count, values.shape[1]), sorted=ordered)
        return best.values, best.indices
    even = width * _FOLDS
    highest = values[:, :even].view(len(values), _FOLDS, width).amax(1)
    _, folds = top(highest, count, ordered=False)
    shifts = torch.arange(0, even, width, device=values.device)
    rest = torch.arange(even, values.shape[1], device=values.device).expand(len(values), -1)
    columns = torch.cat([(folds[:, None, :] + shifts[:, None]).flatten(1), rest], 1)
    best = values.gather(1, columns).topk(count, sorted=ordered)
    return best.values, columns.gather(1, best.indices)


def _keep(values: Tensor, rows: Tensor, better: Tensor, better_rows: Tensor) -> None:
    """Put the best of old and new into the place of the old."""
    both = torch.cat([values, better], 1)
    best = both.topk(values.shape[1])
    values.copy_(best.values)
    rows.copy_(torch.cat([rows, better_rows], 1).gather(1, best.indices))


@contextmanager
def _full_precision(device: str) -> Iterator[None]:
    """Keep accelerators from shortening float32, which the error bound does not allow."""
    before = torch.get_float32_matmul_precision()
    if device != "cpu":
        torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        if device != "cpu":
            torch.set_float32_matmul_precision(before)
