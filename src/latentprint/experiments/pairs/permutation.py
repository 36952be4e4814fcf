"""Figures of data in which the devices of subjects were exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentprint.experiments.pairs.contest import Contest
from latentprint.experiments.pairs.counting import Before
from latentprint.experiments.pairs.exchange import Arrangements, Exchanges
from latentprint.experiments.pairs.measures import PairFigure
from latentprint.experiments.pairs.rivals import Rivals, Tiles

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_LIST = 32
_RANK_BYTES = 14
_FLOATS = 5
_NUMBERS_AT_ONCE = 2**22


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
        count = int(exchanges.total) if complete else self.permutations
        at_once = max(1, self.memory_mb * 2**19 // (_RANK_BYTES * len(contest.photo)))
        found = []
        for start in range(0, count, at_once):
            size = min(at_once, count - start)
            if complete:
                arranged = exchanges.every(start, size)
            else:
                arranged = exchanges.random(size, self.seed, start)
            found.append(self.arranged_figures(contest, vectors, measures, arranged))
        return Permuted(np.concatenate(found), complete)

    def arranged_figures(
        self,
        contest: Contest,
        vectors: VectorArray,
        measures: Sequence[PairFigure],
        arranged: Arrangements,
    ) -> np.ndarray:
        """All measures after some exchanges, as ``Permuted.figures``."""
        table = _Figures.empty(contest, measures, arranged)
        ranks = _RANK_BYTES * len(contest.photo) * arranged.count // 2**20
        memory_mb = max(1, self.memory_mb * 3 // 4 - ranks)
        arranged = arranged.keeping(self.memory_mb * 2**17)
        beside = _FLOATS * arranged.count * len(contest.directions)
        tiles = Tiles.of(contest, vectors, memory_mb, beside)
        for rows in tiles.queries:
            found = _Found.empty(rows, len(contest.directions), arranged)
            for rivals in tiles.along(rows):
                found.add(rivals)
            table.add(rows, found)
        return table.figures()


@dataclass
class _Found:
    """What some queries find in every permutation among the subjects that were looked at.

    Attributes:
        before: Distractors before the target.
        nearest: Cosine of the most similar distractor, of every direction, float64
            [directions, b, P].
        least: Its least over the permutations, float64 [directions, b].
    """

    before: Before
    nearest: np.ndarray
    least: np.ndarray

    @classmethod
    def empty(cls, rows: slice, directions: int, arranged: Arrangements) -> _Found:
        queries = rows.stop - rows.start
        nearest = np.full((directions, queries, arranged.count), -np.inf)
        return cls(
            Before.none(directions, queries, arranged),
            nearest,
            np.full(nearest.shape[:2], -np.inf),
        )

    def add(self, rivals: Rivals) -> None:
        """Look at some more subjects."""
        ways = self.before.arranged.chosen.within(rivals.subjects)
        self.before.add(rivals, ways)
        open_rows = np.flatnonzero(rivals.best.max(axis=(1, 2)) > self.least.min(axis=0))
        if len(open_rows):
            self._look_nearer(rivals, ways, open_rows)

    def _look_nearer(self, rivals: Rivals, ways: np.ndarray, open_rows: np.ndarray) -> None:
        """See whether some subjects have a photo that is more similar than those before.

        The photos of each subject are in either gallery by chance: the most similar ones decide
        almost always, and the others are looked at where they do not.
        """
        directions, subjects = rivals.best.shape[1:]
        best = rivals.best[open_rows].reshape(len(open_rows), -1)
        length = min(directions * subjects, _LIST * directions)
        order = np.argpartition(-best, length - 1, axis=1)[:, :length]
        cosine = np.take_along_axis(best, order, axis=1)
        by_cosine = np.argsort(-cosine, axis=1, kind="stable")
        order, cosine = (np.take_along_axis(each, by_cosine, axis=1) for each in (order, cosine))
        of_direction, of_subject = np.divmod(order, subjects)
        for z, found in enumerate(self.nearest):
            row, at = np.nonzero(cosine[:, :1] > found[open_rows])
            for place in range(length):
                nearer = cosine[row, place] > found[open_rows[row], at]
                row, at = row[nearer], at[nearer]
                if not len(row):
                    break
                subject = of_subject[row, place]
                side = self._side(z, rivals.places[subject], ways[subject, at])
                hit = side == of_direction[row, place]
                found[open_rows[row[hit]], at[hit]] = cosine[row[hit], place]
                row, at = row[~hit], at[~hit]
            self._look_at_all(rivals, ways, z, (open_rows[row], at))
            self.least[z, open_rows] = found[open_rows].min(axis=1)

    def _look_at_all(
        self, rivals: Rivals, ways: np.ndarray, z: int, pairs: tuple[np.ndarray, np.ndarray]
    ) -> None:
        """As ``_look_nearer``, for pairs of a query and a permutation, int64 [n] each."""
        subjects = len(rivals.places)
        size = max(1, _NUMBERS_AT_ONCE // 8 // subjects)
        for start in range(0, len(pairs[0]), size):
            row, at = (each[start : start + size] for each in pairs)
            side = self._side(z, rivals.places, ways[:, at].T)
            best = rivals.best[row[:, None], np.maximum(side, 0), np.arange(subjects)]
            best[side < 0] = -np.inf
            found = self.nearest[z]
            found[row, at] = np.maximum(found[row, at], best.max(axis=1))

    def _side(self, z: int, places: np.ndarray, ways: np.ndarray) -> np.ndarray:
        return self.before.arranged.exchanges.side(z, places, ways)


@dataclass(frozen=True)
class _Figures:
    """Sums over the queries of every permutation, direction and gallery.

    Attributes:
        contest: The queries.
        measures: What is measured.
        sums: Of the figures of queries of each weight, in whole numbers of units, int64
            [weights, measures, directions, 2, P].
        ranks: In both galleries, int32 [2, R, P].
        counts_as: Direction that a query is of, int16 [R, P]; -1 where it is of none.
    """

    contest: Contest
    measures: Sequence[PairFigure]
    sums: np.ndarray
    ranks: np.ndarray
    counts_as: np.ndarray

    @classmethod
    def empty(
        cls, contest: Contest, measures: Sequence[PairFigure], arranged: Arrangements
    ) -> _Figures:
        directions, queries = len(contest.directions), len(contest.photo)
        return cls(
            contest,
            measures,
            np.zeros(
                (len(contest.weights), len(measures), directions, 2, arranged.count), dtype=np.int64
            ),
            np.zeros((2, queries, arranged.count), dtype=np.int32),
            counted_as(contest, arranged),
        )

    def add(self, rows: slice, found: _Found) -> None:
        """Count some queries in, and what they found among all subjects."""
        found.before.finish()
        weighed = self.contest.weighed[rows, None]
        of_z = [self.counts_as[rows] == z for z in range(self.sums.shape[2])]
        for gallery, sides in enumerate((range(len(of_z)), self.contest.reverse)):
            rank = np.ones(found.nearest.shape[1:], dtype=np.int32)
            cosine = np.zeros(rank.shape)
            for chosen, side in zip(of_z, sides, strict=True):
                np.add(rank, found.before.counts[side], out=rank, where=chosen)
                np.copyto(cosine, found.nearest[side], where=chosen)
            self.ranks[gallery, rows] = rank
            margin = self.contest.target[rows, None] - cosine
            for m, measure in enumerate(self.measures):
                if not measure.is_median:
                    steps = measure.steps(rank, margin)
                    for z, chosen in enumerate(of_z):
                        for w in range(len(self.sums)):
                            counted = chosen & (weighed == w)
                            self.sums[w, m, z, gallery] += np.sum(steps, axis=0, where=counted)

    def figures(self) -> np.ndarray:
        """Float64 [P, directions, 2, measures]."""
        contest = self.contest
        found = np.zeros(self.sums.shape[1:])
        counted = np.zeros((len(contest.directions), self.counts_as.shape[1]))
        # One weight after the other, in an order that depends on nothing.
        for w, weight in enumerate(contest.weights):
            found += weight * self.sums[w]
            counted += weight * np.stack([
                (self.counts_as[contest.weighed == w] == z).sum(axis=0)
                for z in range(len(counted))
            ])  # fmt: skip
        found *= np.array([each.unit for each in self.measures])[:, None, None, None]
        found /= np.expand_dims(counted, (0, 2))
        for m, measure in enumerate(self.measures):
            if measure.is_median:
                for z in range(len(counted)):
                    for gallery, ranks in enumerate(self.ranks):
                        found[m, z, gallery] = _medians(ranks.T, np.equal(self.counts_as.T, z))
        figures: np.ndarray = found.transpose(3, 1, 2, 0)
        return figures


def counted_as(contest: Contest, arranged: Arrangements) -> np.ndarray:
    """The direction that every query is of after exchanges, int16 [R, P]; -1 for none."""
    subjects, at = np.unique(contest.subject, return_inverse=True)
    ways = arranged.chosen.of(subjects)
    found = np.full((len(contest.photo), arranged.count), -1, dtype=np.int16)
    for z in range(len(contest.directions)):
        side = arranged.exchanges.side(z, subjects[:, None], ways)
        np.copyto(found, np.int16(z), where=contest.direction[:, None] == side[at])
    return found


def _medians(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The median of the values that are chosen in each row, float64 [P]."""
    last = np.iinfo(values.dtype).max
    ordered = np.sort(np.where(chosen, values, last), axis=1)
    counts = chosen.sum(axis=1)
    row = np.arange(len(values))
    found: np.ndarray = (ordered[row, (counts - 1) // 2] + ordered[row, counts // 2]) / 2
    return found
