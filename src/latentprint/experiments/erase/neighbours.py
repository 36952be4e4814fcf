"""How many nearest neighbours stay, and what it costs to erase a part of an index alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentprint.errors import LatentprintError
from latentprint.experiments.erase.staged import (
    CROSSED,
    DRAWS,
    About,
    Paired,
    plain_row,
    staged_rows,
    widened,
)
from latentprint.experiments.erase.views import Stages
from latentprint.experiments.neighbors.features import unit_vectors
from latentprint.experiments.probes.guards import shuffle_order
from latentprint.experiments.sampling import Asked
from latentprint.experiments.source import ROW
from latentprint.neighbours.candidates import Searched
from latentprint.neighbours.nearest import nearest_photos
from latentprint.results import Result
from latentprint.stats import ClusterBootstrap, interval, interval_of_equals
from latentprint.words import ErasureMeasure, Stage

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

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
    asked, groups = stages.asked(seed), stages.groups
    placed = stages.photos.with_row_index(ROW)
    # One quarter for the vectors of each, the other half for similarities.
    before, after = (
        unit_vectors(source, [processing], placed, memory_mb / 4)[0]
        for source in (stages.before, stages.after)
    )
    found, erased = (_nearest(each, asked.rows, k, memory_mb / 2) for each in (before, after))
    kept = np.array([len(np.intersect1d(*pair)) for pair in zip(found, erased, strict=True)])
    about = About(processing, "", {"k": k, "notes": asked.note})
    shares = Paired(
        ErasureMeasure.OVERLAP,
        np.full(len(kept), 100.0),
        100.0 * kept / k,
        [groups[at] for at in asked.rows],
        widening=widened(_LISTED, asked.share),
    )
    rows = [
        row for row in staged_rows(stages, about, shares, seed=seed) if row.stage == Stage.AFTER
    ]
    return [*rows, _mixed(stages, about, (before, after), asked, seed, memory_mb / 2)]


@dataclass(frozen=True)
class _Mixed:
    """Vectors of an index of which a half is erased, read where they are indexed [n, D].

    Attributes:
        before: Unit vectors before erasure [n, D].
        after: Those after it.
        half: Which photos are erased, bool [n].
    """

    before: VectorArray
    after: VectorArray
    half: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """N photos, D dimensions."""
        return len(self.half), int(self.before.shape[1])

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        found: np.ndarray = np.where(self.half[rows, None], self.after[rows], self.before[rows])
        return found


def _mixed(
    stages: Stages,
    about: About,
    vectors: tuple[VectorArray, VectorArray],
    asked: Asked,
    seed: int,
    memory_mb: float,
) -> Result:
    """Neighbours of the own half where half of the photos are erased, whole groups at a time."""
    given = stages.groups
    names, members = np.unique(given, return_inverse=True)
    place = np.empty(len(names), dtype=np.int64)
    place[shuffle_order(names.tolist(), seed, "half erased")] = np.arange(len(names))
    half = (place % 2 == 0)[members]
    rows, k = asked.rows, about.columns["k"]
    near = _nearest(_Mixed(*vectors, half), rows, k, memory_mb)
    same = (half[near] == half[rows, None]).mean(axis=1)
    others = np.where(half, half.sum(), (~half).sum())[rows] - 1
    value = 100.0 * float(same.mean())
    groups = [given[at] for at in rows]
    samples = 100.0 * ClusterBootstrap.of(groups, DRAWS, seed).means(same)
    wide = widened(CROSSED, asked.share)
    if np.ptp(same) == 0.0:
        low, high = interval_of_equals(value, len(set(groups)))
    else:
        low, high = np.clip(interval(value + wide * (samples - value)), 0.0, 100.0)
    chance = 100.0 * float((others / (len(half) - 1)).mean())
    return plain_row(
        stages, About(about.attribute, "", {**about.columns, "chance": chance}),
        ErasureMeasure.MIXED, Stage.AFTER, (value, float(low), float(high)), n_test=len(rows),
    )  # fmt: skip


def _nearest(vectors: VectorArray, rows: np.ndarray, k: int, memory_mb: float) -> np.ndarray:
    order = np.arange(vectors.shape[0])
    searched = Searched.of(vectors, order, order)
    return nearest_photos(searched, (k,), memory_mb=memory_mb, asked=rows)[k]
