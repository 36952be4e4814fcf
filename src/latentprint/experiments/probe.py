"""How well a linear probe recovers the processing of a photo from its embedding."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.assignment import DRAWS_PER_SEED, Draw, assign_classes
from latentprint.experiments.features import split_photos, unit_vectors
from latentprint.experiments.softmax import fit_softmax
from latentprint.experiments.tuning import tune
from latentprint.results import Result
from latentprint.stats import cluster_bootstrap_counts, crossed_means, interval, resample_counts

if TYPE_CHECKING:
    from latentprint.experiments.source import EmbeddingSource
    from latentprint.processing import Attribute

logger = logging.getLogger(__name__)

C_GRID: tuple[float, ...] = tuple(10.0**power for power in range(-2, 7))
"""Values of C, the inverse regularisation, that are tried."""

_TUNING_DRAW = DRAWS_PER_SEED - 1

MARGIN = 1.0
"""Points by which the whole interval must exceed chance, and the floor, before a trace is claimed.

The interval resamples test photos and draws, but neither the training photos nor the tuning; over
these, figures of a few hundred photos move by about a point.
"""


@dataclass(frozen=True)
class ProbeOutcome:
    """A probe's figure and what it was computed from.

    Attributes:
        result: The row of the result table.
        accuracies: Test accuracy of every final fit in percent, float64 [fits].
        correct: Share of the classes under which each fit reads each test photo right, float64
            [fits, n_test].
        confusion: How often a true class (row) is read as another (column), over all fits, each
            row summing to one, float64 [P, P].
        C: The inverse regularisation that was chosen.
        tuning: Accuracy in percent on the held-out training photos for every value of C.
        test_ids: Ids of the test photos [n_test].
        samples: Accuracy in percent in every bootstrap resample, float64 [bootstrap].
        protocol: Seed, draw, number of fits and of resamples: what two outcomes must share to be
            compared photo by photo.
    """

    result: Result
    accuracies: np.ndarray
    correct: np.ndarray
    confusion: np.ndarray
    C: float
    tuning: dict[float, float]
    test_ids: tuple[str, ...]
    samples: np.ndarray
    protocol: tuple[int, str, int, int]


def probe(
    source: EmbeddingSource,
    attribute: Attribute,
    *,
    seed: int = 0,
    fits: int = 10,
    C_grid: Sequence[float] = C_GRID,
    draw: Draw = "photo",
    bootstrap: int = 1000,
    source_floor: EmbeddingSource | None = None,
) -> ProbeOutcome:
    """Train softmax regression to tell the classes of a processing attribute apart.

    Each training photo appears once, under a class drawn at random; each test photo appears under
    every class. C is tuned on a held-out part of the training photos; the final fits each have a
    fresh draw (ICCV 2025 study, arXiv 2508.10637, section 3). The interval covers the choice of
    test photos, by group, and the draws.

    Args:
        source: Embeddings of the photos under every class of the attribute.
        attribute: What is to be recovered.
        seed: Seeds the draws and the bootstrap.
        fits: Number of final fits.
        C_grid: Values of C to choose from.
        draw: How training photos get their classes.
        bootstrap: Number of resamples.
        source_floor: The same photos by an untrained network, to compare with.

    Raises:
        LatentprintError: There are too few photos, or a vector is zero or not finite.
        UsageError: An option is out of range.
    """
    if not 1 <= fits <= _TUNING_DRAW or bootstrap < 1 or not C_grid or min(C_grid) <= 0:
        raise UsageError(
            f"A probe needs 1 to {_TUNING_DRAW} fits, at least one bootstrap resample and positive"
            " values of C."
        )
    train = split_photos(source.photos, "train", draw)
    test = split_photos(source.photos, "val", draw)
    draws = _draws(attribute, train["id"].to_list(), seed, fits, draw)
    if not len(test):
        raise LatentprintError("A probe needs test photos: none has the split `val`.")
    X, X_test = unit_vectors(source, attribute.classes, train, test)
    n_classes, rows = len(attribute.classes), np.arange(len(train))
    tuning, settled = tune(
        X[draws[-1], rows], draws[-1], train["group"], n_classes, sorted(C_grid), seed
    )
    best = max(tuning, key=lambda C: (tuning[C], -C))
    predictions = np.empty((fits, n_classes, len(test)), dtype=np.int64)
    for fit, labels in enumerate(draws[:-1]):
        model = fit_softmax(X[labels, rows], labels, n_classes, [best])
        predictions[fit] = [model.predict(each)[0] for each in X_test]
        settled &= bool(model.converged.all())
    notes = _notes(settled, len(train), X.shape[2], best, C_grid)
    outcome = _outcome(source, attribute, test, predictions, (seed, draw, fits, bootstrap))
    result = replace(outcome.result, n_train=len(train), notes="; ".join(notes))
    outcome = _judged(replace(outcome, result=result, C=best, tuning=tuning))
    logger.info("%s, %s: %.1f %%", source.encoder, attribute.name, outcome.result.value)
    if source_floor is None:
        return outcome
    floor = probe(
        source_floor,
        attribute,
        seed=seed,
        fits=fits,
        C_grid=C_grid,
        draw=draw,
        bootstrap=bootstrap,
    )
    return compare_with_floor(outcome, floor)


def compare_with_floor(outcome: ProbeOutcome, floor: ProbeOutcome) -> ProbeOutcome:
    """Set a probe against the same probe of an untrained network, photo by photo.

    Both share their test photos, resamples and draws, so that the interval of the difference is
    that of paired measurements.

    Raises:
        UsageError: The two were not measured alike.
    """
    alike = outcome.protocol == floor.protocol and outcome.test_ids == floor.test_ids
    if not alike or outcome.result.attribute != floor.result.attribute:
        raise UsageError(
            "A floor must be measured on the same photos, with the same attribute, seed, draw,"
            " fits and bootstrap."
        )
    low, high = interval(outcome.samples - floor.samples)
    result = replace(outcome.result, floor=floor.result.value, excess_low=low, excess_high=high)
    return _judged(replace(outcome, result=result))


def _draws(
    attribute: Attribute, ids: Sequence[str], seed: int, fits: int, draw: Draw
) -> list[np.ndarray]:
    """The draws of the final fits, then that of the tuning; int64 [n_train] each.

    The final fits of seed 0 have seeds 0, 1, 2, … as published; other seeds share none of them.

    Raises:
        LatentprintError: A class would have fewer than two training photos.
    """
    classes = len(attribute.classes)
    seeds = [seed * DRAWS_PER_SEED + each for each in (*range(fits), _TUNING_DRAW)]
    draws = [assign_classes(draw, each, attribute.name, ids, classes) for each in seeds]
    if min(int(np.bincount(each, minlength=classes).min()) for each in draws) < 2:
        raise LatentprintError(
            f"The probe of {attribute.name} needs at least two training photos for each of its"
            f" {classes} classes in every draw, and {len(ids)} training photos are too few: add"
            " photos."
        )
    return draws


def _outcome(
    source: EmbeddingSource,
    attribute: Attribute,
    test: pl.DataFrame,
    predictions: np.ndarray,
    protocol: tuple[int, str, int, int],
) -> ProbeOutcome:
    """Score predictions [fits, P, n_test] and find their interval."""
    seed, _, fits, bootstrap = protocol
    classes = len(attribute.classes)
    truth = np.arange(classes)[:, None]
    correct = (predictions == truth).mean(axis=1)
    confusion = np.stack([(predictions == each).mean(axis=(0, 2)) for each in range(classes)], 1)
    photos = cluster_bootstrap_counts(test["group"].to_list(), bootstrap, seed)
    # Another stream than that of the photos, which the same seed would repeat.
    repeats = resample_counts(fits, bootstrap, seed + 1)
    samples = 100.0 * crossed_means(photos, repeats, correct)
    accuracies = 100.0 * correct.mean(axis=1)
    low, high = interval(samples)
    result = Result(
        encoder=source.encoder,
        family=source.family,
        experiment="processing_probe",
        dataset=source.dataset,
        attribute=attribute.name,
        setup="",
        chance=100.0 / classes,
        value=float(accuracies.mean()),
        low=low,
        high=high,
        n_test=len(test),
        n_train=0,
        sd=float(accuracies.std(ddof=1)) if fits > 1 else None,
        seeds=fits,
    )
    ids = tuple(test["id"].to_list())
    return ProbeOutcome(result, accuracies, correct, confusion, 0.0, {}, ids, samples, protocol)


def _notes(
    settled: bool, n_train: int, dimensions: int, best: float, grid: Sequence[float]
) -> list[str]:
    """Health warnings about the fits."""
    notes = [] if settled else ["solver not converged"]
    if n_train < dimensions:
        notes.append(f"fewer training photos ({n_train}) than dimensions ({dimensions})")
    if len(grid) > 1 and best in (min(grid), max(grid)):
        notes.append(f"C at the edge of the grid ({best:g})")
    return notes


def _judged(outcome: ProbeOutcome) -> ProbeOutcome:
    """Fill in the verdict: what the figure says, given its interval, chance and floor."""
    result = outcome.result
    chance = result.chance or 0.0
    notes = [each for each in result.notes.split("; ") if each and each != "below chance"]
    if result.high < chance:
        verdict = "below chance"
        notes.append("below chance")
    elif result.low <= chance + MARGIN:
        verdict = "not readable"
    elif result.excess_low is not None and result.excess_low <= MARGIN:
        verdict = "not above the floor"
    else:
        verdict = "read"
    return replace(outcome, result=replace(result, verdict=verdict, notes="; ".join(notes)))
