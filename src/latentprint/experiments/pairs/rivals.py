"""What every query would find among the photos of any subject by any device.

An interval and a test ask what would have been found among other distractors: without one subject,
or had the devices of a subject been exchanged. A query, its target and their similarity stay as
they are, so that all follows from two numbers for each other subject and device: how many of its
photos come before the target, and how similar the most similar one is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from latentprint.experiments.pairs.design import PairDirection
from latentprint.experiments.pairs.retrieval import least_before
from latentprint.neighbours.grid import on_grid, unit_rows

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_FLOATS = 6

SPARSE = 0.05
"""Share of numbers that are not zero, below which products leave the others out."""


@dataclass(frozen=True)
class Rivals:
    """Some queries against the distractors of every subject; those of their own count for nothing.

    Column ``y * S + s`` holds the photos of subject s that distract by the query's device of
    direction y.

    Attributes:
        rows: Which of the queries of the contest these are.
        ahead: Photos that are at least as similar to the query as its target is, float32
            [b, directions * S].
        best: Cosine of the most similar photo, float64 [b, directions * S]; minus infinity where
            there is none.
    """

    rows: slice
    ahead: np.ndarray
    best: np.ndarray


@dataclass(frozen=True)
class Contest:
    """Directions that are looked at together, with all their queries.

    Attributes:
        directions: Each with its reverse.
        subjects: Number of every photo's subject, int64 [n].
        similarity: Cosine of every query to its target, by direction, float64 [Q] each.
    """

    directions: tuple[PairDirection, ...]
    subjects: np.ndarray
    similarity: tuple[np.ndarray, ...]

    @cached_property
    def names(self) -> np.ndarray:
        """Numbers of the subjects that take part, as distractors at least, rising, int64 [S]."""
        sides = [each.query_side for each in self.directions]
        return np.unique(self.subjects[np.concatenate(sides)])

    @cached_property
    def photo(self) -> np.ndarray:
        """Row of every query, direction by direction, int64 [R]."""
        return np.concatenate([each.queries for each in self.directions])

    @cached_property
    def direction(self) -> np.ndarray:
        """Which direction every query is of, int64 [R]."""
        sizes = [len(each.queries) for each in self.directions]
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def subject(self) -> np.ndarray:
        """Place of every query's subject in ``names``, int64 [R]."""
        found: np.ndarray = np.searchsorted(self.names, self.subjects[self.photo])
        return found

    @cached_property
    def target(self) -> np.ndarray:
        """Cosine of every query to its target, float64 [R]."""
        return np.concatenate(self.similarity)

    @cached_property
    def weight(self) -> np.ndarray:
        """What every query counts for in its direction, all of which count the same, float64 [R].

        Each keeps it where devices are exchanged: a device with more photos of each subject than
        another has more queries, not more to say.
        """
        weights: np.ndarray = 1.0 / np.bincount(self.direction)
        each: np.ndarray = weights[self.direction]
        return each

    @cached_property
    def reverse(self) -> np.ndarray:
        """The direction with queries and targets exchanged, of every direction, int64."""
        types = [(each.query_type, each.target_type) for each in self.directions]
        return np.array([types.index((target, query)) for query, target in types])

    @cached_property
    def takes_part(self) -> np.ndarray:
        """Whether a subject has photos in a direction, bool [directions, S]."""
        return self._in_directions([each.query_side for each in self.directions])

    @cached_property
    def asked(self) -> np.ndarray:
        """Whether a subject has queries in a direction, bool [directions, S]."""
        return self._in_directions([each.queries for each in self.directions])

    def _in_directions(self, photos: Sequence[np.ndarray]) -> np.ndarray:
        found = np.zeros((len(self.directions), len(self.names)), dtype=bool)
        for at, rows in enumerate(photos):
            found[at, np.searchsorted(self.names, self.subjects[rows])] = True
        return found

    def rivals(self, vectors: VectorArray, memory_mb: int, beside: int = 0) -> Iterator[Rivals]:
        """All queries, in blocks that fit into memory.

        Args:
            vectors: One vector for every photo [n, D]; read in blocks.
            memory_mb: Memory for one block.
            beside: Numbers of 8 bytes that the caller holds beside each query of a block.
        """
        sides = [each.query_side for each in self.directions]
        photos = np.unique(np.concatenate(sides))
        columns = len(self.directions) * len(self.names)
        half = memory_mb * 2**19
        size = max(1, half // (8 * (_FLOATS * columns + len(photos) + beside)))
        # Vectors are read and brought to unit length once for many queries.
        many = max(size, half // (8 * (len(photos) + vectors.shape[1])) // size * size)
        places = []
        for each in sides:
            photo, first, name = _by_subject(each, self.subjects)
            places.append(
                (np.searchsorted(photos, photo), first, np.searchsorted(self.names, name))
            )
        block = np.empty(0)
        for start in range(0, len(self.photo), size):
            if start % many == 0:
                # Two blocks at once would be twice the memory.
                del block
                asked = self.photo[start : start + many]
                block = _cosines(vectors, asked, photos, memory_mb)
            rows = slice(start, min(start + size, len(self.photo)))
            cosines = block[start % many :][:size]
            ahead = np.zeros((len(cosines), len(sides), len(self.names)), dtype=np.float32)
            best = np.full(ahead.shape, -np.inf)
            least = least_before(self.target[rows, None])
            for y, (photo, first, at) in enumerate(places):
                found = cosines[:, photo]
                ahead[:, y, at] = np.add.reduceat(found >= least, first, axis=1, dtype=np.float32)
                best[:, y, at] = np.maximum.reduceat(found, first, axis=1)
            own = np.arange(len(cosines)), slice(None), self.subject[rows]
            ahead[own], best[own] = 0.0, -np.inf
            flat = len(cosines), columns
            yield Rivals(rows, ahead.reshape(flat), best.reshape(flat))


def whole_product(ahead: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The product of two matrices of whole numbers, which sums up exactly in any order.

    Args:
        ahead: Photos before the target by subject, float32 [b, S].
        chosen: How often each subject counts, float32 [S, P].

    Returns:
        float32 [b, P].
    """
    # Where targets come early, few subjects are before them.
    few = np.count_nonzero(ahead) < SPARSE * ahead.size
    found: np.ndarray = (csr_array(ahead) if few else ahead) @ chosen
    return found


def _by_subject(
    photos: np.ndarray, subjects: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Photos ordered by subject, where each subject begins, and its number."""
    ordered = photos[np.argsort(subjects[photos], kind="stable")]
    names, first = np.unique(subjects[ordered], return_index=True)
    return ordered, first, names


def _cosines(
    vectors: VectorArray, queries: np.ndarray, photos: np.ndarray, memory_mb: int
) -> np.ndarray:
    """Cosines on the grid, float64 [b, m]."""
    units = unit_rows(vectors[queries])
    found = np.empty((len(queries), len(photos)))
    # Rounding and lengths make copies of what is there at once.
    size = max(1, memory_mb * 2**13 // (vectors.shape[1] + len(queries)))
    for start in range(0, len(photos), size):
        part = photos[start : start + size]
        found[:, start : start + size] = on_grid(units @ unit_rows(vectors[part]).T)
    return found


def contests(
    directions: Sequence[PairDirection], subjects: np.ndarray, similarity: Sequence[np.ndarray]
) -> dict[tuple[int, ...], Contest]:
    """The directions of every two types of device, and all directions, by their places.

    Args:
        directions: Every direction of a design, each beside its reverse.
        subjects: Number of every photo's subject, int64 [n].
        similarity: Cosine of every query to its target, by direction, float64 [Q] each.
    """
    every = tuple(range(len(directions)))
    groups = {(at, at + 1) for at in every[::2]} | {every}
    return {
        group: Contest(
            tuple(directions[at] for at in group),
            subjects,
            tuple(similarity[at] for at in group),
        )
        for group in sorted(groups)
    }
