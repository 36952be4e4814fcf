"""A figure before and after erasure with the interval of its change, photo by photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from latentprint.experiments.erase.views import Stages
from latentprint.experiments.source import origin
from latentprint.results import Result
from latentprint.stats import ClusterBootstrap, interval, interval_of_equals, two_sided_p
from latentprint.words import ErasureMeasure, Experiment, Seen, Stage

DRAWS = 1000

CROSSED = float(np.sqrt(2.0))
"""How much farther figures scatter than the photos asked for alone make them.

In folds every photo is asked for once, and is a neighbour, or trained on, for others: as such it is
taken to weigh as much again, as in ``influence``.
"""

PARTLY_CROSSED = float(np.sqrt(1.5))
"""The same of class kNN: what neighbours add to it before and after, the difference takes away.

The factors are set by sets that were drawn anew (``benchmarks/coverage``, part ``erase``).
"""


def widened(widening: float, share: float) -> float:
    """How much farther figures scatter where a share of the photos alone is asked.

    All photos are neighbours: to the fewer that are asked they add the less.

    Args:
        widening: The same where all are asked.
        share: Share of the photos that are asked, 0 to 1.
    """
    return widening if share == 1.0 else float(np.sqrt(1.0 + (widening**2 - 1.0) * share))


def said(*notes: str) -> str:
    """Notes of a row, without empty ones."""
    return "; ".join(filter(None, notes))


@dataclass(frozen=True)
class About:
    """What figures are of.

    Attributes:
        attribute: The label or processing.
        condition: Whether the eraser saw its classes, or another condition.
        columns: Further columns of the rows: ``k``, ``chance``, ``classes``, ``threshold``…
    """

    attribute: str
    condition: str = ""
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Paired:
    """A figure of every photo, in the same order before and after, float64 [n].

    Attributes:
        measure: What it is.
        before: Before erasure, in percent, or points.
        after: After it.
        groups: Group of every photo [n]; groups are resampled whole, the same before and after.
        share: Whether it lies between 0 and 100.
        widening: By how much the spread of photos asked for falls short; see ``CROSSED``.
        tested: Whether its rows are tested for being zero.
    """

    measure: ErasureMeasure
    before: np.ndarray
    after: np.ndarray
    groups: Sequence[str]
    share: bool = True
    widening: float = CROSSED
    tested: bool = False


def seen_of(classes: Sequence[str], seen: Sequence[str]) -> Seen:
    """Whether an eraser that was fitted on some classes knows others.

    Unprocessed photos, which every attribute may hold, tell nothing of that.
    """
    known = [name in seen for name in classes]
    if all(known):
        return Seen.SEEN
    return Seen.PARTLY if any(known) else Seen.UNSEEN


def staged_rows(stages: Stages, about: About, paired: Paired, *, seed: int = 0) -> list[Result]:
    """Three rows: before, after, and the change.

    Intervals are those of a bootstrap of groups of photos, with the same resamples before and
    after, so that the interval of the change is that of paired measurements.
    """
    values = np.stack([paired.before, paired.after, paired.after - paired.before])
    bootstrap = ClusterBootstrap.of(paired.groups, DRAWS, seed)
    samples = bootstrap.means(values)
    return [
        _row(stages, about, paired, stage, values[at], samples[:, at])
        for at, stage in enumerate(Stage)
    ]


def _row(
    stages: Stages,
    about: About,
    paired: Paired,
    stage: Stage,
    values: np.ndarray,
    samples: np.ndarray,
) -> Result:
    value, change = float(values.mean()), stage == Stage.CHANGE
    samples = value + paired.widening * (samples - value)
    low, high = interval(samples)
    groups = len(set(paired.groups))
    if np.ptp(values) == 0.0 and (paired.share or paired.tested):
        low, high = interval_of_equals(value, groups, change=change or not paired.share)
    if paired.share:
        low, high = np.clip((low, high), -100.0 if change else 0.0, 100.0)
    columns = {**about.columns, **({"chance": None} if change else {})}
    return plain_row(
        stages,
        About(about.attribute, about.condition, columns),
        paired.measure,
        stage,
        (value, float(low), float(high)),
        n_test=len(values),
        p=two_sided_p(value, samples, groups) if paired.tested else None,
    )


def plain_row(
    stages: Stages,
    about: About,
    measure: ErasureMeasure,
    stage: Stage,
    figure: tuple[float, float, float],
    **columns: Any,
) -> Result:
    """A row of the result table.

    Args:
        stages: Before and after.
        about: What it is of.
        measure: What is measured.
        stage: When.
        figure: The value, and both ends of its interval.
        **columns: Further columns.
    """
    value, low, high = figure
    n = len(stages.photos)
    filled: dict[str, Any] = {"chance": None, "n_test": n, "n_train": n}
    filled |= {"rank": stages.eraser.rank, **about.columns, **columns}
    return Result(
        **origin(stages.before),
        experiment=Experiment.ERASURE,
        attribute=about.attribute,
        setup=measure,
        condition=about.condition,
        stage=stage,
        eraser=stages.name,
        value=value,
        low=low,
        high=high,
        **filled,
    )
