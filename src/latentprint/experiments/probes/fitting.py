"""Tune, fit and test as a plan says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.options import ProbeOptions
from latentprint.experiments.probes.plans import Plan
from latentprint.experiments.probes.scores import Predictions, Said, Score, score
from latentprint.solvers import (
    LabelledFeatures,
    Tuning,
    fit_holds,
    tune,
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
