"""Who is asked among whom, in directions that are looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from latentprint.experiments.pairs.design import PairDirection

DRAWN_TOGETHER = 2048
"""Subjects whose random numbers come from one stream, and whose moves are summed up at once."""


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
    def streams(self) -> tuple[slice, ...]:
        """The places of subjects whose random numbers come from one stream each.

        So what is drawn for some subjects does not take what is drawn for all others.
        """
        size = len(self.names)
        starts = range(0, size, DRAWN_TOGETHER)
        return tuple(slice(at, min(at + DRAWN_TOGETHER, size)) for at in starts)

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
    def weights(self) -> np.ndarray:
        """The different weights of queries, rising, float64 [W].

        Figures are whole numbers, whose sums over queries of one weight are exact: so they do not
        depend on which queries fit into memory at once.
        """
        return np.unique(self.weight)

    @cached_property
    def weighed(self) -> np.ndarray:
        """Which of ``weights`` is that of every query, int64 [R]."""
        return np.searchsorted(self.weights, self.weight)

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
