"""How many nearest neighbours stay, and what it costs to erase a part of an index alone."""

from __future__ import annotations

import numpy as np

from latentprint.errors import LatentprintError
from latentprint.experiments.erase.staged import (
    CROSSED,
    DRAWS,
    About,
    Paired,
    plain_row,
    staged_rows,
)
from latentprint.experiments.erase.views import Stages
from latentprint.experiments.probes.guards import shuffle_order
from latentprint.experiments.vectors import units
from latentprint.neighbours.candidates import Searched
from latentprint.neighbours.nearest import nearest_photos
from latentprint.results import Result
from latentprint.stats import ClusterBootstrap, interval
from latentprint.words import ErasureMeasure, Stage

_LISTED = float(np.sqrt(3.0))
"""How much farther neighbours kept scatter: a photo is in lists of others before and after."""


def overlap_rows(
    stages: Stages, processing: str, *, k: int = 10, seed: int = 0, memory_mb: int = 4096
) -> list[Result]:
    """Share of the k nearest photos before erasure that are among those after it, in percent.

    And, where a random half of the index is erased, the share of the k nearest that are of the
    photo's own half: half of them would be, where mixing cost nothing.

    Args:
        stages: Before and after.
        processing: Processing class whose embeddings are compared.
        k: Number of neighbours.
        seed: Seeds the halves and the resamples.
        memory_mb: Memory for vectors and similarities.

    Raises:
        LatentprintError: There are too few photos, or a vector is zero or not finite.
    """
    n = len(stages.photos)
    if n < 2 * k:
        raise LatentprintError(
            f"{n} photos that the eraser never saw are too few to compare {k} neighbours."
        )
    before, after = (
        units(source.vectors(processing)[:], stages.photos["id"], source.encoder)
        for source in (stages.before, stages.after)
    )
    found, erased = (_nearest(each, k, memory_mb) for each in (before, after))
    kept = np.array([len(np.intersect1d(*pair)) for pair in zip(found, erased, strict=True)])
    about = About(processing, "", {"k": k})
    shares = Paired(
        ErasureMeasure.OVERLAP,
        np.full(n, 100.0),
        100.0 * kept / k,
        stages.groups,
        widening=_LISTED,
    )
    rows = [
        row for row in staged_rows(stages, about, shares, seed=seed) if row.stage == Stage.AFTER
    ]
    return [*rows, _mixed(stages, about, (before, after), k, seed, memory_mb)]


def _mixed(
    stages: Stages,
    about: About,
    vectors: tuple[np.ndarray, np.ndarray],
    k: int,
    seed: int,
    memory_mb: int,
) -> Result:
    """Neighbours of the own half where half of the photos are erased, whole groups at a time."""
    names, members = np.unique(stages.groups, return_inverse=True)
    place = np.empty(len(names), dtype=np.int64)
    place[shuffle_order(names.tolist(), seed, "half erased")] = np.arange(len(names))
    half = (place % 2 == 0)[members]
    mixed = np.where(half[:, None], vectors[1], vectors[0])
    same = (half[_nearest(mixed, k, memory_mb)] == half[:, None]).mean(axis=1)
    others = np.where(half, half.sum(), (~half).sum()) - 1
    value = 100.0 * float(same.mean())
    samples = 100.0 * ClusterBootstrap.of(stages.groups, DRAWS, seed).means(same)
    low, high = np.clip(interval(value + CROSSED * (samples - value)), 0.0, 100.0)
    chance = 100.0 * float((others / (len(half) - 1)).mean())
    return plain_row(
        stages, About(about.attribute, "", {"k": k, "chance": chance}), ErasureMeasure.MIXED,
        Stage.AFTER, (value, float(low), float(high)),
    )  # fmt: skip


def _nearest(vectors: np.ndarray, k: int, memory_mb: int) -> np.ndarray:
    order = np.arange(len(vectors))
    searched = Searched.of(vectors.astype(np.float32), order, order)
    return nearest_photos(searched, (k,), memory_mb=memory_mb)[k]
