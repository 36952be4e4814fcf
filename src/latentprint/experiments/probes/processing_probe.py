"""How well a linear probe recovers the processing of a photo from its embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError
from latentprint.experiments.assignment import DRAWS_PER_SEED, assign_classes
from latentprint.experiments.probes.guards import shuffle_order
from latentprint.experiments.probes.items import Items, permuted_classes, processed_items
from latentprint.experiments.probes.options import Assignment, ProbeOptions
from latentprint.experiments.probes.outcome import ProbeOutcome, with_note
from latentprint.experiments.probes.paired_shift import ShiftOptions, paired_shift
from latentprint.experiments.probes.plans import Plan, fold_plan, published_plan, split_plan
from latentprint.experiments.probes.probe import Task, run_task
from latentprint.experiments.source import ROW, EmbeddingSource, require_source
from latentprint.processing import as_attribute
from latentprint.words import Experiment, ProbeSetup

if TYPE_CHECKING:
    from latentprint.processing import Attribute

FEW_PHOTOS = 5000
"""Smaller sets are cross-validated where the protocol allows it, and every photo of them is shown
under every class, which tells more of few photos."""

_TUNING_DRAW = DRAWS_PER_SEED - 1


def probe_processing(
    source: EmbeddingSource,
    attribute: Attribute | str,
    options: ProbeOptions | None = None,
    *,
    paired: bool = False,
) -> ProbeOutcome:
    """Train softmax regression to tell the classes of a processing attribute apart.

    Under the published assignment each training photo appears once, under a class drawn at random,
    and each test photo under every class; hyperparameters are tuned on a held-out part of the
    training photos, and the final fits each have a fresh draw (ICCV 2025 study, arXiv 2508.10637,
    section 3). Under the assignment ``all``, the default below 5,000 training photos, every
    training photo appears under every class: in folds by photo where the split was not given and
    there are fewer than 5,000 photos, else in the given split. Beside the probe stands the
    paired-shift discriminant, see ``paired_shift``.

    Args:
        source: Embeddings of the photos under every class of the attribute.
        attribute: What is to be recovered.
        options: How.
        paired: Subtract each photo's mean over the classes: the sensitive measure.

    Raises:
        LatentprintError: There are too few photos, or a vector is zero or not finite.
    """
    require_source(source)
    attribute = as_attribute(attribute)
    options = options or ProbeOptions()
    if paired:
        # Differences have no length of their own that could be divided away.
        options = replace(options, normalise="none", curve=False)
    outcome = _probed(source, attribute, options, paired=paired)
    # Of differences from a photo's mean it would tell the same: it compares versions of a photo.
    if paired or not options.discriminant:
        return outcome
    return _with_discriminant(outcome, source, attribute, options)


def _probed(
    source: EmbeddingSource, attribute: Attribute, options: ProbeOptions, *, paired: bool
) -> ProbeOutcome:
    """The probe alone; nothing of what it read is held any longer."""
    photos, train, test = _sides(source.photos, options)
    items = processed_items(
        source, attribute.classes, photos, paired=paired, memory_mb=options.vectors_mb
    )
    options = replace(options, assignment=assignment_of(options, len(train)))
    plan = _plan(items, attribute, train, test, source.split_made, options)
    setup = ProbeSetup.of(paired=paired, every_class=options.assignment == "all")
    task = Task(Experiment.PROCESSING_PROBE, attribute.name, setup, items, plan, permuted_classes)
    return run_task(source, task, options)


def _with_discriminant(
    outcome: ProbeOutcome, source: EmbeddingSource, attribute: Attribute, options: ProbeOptions
) -> ProbeOutcome:
    """Add the paired-shift discriminant, of all photos or of as many as show what there is."""
    photos, _, _ = _sides(source.photos, options)
    if len(photos) > FEW_PHOTOS:
        first = shuffle_order(photos["id"].to_list(), options.seed, "paired shift")[:FEW_PHOTOS]
        photos = photos[np.sort(first)]
        outcome = with_note(outcome, f"paired shift tested on {FEW_PHOTOS} photos")
    items = processed_items(
        source, attribute.classes, photos, paired=False, memory_mb=options.vectors_mb
    )
    try:
        found = paired_shift(items, ShiftOptions(seed=options.seed))
    except LatentprintError as error:
        return with_note(outcome, f"no paired shift: {str(error).rstrip('.')}")
    shown = replace(outcome.result, discriminant=found.accuracy, discriminant_p=found.p)
    return replace(outcome, result=shown)


def assignment_of(options: ProbeOptions, n_train: int) -> Assignment:
    """The assignment that is asked for, or the default for so many training photos.

    The published draw gives one class to each.
    """
    if options.assignment is not None:
        return options.assignment
    return "all" if n_train < FEW_PHOTOS and options.draw == "photo" else "one"


def _sides(
    table: pl.DataFrame, options: ProbeOptions
) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """The photos with their rows in the source; which are for training and which for testing.

    They are sorted by id, so that no result depends on the order of files; under the published
    draw, which goes by row, they keep the order of the source.

    Raises:
        LatentprintError: One side is empty.
    """
    photos = table.with_row_index(ROW)
    if options.draw == "photo":
        photos = photos.sort("id")
    sides = [(photos["split"] == each).to_numpy().nonzero()[0] for each in ("train", "val")]
    for side, what, split in zip(sides, ("training", "test"), ("train", "val"), strict=True):
        if not len(side):
            raise LatentprintError(f"A probe needs {what} photos: none has the split `{split}`.")
    return photos, sides[0], sides[1]


def _plan(
    items: Items,
    attribute: Attribute,
    train: np.ndarray,
    test: np.ndarray,
    split_made: bool,
    options: ProbeOptions,
) -> Plan:
    classes = len(items.classes)
    if options.assignment == "one":
        draws = _draws(attribute, [items.ids[at] for at in train], options)
        seed = None if options.draw == "published" else options.seed
        return published_plan(items, train, test, draws, seed=seed)
    if split_made and len(items.ids) < FEW_PHOTOS:
        repeats = max(1, options.fits // 3)
        return fold_plan(items, repeats=repeats, seed=options.seed)
    fitted, tested = (
        (side[:, None] * classes + np.arange(classes)).ravel() for side in (train, test)
    )
    return split_plan(items, fitted, tested, seed=options.seed)


def _draws(attribute: Attribute, ids: Sequence[str], options: ProbeOptions) -> list[np.ndarray]:
    """The draws of the final fits, then that of the tuning; int64 [n_train] each.

    The final fits of seed 0 have seeds 0, 1, 2, … as published; other seeds share none of them.
    """
    first = options.seed * DRAWS_PER_SEED
    seeds = [first + each for each in (*range(options.fits), _TUNING_DRAW)]
    return [
        assign_classes(options.draw, each, attribute.name, ids, len(attribute.classes))
        for each in seeds
    ]
