"""Whether a photo is still found as a copy of itself, at a threshold and at one set anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from latentprint.errors import UsageError
from latentprint.experiments.erase.staged import About, Paired, plain_row, seen_of, staged_rows
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.experiments.probes.guards import shuffle_order
from latentprint.experiments.probes.items import open_vectors
from latentprint.experiments.source import ROW
from latentprint.experiments.vectors import units
from latentprint.results import Result
from latentprint.words import ErasureMeasure, Stage

if TYPE_CHECKING:
    from latentprint.processing import Attribute

MOST = 1000
"""Photos whose pairs are looked at."""

FEWEST_MATCHES = 10
"""Pairs of different photos above a threshold that tell how many false matches it makes."""


def copy_rows(
    stages: Stages,
    attribute: Attribute,
    threshold: float | None,
    *,
    seed: int = 0,
    memory_mb: int = 4096,
) -> list[Result]:
    """Self-similarity, copies missed at a threshold, and the threshold of as many false matches.

    A photo under one class is compared with itself under every other. A false match is a pair of
    different photos under one class that are as similar as the threshold. After erasure the
    threshold set anew makes as large a share of them as the old one did before.

    Args:
        stages: Before and after.
        attribute: The processing.
        threshold: A cosine similarity below which a copy counts as another photo.
        seed: Seeds the choice among many photos, and resamples.
        memory_mb: Memory for vectors.

    Raises:
        UsageError: The threshold is no cosine similarity.
        LatentprintError: A vector is zero or not finite.
    """
    if threshold is not None and not -1.0 <= threshold <= 1.0:
        raise UsageError(f"A cosine similarity lies between -1 and 1, not at {threshold:g}.")
    order = shuffle_order(stages.photos["id"].to_list(), seed, "copies")[:MOST]
    chosen = np.sort(order)
    groups = stages.groups_of(stages.photos["id"].gather(chosen).to_list())
    before, after = (
        _Copies.of(source, attribute.classes, chosen, memory_mb)
        for source in (stages.before, stages.after)
    )
    columns = {"classes": len(attribute.classes), "threshold": None}
    about = About(attribute.name, seen_of(attribute.classes, stages.seen), columns)
    means = [100.0 * each.selves.mean(axis=1) for each in (before, after)]
    own = Paired(ErasureMeasure.SELF, means[0], means[1], groups, share=False, widening=1.0)
    rows = staged_rows(stages, about, own, seed=seed)
    if threshold is None:
        return rows
    about = About(about.attribute, about.condition, {**columns, "threshold": threshold})
    missed = before.missed(threshold)
    here = Paired(ErasureMeasure.MISSED, missed, after.missed(threshold), groups, widening=1.0)
    rows += staged_rows(stages, about, here, seed=seed)
    matches = int((before.others >= threshold).sum())
    if matches < FEWEST_MATCHES:
        note = (
            f"{matches} of {len(before.others):,} pairs of different photos reach the threshold: "
            "too few to say which one makes as many false matches after erasure"
        )
        return [_with_note(row, note) for row in rows]
    anew = float(np.sort(after.others)[-matches])
    note = f"{matches:,} of {len(before.others):,} pairs of different photos are false matches"
    told = About(about.attribute, about.condition, {**about.columns, "notes": note})
    figure = (100.0 * anew,) * 3
    rows.append(plain_row(stages, told, ErasureMeasure.THRESHOLD, Stage.AFTER, figure))
    with_it = Paired(ErasureMeasure.MISSED_ANEW, missed, after.missed(anew), groups, widening=1.0)
    return [*rows, *staged_rows(stages, about, with_it, seed=seed)]


def _with_note(row: Result, note: str) -> Result:
    return replace(row, notes=note) if row.setup == ErasureMeasure.MISSED else row


@dataclass(frozen=True)
class _Copies:
    """Cosine similarities of photos.

    Attributes:
        selves: To themselves under another class, float64 [n, pairs of classes].
        others: Of pairs of different photos, those of different groups, under one class [m].
    """

    selves: np.ndarray
    others: np.ndarray

    @classmethod
    def of(
        cls, source: ViewedEmbeddings, classes: Sequence[str], chosen: np.ndarray, memory_mb: int
    ) -> _Copies:
        photos = source.photos.with_row_index(ROW)[chosen]
        parts = open_vectors(source, classes, photos, memory_mb)
        vectors = [units(each[:], photos["id"], source.encoder) for each in parts]
        selves = [
            (vectors[one] * vectors[other]).sum(axis=1)
            for one, other in permutations(range(len(classes)), 2)
            if one < other
        ]
        group = photos["group"].to_numpy().astype(str)
        one, other = np.triu_indices(len(photos), 1)
        apart = group[one] != group[other]
        pairs = (one[apart], other[apart])
        return cls(
            np.stack(selves, axis=1),
            np.concatenate([(each @ each.T)[pairs] for each in vectors]),
        )

    def missed(self, threshold: float) -> np.ndarray:
        """Share of the copies of every photo that are below a threshold, in percent [n]."""
        found: np.ndarray = 100.0 * (self.selves < threshold).mean(axis=1)
        return found
