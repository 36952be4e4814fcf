"""Do processing traces change which photos are neighbours? (kNN influence)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.asking import Draw
from latentprint.experiments.assignment import DRAWS_PER_SEED, assign_classes
from latentprint.experiments.neighbors.features import split_photos, unit_vectors
from latentprint.experiments.neighbors.setups import SETUPS, LabelledPhotos, classify, combinations
from latentprint.experiments.sampling import ask
from latentprint.experiments.source import (
    ROW,
    EmbeddingSource,
    origin,
    require_source,
    usable_device,
)
from latentprint.processing import as_attribute
from latentprint.results import Result
from latentprint.several import several
from latentprint.stats import (
    ROUNDING,
    ClusterBootstrap,
    crossed_means,
    interval,
    interval_of_equals,
    resample_counts,
    two_sided_p,
)
from latentprint.words import Experiment, InfluenceSetup

if TYPE_CHECKING:
    from latentprint.processing import Attribute

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class InfluenceOutcome:
    """The five set-ups, the influence, and what they were computed from.

    Attributes:
        results: Six rows of the result table for every k.
        correct: By k and set-up, whether each test photo is classified right: bool
            [combinations, n_test], in the order of ``setups.combinations``; for ``uniform`` bool
            [seeds, P, n_test].
        test_ids: Ids of the test photos [n_test].
        classes: Names of the processing classes [P].
        checked: Test photos that float32 products could not decide.
    """

    results: list[Result]
    correct: dict[tuple[int, InfluenceSetup], np.ndarray]
    test_ids: tuple[str, ...]
    classes: tuple[str, ...]
    checked: int

    def accuracies(self, k: int, setup: InfluenceSetup) -> np.ndarray:
        """Accuracy of every combination in percent, float64 [...]."""
        means: np.ndarray = 100.0 * self.correct[k, setup].mean(axis=-1)
        return means

    def details(self) -> list[dict[str, Any]]:
        """Every single accuracy that the set-ups average, as JSON values."""
        found = []
        for row in self.results:
            if row.setup == InfluenceSetup.INFLUENCE or row.k is None:
                continue
            accuracies = self.accuracies(row.k, InfluenceSetup(row.setup))
            if row.setup == InfluenceSetup.UNIFORM:
                runs = [
                    {"test": name, "draw": draw, "accuracy": float(accuracies[draw, p])}
                    for draw in range(len(accuracies))
                    for p, name in enumerate(self.classes)
                ]
            else:
                runs = [
                    {
                        "test": self.classes[p],
                        "positives": self.classes[q],
                        "negatives": self.classes[r],
                        "accuracy": float(accuracy),
                    }
                    for (p, q, r), accuracy in zip(
                        combinations(row.setup, len(self.classes)), accuracies, strict=True
                    )
                ]
            about = {name: getattr(row, name) for name in ("encoder", "experiment", "attribute")}
            found.append({**about, "setup": row.setup, "k": row.k, "runs": runs})
        return found


def influence(
    source: EmbeddingSource,
    attribute: Attribute | str,
    *,
    ks: Sequence[int] | int = (10,),
    seeds: int = 10,
    seed: int = 0,
    draw: Draw = "photo",
    sample: int | None = None,
    memory_mb: int = 4096,
    device: str = "cpu",
    bootstrap: int = 1000,
) -> InfluenceOutcome:
    """Measure how far the processing of photos decides which are nearest.

    kNN classification by cosine similarity, one vote a neighbour. Tied votes go to the class whose
    name comes first (names that are all whole numbers are ordered as numbers); equal similarities
    to the training photo whose id comes first (under the published draw, the one whose row comes
    first). The influence is the accuracy when only photos of the right class share the test
    photo's processing, minus that when only the others do (ICCV 2025 study, arXiv 2508.10637,
    section 5).

    Intervals and ``p`` (two-sided) are of other test photos and other training photos, in their
    groups. Test photos are resampled. Training photos, each of which is a neighbour of many test
    photos, are taken to weigh on a figure no more than as many test photos would: deviations grow
    by the root of 1 + test groups / training groups. On made-up sets, both kinds drawn anew,
    intervals of the influence so widened hold the truth in 94 to 99 of 100 sets
    (``benchmarks/coverage``).

    Args:
        source: Embeddings of labelled photos under every class of the attribute.
        attribute: The processing that is varied, or its name.
        ks: Numbers of neighbours.
        seeds: Number of draws of the uniform set-up.
        seed: Seeds these draws and the bootstrap; 0 gives the published draws 0, 1, 2, …
        draw: How the uniform set-up gives training photos their classes.
        sample: Most test photos that are asked, chosen by seed and id, each among all training
            photos; 0 for all; by default all where up to 50,000 photos take part, else 2,000.
        memory_mb: Memory for vectors and similarities; the result does not depend on it. Training
            vectors that do not fit into half of it are read from their file as they are needed.
        device: Where products are computed: auto, cpu, cuda or mps; the result does not depend
            on it.
        bootstrap: Number of resamples behind the intervals.

    Raises:
        LatentprintError: There are no class labels, k is beyond the training photos, or a vector
            is zero or not finite.
        UsageError: An option is out of range.
    """
    require_source(source)
    attribute, device = as_attribute(attribute), usable_device(device)
    ks = tuple(dict.fromkeys(several(ks)))
    train, test, notes = _labelled(source.photos, draw)
    asked = ask(
        test["id"].to_list(), sample, seed, photos=len(train) + len(test), kind="test photos"
    )
    test = test[asked.rows]
    _check_options(ks, seeds, memory_mb, bootstrap, len(train))
    names = sorted_names(train["label"].unique().to_list())
    gallery = _gallery(source, attribute, train, test, names, memory_mb)
    first = seed * DRAWS_PER_SEED
    ids = train["id"].to_list()
    classes = len(attribute.classes)
    draws = [assign_classes(draw, first + n, attribute.name, ids, classes) for n in range(seeds)]
    gallery = replace(gallery, draws=np.stack(draws))
    found = classify(gallery, ks, memory_mb=memory_mb / 2 - memory_mb / 8, device=device)
    correct = {
        (k, setup): found.setup(k, setup, classes) == gallery.test_labels
        for k in ks
        for setup in (*SETUPS, InfluenceSetup.UNIFORM)
    }
    table = _Table(source, attribute.name, len(names), train, test, (asked.note, *notes))
    photos = ClusterBootstrap.of(test["group"].to_list(), bootstrap, seed)
    results = [row for k in ks for row in table.rows(k, correct, photos)]
    logger.info("%s, %s: influence %.1f", source.encoder, attribute.name, results[-1].value)
    ids_of_tests = tuple(test["id"].to_list())
    return InfluenceOutcome(results, correct, ids_of_tests, tuple(attribute.classes), found.checked)


def sorted_names(names: Sequence[str]) -> list[str]:
    """Class names in the order that decides tied votes: numbers by value, else as text."""
    try:
        return sorted(names, key=lambda name: (int(name), name))
    except ValueError:
        return sorted(names)


def _gallery(
    source: EmbeddingSource,
    attribute: Attribute,
    train: pl.DataFrame,
    test: pl.DataFrame,
    names: Sequence[str],
    memory_mb: float,
) -> LabelledPhotos:
    """Vectors and labels, still without draws."""
    numbers = {name: number for number, name in enumerate(names)}
    labels = [
        np.array([numbers[name] for name in part["label"]], dtype=np.int64)
        for part in (test, train)
    ]
    return LabelledPhotos(
        unit_vectors(source, attribute.classes, test, memory_mb / 8),
        unit_vectors(source, attribute.classes, train, memory_mb / 2),
        labels[0],
        labels[1],
        np.empty((0, len(train)), dtype=np.int64),
        np.argsort(train[ROW].to_numpy()).astype(np.int64),
    )


def _labelled(photos: pl.DataFrame, draw: Draw) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Training and test photos that can be used, and notes on those that cannot.

    Raises:
        LatentprintError: Nothing can be classified.
    """
    photos = photos.select("id", "label", "split", "group")
    parts = [split_photos(photos, split, draw) for split in ("train", "val")]
    train, labelled = (part.filter(pl.col("label").is_not_null()) for part in parts)
    if not len(train) or not len(labelled):
        raise LatentprintError(
            "kNN influence needs class labels for training and test photos: put the photos of each"
            " class into a folder of its own, or leave this experiment out."
        )
    test = labelled.filter(pl.col("label").is_in(train["label"].unique().to_list()))
    if train["label"].n_unique() < 2 or not len(test):
        raise LatentprintError(
            "kNN influence needs class labels of at least two classes among the training photos,"
            " and test photos of these classes."
        )
    without = sum(len(part) for part in parts) - len(train) - len(labelled)
    unseen = len(labelled) - len(test)
    notes = [f"photos without a label left out: {without}"] if without else []
    if unseen:
        notes.append(f"test photos of classes without training photos left out: {unseen}")
    return train, test, notes


def _check_options(
    ks: Sequence[int], seeds: int, memory_mb: int, bootstrap: int, n_train: int
) -> None:
    """Refuse options that have no meaning.

    Raises:
        UsageError: One is out of range.
        LatentprintError: There are fewer photos than k.
    """
    if not ks or min(ks) < 1 or min(seeds, memory_mb, bootstrap) < 1:
        raise UsageError("k, seeds, memory and bootstrap must each be at least 1.")
    if max(ks) > n_train:
        raise LatentprintError(
            f"k is {max(ks)}, but there are only {n_train} labelled training photos: choose a"
            " smaller k."
        )


@dataclass(frozen=True)
class _Table:
    """Makes rows of the result table."""

    source: EmbeddingSource
    attribute: str
    labels: int
    train: pl.DataFrame
    test: pl.DataFrame
    notes: tuple[str, ...]

    def rows(
        self,
        k: int,
        correct: dict[tuple[int, InfluenceSetup], np.ndarray],
        photos: ClusterBootstrap,
    ) -> list[Result]:
        """The five set-ups and the influence for one k."""
        fixed = {setup: correct[k, setup].mean(axis=0) for setup in SETUPS}
        rows = [self._row(k, setup, each, photos.means(each)) for setup, each in fixed.items()]
        by_seed = correct[k, InfluenceSetup.UNIFORM].mean(axis=1)
        repeats = resample_counts(len(by_seed), photos.draws, seed=1)
        samples = crossed_means(photos, repeats, by_seed)
        rows.append(self._row(k, InfluenceSetup.UNIFORM, by_seed, samples))
        change = fixed[InfluenceSetup.POS_SAME] - fixed[InfluenceSetup.NEG_SAME]
        return [*rows, self._row(k, InfluenceSetup.INFLUENCE, change, photos.means(change))]

    def _row(self, k: int, setup: str, values: np.ndarray, samples: np.ndarray) -> Result:
        """One row from a value for every photo, [n_test] or [seeds, n_test]."""
        per_seed = 100.0 * np.atleast_2d(values).mean(axis=1)
        value = float(per_seed.mean())
        samples = value + self._widening * (100.0 * samples - value)
        several = len(per_seed) > 1
        changes = setup == InfluenceSetup.INFLUENCE
        # Of test photos that agree, or are of one group, resamples tell nothing.
        alike = np.ptp(samples) < ROUNDING or self.test["group"].n_unique() < 2
        ends = (
            interval_of_equals(value, self._independent, change=changes)
            if alike
            else interval(samples)
        )
        low, high = np.clip(ends, -100.0 if changes else 0.0, 100.0)
        return Result(
            **origin(self.source),
            experiment=Experiment.KNN_INFLUENCE,
            attribute=self.attribute,
            setup=setup,
            chance=None if changes else 100.0 / self.labels,
            value=value,
            low=float(low),
            high=float(high),
            n_test=len(self.test),
            n_train=len(self.train),
            sd=float(per_seed.std(ddof=1)) if several else None,
            seeds=len(per_seed),
            k=k,
            p=two_sided_p(value, samples, self._independent) if changes else None,
            notes="; ".join(filter(None, self.notes)),
        )

    @property
    def _widening(self) -> float:
        """How much farther figures scatter than test photos alone make them; see ``influence``."""
        test, train = (part["group"].n_unique() for part in (self.test, self.train))
        return float(np.sqrt(1.0 + test / train))

    @property
    def _independent(self) -> float:
        """Groups of test photos alone that would tell as much as these among their neighbours."""
        return float(self.test["group"].n_unique() / self._widening**2)
