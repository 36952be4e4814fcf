"""How far neighbours follow what is to be erased, before and after: the measure that judges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError
from latentprint.experiments.erase.staged import (
    CROSSED,
    PARTLY_CROSSED,
    About,
    Paired,
    said,
    seen_of,
    staged_rows,
    widened,
)
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.experiments.neighbors.influence import influence
from latentprint.experiments.neighbors.setups import SETUPS
from latentprint.experiments.probes.guards import grouped_folds, shuffle_order
from latentprint.results import Result
from latentprint.words import ErasureMeasure, InfluenceSetup

if TYPE_CHECKING:
    from latentprint.processing import Attribute

FOLDS = 5

DRAWN = "classes of photos drawn at random, which content does not tell"


@dataclass(frozen=True)
class Voted:
    """What neighbours vote for, by photo that is asked.

    Attributes:
        influence: pos-same minus neg-same in points, float64 [n].
        right: Accuracy where everything is processed alike, in percent, float64 [n].
        ids: Ids of the photos [n].
    """

    influence: np.ndarray
    right: np.ndarray
    ids: tuple[str, ...]


def has_classes(photos: pl.DataFrame) -> bool:
    """Whether photos have semantic classes that neighbours can vote for."""
    return photos["label"].drop_nulls().n_unique() > 1


def with_classes(stages: Stages, seed: int) -> Stages:
    """Photos with their classes; where they have none, with one of two by the seed and the group.

    Content tells nothing of classes that were drawn, so that only processing can attract.
    """
    if has_classes(stages.photos):
        return stages
    names, members = np.unique(stages.groups, return_inverse=True)
    place = np.empty(len(names), dtype=np.int64)
    place[shuffle_order(names.tolist(), seed, "classes drawn")] = np.arange(len(names))
    drawn = pl.Series([f"{each % 2}" for each in place[members]], dtype=pl.String)
    return stages.labelled(label=drawn)


def harm_rows(
    stages: Stages,
    attribute: Attribute,
    *,
    k: int,
    seed: int = 0,
    memory_mb: int = 4096,
    before: Voted | None = None,
) -> list[Result]:
    """KNN influence and class kNN before and after, every photo asked for once, in folds.

    The measure is that of ``influence``: accuracy when only photos of the right class share the
    photo's processing, minus that when only the others do. Photos without classes get one of two at
    random; class kNN is then not measured.

    Args:
        stages: Before and after.
        attribute: The processing.
        k: Number of neighbours.
        seed: Seeds folds, draws and resamples.
        memory_mb: Memory for vectors and similarities.
        before: What neighbours vote for before, where several erasers share it.

    Raises:
        LatentprintError: There are too few photos, or a vector is zero or not finite.
    """
    labelled, asked = with_classes(stages, seed), stages.asked(seed)
    vote = partial(
        voted, attribute=attribute, k=k, seed=seed, memory_mb=memory_mb, asked=asked.rows
    )
    before = before or vote(labelled.before)
    after = vote(labelled.after)
    groups = stages.groups_of(before.ids)
    real = labelled is stages
    columns = {
        "k": k,
        "classes": len(attribute.classes),
        "notes": said(asked.note, "" if real else DRAWN),
    }
    about = About(attribute.name, seen_of(attribute.classes, stages.seen), columns)
    harm = Paired(
        ErasureMeasure.INFLUENCE, before.influence, after.influence, groups,
        share=False, tested=True, widening=widened(CROSSED, asked.share),
    )  # fmt: skip
    rows = staged_rows(stages, about, harm, seed=seed)
    if real:
        kept = Paired(
            ErasureMeasure.CLASS, before.right, after.right, groups,
            widening=widened(PARTLY_CROSSED, asked.share),
        )  # fmt: skip
        chance = 100.0 / stages.photos["label"].drop_nulls().n_unique()
        about = About(about.attribute, about.condition, {**columns, "chance": chance})
        rows += staged_rows(stages, about, kept, seed=seed)
    return rows


def voted(
    source: ViewedEmbeddings,
    attribute: Attribute,
    *,
    k: int,
    seed: int,
    memory_mb: int,
    asked: np.ndarray,
) -> Voted:
    """What neighbours vote for, every photo of some asked for once.

    Args:
        source: The embeddings of all photos.
        attribute: The processing.
        k: Number of neighbours.
        seed: Seeds folds and draws.
        memory_mb: Memory for vectors and similarities.
        asked: Rows of the photos that are asked, int64 [m].

    Raises:
        LatentprintError: There are too few photos.
    """
    groups = source.photos["group"].to_list()
    if len(set(groups)) < 2 * FOLDS:
        raise LatentprintError(
            f"The proof needs photos of at least {2 * FOLDS} groups that the eraser never saw, and "
            f"there are {len(set(groups))}: hold out more, or test on other photos."
        )
    codes = np.unique(source.photos["label"].fill_null("").to_numpy(), return_inverse=True)[1]
    fold = grouped_folds(codes.astype(np.int64), groups, FOLDS, seed)
    left_out = np.ones(len(fold), dtype=bool)
    left_out[asked] = False
    splits = [
        np.where(fold != each, "train", np.where(left_out, "", "val")) for each in range(FOLDS)
    ]
    found = [
        _of_fold(source, each, attribute, k, seed, memory_mb) for each in splits if "val" in each
    ]
    return Voted(
        np.concatenate([each.influence for each in found]),
        np.concatenate([each.right for each in found]),
        tuple(name for each in found for name in each.ids),
    )


def _of_fold(
    source: ViewedEmbeddings,
    split: np.ndarray,
    attribute: Attribute,
    k: int,
    seed: int,
    memory_mb: int,
) -> Voted:
    labelled = source.labelled(split=pl.Series(split, dtype=pl.String))
    outcome = influence(
        labelled, attribute, ks=(k,), seeds=1, seed=seed, bootstrap=1, sample=0,
        memory_mb=memory_mb,
    )  # fmt: skip
    mean = {name: outcome.correct[k, name].mean(axis=0) for name in SETUPS}
    change = mean[InfluenceSetup.POS_SAME] - mean[InfluenceSetup.NEG_SAME]
    return Voted(100.0 * change, 100.0 * mean[InfluenceSetup.ALL_SAME], outcome.test_ids)
