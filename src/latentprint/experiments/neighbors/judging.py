"""Neighbours counted by class and nuisance, against shuffled labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from latentprint.experiments.crossed import PairEffects, Spread
from latentprint.experiments.neighbors.robustness_options import RobustnessOptions
from latentprint.experiments.neighbors.shuffles import SharedByChance, Shuffles
from latentprint.experiments.neighbors.signs import Centred
from latentprint.stats import permutation_p
from latentprint.words import RobustnessCondition, RobustnessMeasure

_FEWEST_DRAWS = 999
_MOST_LABELS = 50_000_000


@dataclass(frozen=True)
class NeighbourShare:
    """A share of neighbours in percent.

    Attributes:
        measure: What is measured.
        condition: Which labels chance shuffles.
        value: The share.
        low: Lower end of its 95 % interval.
        high: Upper end.
        chance: What it is on average where labels tell nothing beyond that condition.
        p: Two-sided p of a share that far from chance; None where the figure only stands beside
            the one that is tested.
    """

    measure: RobustnessMeasure
    condition: RobustnessCondition
    value: float
    low: float
    high: float
    chance: float
    p: float | None


@dataclass(frozen=True)
class Judge:
    """Counts neighbours by class and nuisance.

    Attributes:
        classes: Class of every photo, int64 [n].
        nuisances: Nuisance of every photo, int64 [n].
        groups: Group of every photo, int64 [n].
        asked: Rows of the photos whose neighbours are counted, int64 [m].
        options: How many shuffles.
    """

    classes: np.ndarray
    nuisances: np.ndarray
    groups: np.ndarray
    asked: np.ndarray
    options: RobustnessOptions

    def counts(self, rows: np.ndarray) -> pl.DataFrame:
        """What the neighbours of every photo that is asked share with it.

        Args:
            rows: The neighbours, int64 [m, k].
        """
        same_class, same_nuisance = self._shared(rows)
        return pl.DataFrame(
            {
                "same_class": same_class.sum(axis=1),
                "same_nuisance": same_nuisance.sum(axis=1),
                "so": (same_class & ~same_nuisance).sum(axis=1),
                "os": (~same_class & same_nuisance).sum(axis=1),
            }
        )

    def shares(self, rows: np.ndarray) -> list[NeighbourShare]:
        """Every measure; the index only where it is defined.

        What is tested comes first: the nuisance against shuffles within classes, the class against
        shuffles of all photos. Behind it stands the nuisance against shuffles of all photos, which
        differs from the first where classes and nuisance go together, with or without a trace.

        Args:
            rows: The neighbours, int64 [m, k].
        """
        same_class, parts = self._shared(rows)[0], self._parts(rows)
        found = {name: self._interval(rows, *part) for name, part in parts.items() if part[1].any()}
        within, plain = RobustnessCondition.WITHIN_CLASS, RobustnessCondition.ALL_PHOTOS
        everyone = np.zeros_like(self.classes)
        nuisance = {
            within: self._by_nuisance(rows, same_class, self.classes),
            plain: self._by_nuisance(rows, same_class, everyone),
        }
        classes = self._test(self.classes, everyone).pairs(*self._pairs(rows), *self._drawn)
        tested = {
            (RobustnessMeasure.INDEX, within): nuisance[within][0],
            (RobustnessMeasure.CLASS_PURITY, plain): _purity(classes, rows.size),
            (RobustnessMeasure.NUISANCE_PURITY, within): nuisance[within][1],
        }
        beside = {
            (RobustnessMeasure.INDEX, plain): nuisance[plain][0],
            (RobustnessMeasure.NUISANCE_PURITY, plain): nuisance[plain][1],
        }
        # A mean of shares that are all 100 may be rounded to more.
        return [
            NeighbourShare(
                *about, *found[about[0]], min(chance, 100.0), p if about in tested else None
            )
            for about, (chance, p) in (tested | beside).items()
            if about[0] in found
        ]

    def _shared(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which neighbours share the class, and which the nuisance, bool [m, k] each."""
        same_class = self.classes[rows] == self.classes[self.asked, None]
        same_nuisance = self.nuisances[rows] == self.nuisances[self.asked, None]
        return same_class, same_nuisance

    def _parts(self, rows: np.ndarray) -> dict[RobustnessMeasure, tuple[np.ndarray, np.ndarray]]:
        """Which neighbours each measure counts, and among which, bool [m, k] each."""
        same_class, same_nuisance = self._shared(rows)
        every = np.ones_like(same_class)
        return {
            RobustnessMeasure.INDEX: (same_class & ~same_nuisance, same_class ^ same_nuisance),
            RobustnessMeasure.CLASS_PURITY: (same_class, every),
            RobustnessMeasure.NUISANCE_PURITY: (same_nuisance, every),
        }

    def differences(
        self, rows: np.ndarray, exact: np.ndarray
    ) -> dict[RobustnessMeasure, tuple[float, float]]:
        """95 % intervals of how much higher measures are among exact neighbours, in points.

        Args:
            rows: Neighbours of the photos that are asked, int64 [m, k].
            exact: Their exact neighbours, int64 [m, k].
        """
        found = {}
        for name in RobustnessMeasure:
            shares, effects = [], []
            for each in (rows, exact):
                above, below = (part.sum(axis=1) for part in self._parts(each)[name])
                total = max(1.0, float(below.sum()))
                shares.append(float(above.sum()) / total)
                effects.append((above - shares[-1] * below) / total)
            own = np.zeros(len(self.groups))
            own[self.asked] = effects[1] - effects[0]
            effect = PairEffects(own, np.zeros_like(own), 0.0)
            spread = Spread.of(effect, self.groups, self.asked)
            low, high = spread.interval(shares[1] - shares[0])
            found[name] = 100.0 * low, 100.0 * high
        return found

    def _interval(
        self, rows: np.ndarray, above: np.ndarray, below: np.ndarray
    ) -> tuple[float, float, float]:
        """The share of some neighbours among others, and its interval, in percent.

        A photo that was not there would leave its place in a list to a neighbour like the others of
        that list: only by how far it differs from their mean does it count as a neighbour. Photos
        that are not asked count as neighbours alone.
        """
        total = float(below.sum())
        share = float(above.sum()) / total
        residuals = (above - share * below) / total
        sums, (n, k) = residuals.sum(axis=1), (len(self.groups), rows.shape[1])
        others = (sums[:, None] - residuals) / max(1, k - 1)
        differing = residuals - others
        # A group that was not there would take its own lists with it.
        apart = self.groups[rows] != self.groups[self.asked, None]
        listed = np.bincount(rows[apart], weights=differing[apart], minlength=n)
        own = np.zeros(n)
        own[self.asked] = sums
        doubled = self._doubled(rows, apart, residuals, differing)
        spread = Spread.of(PairEffects(own, listed, doubled), self.groups, self.asked)
        low, high = spread.interval_of_share(share)
        return 100.0 * share, 100.0 * low, 100.0 * high

    def _by_nuisance(
        self, rows: np.ndarray, same_class: np.ndarray, strata: np.ndarray
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Chance and p of index and nuisance purity where the stratum alone tells the nuisance."""
        test = self._test(self.nuisances, strata)
        same, os = (
            test.pairs(*self._pairs(rows, part), *self._drawn) for part in (same_class, ~same_class)
        )
        so = float(same_class.sum()) - same.expected
        both = so + os.expected
        # To first order the index falls with nuisances that are shared, within classes and across.
        index = permutation_p(
            os.expected * same.beyond + so * os.beyond, os.expected * same.moved + so * os.moved
        )
        purity = SharedByChance(
            same.expected + os.expected, same.beyond + os.beyond, same.moved + os.moved
        )
        return (100.0 * so / both if both else 50.0, index), _purity(purity, rows.size)

    def _test(self, labels: np.ndarray, strata: np.ndarray) -> Shuffles | Centred:
        if int(self.groups.max()) + 1 == len(self.groups):
            return Shuffles(labels, strata)
        return Centred(labels, strata, self.groups)

    @property
    def _drawn(self) -> tuple[int, int]:
        """How many draws, fewer where there are many photos so that time is bounded; the seed."""
        most = max(_FEWEST_DRAWS, _MOST_LABELS // len(self.classes))
        return min(self.options.permutations, most), self.options.seed

    def _pairs(
        self, rows: np.ndarray, part: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Photos and their neighbours, one row each; those of a part, bool [m, k]."""
        photos = np.broadcast_to(self.asked[:, None], rows.shape)
        return (photos.ravel(), rows.ravel()) if part is None else (photos[part], rows[part])

    def _doubled(
        self, rows: np.ndarray, apart: np.ndarray, residuals: np.ndarray, differing: np.ndarray
    ) -> float:
        """What each pair of groups adds both to its queries and to those that they list.

        Args:
            rows: The neighbours, int64 [m, k].
            apart: Which of them are of another group, bool [m, k].
            residuals: Effect of each neighbour on its query, float64 [m, k].
            differing: Its own effect, float64 [m, k].
        """
        one = np.repeat(self.groups[self.asked], rows.shape[1])[apart.ravel()]
        other = self.groups[rows[apart]]
        pairs = np.minimum(one, other) * (int(self.groups.max()) + 1) + np.maximum(one, other)
        number = np.unique(pairs, return_inverse=True)[1]
        first, second = (
            np.bincount(number, weights=each[apart]) for each in (residuals, differing)
        )
        return float(first @ second)


def _purity(shared: SharedByChance, pairs: int) -> tuple[float, float]:
    """Chance of a purity in percent, and its p."""
    return 100.0 * shared.expected / pairs, permutation_p(shared.beyond, shared.moved)
