"""How a probe's accuracy grows with its training photos."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.extrapolation import Extrapolation, extrapolate
from latentprint.experiments.probes.fitting import Fitted, run_plan
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.options import ProbeOptions
from latentprint.experiments.probes.plans import Plan
from latentprint.experiments.probes.scores import Score
from latentprint.results import Result
from latentprint.stats import interval
from latentprint.words import Experiment

SHARES = (0.125, 0.25, 0.5)
"""Shares of the training groups that are fitted, besides all of them."""

CURVE_FITS = 5
"""Fits at every share."""


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy by the number of training photos.

    Attributes:
        rows: A row of the result table for every size, smallest first, the whole probe's last.
        rising: Whether the whole 95 % interval of the last doubling's gain is above zero; None
            where half of the photos is too few to fit.
        ten_times: What the curve suggests for ten times the photos; None where it suggests nothing.
    """

    rows: tuple[Result, ...]
    rising: bool | None
    ten_times: Extrapolation | None


def learning_curve(
    items: Items, plan: Plan, fitted: Fitted, result: Result, options: ProbeOptions
) -> LearningCurve:
    """Fit the same probe with an eighth, a quarter and half of the training photos.

    The test photos and their resamples are the same at every size, so that the gain of the last
    doubling is a difference of paired measurements.

    Args:
        items: What there is.
        plan: The plan of the whole probe.
        fitted: Its outcome.
        result: Its row of the result table.
        options: How.
    """
    scores: dict[float, tuple[Score, Plan]] = {}
    for share in SHARES:
        thinner = plan.first(CURVE_FITS).thinned(items, share, options.seed)
        try:
            scores[share] = run_plan(items, thinner, options).score, thinner
        except LatentprintError:
            continue
    rising = None
    if SHARES[-1] in scores:
        half, _ = scores[SHARES[-1]]
        rising = _rises(half, fitted.score)
    scores[1.0] = fitted.score, plan
    *smaller, whole = (_row(result, score, size, items) for score, size in scores.values())
    rows = (*smaller, replace(whole, rising=rising))
    ten_times = extrapolate(
        [row.n_train for row in rows],
        [row.value for row in rows],
        np.stack([score.samples for score, _ in scores.values()]),
        100.0 / len(items.classes),
    )
    return LearningCurve(rows, rising, ten_times)


def _rises(half: Score, whole: Score) -> bool:
    """Whether the whole 95 % interval of the gain is above zero."""
    if half.spread > 0.0 and whole.spread > 0.0:
        return interval(whole.samples - half.samples)[0] > 0.0
    # Where all groups agree, samples are no draws of photos that both have in common.
    return whole.low > half.high


def _row(result: Result, score: Score, plan: Plan, items: Items) -> Result:
    """A row of the curve, which shares nothing but its question with that of the whole probe."""
    return Result(
        encoder=result.encoder,
        family=result.family,
        network=result.network,
        layer=result.layer,
        dataset=result.dataset,
        experiment=Experiment.LEARNING_CURVE,
        attribute=result.attribute,
        setup=result.setup,
        chance=result.chance,
        value=score.value,
        low=score.low,
        high=score.high,
        n_test=result.n_test,
        n_train=plan.training_photos(items),
        sd=score.sd,
        seeds=plan.counted,
        classes=result.classes,
        micro=score.micro,
    )
