"""What every query would find among the photos of any subject by any device.

An interval and a test ask what would have been found among other distractors: without one subject,
or had the devices of a subject been exchanged. A query, its target and their similarity stay as
they are, so that all follows from two numbers for each other subject and device: how many of its
photos come before the target, and how similar the most similar one is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from latentprint.experiments.pairs.contest import Contest
from latentprint.experiments.pairs.retrieval import least_before
from latentprint.neighbours.grid import on_grid, unit_rows

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_FLOATS = 6
_FEWEST = 256
"""Subjects that a tile has room for, where memory allows: fewer make products slow."""

SPARSE = 0.05
"""Share of numbers that are not zero, below which products leave the others out."""


@dataclass(frozen=True)
class Rivals:
    """A tile: some queries against the distractors of some subjects, by their device.

    Those of a query's own subject count for nothing. Direction y holds the photos that distract by
    the query's device of direction y.

    Attributes:
        rows: Which of the queries of the contest these are.
        subjects: Which of its subjects these are.
        ahead: Photos that are at least as similar to the query as its target is, float32
            [b, directions, s].
    """

    rows: slice
    subjects: slice
    ahead: np.ndarray
    _own: tuple[np.ndarray, np.ndarray]
    _found: tuple[_Compared, ...]

    @property
    def places(self) -> np.ndarray:
        """Places of the subjects in the contest, int64 [s]."""
        return np.arange(self.subjects.start, self.subjects.stop)

    @cached_property
    def best(self) -> np.ndarray:
        """Cosine of the most similar photo, float64 [b, directions, s].

        Minus infinity where there is none.
        """
        best = np.full(self.ahead.shape, -np.inf)
        for y, each in enumerate(self._found):
            cosines = each.cosines
            if len(each.first) < cosines.shape[1]:
                cosines = np.maximum.reduceat(cosines, each.first, axis=1)
            best[:, y, each.places] = cosines
        row, own = self._own
        best[row, :, own] = -np.inf
        return best


@dataclass(frozen=True)
class _Compared:
    """Some queries against the photos of a direction.

    Attributes:
        cosines: On the grid, float64 [b, m].
        first: Where each subject begins, int64 [s].
        places: Its place among the subjects of the tile.
    """

    cosines: np.ndarray
    first: np.ndarray
    places: np.ndarray | slice


@dataclass(frozen=True)
class Tiles:
    """All queries of a contest against all its subjects, in tiles that fit into memory.

    Attributes:
        contest: The queries and subjects.
        vectors: One vector for every photo [n, D]; read in blocks.
        sides: Photos that distract in every direction.
        queries: Which queries are looked at together.
        subjects: Which subjects are looked at together, none of two streams.
        memory_mb: Memory.
    """

    contest: Contest
    vectors: VectorArray
    sides: tuple[_Side, ...]
    queries: tuple[slice, ...]
    subjects: tuple[slice, ...]
    memory_mb: int

    @classmethod
    def of(cls, contest: Contest, vectors: VectorArray, memory_mb: int, beside: int = 0) -> Tiles:
        """Divide queries and subjects.

        Args:
            contest: The queries and subjects.
            vectors: One vector for every photo [n, D]; read in blocks.
            memory_mb: Memory for one tile and what is held beside it.
            beside: Numbers of 8 bytes that the caller holds for each query of a tile.
        """
        sides = tuple(
            _Side.of(each.query_side, contest.subjects, contest.names)
            for each in contest.directions
        )
        # What a subject takes in a row of a tile, in numbers of 8 bytes.
        photos = np.sum([each.photos_of(len(contest.names)) for each in sides], axis=0)
        cost = photos + _FLOATS * len(sides)
        quarter = memory_mb * 2**20 // 32
        few = min(len(cost), _FEWEST) * math.ceil(cost.mean())
        own = max(beside + 3 * vectors.shape[1], few)
        at_once = min(len(contest.photo), max(1, quarter // own))
        subjects = tuple(
            part
            for stream in contest.streams
            for part in _parts(cost[stream] * at_once, stream.start, quarter)
        )
        # A subject of more photos than that has a tile of its own, with fewer queries.
        largest = max(int(cost[each].sum()) for each in subjects)
        at_once = min(at_once, max(1, 2 * quarter // largest))
        starts = range(0, len(contest.photo), at_once)
        queries = tuple(slice(at, min(at + at_once, len(contest.photo))) for at in starts)
        return cls(contest, vectors, sides, queries, subjects, memory_mb)

    def along(self, rows: slice) -> Iterator[Rivals]:
        """Some queries against all subjects, in rising order."""
        units = self._queries(rows)
        for subjects in self.subjects:
            yield self._tile(rows, units, subjects, self._photos(subjects))

    def across(self, subjects: slice) -> Iterator[Rivals]:
        """All queries, in their order, against some subjects."""
        photos = self._photos(subjects)
        for rows in self.queries:
            yield self._tile(rows, self._queries(rows), subjects, photos)

    def _queries(self, rows: slice) -> np.ndarray:
        return unit_rows(self.vectors[self.contest.photo[rows]])

    def _photos(self, subjects: slice) -> np.ndarray:
        """Photos of all directions, those of one beside each other where they are of no other."""
        photos = np.concatenate([each.within(subjects)[0] for each in self.sides])
        return photos[np.sort(np.unique(photos, return_index=True)[1])]

    def _tile(self, rows: slice, units: np.ndarray, subjects: slice, photos: np.ndarray) -> Rivals:
        cosines, order = self._cosines(units, photos), np.argsort(photos)
        size = subjects.stop - subjects.start
        ahead = np.zeros((len(units), len(self.sides), size), dtype=np.float32)
        least, compared = least_before(self.contest.target[rows, None]), []
        for y, side in enumerate(self.sides):
            photo, first, places = side.within(subjects)
            columns = _together(order[np.searchsorted(photos, photo, sorter=order)])
            each = _Compared(cosines[:, columns], first, _together(places))
            if len(first) < len(photo):
                before = each.cosines >= least
                ahead[:, y, each.places] = np.add.reduceat(before, first, axis=1, dtype=np.float32)
            else:
                ahead[:, y, each.places] = each.cosines >= least
            compared.append(each)
        own = self.contest.subject[rows] - subjects.start
        row = np.flatnonzero((own >= 0) & (own < size))
        ahead[row, :, own[row]] = 0.0
        return Rivals(rows, subjects, ahead, (row, own[row]), tuple(compared))

    def _cosines(self, units: np.ndarray, photos: np.ndarray) -> np.ndarray:
        """Cosines on the grid, float64 [b, m]."""
        found = np.empty((len(units), len(photos)))
        # Rounding and lengths make copies of what is there at once.
        size = max(1, self.memory_mb * 2**13 // (units.shape[1] + len(units)))
        for start in range(0, len(photos), size):
            part = photos[start : start + size]
            found[:, start : start + size] = on_grid(units @ unit_rows(self.vectors[part]).T)
        return found


@dataclass(frozen=True)
class _Side:
    """The photos that distract in a direction, ordered by subject.

    Attributes:
        photos: Their rows, int64 [M].
        ends: Where each subject begins, and the number of photos, int64 [s + 1].
        places: Its place among the subjects of the contest, rising, int64 [s].
    """

    photos: np.ndarray
    ends: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, photos: np.ndarray, subjects: np.ndarray, names: np.ndarray) -> _Side:
        """Order photos by the numbers of their subjects."""
        ordered = photos[np.argsort(subjects[photos], kind="stable")]
        found, first = np.unique(subjects[ordered], return_index=True)
        return cls(ordered, np.append(first, len(ordered)), np.searchsorted(names, found))

    def photos_of(self, subjects: int) -> np.ndarray:
        """Number of photos of every subject, int64 [S]."""
        counts = np.zeros(subjects, dtype=np.int64)
        counts[self.places] = np.diff(self.ends)
        return counts

    def within(self, subjects: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of some subjects: photos, where each begins among these, and its place among them."""
        low, high = np.searchsorted(self.places, (subjects.start, subjects.stop))
        start, stop = self.ends[low], self.ends[high]
        return (
            self.photos[start:stop],
            self.ends[low:high] - start,
            self.places[low:high] - subjects.start,
        )


def _together(places: np.ndarray) -> np.ndarray | slice:
    """Rising places as a slice where they are one: it is read without a copy."""
    if len(places) and places[-1] - places[0] == len(places) - 1 and (np.diff(places) == 1).all():
        return slice(int(places[0]), int(places[-1]) + 1)
    return places


def _parts(cost: np.ndarray, start: int, most: int) -> Iterator[slice]:
    """Subjects beside each other that cost no more than that, or a single one that does."""
    total, begin = np.append(0, np.cumsum(cost)), 0
    while begin < len(cost):
        end = int(np.searchsorted(total, total[begin] + most, side="right")) - 1
        end = max(end, begin + 1)
        yield slice(start + begin, start + end)
        begin = end


def times(ahead: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """A product with numbers of photos, which leaves zeros out where they are many.

    Args:
        ahead: Numbers of photos before targets, float32 [n, m].
        factors: float32 [m, P], of whole numbers, whose sums are exact in any order; or float64.

    Returns:
        Of the kind of ``factors``, [n, P].
    """
    # Where targets come early, few subjects are before them.
    few = np.count_nonzero(ahead) < SPARSE * ahead.size
    found: np.ndarray = (csr_array(ahead) if few else ahead) @ factors
    return found
