"""Harm and neighbours kept against the number of directions that are erased."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latentprint.experiments.erase.harm import harm_rows, voted, with_classes
from latentprint.experiments.erase.neighbours import overlap_rows
from latentprint.experiments.erase.views import Stages
from latentprint.results import Result
from latentprint.words import HARMS, ErasureMeasure, Stage

if TYPE_CHECKING:
    from latentprint.processing import Attribute


def ranks_of(rank: int) -> list[int]:
    """1, 2, 4, 8 and so on, below the rank of the eraser."""
    found, at = [], 1
    while at < rank:
        found.append(at)
        at *= 2
    return found


def rank_rows(
    stages: Stages,
    attribute: Attribute,
    processing: str,
    *,
    k: int,
    seed: int = 0,
    memory_mb: int = 4096,
) -> list[Result]:
    """What is left after the first directions of the eraser, those that differ most, alone.

    Args:
        stages: Before and after.
        attribute: The processing that neighbours follow.
        processing: Processing class whose neighbours are compared.
        k: Number of neighbours.
        seed: Seeds folds and resamples.
        memory_mb: Memory for vectors and similarities.
    """
    ranks = ranks_of(stages.eraser.rank)
    if not ranks:
        return []
    source = with_classes(stages, seed).before
    asked = stages.asked(seed).rows
    before = voted(source, attribute, k=k, seed=seed, memory_mb=memory_mb, asked=asked)
    rows: list[Result] = []
    for rank in ranks:
        fewer = stages.first(rank)
        found = [
            *harm_rows(fewer, attribute, k=k, seed=seed, memory_mb=memory_mb, before=before),
            *overlap_rows(fewer, processing, k=k, seed=seed, memory_mb=memory_mb),
        ]
        # Curves are drawn, not judged.
        rows += [
            replace(row, p=None)
            for row in found
            if row.stage == Stage.AFTER and row.setup in (*HARMS, ErasureMeasure.OVERLAP)
        ]
    return rows
