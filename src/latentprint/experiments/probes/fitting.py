"""Tune, fit and test as a plan says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.assignment import Draw
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.plans import Plan
from latentprint.experiments.probes.scores import Predictions, Said, Score, score
from latentprint.experiments.source import usable_device
from latentprint.options import option
from latentprint.solvers import (
    C_GRID,
    LabelledFeatures,
    Normalisation,
    Solver,
    SolverOptions,
    Tuning,
    fit_holds,
    tune,
)

Assignment = Literal["one", "all"]
"""``one`` (published): each training photo under one class; ``all``: under every class."""


@dataclass(frozen=True)
class ProbeOptions:
    """How probes are run.

    Attributes:
        seed: Seeds everything that is random.
        fits: Final fits (published: 10).
        assignment: Show each training photo under one drawn class (published), or under all
            classes; by default under all where there are fewer than 5,000 training photos.
        draw: How a training photo gets its one class: by its id, or as published by its row.
        paired: Also the paired probe of every processing attribute, each photo's mean over the
            classes subtracted: the sensitive measure for small sets.
        solver: ``lbfgs``, to the optimum, or ``sgd``, the study's protocol.
        normalise: What is done to embeddings first; published: l2.
        C_grid: Values of C for ``lbfgs``.
        trials: Trials of learning rate and weight decay for ``sgd``.
        bootstrap: Resamples behind the intervals.
        discriminant: Also the paired-shift discriminant of every processing attribute, whose exact
            test decides whether it is carried.
        controls: Also with shuffled labels, other feature normalisation and file facts alone.
        curve: Also with fewer training photos.
        device: Where fits run: auto, cpu, cuda or mps.
        memory_mb: Memory for embeddings and fits; larger sets are read from disk as they are
            needed.
    """

    seed: int = option(0)
    fits: int = option(10, least=1, most=999)
    assignment: Assignment | None = option(None)
    draw: Draw = option("photo")
    paired: bool = option(True)
    solver: Solver = option("lbfgs")
    normalise: Normalisation = option("l2")
    C_grid: tuple[float, ...] = C_GRID
    trials: int = 30
    bootstrap: int = 1000
    discriminant: bool = option(True)
    controls: bool = option(True)
    curve: bool = option(True)
    device: str = option("cpu")
    memory_mb: int = option(4096, least=1)

    def __post_init__(self) -> None:
        if not 1 <= self.fits <= 999 or min(self.bootstrap, self.trials, self.memory_mb) < 1:
            raise UsageError(
                "A probe needs 1 to 999 fits, and at least one trial, one bootstrap resample and"
                " one megabyte of memory."
            )
        if not self.C_grid or min(self.C_grid) <= 0:
            raise UsageError("A probe needs positive values of C.")
        if self.assignment not in (None, "one", "all"):
            raise unknown_name("assignment", str(self.assignment), ("one", "all"))

    @property
    def vectors_mb(self) -> int:
        """Memory for embeddings that are read once: one half, the other is for fits."""
        return max(1, self.memory_mb // 2)

    @property
    def solving(self) -> SolverOptions:
        """How classifiers are tuned and fitted; the study's own protocol weighs no classes."""
        study = self.solver == "sgd" and self.draw == "published"
        return SolverOptions(
            solver=self.solver,
            C_grid=self.C_grid,
            trials=self.trials,
            seed=self.seed,
            normalise=self.normalise,
            class_weight="none" if study else "balanced",
            device=usable_device(self.device),
            memory_mb=max(1, self.memory_mb - self.vectors_mb),
        )


@dataclass(frozen=True)
class Fitted:
    """What the fits of a plan said."""

    score: Score
    tuning: Tuning
    converged: bool | None


def run_plan(
    items: Items, plan: Plan, options: ProbeOptions, *, tuning: Tuning | None = None
) -> Fitted:
    """Tune, fit and test as a plan says.

    Args:
        items: What there is.
        plan: Which items are fitted and tested.
        options: How.
        tuning: An earlier choice of hyperparameters to go by.

    Raises:
        LatentprintError: A class is missing among the items to fit.
    """
    k, solving = len(items.classes), options.solving
    _require_classes(items, plan)
    data = LabelledFeatures(items.features, items.labels, k)
    if tuning is None:
        groups = items.groups_of(np.arange(len(items.labels)))
        tuning = tune(data, groups, solving, plan.holds)
    found = fit_holds(
        data,
        list(zip(plan.train, plan.test, strict=True)),
        [tuning.setting],
        # Final fits share no minibatches with the tuning, nor their normalisation with a caller's.
        replace(solving, seed=options.seed + 1, normalise=tuning.normalise),
        preconditioner=tuning.preconditioner,
    )
    tested = plan.tested_photos(items)
    place = np.full(len(items.ids), -1, dtype=np.int64)
    place[tested] = np.arange(len(tested))
    # Fits that are tested on the same items share what these are.
    shown = {id(each): (place[items.photo[each]], items.labels[each]) for each in plan.test}
    predictions = Predictions(
        k,
        [items.groups[at] for at in tested],
        [
            Said(repeat, *shown[id(index)], said[0])
            for repeat, index, said in zip(plan.repeats, plan.test, found.said, strict=True)
        ],
    )
    scored = score(
        predictions,
        bootstrap=options.bootstrap,
        seed=options.seed,
        halves=plan.halves,
        between_photos=len(items.labels) == len(items.ids),
    )
    converged = tuning.converged and bool(found.converged.all())
    return Fitted(scored, tuning, None if options.solver == "sgd" else converged)


def _require_classes(items: Items, plan: Plan) -> None:
    k = len(items.classes)
    for index in (*(fitted for fitted, _ in plan.holds), *plan.train):
        counts = np.bincount(items.labels[index], minlength=k)
        if counts.min() < 2:
            raise LatentprintError(
                f"A probe needs at least two training photos for each of its {k} classes, and "
                f"{items.classes[int(counts.argmin())]!r} has {int(counts.min())} among "
                f"{len(index)}: add photos."
            )
