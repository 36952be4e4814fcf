"""How well a linear probe recovers how a photo was taken, or any other label of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, unknown_name
from latentprint.experiments.probes.container import container_items
from latentprint.experiments.probes.fitting import run_plan
from latentprint.experiments.probes.guards import cap_per_group
from latentprint.experiments.probes.items import Items, labelled_items, permuted_labels
from latentprint.experiments.probes.labels import Labelled, keep_classes, label_photos
from latentprint.experiments.probes.options import Guards, ProbeOptions
from latentprint.experiments.probes.outcome import ProbeOutcome
from latentprint.experiments.probes.plans import Plan, balanced, fold_plan, split_plan
from latentprint.experiments.probes.probe import Task, run_task
from latentprint.experiments.probes.processing_probe import FEW_PHOTOS
from latentprint.experiments.probes.within_class import (
    balanced_within,
    centred,
    comparable,
)
from latentprint.experiments.source import ROW, EmbeddingSource, require_source
from latentprint.photos import merge_groups, straddling_groups
from latentprint.words import SEMANTIC, Experiment, ProbeSetup

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentprint.photos import SplitFile

    Chooser = Callable[[np.ndarray, int], np.ndarray]

EMBEDDED_AS = ("none", "JPEG95_444")
"""Processing classes whose embeddings are probed for labels, the first that there is."""

_SPLIT_LABEL = "label of the split file"

CAP_COLUMN = "taken_month"
"""Column that splits the photos of a group for the cap."""


def probe_label(
    source: EmbeddingSource,
    label: str,
    options: ProbeOptions | None = None,
    guards: Guards | None = None,
    split: SplitFile | None = None,
    *,
    within_class: bool = False,
) -> ProbeOutcome:
    """Train softmax regression to tell the classes of a photo's label apart.

    The label may be an acquisition label (make, aperture…) or any other column. With a split file,
    hyperparameters are tuned on its validation photos, the final fit has training and validation
    photos, and its test photos are tested (ICCV 2025 study, arXiv 2508.10637, section 4). With a
    split of the photos, a fifth of the training groups serves for tuning. Without one, sets below
    5,000 photos are cross-validated in folds by group, a fresh balanced sample in every repeat.

    Args:
        source: Embeddings and labels of the photos.
        label: Column of ``source.photos``.
        options: How the probe is run.
        guards: Which photos take part.
        split: The split to use instead of that of the photos, with its labels.
        within_class: Compare photos of one semantic class only, see ``probes.within_class``; chance
            is what guessing within the class gives.

    Raises:
        UsageError: There is no such column, or a rule does not fit it.
        LatentprintError: Fewer than two classes have enough photos, or a vector is zero or not
            finite; within classes, the label goes with the class.
    """
    require_source(source)
    options, guards = options or ProbeOptions(), guards or Guards()
    photos, labelled, notes = _selected(source.photos, label, guards, options.seed, split)
    semantic = None
    if within_class:
        photos, labelled, semantic = comparable(photos, labelled, guards.min_count)
        notes.append(f"within the classes that have every value: {len(np.unique(semantic))}")
        # Differences from a mean have no length of their own that could be divided away.
        options = replace(options, normalise="none", controls=False, curve=False)
    processing = _embedded_as(source, guards)
    items = labelled_items(
        source,
        processing,
        photos,
        labelled.codes,
        labelled.classes,
        memory_mb=options.vectors_mb,
    )
    made = source.split_made and split is None
    plan = _plan(items, photos, made, options, _chooser(items, guards, semantic))
    if semantic is not None:
        items, plan = centred(items, plan, semantic)
    if not made and (straddling := straddling_groups(photos)):
        notes.append(f"groups of photos on both sides of the split: {len(straddling)}")
    task = Task(
        Experiment.ACQUISITION_PROBE,
        label,
        ProbeSetup.PUBLISHED if semantic is None else ProbeSetup.WITHIN_CLASS,
        items,
        plan,
        permuted_labels,
        tuple(notes),
    )
    outcome = run_task(source, task, options)
    if not options.controls:
        return outcome
    return _with_container(outcome, items, photos, plan, options)


def _selected(
    table: pl.DataFrame, label: str, guards: Guards, seed: int, split: SplitFile | None
) -> tuple[pl.DataFrame, Labelled, list[str]]:
    """The photos that take part, their classes, and what was left out."""
    photos = table.with_row_index(ROW)
    if guards.group is not None:
        if guards.group not in table.columns:
            raise unknown_name("group column", guards.group, table.columns)
        own = photos[guards.group].cast(pl.String).replace("", None).to_list()
        photos = photos.with_columns(group=pl.Series(merge_groups(photos["group"].to_list(), own)))
    notes: list[str] = []
    if split is not None:
        photos, notes = _by_split_file(photos, split)
    photos = photos.sort("id", maintain_order=True)
    column = label if split is None else _SPLIT_LABEL
    # The classes of a split and semantic classes are names, even where they are written in digits.
    rule = "values" if column in (_SPLIT_LABEL, SEMANTIC) else None
    labelled = replace(label_photos(photos, column, guards.bins.get(label, rule)), name=label)
    notes += labelled.notes
    kept = labelled.codes >= 0
    if guards.cap is not None:
        kept &= _capped(photos, guards.cap, seed, kept)
        notes.append(f"at most {guards.cap} photos of a group and month")
    photos, codes = photos.filter(kept), labelled.codes[kept]
    few = keep_classes(replace(labelled, codes=codes), guards.min_count)
    dropped = len(labelled.classes) - len(few.classes)
    if dropped:
        notes.append(f"classes of fewer than {guards.min_count} photos left out: {dropped}")
    inside = few.codes >= 0
    return photos.filter(inside), replace(few, codes=few.codes[inside]), notes


def _by_split_file(photos: pl.DataFrame, split: SplitFile) -> tuple[pl.DataFrame, list[str]]:
    """The photos of a split file with its sides and labels; a test photo is never trained on.

    Raises:
        LatentprintError: None of them is there.
    """
    tested = split.table.filter(pl.col("split") == "test")["id"]
    other = pl.col("split") != "test"
    wanted = split.table.filter(~(other & pl.col("id").is_in(tested.implode())))
    wanted = wanted.unique("id", keep="first", maintain_order=True)
    missing = wanted.height - wanted["id"].is_in(photos["id"].implode()).sum()
    if missing == wanted.height:
        raise LatentprintError(
            f"None of the photos of the split for {split.target_attribute!r} is among the"
            " embeddings: their ids must be the same."
        )
    notes = []
    if leaked := split.table.height - wanted.height:
        notes.append(f"photos that the split has on two sides, kept for testing only: {leaked}")
    if missing:
        notes.append(f"photos of the split that are not embedded: {missing}")
    wanted = wanted.rename({"label": _SPLIT_LABEL})
    return photos.drop("split").join(wanted, on="id", how="inner", maintain_order="left"), notes


def _capped(photos: pl.DataFrame, most: int, seed: int, kept: np.ndarray) -> np.ndarray:
    months = (
        photos[CAP_COLUMN].cast(pl.String).fill_null("").to_list()
        if CAP_COLUMN in photos.columns
        else [""] * len(photos)
    )
    keys = [f"{group}\0{month}" for group, month in zip(photos["group"], months, strict=True)]
    found = np.zeros(len(photos), dtype=bool)
    inside = np.flatnonzero(kept)
    ids = photos["id"].to_list()
    found[inside] = cap_per_group(
        [ids[at] for at in inside], [keys[at] for at in inside], most, seed
    )
    return found


def _embedded_as(source: EmbeddingSource, guards: Guards) -> str:
    if guards.processing is not None:
        return guards.processing
    for name in EMBEDDED_AS:
        try:
            source.vectors(name)
        except LatentprintError:
            continue
        return name
    raise LatentprintError(
        f"Labels are read from embeddings of unprocessed photos, and {source.encoder} has none:"
        " embed with `-a none`, or name a class with --processing."
    )


def _chooser(items: Items, guards: Guards, semantic: np.ndarray | None) -> Chooser:
    """How photos are chosen so that a class can be guessed no better than by chance."""

    def chosen(index: np.ndarray, seed: int) -> np.ndarray:
        if semantic is not None:
            return balanced_within(items, semantic, index, seed)
        return balanced(items, index, seed) if guards.balance else index

    return chosen


def _plan(
    items: Items, photos: pl.DataFrame, made: bool, options: ProbeOptions, chosen: Chooser
) -> Plan:
    everything = np.arange(len(items.labels))
    if made and len(everything) < FEW_PHOTOS:
        return fold_plan(
            items,
            repeats=options.fits,
            seed=options.seed,
            choose=lambda index, repeat: chosen(index, options.seed * 1000 + repeat),
        )
    side = photos["split"].to_numpy()
    parts = {name: chosen(everything[side == name], options.seed) for name in set(side)}
    # A split of two sides calls the second one val; one of three has it for tuning.
    tested = parts.get("test", parts.get("val"))
    if tested is None or "train" not in parts:
        raise LatentprintError(
            "A probe needs training and test photos with this label, and the split leaves one side"
            " empty."
        )
    if len(np.unique(items.labels[tested])) < 2:
        raise LatentprintError(
            "A probe needs test photos of at least two classes that can be told apart, and the"
            " split leaves fewer."
        )
    validation = parts.get("val") if "test" in parts else None
    return split_plan(
        items,
        parts["train"],
        tested,
        seed=options.seed,
        validation=validation,
    )


def _with_container(
    outcome: ProbeOutcome, items: Items, photos: pl.DataFrame, plan: Plan, options: ProbeOptions
) -> ProbeOutcome:
    """Add what the file alone tells: the same probe of pixel size and file facts."""
    facts = container_items(items, photos, leave_out=outcome.result.attribute)
    if facts is None:
        return outcome
    found = run_plan(facts, plan, replace(options, normalise="standardise", solver="lbfgs"))
    value = found.score.value
    notes = outcome.result.notes
    if outcome.result.value <= value:
        told = f"file facts alone read {value:.1f}: the encoder knows no more than the file tells"
        notes = "; ".join(filter(None, (notes, told)))
    return replace(outcome, result=replace(outcome.result, container=value, notes=notes))
