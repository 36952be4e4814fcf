"""How far figures of retrieval would scatter over other subjects, galleries included.

Each subject is a query and a distractor of all others. The jackknife leaves it out as both, and
its variance holds what subjects add each by itself, and twice what depends on which two of them
meet (Efron and Stein, Annals of Statistics 1981): between two galleries that differ by chance alone
hardly anything else is left, and intervals come out much too wide. Exchanging the devices of
subjects shows the second part by itself: how far figures scatter then is what it really adds, and
the jackknife of such data is what it adds there too often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from latentprint.experiments.pairs.permutation import Permuted

_TWO_SIDED = 0.975
_SYMMETRIC = 1e-6


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
