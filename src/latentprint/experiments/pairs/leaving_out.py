"""How far each figure moves when a subject is left out, as a query and as a distractor.

What a query finds without a subject depends on what it finds among all: its rank, and its nearest
and second nearest distractor. So all subjects are looked at first, and then again, some at a time,
for what each of them adds; sums over subjects are all that is kept of exchanged data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from latentprint.experiments.pairs.contest import Contest
from latentprint.experiments.pairs.counting import Before
from latentprint.experiments.pairs.exchange import Arrangements, Exchanges
from latentprint.experiments.pairs.measures import PairFigure
from latentprint.experiments.pairs.permutation import Permuted, counted_as
from latentprint.experiments.pairs.rivals import Rivals, Tiles, times
from latentprint.experiments.pairs.uncertainty import Jackknife
from latentprint.words import PairMeasure

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_EXCHANGES, _FEWER_EXCHANGES = 20, 5
_MANY_SUBJECTS = 25_000
"""Subjects of whose exchanges fewer tell as much: the jackknife of so many hardly scatters."""

_BYTES = 100
_COPIES = 6


def leave_subjects_out(
    contest: Contest,
    vectors: VectorArray,
    measures: Sequence[PairFigure],
    permuted: Permuted,
    *,
    seed: int,
    memory_mb: int,
) -> Jackknife:
    """Leave every subject out, as a query and as a distractor.

    Args:
        contest: The directions that are looked at together.
        vectors: One vector for every photo [n, D]; read in blocks.
        measures: What is measured.
        permuted: The figures after exchanges.
        seed: Seeds the exchanges.
        memory_mb: Memory. Where what queries find in all exchanges does not fit, similarities are
            computed again for each part of the exchanges; the result does not depend on it.
    """
    exchanges = Exchanges.of(contest)
    count = _EXCHANGES if len(contest.names) <= _MANY_SUBJECTS else _FEWER_EXCHANGES
    arranged = exchanges.random(count, seed).with_identity()
    own, products = np.empty(0), []
    of_stream = 16 * len(contest.directions) * len(measures) * contest.streams[0].stop
    each = _BYTES * len(contest.photo) + (_COPIES + len(contest.weights)) * of_stream
    at_once = max(1, memory_mb * 2**19 // each)
    for start in range(0, arranged.count, at_once):
        part = arranged.part(slice(start, min(start + at_once, arranged.count)))
        moves = _Moves.of(contest, measures, part, keep_first=start == 0)
        beside = 2 * part.count * len(contest.directions)
        moves.look(Tiles.of(contest, vectors, max(1, memory_mb // 4), beside))
        if not start:
            own = moves.scaled()
        products += list(moves.products()[start == 0 :])
    return Jackknife(own, np.array(products), contest.asked, permuted)


@dataclass(frozen=True)
class _Found:
    """What every query finds after some exchanges, in both galleries.

    Attributes:
        counts_as: Direction that a query is of, int16 [R, P]; -1 where it is of none.
        rank: Place of its target, int64 [2, R, P].
        nearest: Place of the subject with the most similar distractor, int64 [2, R, P].
        cosine: How similar that distractor is, float64 [2, R, P].
        second: How similar the most similar one of any other subject is, float64 [2, R, P].
    """

    counts_as: np.ndarray
    rank: np.ndarray
    nearest: np.ndarray
    cosine: np.ndarray
    second: np.ndarray

    @classmethod
    def none(cls, contest: Contest, arranged: Arrangements) -> _Found:
        """Before any subject was looked at."""
        shape = (2, len(contest.photo), arranged.count)
        return cls(
            counted_as(contest, arranged),
            np.ones(shape, dtype=np.int64),
            np.zeros(shape, dtype=np.int64),
            np.full(shape, -np.inf),
            np.full(shape, -np.inf),
        )

    def count(self, contest: Contest, rows: slice, before: Before) -> None:
        """Set the ranks of some queries."""
        before.finish()
        of_z = self.counts_as[rows]
        for gallery, sides in enumerate((range(len(contest.reverse)), contest.reverse)):
            for z, side in enumerate(sides):
                rank = self.rank[gallery, rows]
                np.add(rank, before.counts[side], out=rank, where=of_z == z)

    def look_nearer(self, contest: Contest, rivals: Rivals, directions: np.ndarray) -> None:
        """See whether some subjects have a distractor that is among the two most similar.

        Args:
            contest: The queries.
            rivals: Some of them, and some subjects.
            directions: Which direction's photos of these count as those of each, int16
                [P, directions, s].
        """
        rows, highest = rivals.rows, rivals.best.max(axis=(1, 2))
        for at, arranged in enumerate(directions):
            for z, other in enumerate(contest.reverse):
                of_z = self.counts_as[rows, at] == z
                for gallery, side in enumerate((z, other)):
                    (row,) = np.nonzero(of_z & (highest > self.second[gallery, rows, at]))
                    there = np.flatnonzero(arranged[side] >= 0)
                    if not len(row) or not len(there):
                        continue
                    best = rivals.best[row[:, None], arranged[side, there], there]
                    first, each = best.argmax(axis=1), np.arange(len(row))
                    cosine = best[each, first]
                    best[each, first] = -np.inf
                    self._merge(
                        (gallery, rows.start + row, at),
                        (rivals.subjects.start + there[first], cosine, best.max(axis=1)),
                    )

    def _merge(
        self,
        where: tuple[int, np.ndarray, int],
        found: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> None:
        """Take in the nearest subject of some more, its cosine, and the second cosine, [n] each."""
        nearest, cosine, second = found
        before = self.cosine[where]
        self.second[where] = np.maximum(
            np.minimum(before, cosine), np.maximum(self.second[where], second)
        )
        self.nearest[where] = np.where(cosine > before, nearest, self.nearest[where])
        self.cosine[where] = np.maximum(before, cosine)


@dataclass(frozen=True)
class _BeforeTargets:
    """The subjects of a tile that are before some target.

    Attributes:
        rows: Which of the queries of the contest are asked.
        places: Places of the subjects in their stream, int64 [s].
        ahead: Their photos before the target, float32 [b, directions, s].
        directions: The direction that these count as, int16 [P, directions, s].
    """

    rows: slice
    places: np.ndarray
    ahead: np.ndarray
    directions: np.ndarray


@dataclass
class _Moves:
    """What figures have more without each subject, in sums over subjects.

    All moves are less the figure of all queries, so that sums of squares keep their digits.

    Attributes:
        contest: The queries.
        measures: What is measured.
        arranged: The exchanges.
        found: What queries find.
        first: Moves after the first of the exchanges, float64 [directions, 2, measures, S], NaN
            where a subject is not left out; of no subject where they are not kept.
        squares: Products of moves, float64 [P, measures, 2 directions, 2 directions].
        sums: Of the moves of one figure over the subjects that are left out of both, of that shape.
        counts: Number of subjects that are left out of both, of that shape.
    """

    contest: Contest
    measures: Sequence[PairFigure]
    arranged: Arrangements
    found: _Found
    first: np.ndarray
    squares: np.ndarray
    sums: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(
        cls,
        contest: Contest,
        measures: Sequence[PairFigure],
        arranged: Arrangements,
        *,
        keep_first: bool,
    ) -> _Moves:
        """Before any subject is left out."""
        directions, subjects = len(contest.directions), len(contest.names) * keep_first
        shape = (arranged.count, len(measures), 2 * directions, 2 * directions)
        return cls(
            contest,
            measures,
            arranged,
            _Found.none(contest, arranged),
            np.empty((directions, 2, len(measures), subjects)),
            np.zeros(shape),
            np.zeros(shape),
            np.zeros(shape),
        )

    def look(self, tiles: Tiles) -> None:
        """Look at all subjects, and leave each of them out."""
        directions = len(self.contest.directions)
        once = len(tiles.subjects) == 1 and len(tiles.queries) == 1
        kept: list[Rivals] = []
        for rows in tiles.queries:
            before = Before.none(directions, rows.stop - rows.start, self.arranged)
            for rivals in tiles.along(rows):
                before.add(rivals, self.arranged.chosen.within(rivals.subjects))
                self.found.look_nearer(
                    self.contest, rivals, self.arranged.directions(rivals.subjects)
                )
                # A single tile is not computed again.
                kept += [rivals] * once
            self.found.count(self.contest, rows, before)
        figures = self._figures()
        for stream in self.contest.streams:
            more = self._more(stream, self._against(stream, tiles, kept))
            self._sum_up(stream, figures, more)

    def scaled(self) -> np.ndarray:
        """The first moves, less their mean and such that the jackknife squares them."""
        here = np.isfinite(self.first)
        subjects = np.maximum(here.sum(axis=-1, keepdims=True), 1)
        moves = np.where(here, self.first, 0.0)
        moves -= moves.sum(axis=-1, keepdims=True) / subjects
        moves[~here] = 0.0
        moves *= np.sqrt((subjects - 1) / subjects)
        return moves

    def products(self) -> np.ndarray:
        """Products of moves as ``scaled``, summed over subjects: as ``Jackknife.exchanged``."""
        own = np.einsum("pmaa->pma", self.counts)
        subjects = np.maximum(own, 1)
        mean = np.einsum("pmaa->pma", self.sums) / subjects
        one, other = mean[..., :, None], mean[..., None, :]
        found: np.ndarray = (
            self.squares
            - other * self.sums
            - one * self.sums.swapaxes(-1, -2)
            + one * other * self.counts
        )
        scale = np.sqrt((subjects - 1) / subjects)
        found *= scale[..., :, None] * scale[..., None, :]
        directions = len(self.contest.directions)
        return found.reshape(*found.shape[:2], directions, 2, directions, 2)

    def _figures(self) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the figures of all queries, and of their weights.

        Returns:
            float64 [P, directions, 2, measures] and [P, directions].
        """
        contest, found = self.contest, self.found
        directions = len(contest.directions)
        sums = np.zeros((self.arranged.count, directions, 2, len(self.measures)))
        weights = np.zeros(sums.shape[:2])
        for at, counts_as in enumerate(found.counts_as.T):
            some = np.flatnonzero(counts_as >= 0)
            z, weight = counts_as[some], contest.weight[some]
            weights[at] = np.bincount(z, weight, directions)
            for gallery, m, measure in self._means():
                values = weight * self._values(measure, gallery, some, at)
                sums[at, :, gallery, m] = np.bincount(z, values, directions)
        return sums, weights

    def _against(self, stream: slice, tiles: Tiles, kept: list[Rivals]) -> Iterator[Rivals]:
        """All queries against some subjects."""
        if kept:
            yield from kept
        else:
            for subjects in tiles.subjects:
                if stream.start <= subjects.start < stream.stop:
                    yield from tiles.across(subjects)

    def _more(self, subjects: slice, tiles: Iterable[Rivals]) -> tuple[np.ndarray, np.ndarray]:
        """What sums over queries have more without each of some subjects, and their weights less.

        Args:
            subjects: Which subjects, those of one stream.
            tiles: All queries, against these.

        Returns:
            float64 [P, directions, 2, measures, s] and [P, directions, s].
        """
        contest, found = self.contest, self.found
        more, size = self._gains(subjects, tiles), subjects.stop - subjects.start
        weights = np.zeros((*more.shape[:2], size))
        own = contest.subject - subjects.start
        of_these = (own >= 0) & (own < size)
        for at, counts_as in enumerate(found.counts_as.T):
            some = np.flatnonzero(of_these & (counts_as >= 0))
            where, weight = (counts_as[some], own[some]), contest.weight[some]
            np.add.at(weights[at], where, weight)
            for gallery, m, measure in self._means():
                values = weight * self._values(measure, gallery, some, at)
                np.subtract.at(more[at, :, gallery, m], where, values)
        self._add_margins(subjects, more)
        return more, weights

    def _gains(self, subjects: slice, tiles: Iterable[Rivals]) -> np.ndarray:
        """What ranks and recalls gain without each of some subjects as a distractor.

        Returns:
            float64 [P, directions, 2, measures, s].
        """
        directions = self.arranged.directions(subjects)
        shape = (*directions.shape[:2], 2, len(self.measures), directions.shape[2])
        # Whole numbers, whose sums are exact, by the weights of queries.
        steps = np.zeros((len(self.contest.weights), *shape))
        for rivals in tiles:
            # A subject that is before no target changes no rank.
            some = np.flatnonzero(rivals.ahead.any(axis=(0, 1)))
            if len(some):
                places = rivals.subjects.start - subjects.start + some
                ahead = rivals.ahead[:, :, some]
                before = _BeforeTargets(rivals.rows, places, ahead, directions[..., places])
                self._add_recalls(before, steps)
                self._add_ranks(before, steps)
        gains, units = np.zeros(shape), np.array([each.unit for each in self.measures])
        for weight, each in zip(self.contest.weights, steps, strict=True):
            gains += weight * units[:, None] * each
        return gains

    def _add_recalls(self, tile: _BeforeTargets, steps: np.ndarray) -> None:
        """Count the targets that are found without a subject alone."""
        contest, most = self.contest, tile.ahead.max(axis=(1, 2))
        weighed = contest.weighed[tile.rows]
        for at, arranged in enumerate(tile.directions):
            counts_as = self.found.counts_as[tile.rows, at]
            for (z, gallery, side), (m, k) in product(self._galleries(), self._recalls()):
                rank = self.found.rank[gallery, tile.rows, at]
                # A target that is found already is none, nor one that comes much too late.
                (row,) = np.nonzero((rank > k) & (rank - most <= k) & (counts_as == z))
                there = np.flatnonzero(arranged[side] >= 0)
                fewer = tile.ahead[row[:, None], arranged[side, there], there]
                found = rank[row, None] - fewer <= k
                for w, target in enumerate(steps[:, at, z, gallery, m]):
                    target[tile.places[there]] += found[weighed[row] == w].sum(axis=0)

    def _add_ranks(self, tile: _BeforeTargets, steps: np.ndarray) -> None:
        """Add the places that targets gain without a subject."""
        (m,) = (m for m, each in enumerate(self.measures) if each.name == PairMeasure.RANK_SHIFT)
        counts_as, weighed = self.found.counts_as[tile.rows], self.contest.weighed[tile.rows]
        ways, directions = tile.directions.shape[:2]
        for w, target in enumerate(steps):
            chosen = np.stack(
                [(counts_as == z) & (weighed == w)[:, None] for z in range(directions)]
            )
            chosen = chosen.transpose(1, 2, 0).reshape(len(weighed), -1).astype(np.float32)
            for y in range(directions):
                gained = times(tile.ahead[:, y].T, chosen).T
                gained = gained.reshape(ways, directions, -1)
                for z, gallery, side in self._galleries():
                    of_y = tile.directions[:, side] == y
                    # Ranks without a subject, less those with it.
                    target[:, z, gallery, m, tile.places] -= np.where(of_y, gained[:, z], 0.0)

    def _add_margins(self, subjects: slice, more: np.ndarray) -> None:
        """Add what margins gain without the subject with the nearest distractor."""
        (m,) = (m for m, each in enumerate(self.measures) if each.name == PairMeasure.MARGIN)
        found, target, weight = self.found, self.contest.target, self.contest.weight
        for at, counts_as in enumerate(found.counts_as.T):
            for gallery in range(2):
                nearest = found.nearest[gallery, :, at] - subjects.start
                of_these = (nearest >= 0) & (nearest < more.shape[-1])
                some = np.flatnonzero(of_these & (counts_as >= 0))
                wider, now = (
                    self.measures[m].values(
                        found.rank[gallery, some, at], target[some] - each[gallery, some, at]
                    )
                    for each in (found.second, found.cosine)
                )
                np.add.at(
                    more[at, :, gallery, m],
                    (counts_as[some], nearest[some]),
                    weight[some] * (wider - now),
                )

    def _sum_up(
        self,
        subjects: slice,
        figures: tuple[np.ndarray, np.ndarray],
        more: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """Count the moves of some subjects in.

        Args:
            subjects: Which subjects.
            figures: As ``_figures`` returns them.
            more: As ``_more`` returns them.
        """
        sums, weights = (each[..., None] for each in figures)
        with np.errstate(divide="ignore", invalid="ignore"):
            moves = (sums + more[0]) / (weights - more[1])[:, :, None, None]
            moves -= sums / weights[:, :, None, None]
        # Subjects without queries are left out as distractors.
        here = np.isfinite(moves) & self.contest.takes_part[None, :, None, None, subjects]
        if self.first.shape[-1]:
            self.first[..., subjects] = np.where(here[0], moves[0], np.nan)
        moves[~here] = 0.0
        shape = (*self.squares.shape[:-1], -1)
        one, other = (
            each.transpose(0, 3, 1, 2, 4).reshape(shape) for each in (moves, here.astype(float))
        )
        self.squares += one @ one.swapaxes(-1, -2)
        self.sums += one @ other.swapaxes(-1, -2)
        self.counts += other @ other.swapaxes(-1, -2)

    def _galleries(self) -> Iterator[tuple[int, int, int]]:
        """Every direction and gallery, and the direction whose photos distract there."""
        for z, other in enumerate(self.contest.reverse):
            yield z, 0, z
            yield z, 1, other

    def _recalls(self) -> Iterator[tuple[int, int]]:
        """Places of the recalls, with their k."""
        for m, measure in enumerate(self.measures):
            if measure.k is not None:
                yield m, measure.k

    def _means(self) -> Iterator[tuple[int, int, PairFigure]]:
        """Galleries, and the figures that are means with their places."""
        for gallery in range(2):
            for m, measure in enumerate(self.measures):
                if not measure.is_median:
                    yield gallery, m, measure

    def _values(
        self, measure: PairFigure, gallery: int, queries: np.ndarray, at: int
    ) -> np.ndarray:
        """A figure of some queries after one of the exchanges, float64 [n]."""
        margin = self.contest.target[queries] - self.found.cosine[gallery, queries, at]
        return measure.values(self.found.rank[gallery, queries, at], margin)
