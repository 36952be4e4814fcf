"""Figures of data in which the devices of subjects were exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentprint.experiments.pairs.exchange import Arrangements, Exchanges
from latentprint.experiments.pairs.measures import PairFigure
from latentprint.experiments.pairs.rivals import Contest, Rivals, whole_product

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_LIST = 32
_FLOATS = 12
_FEW = 256
_SUBJECTS_AT_ONCE = 4096


@dataclass(frozen=True)
class Permuted:
    """Figures after exchanges.

    Attributes:
        figures: Of every permutation, direction, gallery (distractors that share the query's
            device, the target's) and measure, float64 [P, directions, 2, measures].
        complete: These are all exchanges there are, the data as they are among them.
    """

    figures: np.ndarray
    complete: bool

    def differences(self, measure: int, worse: int, directions: list[int]) -> np.ndarray:
        """How much worse the first gallery is than the second, mean of directions.

        Args:
            measure: Its place.
            worse: 1 where higher values are worse, else -1.
            directions: Their places in the contest.

        Returns:
            float64 [P].
        """
        of_query, of_target = self.figures[..., measure][:, directions].transpose(2, 0, 1)
        found: np.ndarray = worse * (of_query - of_target).mean(axis=1)
        return found


@dataclass(frozen=True)
class Permutation:
    """How devices are exchanged.

    Attributes:
        permutations: Random exchanges; where there are no more in all, each is taken once.
        seed: Seeds them.
        memory_mb: Memory; the result does not depend on it. Where the ranks of all queries in all
            exchanges do not fit, similarities are computed again for each part of the exchanges.
    """

    permutations: int
    seed: int
    memory_mb: int

    def figures(
        self, contest: Contest, vectors: VectorArray, measures: Sequence[PairFigure]
    ) -> Permuted:
        """All measures after every exchange.

        Args:
            contest: The directions that are looked at together.
            vectors: One vector for every photo [n, D]; read in blocks.
            measures: What to measure.
        """
        exchanges = Exchanges.of(contest)
        complete = exchanges.total <= self.permutations
        found = [
            self.arranged_figures(contest, vectors, measures, arranged)
            for arranged in self._parts(exchanges, contest, complete)
        ]
        return Permuted(np.concatenate(found), complete)

    def arranged_figures(
        self,
        contest: Contest,
        vectors: VectorArray,
        measures: Sequence[PairFigure],
        arranged: Arrangements,
    ) -> np.ndarray:
        """All measures after some exchanges, as ``Permuted.figures``."""
        table = _Figures.empty(contest, measures, len(arranged))
        beside = _FLOATS * len(arranged) * len(contest.directions)
        for rivals in contest.rivals(vectors, max(1, self.memory_mb // 4), beside):
            table.add(rivals, arranged)
        return table.figures()

    def _parts(
        self, exchanges: Exchanges, contest: Contest, complete: bool
    ) -> Iterator[Arrangements]:
        each = 12 * len(contest.photo) + 2 * len(contest.names)
        at_once = max(1, self.memory_mb * 2**19 // each)
        if complete:
            every = exchanges.every()
            yield from (every[at : at + at_once] for at in range(0, len(every), at_once))
        else:
            yield from exchanges.random(self.permutations, self.seed, at_once)


@dataclass(frozen=True)
class _Figures:
    """Sums over the queries of every permutation, direction and gallery.

    Attributes:
        contest: The queries.
        measures: What is measured.
        sums: Of the weighted figures of queries, float64 [measures, directions, 2, P].
        counted: Weights of the queries, float64 [directions, P].
        ranks: In both galleries, int32 [2, R, P].
        counts_as: Direction that a query is of, int16 [R, P]; -1 where it is of none.
    """

    contest: Contest
    measures: Sequence[PairFigure]
    sums: np.ndarray
    counted: np.ndarray
    ranks: np.ndarray
    counts_as: np.ndarray

    @classmethod
    def empty(cls, contest: Contest, measures: Sequence[PairFigure], count: int) -> _Figures:
        directions, queries = len(contest.directions), len(contest.photo)
        return cls(
            contest,
            measures,
            np.zeros((len(measures), directions, 2, count)),
            np.zeros((directions, count)),
            np.zeros((2, queries, count), dtype=np.int32),
            np.full((queries, count), -1, dtype=np.int16),
        )

    def add(self, rivals: Rivals, arranged: Arrangements) -> None:
        """Count some queries in.

        Args:
            rivals: What they would find.
            arranged: Which direction's photos count as those of each.
        """
        contest, rows = self.contest, rivals.rows
        subject, direction = contest.subject[rows], contest.direction[rows]
        directions = len(contest.directions)
        of_z = [direction[:, None] == arranged.side(z, subject) for z in range(directions)]
        before = _before(rivals, arranged, directions)
        nearest = _nearest(rivals, arranged, directions)
        shape, weight = (len(direction), len(arranged)), contest.weight[rows]
        for z, chosen in enumerate(of_z):
            self.counted[z] += weight @ chosen
            np.copyto(self.counts_as[rows], np.int16(z), where=chosen)
        for gallery, sides in enumerate((range(len(of_z)), contest.reverse)):
            rank, cosine = np.ones(shape, dtype=np.float32), np.zeros(shape)
            for chosen, side in zip(of_z, sides, strict=True):
                np.add(rank, before[side], out=rank, where=chosen)
                np.copyto(cosine, nearest[side], where=chosen)
            self.ranks[gallery, rows] = rank
            margin = contest.target[rows, None] - cosine
            for m, measure in enumerate(self.measures):
                if not measure.is_median:
                    values = measure.values(rank, margin) * weight[:, None]
                    for z, chosen in enumerate(of_z):
                        self.sums[m, z, gallery] += np.sum(values, axis=0, where=chosen)

    def figures(self) -> np.ndarray:
        """Float64 [P, directions, 2, measures]."""
        found = self.sums / self.counted[None, :, None, :]
        for m, measure in enumerate(self.measures):
            if measure.is_median:
                for z in range(found.shape[1]):
                    for gallery, ranks in enumerate(self.ranks):
                        found[m, z, gallery] = _medians(ranks.T, np.equal(self.counts_as.T, z))
        figures: np.ndarray = found.transpose(3, 1, 2, 0)
        return figures


def _before(rivals: Rivals, arranged: Arrangements, directions: int) -> np.ndarray:
    """Distractors before the target, of every direction, whole numbers.

    Args:
        rivals: What some queries would find.
        arranged: Which direction's photos count as those of each.
        directions: Number of directions.

    Returns:
        float32 [directions, b, P].
    """
    ahead = rivals.ahead.reshape(len(rivals.ahead), directions, -1)
    found = np.zeros((directions, len(ahead), len(arranged)), dtype=np.float32)
    there = np.flatnonzero(ahead.any(axis=(0, 1)))
    for start in range(0, len(there), _SUBJECTS_AT_ONCE):
        subjects = there[start : start + _SUBJECTS_AT_ONCE]
        for z in range(directions):
            side = arranged.side(z, subjects)
            for y in range(directions):
                chosen = (side == y).astype(np.float32)
                found[z] += whole_product(ahead[:, y, subjects], chosen)
    return found


def _nearest(rivals: Rivals, arranged: Arrangements, directions: int) -> np.ndarray:
    """Cosine of the most similar distractor of every direction, float64 [directions, b, P].

    The photos of each subject are in either gallery by chance: the most similar ones decide almost
    always, and the others are looked at where they do not.
    """
    count, subjects = len(arranged), rivals.best.shape[1] // directions
    length = min(directions * subjects, _LIST * directions)
    order = np.argpartition(-rivals.best, length - 1, axis=1)[:, :length]
    cosine = np.take_along_axis(rivals.best, order, axis=1)
    by_cosine = np.argsort(-cosine, axis=1, kind="stable")
    order, cosine = (np.take_along_axis(each, by_cosine, axis=1) for each in (order, cosine))
    of_direction, of_subject = np.divmod(order, subjects)
    found = np.full((directions, len(order), count), -np.inf)
    for z in range(directions):
        row, at = (each.ravel() for each in np.indices((len(order), count)))
        for place in range(length):
            side = arranged.side(z, of_subject[row, place], at)
            hit = side == of_direction[row, place]
            found[z, row[hit], at[hit]] = cosine[row[hit], place]
            row, at = row[~hit], at[~hit]
            if not len(row):
                break
        for start in range(0, len(row), _FEW):
            part = slice(start, start + _FEW)
            side = arranged.side(z, np.arange(subjects)[:, None], at[part]).T.astype(np.int64)
            columns = side * subjects + np.arange(subjects)
            there = np.take_along_axis(rivals.best[row[part]], np.maximum(columns, 0), axis=1)
            there[columns < 0] = -np.inf
            found[z, row[part], at[part]] = there.max(axis=1)
    return found


def _medians(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The median of the values that are chosen in each row, float64 [P]."""
    last = np.iinfo(values.dtype).max
    ordered = np.sort(np.where(chosen, values, last), axis=1)
    counts = chosen.sum(axis=1)
    row = np.arange(len(values))
    found: np.ndarray = (ordered[row, (counts - 1) // 2] + ordered[row, counts // 2]) / 2
    return found
