"""Median ranks in resamples of subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentprint.experiments.pairs.contest import Contest
from latentprint.experiments.pairs.counting import Gathered
from latentprint.experiments.pairs.rivals import Tiles, times
from latentprint.experiments.pairs.streams import ByStream

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_FLOATS = 6


@dataclass(frozen=True)
class Resampling:
    """The bootstrap over subjects.

    Attributes:
        draws: Number of resamples.
        seed: Seeds them.
        memory_mb: Memory; the result does not depend on it.
    """

    draws: int
    seed: int
    memory_mb: int

    def medians(self, contest: Contest, vectors: VectorArray) -> np.ndarray:
        """The median rank in resamples of subjects, as queries and as distractors.

        A subject that is drawn several times is several queries, and several distractors of
        others; a copy of it never distracts from itself. What a query has fewer distractors for
        that is made up for: photos ahead of its target count so much more.

        Args:
            contest: The directions that are looked at together.
            vectors: One vector for every photo [n, D]; read in blocks.

        Returns:
            float64 [directions, 2, draws]; NaN where a resample has no query.
        """
        at_once = max(1, self.memory_mb * 2**19 // (40 * len(contest.photo)))
        found = [
            self._part(contest, vectors, slice(start, min(start + at_once, self.draws)))
            for start in range(0, self.draws, at_once)
        ]
        return np.concatenate(found, axis=2)

    def _part(self, contest: Contest, vectors: VectorArray, draws: slice) -> np.ndarray:
        """The medians in some resamples."""
        directions, count = len(contest.directions), draws.stop - draws.start
        ranks = np.empty((2, count, len(contest.photo)), dtype=np.float32)
        drawn = resampled(contest, self.draws, self.seed)
        own = drawn.of(contest.subject)[:, draws].astype(np.float32)
        tiles = Tiles.of(contest, vectors, max(1, self.memory_mb // 4), _FLOATS * count)
        subjects = len(contest.names)
        for rows in tiles.queries:
            before, gathered = np.zeros((rows.stop - rows.start, 2, count)), Gathered()
            for rivals in tiles.along(rows):
                if gathered.add(rivals, drawn.within(rivals.subjects)[:, draws]):
                    _count(contest, rows, gathered, before)
            _count(contest, rows, gathered, before)
            others = (subjects - 1) / np.maximum(subjects - own[rows], 1)
            ranks[:, :, rows] = (1 + others[:, None] * before).transpose(1, 2, 0)
        found = np.empty((directions, 2, count))
        for z in range(directions):
            of_z = contest.direction == z
            for gallery in range(2):
                found[z, gallery] = _weighted_medians(ranks[gallery][:, of_z], own[of_z].T)
        return found


def _count(contest: Contest, rows: slice, gathered: Gathered, before: np.ndarray) -> None:
    """Add photos before targets, as often as their subjects are drawn, float64 [b, 2, draws]."""
    found = gathered.take()
    if found is None:
        return
    ahead, _, counts = found
    counts = counts.astype(np.float32)
    for z, other in enumerate(contest.reverse):
        of_z = np.flatnonzero(contest.direction[rows] == z)
        for gallery, side in enumerate((z, other)):
            before[of_z, gallery] += times(ahead[of_z, side], counts)


def resampled(contest: Contest, draws: int, seed: int) -> ByStream:
    """How often each resample holds each subject: as many subjects in all as there are.

    Args:
        contest: The subjects.
        draws: Number of resamples.
        seed: Seeds them.
    """
    streams = contest.streams
    sizes = np.array([each.stop - each.start for each in streams])
    # How many subjects of every stream a resample holds.
    held = np.broadcast_to(sizes, (draws, len(sizes)))
    if len(sizes) > 1:
        rng = np.random.default_rng([seed, len(sizes)])
        held = rng.multinomial(sizes.sum(), sizes / sizes.sum(), size=draws)

    def drawn(stream: int) -> np.ndarray:
        rng, subjects = np.random.default_rng([seed, stream]), sizes[stream]
        found = np.empty((subjects, draws), dtype=np.uint16)
        for column, size in zip(found.T, held[:, stream], strict=True):
            column[:] = np.bincount(rng.integers(subjects, size=size), minlength=subjects)
        return found

    return ByStream(streams, draws, drawn)


def _weighted_medians(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The median of each row [n, Q] with repeats as many as weights; NaN where all are zero."""
    order = np.argsort(values, axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    below = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1, dtype=np.float64)
    middle = below[:, -1:] / 2
    # The two middle values are one where their number is odd.
    row, lower, upper = np.arange(len(values)), below >= middle, below > middle
    medians = (values[row, lower.argmax(axis=1)] + values[row, upper.argmax(axis=1)]) / 2
    return np.where(middle[:, 0] > 0, medians, np.nan)
