"""Do neighbours share the class or a nuisance such as the camera? Without re-processing photos."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.neighbors.features import unit_vectors
from latentprint.experiments.neighbors.nearest_photos import nearest_photos
from latentprint.experiments.probes.labels import Labelled, label_photos
from latentprint.results import Result
from latentprint.stats import interval

if TYPE_CHECKING:
    from latentprint.experiments.source import EmbeddingSource

logger = logging.getLogger(__name__)

_ONE_SIDED = 0.025

INDEX, CLASS_PURITY, NUISANCE_PURITY = "robustness index", "class purity", "nuisance purity"


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

    ks: tuple[int, ...] = (10,)
    processing: str = "none"
    exclude: str | None = None
    group: str = "group"
    bins: tuple[tuple[str, str], ...] = ()
    within_class: bool = False
    permutations: int = 200
    bootstrap: int = 1000
    seed: int = 0
    memory_mb: int = 4096
    device: str = "cpu"


@dataclass(frozen=True)
class RobustnessOutcome:
    """Three rows of the result table for every k, and what they were counted from.

    Attributes:
        results: Rows ``robustness index``, ``class purity`` and ``nuisance purity``.
        photos: By k one row for every photo: ``id`` and among its k neighbours the numbers
            ``same_class``, ``same_nuisance``, ``so`` (same class, other nuisance) and ``os``
            (other class, same nuisance).
    """

    results: list[Result]
    photos: dict[int, pl.DataFrame]


def robustness(
    source: EmbeddingSource,
    nuisance: str,
    *,
    label: str = "label",
    options: RobustnessOptions | None = None,
) -> RobustnessOutcome:
    """Judge the k nearest neighbours of every photo by class and by nuisance.

    The robustness index is SO / (SO + OS): of the neighbours that share the class or the nuisance
    but not both, the share of the class (PathoROB, arXiv 2507.17845); counts are summed over
    photos. Purity is the share of neighbours with the photo's own class, or nuisance. Chance is the
    mean after the nuisance labels were shuffled, for class purity after the class labels were; the
    verdict compares the value with these shuffles. The interval is that of other query photos with
    the same gallery (bootstrap over groups); it is narrower than that of another set of photos, as
    two photos that are neighbours of each other count twice.
    Neighbours are other photos of any split, by cosine similarity; equal similarities go to the
    photo whose id comes first. All in percent.

    Args:
        source: Embeddings of photos with labels.
        nuisance: Column of the nuisance, such as ``make``.
        label: Column of the class.
        options: How neighbours are judged.

    Raises:
        UsageError: A column or rule is not known, or there are fewer photos than k.
        LatentprintError: The labels cannot be compared, or a vector is zero or not finite.
    """
    options = options or RobustnessOptions()
    rows, classes, nuisances = _labelled(source.photos, label, nuisance, options)
    photos = source.photos[rows]
    keys = _codes(photos, options.exclude) if options.exclude else np.arange(len(photos))
    _check(photos, keys, options)
    half = options.memory_mb / 2
    placed = pl.DataFrame({"row": rows, "id": photos["id"]})
    (vectors,) = unit_vectors(source, [options.processing], placed, half)
    order = np.argsort(rows)
    found = nearest_photos(vectors, keys, order, options.ks, memory_mb=half, device=options.device)
    groups = _codes(photos, options.group)
    judge = _Judge(classes.codes, nuisances.codes, groups, options)
    left_out = len(source.photos) - len(photos)
    table = _Table(
        source,
        len(photos),
        {INDEX: nuisances, CLASS_PURITY: classes, NUISANCE_PURITY: nuisances},
        f"photos without both labels left out: {left_out}" if left_out else "",
    )
    results = [
        table.row(k, setup, each)
        for k, rows in found.items()
        for setup, each in judge.measures(rows).items()
    ]
    logger.info("%s, %s: %s", source.encoder, nuisance, [row.value for row in results])
    counts = {k: judge.counts(rows).insert_column(0, photos["id"]) for k, rows in found.items()}
    return RobustnessOutcome(results, counts)


def _labelled(
    photos: pl.DataFrame, label: str, nuisance: str, options: RobustnessOptions
) -> tuple[np.ndarray, Labelled, Labelled]:
    """Rows of the photos that have both labels, in the order of their ids, and the labels.

    Raises:
        UsageError: A column is not known, or both are the same.
        LatentprintError: There are not two classes of each.
    """
    if label == nuisance:
        raise UsageError(f"Class and nuisance are both {label!r}: name two columns.")
    for name in filter(None, (options.exclude, options.group)):
        if name not in photos.columns:
            raise unknown_name("column", name, photos.columns)
    by_id = photos["id"].arg_sort().to_numpy().astype(np.int64)
    rules = dict(options.bins)
    for name in rules:
        if name not in (label, nuisance):
            raise unknown_name("label with a rule of binning", name, (label, nuisance))
    both = [label_photos(photos, name, rules.get(name)) for name in (label, nuisance)]
    rows = by_id[(both[0].codes[by_id] >= 0) & (both[1].codes[by_id] >= 0)]
    labelled = []
    for each in both:
        present, codes = np.unique(each.codes[rows], return_inverse=True)
        if len(present) < 2:
            raise LatentprintError(
                f"Photos with both labels have fewer than two values of {each.name!r}: there is"
                " nothing to compare."
            )
        names = tuple(each.classes[code] for code in present)
        labelled.append(Labelled(each.name, each.rule, names, codes))
    return rows, labelled[0], labelled[1]


def _codes(photos: pl.DataFrame, column: str) -> np.ndarray:
    """A number for every value of a column; photos without one have a number of their own."""
    values = photos[column].cast(pl.String).to_list()
    keys = [
        f"value {value}" if value is not None else f"photo {each}"
        for value, each in zip(values, photos["id"], strict=True)
    ]
    codes: np.ndarray = np.unique(np.asarray(keys), return_inverse=True)[1]
    return codes.astype(np.int64)


def _check(photos: pl.DataFrame, keys: np.ndarray, options: RobustnessOptions) -> None:
    """Refuse options that have no meaning.

    Raises:
        UsageError: One is out of range.
    """
    numbers = (*options.ks, options.permutations, options.bootstrap, options.memory_mb)
    if not options.ks or min(numbers) < 1:
        raise UsageError("k, permutations, bootstrap and memory must each be at least 1.")
    largest = np.bincount(keys)[keys]
    worst = int(largest.argmax())
    left = len(keys) - int(largest[worst])
    if max(options.ks) > left:
        raise UsageError(
            f"k is {max(options.ks)}, but photo {photos['id'][worst]!r} has only {left} photos that"
            " may be its neighbours: choose a smaller k."
        )


@dataclass(frozen=True)
class _Measure:
    """A measure in percent, its interval, and what it is where labels are shuffled [shuffles]."""

    value: float
    low: float
    high: float
    shuffled: np.ndarray

    def p(self, *, above: bool) -> float:
        """One-sided p of a value that far above, or below, those of shuffled labels."""
        beyond = self.shuffled >= self.value if above else self.shuffled <= self.value
        return float((1 + beyond.sum()) / (1 + len(self.shuffled)))

    @property
    def verdict(self) -> str:
        """What shuffling says of the value, at 5 % for both sides together."""
        if self.p(above=True) <= _ONE_SIDED:
            return "above chance"
        return "below chance" if self.p(above=False) <= _ONE_SIDED else "no difference from chance"


@dataclass(frozen=True)
class _Judge:
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

    def measures(self, rows: np.ndarray) -> dict[str, _Measure]:
        """Every measure; the index only where it is defined."""
        counts = self.counts(rows)
        so, os = (counts[name].to_numpy() for name in ("so", "os"))
        k = np.full(len(rows), rows.shape[1])
        parts = {
            INDEX: (so, so + os),
            CLASS_PURITY: (counts["same_class"].to_numpy(), k),
            NUISANCE_PURITY: (counts["same_nuisance"].to_numpy(), k),
        }
        parts = {name: part for name, part in parts.items() if part[1].any()}
        shuffled = self._shuffles(rows)
        samples = self._resampled(list(parts.values()))
        found = {}
        for (name, (above, below)), column in zip(parts.items(), samples.T, strict=True):
            value = 100.0 * float(above.sum() / below.sum())
            low, high = interval(column[np.isfinite(column)])
            found[name] = _Measure(value, low, high, np.array(shuffled[name]))
        return found

    def _shuffles(self, rows: np.ndarray) -> dict[str, list[float]]:
        """Every measure after labels were shuffled, in percent."""
        rng = np.random.default_rng(self.options.seed)
        everyone = np.zeros_like(self.classes)
        strata = self.classes if self.options.within_class else everyone
        same_class = self.classes[rows] == self.classes[:, None]
        found: dict[str, list[float]] = {INDEX: [], CLASS_PURITY: [], NUISANCE_PURITY: []}
        for _ in range(self.options.permutations):
            nuisances = _shuffled(self.nuisances, self.groups, strata, rng)
            same = nuisances[rows] == nuisances[:, None]
            so, os = int((same_class & ~same).sum()), int((~same_class & same).sum())
            found[NUISANCE_PURITY].append(100.0 * float(same.mean()))
            found[INDEX].append(100.0 * so / (so + os) if so + os else 50.0)
            classes = _shuffled(self.classes, self.groups, everyone, rng)
            found[CLASS_PURITY].append(100.0 * float((classes[rows] == classes[:, None]).mean()))
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


@dataclass(frozen=True)
class _Table:
    """Makes rows of the result table."""

    source: EmbeddingSource
    n: int
    labels: dict[str, Labelled]
    notes: str

    def row(self, k: int, setup: str, measure: _Measure) -> Result:
        """One measure for one k."""
        return Result(
            encoder=self.source.encoder,
            family=self.source.family,
            experiment="robustness",
            dataset=self.source.dataset,
            attribute=self.labels[NUISANCE_PURITY].name,
            setup=setup,
            chance=float(measure.shuffled.mean()),
            value=measure.value,
            low=measure.low,
            high=measure.high,
            n_test=self.n,
            n_train=self.n,
            k=k,
            classes=len(self.labels[setup].classes),
            p=measure.p(above=True),
            verdict=measure.verdict,
            notes=self.notes,
        )
