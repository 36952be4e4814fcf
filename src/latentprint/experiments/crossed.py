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
from scipy.stats import t

from latentprint.stats import binomial_interval


@dataclass(frozen=True)
class Spread:
    """The standard error of a figure.

    Attributes:
        error: Standard error, in units of the figure.
        groups: Number of independent groups behind it.
    """

    error: float
    groups: int

    @classmethod
    def of(cls, own: np.ndarray, listed: np.ndarray, doubled: float, groups: np.ndarray) -> Spread:
        """Sum the effects of photos over their groups.

        Args:
            own: Effect of each photo by its own pairs, float64 [n].
            listed: Effect of each photo by the pairs of others that list it, float64 [n].
            doubled: Sum of the squared effects of single pairs, which are in both.
            groups: Group of each photo, from 0 without gaps, int64 [n].
        """
        first, second = (np.bincount(groups, weights=each) for each in (own, listed))
        queries = float(first @ first)
        more = float((2.0 * first + second) @ second) - doubled
        # Pairs cannot make up for what the queries alone vary by.
        variance = queries + max(0.0, more)
        count = len(first)
        return cls(math.sqrt(variance * count / max(1, count - 1)), count)

    def interval(self, value: float) -> tuple[float, float]:
        """The 95 % interval around a value."""
        reach = float(t.ppf(0.975, max(1, self.groups - 1))) * self.error
        return value - reach, value + reach

    def interval_of_share(self, share: float) -> tuple[float, float]:
        """The 95 % interval of a share, 0 to 1, which does not leave that range.

        That of a binomial share of as many independent observations as have this standard error
        (Korn and Graubard, Survey Methodology 1998); of as many as groups where all agree.
        """
        variance = self.error**2
        certain = variance <= 0.0 or share <= 0.0 or share >= 1.0
        return binomial_interval(share, self.groups if certain else share * (1 - share) / variance)

    def p(self, value: float) -> float:
        """Two-sided p of the hypothesis that the figure is zero."""
        if self.error == 0.0:
            return 1.0
        return float(2.0 * t.sf(abs(value) / self.error, max(1, self.groups - 1)))
