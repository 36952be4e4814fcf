"""A linear probe with everything that a reader needs to trust its figure."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.fitting import Fitted, run_plan
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.learning_curve import learning_curve
from latentprint.experiments.probes.options import ProbeOptions
from latentprint.experiments.probes.outcome import ProbeOutcome, copy_notes, health_notes
from latentprint.experiments.probes.plans import Plan
from latentprint.experiments.source import EmbeddingSource, origin
from latentprint.results import Result
from latentprint.solvers import Normalisation
from latentprint.words import Experiment, ProbeSetup

logger = logging.getLogger(__name__)

CONTROL_FITS = 5
"""Fits of a control, whose figure needs less precision."""

_SHUFFLES = 10


@dataclass(frozen=True)
class Task:
    """One question that a probe answers.

    Attributes:
        experiment: One of ``words.PROBES``.
        attribute: What is to be recovered.
        setup: How it differs from the published protocol.
        items: Embeddings and labels.
        plan: Which are fitted and tested.
        permute: Makes the permuted-label control of the items, given a seed.
        notes: What the reader must know of the photos.
    """

    experiment: Experiment
    attribute: str
    setup: ProbeSetup
    items: Items
    plan: Plan
    permute: Callable[[Items, int], Items]
    notes: tuple[str, ...] = ()


def run_task(source: EmbeddingSource, task: Task, options: ProbeOptions) -> ProbeOutcome:
    """Run a probe, its controls and its learning curve, and judge the figure.

    Args:
        source: Whose embeddings they are.
        task: The question.
        options: How.

    Raises:
        LatentprintError: There are too few photos of a class.
    """
    items, plan = task.items, task.plan
    fitted = run_plan(items, plan, options)
    other = permuted = None
    if options.controls:
        controls = plan.first(CONTROL_FITS)
        swapped: Normalisation = "l2" if options.normalise == "standardise" else "standardise"
        other = run_plan(items, controls, replace(options, normalise=swapped))
        permuted = _permuted(task, controls, fitted, options)
    result = _row(source, task, fitted, options)
    dimensions = items.features.parts[0].shape[1]
    health = health_notes(fitted, result.n_train, dimensions, other)
    notes = (*task.notes, *copy_notes(items), *health)
    result = replace(result, notes="; ".join(notes))
    if permuted is not None:
        result = replace(
            result,
            permuted=permuted.score.value,
            selectivity=fitted.score.value - permuted.score.value,
        )
    curve: tuple[Result, ...] = ()
    if options.curve:
        found = learning_curve(items, plan, fitted, result, options)
        curve, result = found.rows, replace(result, rising=found.rising)
        if ten := found.ten_times:
            result = replace(
                result, ten_times=ten.value, ten_times_low=ten.low, ten_times_high=ten.high
            )
    outcome = ProbeOutcome(
        result=result,
        score=fitted.score,
        tuning=fitted.tuning,
        classes=items.classes,
        test_ids=tuple(items.ids[at] for at in plan.tested_photos(items)),
        protocol=(task.attribute, task.setup, items.classes, *_protocol(options)),
        curve=curve,
    )
    logger.info("%s, %s: %.1f %%", source.encoder, task.attribute, result.value)
    return outcome


def _permuted(task: Task, controls: Plan, fitted: Fitted, options: ProbeOptions) -> Fitted | None:
    """The same probe with shuffled labels; None where they leave a class without photos to fit."""
    for attempt in range(_SHUFFLES):
        shuffled = task.permute(task.items, options.seed + attempt)
        try:
            return run_plan(shuffled, controls, options, tuning=fitted.tuning)
        except LatentprintError:
            # In small sets all photos of a class can land in the fold that is tested.
            continue
    return None


def _protocol(options: ProbeOptions) -> tuple[object, ...]:
    return options.seed, options.fits, options.draw, options.bootstrap, options.solver


def _row(source: EmbeddingSource, task: Task, fitted: Fitted, options: ProbeOptions) -> Result:
    score, k = fitted.score, len(task.items.classes)
    return Result(
        **origin(source),
        experiment=task.experiment,
        attribute=task.attribute,
        setup=task.setup,
        chance=100.0 / k,
        value=score.value,
        low=score.low,
        high=score.high,
        n_test=len(task.plan.tested_photos(task.items)),
        n_train=task.plan.training_photos(task.items),
        sd=score.sd,
        seeds=task.plan.counted,
        classes=k,
        micro=score.micro,
        smallest_effect=score.smallest_effect,
        p=score.p_value(100.0 / k),
        converged=fitted.converged,
        fit=f"{options.solver}, {options.normalise}, {fitted.tuning.setting}",
    )
