"""The spread of a figure of pairs, in which every photo counts twice: as a query, and as another's.

Photos that are neighbours of each other, or that are compared with each other, do not count as two
independent ones. The figure is linearised: the effect of a photo is the residual of its own pairs,
and what it adds as the other photo of the pairs that list it. Groups of photos are independent, and
what a single pair adds to both of its photos is counted once (two-way clustering: Cameron, Gelbach
and Miller, Journal of Business and Economic Statistics 2011; pairs of the same units: Aronow, Samii
and Assenova, Political Analysis 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from latentprint.stats import ROUNDING, binomial_interval, equal_signs_p, interval_of_equals

_UPPER = 0.975


@dataclass(frozen=True)
class PairEffects:
    """What photos add to a figure, beyond their share of it.

    Attributes:
        own: By their own pairs, float64 [n]; 0 for photos that are no queries.
        listed: By the pairs of others that list them, float64 [n].
        doubled: Sum of the squared effects of single pairs, which are in both.
    """

    own: np.ndarray
    listed: np.ndarray
    doubled: float


@dataclass(frozen=True)
class Spread:
    """The standard error of a figure.

    Attributes:
        error: Standard error, in units of the figure.
        groups: Number of independent groups of queries behind it.
    """

    error: float
    groups: int

    @classmethod
    def of(cls, effects: PairEffects, groups: np.ndarray, queries: np.ndarray) -> Spread:
        """Sum the effects of photos over their groups.

        Args:
            effects: What each photo adds to the figure.
            groups: Group of each photo, from 0 without gaps, int64 [n].
            queries: Rows of the photos that are queries, int64 [m].
        """
        own, listed = (np.bincount(groups, weights=e) for e in (effects.own, effects.listed))
        alone = float(own @ own)
        more = float((2.0 * own + listed) @ listed) - effects.doubled
        # Pairs cannot make up for what the queries alone vary by.
        variance = alone + max(0.0, more)
        count = len(np.unique(groups[queries]))
        # One group tells nothing of others.
        error = math.sqrt(variance * count / (count - 1)) if count > 1 else math.inf
        return cls(error, count)

    def interval(self, value: float) -> tuple[float, float]:
        """The 95 % interval around a value."""
        reach = self._quantile * self.error
        return value - reach, value + reach

    def interval_of_share(self, share: float) -> tuple[float, float]:
        """The 95 % interval of a share, 0 to 1, which does not leave that range.

        That of a binomial share of as many independent observations as have this standard error
        (Korn and Graubard, Survey Methodology 1998).
        """
        return binomial_interval(share, self.independent(share))

    def independent(self, share: float) -> float:
        """Number of independent observations that tell a share as exactly; groups if all agree."""
        if self.error == 0.0 or not 0.0 < share < 1.0:
            return float(self.groups)
        wider = self._quantile / float(ndtri(_UPPER))
        return share * (1.0 - share) / (self.error * wider) ** 2

    def _agree(self, value: float) -> bool:
        """Whether all groups have one value; sums that are equal on paper differ by rounding."""
        return self.error <= ROUNDING * max(1.0, abs(value))

    @property
    def _quantile(self) -> float:
        return float(stdtrit(max(1, self.groups - 1), _UPPER))

    def interval_of_change(self, change: float) -> tuple[float, float]:
        """The 95 % interval of a change in points, which has a width where all groups agree too."""
        if self._agree(change):
            return interval_of_equals(change, self.groups, change=True)
        return self.interval(change)

    def p(self, value: float) -> float:
        """Two-sided p of the hypothesis that the figure is zero."""
        if self._agree(value):
            return equal_signs_p(value, self.groups)
        return float(2.0 * stdtr(max(1, self.groups - 1), -abs(value) / self.error))
