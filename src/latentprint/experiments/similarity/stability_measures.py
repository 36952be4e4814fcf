"""Means, percentiles and shares of how far photos move, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentprint.experiments.crossed import PairEffects, Spread
from latentprint.stats import binomial_interval
from latentprint.words import StabilityMeasure

PERCENTILES = {StabilityMeasure.FIFTH: 0.05, StabilityMeasure.FIRST: 0.01}
"""Share of the self-similarities that are at most as high."""

UNBOUNDED = "too few photos to say how low it may be"
"""The note of a percentile below which there may be anything."""

_LOWEST = -1.0
_FEWEST = 3
"""Groups below which a mean bounds nothing: two photos are each other's nearest."""

_LARGEST_EXPONENT = 700.0
_TAIL = 0.025


@dataclass(frozen=True)
class Moves:
    """Similarities of some photos to their re-encoded selves and their nearest other photos.

    Attributes:
        selves: float64 [n, m] for m pairs (processing, re-encoded as).
        others: The same photo under the first of the pair to the nearest other under it, float64
            [n, m].
        leads: How much nearer that is than the second nearest, float64 [n, m].
        rows: Its row among all photos, int64 [n, m].
        pairs: Names of the pairs [m].
    """

    selves: np.ndarray
    others: np.ndarray
    leads: np.ndarray
    rows: np.ndarray
    pairs: tuple[tuple[str, str], ...]

    def only(self, kept: Sequence[int]) -> Moves:
        """Some of the pairs."""
        pairs = tuple(self.pairs[each] for each in kept)
        selves, others, leads, rows = (
            each[:, kept] for each in (self.selves, self.others, self.leads, self.rows)
        )
        return Moves(selves, others, leads, rows, pairs)


@dataclass(frozen=True)
class MeasuredMoves:
    """A measure times 100 with its 95 % interval.

    Attributes:
        measure: What is measured.
        value: The measure.
        low: Lower end of the interval.
        high: Upper end.
        notes: What the interval does not tell.
    """

    measure: StabilityMeasure
    value: float
    low: float
    high: float
    notes: str = ""


@dataclass(frozen=True)
class MovedGroups:
    """Photos that moved, in independent groups.

    Attributes:
        moves: How far photos moved.
        asked: Their rows among all photos, int64 [n].
        groups: Group of every photo, from 0 without gaps, int64 [N].
    """

    moves: Moves
    asked: np.ndarray
    groups: np.ndarray

    def measured(self, threshold: float | None) -> Iterator[MeasuredMoves]:
        """Everything that is measured, in the order of ``words.StabilityMeasure``.

        Args:
            threshold: Cosine similarity below which a copy counts as another photo; without one
                this is not measured.
        """
        selves, others = self.moves.selves, self.moves.others
        yield self._mean(StabilityMeasure.SELF, selves, self._spread(selves))
        for measure in PERCENTILES:
            yield self._percentile(measure)
        yield self._mean(StabilityMeasure.OTHER, others, self._spread_of_nearest())
        yield self._share(StabilityMeasure.FARTHER, selves < others)
        if threshold is not None:
            yield self._share(StabilityMeasure.BELOW, selves < threshold)

    def _mean(
        self, measure: StabilityMeasure, cosines: np.ndarray, spread: Spread
    ) -> MeasuredMoves:
        """A mean cosine; the interval is one of the logarithm of the distance.

        Most photos hardly move and some move far: the mean distance is skewed, and cannot be
        negative.
        """
        distance = 1.0 - float(cosines.mean())
        if spread.groups < _FEWEST:
            ends = 100.0 * _LOWEST, 100.0
            return MeasuredMoves(measure, 100.0 * (1.0 - max(0.0, distance)), *ends)
        if distance <= 0.0:
            return MeasuredMoves(measure, 100.0, 100.0, 100.0)
        reach = (spread.interval(distance)[1] - distance) / distance
        factor = math.exp(min(reach, _LARGEST_EXPONENT))
        low, high = max(_LOWEST, 1.0 - distance * factor), 1.0 - distance / factor
        return MeasuredMoves(measure, 100.0 * (1.0 - distance), 100.0 * low, 100.0 * high)

    def _share(self, measure: StabilityMeasure, found: np.ndarray) -> MeasuredMoves:
        share = float(found.mean())
        low, high = binomial_interval(share, self._independent(found))
        return MeasuredMoves(measure, 100.0 * share, 100.0 * low, 100.0 * high)

    def _percentile(self, measure: StabilityMeasure) -> MeasuredMoves:
        """The lowest value that at least so many percent do not exceed.

        Its interval is that of the share of photos below it, read off the photos (Woodruff,
        Journal of the American Statistical Association 1952).
        """
        share, rising = PERCENTILES[measure], np.sort(self.moves.selves, axis=None)
        value = _lowest(rising, share)
        independent = self._independent(self.moves.selves <= value)
        ends = binomial_interval(share, independent)
        low, high = (100.0 * _lowest(rising, each) for each in ends)
        if (1.0 - share) ** independent <= _TAIL:
            return MeasuredMoves(measure, 100.0 * value, low, high)
        return MeasuredMoves(measure, 100.0 * value, 100.0 * _LOWEST, high, UNBOUNDED)

    def _spread(self, values: np.ndarray) -> Spread:
        """Of a mean over photos and pairs [n, m]."""
        own = np.zeros(len(self.groups))
        own[self.asked] = (values - values.mean()).mean(axis=1) / len(values)
        return self._of_effects(own)

    def _spread_of_nearest(self) -> Spread:
        """Of the mean similarity to the nearest other photo.

        It varies with the photos that are asked for, and with those that are nearest: without one,
        the second nearest would be.
        """
        leads = self.moves.leads
        listed = np.bincount(
            self.moves.rows.ravel(), weights=leads.ravel(), minlength=len(self.groups)
        )
        more = self._of_effects((listed - listed.mean()) / leads.size)
        spread = self._spread(self.moves.others)
        return replace(spread, error=math.hypot(spread.error, more.error))

    def _of_effects(self, own: np.ndarray) -> Spread:
        return Spread.of(PairEffects(own, np.zeros_like(own), 0.0), self.groups, self.asked)

    def _independent(self, found: np.ndarray) -> float:
        """Number of independent observations that tell a share as exactly."""
        return min(self._spread(found).independent(float(found.mean())), float(found.size))


def _lowest(rising: np.ndarray, share: float) -> float:
    """The lowest of some rising values that at least a share of them do not exceed."""
    place = math.ceil(share * len(rising) - 1e-9)
    return float(rising[min(max(place, 1), len(rising)) - 1])
