"""How far neighbours share a label that they should not, before and after erasure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, unknown_name
from latentprint.experiments.erase.harm import has_classes, with_classes
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
from latentprint.experiments.neighbors.robustness import RobustnessOutcome, robustness
from latentprint.experiments.neighbors.robustness_options import RobustnessOptions
from latentprint.results import Result
from latentprint.stats import ClusterBootstrap, interval, interval_of_equals
from latentprint.words import (
    ErasureMeasure,
    RobustnessCondition,
    RobustnessMeasure,
    Stage,
)

FEWEST = 10
"""Photos of a value that tell something of it."""


def nuisance_rows(
    stages: Stages,
    nuisance: str,
    processing: str,
    *,
    k: int = 10,
    seed: int = 0,
    memory_mb: int = 4096,
) -> list[Result]:
    """Nuisance purity and robustness index, before and after.

    Both are those of ``robustness``; the purity before is tested by its permutations within
    classes, since a nuisance may go with the class.

    Args:
        stages: Before and after.
        nuisance: Column of the label, such as make.
        processing: Processing class whose embeddings are compared.
        k: Number of neighbours.
        seed: Seeds permutations and resamples.
        memory_mb: Memory for vectors and similarities.

    Raises:
        UsageError: There is no such column, or there are too few photos.
        LatentprintError: Fewer than two values are common, or labels cannot be compared.
    """
    labelled = with_classes(with_common(stages, nuisance), seed)
    options = RobustnessOptions(
        ks=(k,), processing=processing, seed=seed, sample=stages.sample, memory_mb=memory_mb
    )
    before, after = (
        robustness(source, nuisance, options=options)
        for source in (labelled.before, labelled.after)
    )
    one, other = before.photos[k], after.photos[k]
    groups = stages.groups_of(one["id"].to_list())
    purity = _purity(before)
    columns: dict[str, Any] = {"k": k, "chance": purity.chance, "classes": purity.classes}
    share = purity.n_test / purity.n_train
    if share < 1.0:
        columns["notes"] = purity.notes
    about = About(nuisance, stages.knows(nuisance), columns)
    shares = [100.0 * each["same_nuisance"].to_numpy() / k for each in (one, other)]
    paired = Paired(
        ErasureMeasure.NUISANCE, shares[0], shares[1], groups, tested=True,
        widening=widened(CROSSED, share),
    )  # fmt: skip
    rows = staged_rows(stages, about, paired, seed=seed)
    found = {Stage.BEFORE: purity.p, Stage.AFTER: _purity(after).p}
    rows = [replace(row, p=found.get(Stage(row.stage), row.p)) for row in rows]
    if not has_classes(stages.photos):
        return rows
    wide = widened(CROSSED, share)
    return [*rows, *_index_rows(stages, about, (one, other), groups, seed, wide)]


def with_common(stages: Stages, column: str) -> Stages:
    """The photos without values of a column that few of them have.

    The few photos of a rare camera are often of one person and place, and alike by what they show.

    Raises:
        UsageError: There is no such column.
        LatentprintError: Fewer than two values are common.
    """
    if column not in stages.photos.columns:
        raise unknown_name("column", column, stages.photos.columns)
    values = stages.photos[column].cast(pl.String).replace("", None)
    counts = values.drop_nulls().value_counts(name="n").filter(pl.col("n") >= FEWEST)
    if len(counts) < 2:
        raise LatentprintError(
            f"Fewer than two values of {column!r} have {FEWEST} photos that the eraser never saw."
        )
    common = counts[values.name].implode()
    return stages.labelled(**{column: values.set(~values.is_in(common).fill_null(False), None)})


def _purity(outcome: RobustnessOutcome) -> Result:
    return next(
        row
        for row in outcome.results
        if row.setup == RobustnessMeasure.NUISANCE_PURITY
        and row.condition == RobustnessCondition.WITHIN_CLASS
    )


def _index_rows(
    stages: Stages,
    about: About,
    photos: tuple[Any, Any],
    groups: list[str],
    seed: int,
    widening: float,
) -> list[Result]:
    """SO / (SO + OS) before and after, with the same resamples; none where it is not defined."""
    bootstrap = ClusterBootstrap.of(groups, DRAWS, seed)
    values, samples = [], []
    for each in photos:
        so, os = (each[name].to_numpy().astype(float) for name in ("so", "os"))
        if not (so + os).any():
            return []
        drawn = bootstrap.sums(np.stack([so, so + os]))
        with np.errstate(invalid="ignore", divide="ignore"):
            values.append(100.0 * so.sum() / (so + os).sum())
            samples.append(100.0 * np.nan_to_num(drawn[:, 0] / drawn[:, 1], nan=50.0))
    figures = [*zip(values, samples, strict=True), (values[1] - values[0], samples[1] - samples[0])]
    told = About(about.attribute, about.condition, {**about.columns, "chance": None})
    rows = []
    for stage, (value, drawn) in zip(Stage, figures, strict=True):
        low, high = interval(value + widening * (drawn - value))
        if np.ptp(drawn) == 0.0:
            change = stage == Stage.CHANGE
            low, high = interval_of_equals(value, len(set(groups)), change=change)
        figure = (value, low, high)
        rows.append(
            plain_row(stages, told, ErasureMeasure.INDEX, stage, figure, n_test=len(groups))
        )
    return rows
