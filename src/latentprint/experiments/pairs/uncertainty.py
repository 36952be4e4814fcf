"""How far figures of retrieval would scatter over other subjects, galleries included.

Each subject is a query and a distractor of all others. The jackknife leaves it out as both, and
its variance holds what subjects add each by itself, and twice what depends on which two of them
meet (Efron and Stein, Annals of Statistics 1981): between two galleries that differ by chance alone
hardly anything else is left, and intervals come out much too wide. Exchanging the devices of
subjects shows the second part by itself: how far figures scatter then is what it really adds, and
the jackknife of such data is what it adds there too often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from latentprint.experiments.pairs.exchange import Exchanges
from latentprint.experiments.pairs.measures import PairFigure
from latentprint.experiments.pairs.permutation import Permuted
from latentprint.experiments.pairs.rivals import Contest, Rivals, whole_product
from latentprint.stats import ClusterBootstrap
from latentprint.words import PairMeasure

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_EXCHANGES, _FEWER_EXCHANGES = 20, 5
_MANY_SUBJECTS = 25_000
"""Subjects of whose exchanges fewer tell as much: the jackknife of so many hardly scatters."""

_TWO_SIDED = 0.975
_SYMMETRIC = 1e-6
_FLOATS = 12


@dataclass(frozen=True)
class Jackknife:
    """How far each figure moves when one subject is left out, for means over queries.

    Attributes:
        moves: Of the data, scaled so that their squares sum to the jackknife's variance, float64
            [directions, 2, measures, S]; zero for medians.
        exchanged: Products of the moves of data with exchanged devices, summed over subjects,
            float64 [exchanges, measures, directions, 2, directions, 2].
        asked: Whether a subject has queries in a direction, bool [directions, S].
        permuted: The figures after exchanges.
    """

    moves: np.ndarray
    exchanged: np.ndarray
    asked: np.ndarray
    permuted: Permuted

    def standard_error(self, measure: int, weights: np.ndarray, directions: list[int]) -> float:
        """The standard error of a mean over directions.

        Args:
            measure: Its place.
            weights: What it takes of the two galleries, float64 [2].
            directions: Their places in the contest.
        """
        own, _ = self._variances(measure, weights, directions)
        _, exchanged = self._variances(measure, np.array([1.0, -1.0]), directions)
        scatter = float(self.permuted.differences(measure, 1, directions).var())
        if weights.all():
            return float(np.sqrt(scatter + max(0.0, own - exchanged)))
        # A difference holds what depends on two subjects from both galleries.
        excess = max(0.0, exchanged - scatter) / 2
        return float(np.sqrt(max(own - excess, own / 2)))

    def interval(
        self, value: float, measure: int, weights: np.ndarray, directions: list[int]
    ) -> tuple[float, float]:
        """The 95 % interval of a mean over directions, as skewed as the jackknife's moves.

        Means of ranks are skewed by a few subjects; the cubic transformation takes that out (Hall,
        Journal of the Royal Statistical Society B 1992).

        Args:
            value: The mean.
            measure: Its place.
            weights: What it takes of the two galleries, float64 [2].
            directions: Their places in the contest.
        """
        error = self.standard_error(measure, weights, directions)
        moves = -self._moves(measure, weights, directions)
        length = float(np.sqrt(np.square(moves).sum()))
        skewness = float(np.power(moves, 3).sum()) / length**3 if length > 0 else 0.0
        subjects = int(self.asked[directions].any(axis=0).sum())
        reach = float(stdtrit(subjects - 1, _TWO_SIDED))
        return (
            value - error * _unskewed(reach, skewness),
            value - error * _unskewed(-reach, skewness),
        )

    def shift_interval(
        self, value: float, measure: int, weights: np.ndarray, directions: list[int]
    ) -> tuple[float, float]:
        """The 95 % interval of a mean fall in rank, whose variance grows with it.

        Where targets fall far, they fall by very different numbers of places: an interval as wide
        below as above holds a large shift too seldom. Exchanged devices give the variance without
        any shift, the jackknife that at the shift that was found; between and beyond them it is
        taken to be linear, and the interval holds every shift that lies no more than t of its own
        standard errors from the value (a score interval: Wilson, Journal of the American
        Statistical Association 1927). The slope is shrunk where the value is not far from zero,
        since it is not told well there.

        Args:
            value: The mean shift.
            measure: Its place.
            weights: What it takes of the two galleries, float64 [2].
            directions: Their places in the contest.
        """
        here, _ = self._variances(measure, weights, directions)
        none = float(self.permuted.differences(measure, 1, directions).var())
        subjects = int(self.asked[directions].any(axis=0).sum())
        squared = float(stdtrit(subjects - 1, _TWO_SIDED)) ** 2
        slope = max(0.0, here - none) * value / (value**2 + here) if here > 0 else 0.0
        # (value - shift)^2 = squared * (here + slope * (shift - value)), solved for the shift.
        centre = value + squared * slope / 2.0
        reach = float(np.sqrt(squared * here + (squared * slope / 2.0) ** 2))
        return centre - reach, centre + reach

    def _variances(
        self, measure: int, weights: np.ndarray, directions: list[int]
    ) -> tuple[float, float]:
        """The jackknife's variance of the data, and its mean over data with exchanged devices."""
        own = float(np.square(self._moves(measure, weights, directions)).sum())
        products = self.exchanged[:, measure][:, directions][:, :, :, directions].mean(axis=0)
        other = np.einsum("dgeh,g,h->", products, weights, weights) / len(directions) ** 2
        return own, float(other)

    def _moves(self, measure: int, weights: np.ndarray, directions: list[int]) -> np.ndarray:
        """Of a mean over directions, float64 [S]."""
        chosen = self.moves[directions, :, measure]
        moves: np.ndarray = np.einsum("dgs,g->s", chosen, weights) / len(directions)
        return moves


def _unskewed(quantile: float, skewness: float) -> float:
    """The quantile of a studentised mean of that skewness, for one of a symmetric one."""
    if abs(skewness) < _SYMMETRIC:
        return quantile
    return 3.0 * (float(np.cbrt(1.0 + skewness * (quantile - skewness / 6.0))) - 1.0) / skewness


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
        memory_mb: Memory. Where the moves of all exchanges do not fit, similarities are computed
            again for each part of the exchanges.
    """
    exchanges = Exchanges.of(contest)
    count = _EXCHANGES if len(contest.names) <= _MANY_SUBJECTS else _FEWER_EXCHANGES
    (random,) = exchanges.random(count, seed, count)
    arranged = [exchanges.identity.directions(0), *(random.directions(at) for at in range(count))]
    own, products = np.empty(0), []
    each = 8 * len(contest.names) * len(contest.directions) * (2 * len(measures) + 2)
    at_once = max(1, int(0.75 * 2**20 * memory_mb) // each)
    for start in range(0, len(arranged), at_once):
        part = arranged[start : start + at_once]
        moves = _moves_of(contest, vectors, measures, part, max(1, memory_mb // 4))
        if not start:
            own, moves = moves[0].copy(), moves[1:]
        products += [np.einsum("dgms,ehms->mdgeh", one, one) for one in moves]
        del moves
    return Jackknife(own, np.array(products), contest.asked, permuted)


def _moves_of(
    contest: Contest,
    vectors: VectorArray,
    measures: Sequence[PairFigure],
    arranged: Sequence[np.ndarray],
    memory_mb: int,
) -> np.ndarray:
    """The moves of data with devices arranged in some ways [directions, S] each.

    Returns:
        float64 [ways, directions, 2, measures, S].
    """
    shape = (len(arranged), len(contest.directions), 2, len(measures), len(contest.names))
    # One array, in place: there is a number for each subject, figure and exchange.
    moves, sums = np.zeros(shape), np.zeros((*shape[:-1], 1))
    counted = np.zeros((*shape[:2], shape[-1]))
    for rivals in contest.rivals(vectors, memory_mb):
        for at, each in enumerate(arranged):
            _leave_out(contest, rivals, each, measures, (sums[at], moves[at], counted[at]))
    moves += sums
    for each, weights in zip(moves, counted, strict=True):
        _scale(each, weights, contest.takes_part)
    return moves


def _scale(moves: np.ndarray, counted: np.ndarray, takes_part: np.ndarray) -> None:
    """Make moves of sums those of means that the jackknife squares, in place.

    Args:
        moves: Sums of figures without each subject, float64 [directions, 2, measures, S].
        counted: Weights of the queries of each, float64 [directions, S].
        takes_part: Whether it has photos, bool [directions, S].
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        moves /= (counted.sum(axis=-1, keepdims=True) - counted)[:, None, None]
    # Subjects without queries are left out as distractors.
    here = np.isfinite(moves) & takes_part[:, None, None]
    subjects = np.maximum(here.sum(axis=-1, keepdims=True), 1)
    moves[~here] = 0.0
    moves -= moves.sum(axis=-1, keepdims=True) / subjects
    moves[~here] = 0.0
    moves *= np.sqrt((subjects - 1) / subjects)


def _leave_out(
    contest: Contest,
    rivals: Rivals,
    arranged: np.ndarray,
    measures: Sequence[PairFigure],
    sums: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Add the figures of some queries by subject, and how much each subject's absence changes.

    Args:
        contest: The queries.
        rivals: Some of them.
        arranged: Which direction's photos count as those of each, [directions, S].
        measures: What is measured.
        sums: Of all figures [directions, 2, measures, 1], what all without each subject have more
            than these [directions, 2, measures, S], and weights of queries [directions, S].
    """
    whole, more, counted = sums
    subject, direction = contest.subject[rivals.rows], contest.direction[rivals.rows]
    subjects = len(contest.names)
    for z, other in enumerate(contest.reverse):
        rows = np.flatnonzero(arranged[z, subject] == direction)
        if not len(rows):
            continue
        weight = contest.weight[rivals.rows][rows]
        np.add.at(counted[z], subject[rows], weight)
        target = contest.target[rivals.rows][rows]
        for gallery, side in enumerate((z, other)):
            there = np.flatnonzero(arranged[side] >= 0)
            columns = arranged[side, there].astype(np.int64) * subjects + there
            ahead = rivals.ahead[np.ix_(rows, columns)]
            best = rivals.best[np.ix_(rows, columns)]
            rank = 1 + ahead.sum(axis=1)
            # A subject that is before no target changes no rank.
            some = np.flatnonzero(ahead.any(axis=0))
            nearest = best.argmax(axis=1)
            each = np.arange(len(rows))
            most = best[each, nearest]
            best[each, nearest] = -np.inf
            margin, further = target - most, target - best.max(axis=1)
            for m, measure in enumerate(measures):
                if measure.is_median:
                    continue
                values = measure.values(rank, margin)
                weighted = weight * values
                whole[z, gallery, m] += weighted.sum()
                np.subtract.at(more[z, gallery, m], subject[rows], weighted)
                if measure.name == PairMeasure.MARGIN:
                    wider = measure.values(rank, further) - values
                    np.add.at(more[z, gallery, m], there[nearest], weight * wider)
                else:
                    # A query whose target is found already gains nothing.
                    late = np.flatnonzero(rank > (measure.k or 0))
                    fewer = ahead[np.ix_(late, some)]
                    without = measure.values(rank[late, None] - fewer, margin[late, None])
                    more[z, gallery, m, there[some]] += weight[late] @ (
                        without - values[late, None]
                    )


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
        drawn = ClusterBootstrap(np.arange(len(contest.names)), self.draws, self.seed)
        each = 40 * len(contest.photo) + 4 * len(contest.names)
        at_once = max(1, self.memory_mb * 2**19 // each)
        resamples, found = drawn.resamples(), []
        for start in range(0, self.draws, at_once):
            size = min(at_once, self.draws - start)
            counts = np.empty((len(contest.names), size), dtype=np.float32)
            for column, each_drawn in zip(counts.T, resamples, strict=False):
                column[:] = each_drawn
            found.append(self._part(contest, vectors, counts))
            del counts
        return np.concatenate(found, axis=2)

    def _part(self, contest: Contest, vectors: VectorArray, counts: np.ndarray) -> np.ndarray:
        """The medians in some resamples, counts [S, draws]."""
        (subjects, draws), directions = counts.shape, len(contest.directions)
        ranks = np.empty((2, draws, len(contest.photo)), dtype=np.float32)
        memory_mb = max(1, self.memory_mb // 4)
        drawn = counts.sum(axis=0)
        for rivals in contest.rivals(vectors, memory_mb, _FLOATS * draws):
            ahead = rivals.ahead.reshape(-1, directions, subjects)
            for z, other in enumerate(contest.reverse):
                rows = np.flatnonzero(contest.direction[rivals.rows] == z)
                at = rivals.rows.start + rows
                others = (drawn - 1) / np.maximum(drawn - counts[contest.subject[at]], 1)
                for gallery, side in enumerate((z, other)):
                    before = whole_product(ahead[rows, side], counts)
                    ranks[gallery][:, at] = (1 + others * before).T
        found = np.empty((directions, 2, draws))
        for z in range(directions):
            of_z = contest.direction == z
            weights = counts[contest.subject[of_z]].T
            for gallery in range(2):
                found[z, gallery] = _weighted_medians(ranks[gallery][:, of_z], weights)
        return found


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
