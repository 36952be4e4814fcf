"""Neighbours counted by class and nuisance, against shuffled labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from latentprint.experiments.asking import option
from latentprint.experiments.probes.labels import parse_bins
from latentprint.stats import interval
from latentprint.words import RobustnessMeasure


@dataclass(frozen=True)
class RobustnessOptions:
    """How neighbours are judged.

    Attributes:
        ks: Numbers of neighbours.
        processing: Processing class whose embeddings are compared.
        exclude: Column: photos that share its value are never neighbours of each other.
        group: Column of the groups that are resampled and shuffled as a whole.
        bins: How values become classes, by column; see ``label_photos``.
        within_class: Shuffle nuisance labels within each class only, so that chance keeps what the
            classes tell about the nuisance.
        permutations: Number of shuffles behind the chance.
        bootstrap: Number of resamples behind the intervals.
        seed: Seeds both.
        memory_mb: Memory for vectors and similarities; the result does not depend on it.
        device: Where products are computed; the result does not depend on it.
    """

    ks: tuple[int, ...] = option((10,), "-k", "--neighbours", least=1)
    processing: str = option("none", metavar="CLASS")
    exclude: str | None = option(None, metavar="COLUMN")
    group: str = option("group", metavar="COLUMN")
    bins: tuple[tuple[str, str], ...] = option(
        (), metavar="LABEL=RULE", parse=lambda rules: tuple(parse_bins(rules).items())
    )
    within_class: bool = option(False)
    permutations: int = 200
    bootstrap: int = 1000
    seed: int = option(0)
    memory_mb: int = option(4096, least=1)
    device: str = option("cpu")


@dataclass(frozen=True)
class Measure:
    """A measure in percent, its interval, and what it is where labels are shuffled [shuffles]."""

    value: float
    low: float
    high: float
    shuffled: np.ndarray

    @property
    def p(self) -> float:
        """Two-sided p of a value that far from those of shuffled labels."""
        least = min((self.shuffled >= self.value).sum(), (self.shuffled <= self.value).sum())
        return min(1.0, 2.0 * float(1 + least) / (1 + len(self.shuffled)))


@dataclass(frozen=True)
class Judge:
    """Counts neighbours by class and nuisance.

    Attributes:
        classes: Class of every photo, int64 [n].
        nuisances: Nuisance of every photo, int64 [n].
        groups: Group of every photo, int64 [n].
        options: Shuffles and resamples.
    """

    classes: np.ndarray
    nuisances: np.ndarray
    groups: np.ndarray
    options: RobustnessOptions

    def counts(self, rows: np.ndarray) -> pl.DataFrame:
        """What the neighbours of every photo share with it.

        Args:
            rows: The neighbours, int64 [n, k].
        """
        same_class = self.classes[rows] == self.classes[:, None]
        same_nuisance = self.nuisances[rows] == self.nuisances[:, None]
        return pl.DataFrame(
            {
                "same_class": same_class.sum(axis=1),
                "same_nuisance": same_nuisance.sum(axis=1),
                "so": (same_class & ~same_nuisance).sum(axis=1),
                "os": (~same_class & same_nuisance).sum(axis=1),
            }
        )

    def measures(self, rows: np.ndarray) -> dict[RobustnessMeasure, Measure]:
        """Every measure; the index only where it is defined."""
        counts = self.counts(rows)
        so, os = (counts[name].to_numpy() for name in ("so", "os"))
        k = np.full(len(rows), rows.shape[1])
        parts = {
            RobustnessMeasure.INDEX: (so, so + os),
            RobustnessMeasure.CLASS_PURITY: (counts["same_class"].to_numpy(), k),
            RobustnessMeasure.NUISANCE_PURITY: (counts["same_nuisance"].to_numpy(), k),
        }
        parts = {name: part for name, part in parts.items() if part[1].any()}
        shuffled = self._shuffles(rows)
        samples = self._resampled(list(parts.values()))
        found = {}
        for (name, (above, below)), column in zip(parts.items(), samples.T, strict=True):
            value = 100.0 * float(above.sum() / below.sum())
            low, high = interval(column[np.isfinite(column)])
            found[name] = Measure(value, low, high, np.array(shuffled[name]))
        return found

    def _shuffles(self, rows: np.ndarray) -> dict[RobustnessMeasure, list[float]]:
        """Every measure after labels were shuffled, in percent."""
        rng = np.random.default_rng(self.options.seed)
        everyone = np.zeros_like(self.classes)
        strata = self.classes if self.options.within_class else everyone
        same_class = self.classes[rows] == self.classes[:, None]
        found: dict[RobustnessMeasure, list[float]] = {each: [] for each in RobustnessMeasure}
        for _ in range(self.options.permutations):
            nuisances = _shuffled(self.nuisances, self.groups, strata, rng)
            same = nuisances[rows] == nuisances[:, None]
            so, os = int((same_class & ~same).sum()), int((~same_class & same).sum())
            found[RobustnessMeasure.NUISANCE_PURITY].append(100.0 * float(same.mean()))
            found[RobustnessMeasure.INDEX].append(100.0 * so / (so + os) if so + os else 50.0)
            classes = _shuffled(self.classes, self.groups, everyone, rng)
            shared = float((classes[rows] == classes[:, None]).mean())
            found[RobustnessMeasure.CLASS_PURITY].append(100.0 * shared)
        return found

    def _resampled(self, parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """Ratios of sums in resamples of whole groups, in percent, float64 [draws, ratios]."""
        n_groups = int(self.groups.max()) + 1
        sums = np.stack(
            [np.bincount(self.groups, each, n_groups) for part in parts for each in part], axis=1
        )
        rng = np.random.default_rng(self.options.seed)
        ratios = np.empty((self.options.bootstrap, len(parts)))
        # One resample at a time: counts of all of them would need draws x groups numbers.
        for row in ratios:
            counts = np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups)
            above, below = (counts @ sums).reshape(len(parts), 2).T
            with np.errstate(invalid="ignore"):
                row[:] = 100.0 * above / below
        return ratios


def _shuffled(
    codes: np.ndarray, groups: np.ndarray, strata: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Deal labels out anew within each stratum, those of one group to photos of few groups.

    The labels are laid out group by group in one random order and dealt out in another.
    """
    ranks = [rng.permutation(int(groups.max()) + 1)[groups] for _ in range(2)]
    source, target = (np.lexsort((rank, strata)) for rank in ranks)
    shuffled = np.empty_like(codes)
    shuffled[target] = codes[source]
    return shuffled
