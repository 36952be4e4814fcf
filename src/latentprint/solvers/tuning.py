"""Choosing the setting of a probe on part of its training photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from latentprint.errors import LatentprintError
from latentprint.solver_options import Normalisation
from latentprint.solvers.features import Features
from latentprint.solvers.holds import Hold, fit_holds, hold_out
from latentprint.solvers.labels import LabelledFeatures
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.settings import LBFGSSetting, Setting, SolverOptions

_AMPLE, _SMALL, _EASY = 10, 2**20, 100.0
"""Rows for each dimension, and numbers, from which large values of C cost much; and a C that costs
little."""

_PATIENCE = 2
"""Settings in turn that may be no better than one before."""


@dataclass(frozen=True)
class Tuning:
    """The settings that were tried and the one that was chosen.

    Attributes:
        setting: The chosen one.
        table: Every setting that was fitted, C rising or in the order of the trials, with its
            accuracy in percent on the held-out rows.
        converged: Whether the fit of every setting converged (SGD: that of the chosen one).
        edge: Whether the chosen C is the smallest or the largest of several.
        normalise: How the features were normalised.
        preconditioner: That of the fits, for final fits to start from; None for SGD.
    """

    setting: Setting
    table: tuple[tuple[Setting, float], ...]
    converged: bool
    edge: bool
    normalise: Normalisation
    preconditioner: Preconditioner | None = field(default=None, repr=False)


def tune(
    data: LabelledFeatures,
    groups: Sequence[str],
    options: SolverOptions | None = None,
    holds: Sequence[Hold] | None = None,
) -> Tuning:
    """Fit every setting to some rows and measure it on others, in one or several ways.

    SGD takes the first of the most accurate trials, as the study does. Among values of C that
    cannot be told from the most accurate one, their paired difference being at most its own
    standard error (Breiman et al., *Classification and Regression Trees*, section 3.4.3), the
    choice moves up from the most accurate, as far as the middle of these values: where many are as
    good, the first is an extreme one. Where large values cost much, the path ends when two in turn
    are no better than one before.

    Args:
        data: N rows of P classes.
        groups: Group of each [N], such as its photo; rows of a group are no independent evidence,
            and none is both fitted and held out, if ``holds`` are not given.
        options: What to try, and how.
        holds: Which rows to fit and to measure on, one after the other; None to hold out a fifth
            of every class.

    Raises:
        LatentprintError: No fifth can be held out, or all rows of a class are.
        UsageError: There is no such solver, or nothing to try.
    """
    options = options or SolverOptions()
    settings = options.settings()
    if holds is None:
        held = hold_out(groups, data.labels, options.seed)
        holds = [(np.flatnonzero(~held), np.flatnonzero(held))]
    holds = [each for each in holds if len(each[0]) and len(each[1])]
    if not holds:
        raise LatentprintError(
            "The probe cannot be tuned: too many training photos share a group, so that no fifth"
            " of them can be held out. Add photos, or give smaller groups."
        )
    measured = np.concatenate([rows for _, rows in holds])
    truth = data.labels[measured]
    weights = _weights(truth, options)
    members = np.unique([str(groups[at]) for at in measured.tolist()], return_inverse=True)[1]
    sgd = options.solver == "sgd"
    right, converged = np.empty((0, len(truth)), dtype=bool), np.empty(0, dtype=bool)
    preconditioner = None
    for stage in _stages(settings, data.features.take(holds[0][0]), options):
        found = fit_holds(data, holds, stage, options, preconditioner=preconditioner)
        preconditioner = preconditioner or found.preconditioner
        right = np.concatenate([right, np.concatenate(found.said, axis=1) == truth])
        converged = np.concatenate([converged, np.logical_and.reduce(found.converged, axis=0)])
        if int((right @ weights).argmax()) < len(right) - _PATIENCE:
            break
    settings, accuracies = settings[: len(right)], right @ weights
    # A diverged trial is scored all the same, but must not win by always naming the first class.
    best = int(np.where(converged | (not sgd), accuracies, -1.0).argmax())
    if not sgd:
        best = _towards_the_middle(right * weights, members, best)
    return Tuning(
        settings[best],
        tuple(zip(settings, (100.0 * accuracies).tolist(), strict=True)),
        bool(converged[best] if sgd else converged.all()),
        not sgd and len(settings) > 1 and best in (0, len(settings) - 1),
        options.normalise,
        preconditioner,
    )


def _weights(truth: np.ndarray, options: SolverOptions) -> np.ndarray:
    """What each measured row counts, float64 [M]; they add up to one."""
    if options.class_weight != "balanced":
        return np.full(len(truth), 1.0 / len(truth))
    present, place, sizes = np.unique(truth, return_inverse=True, return_counts=True)
    weights: np.ndarray = 1.0 / (len(present) * sizes[place])
    return weights


def _stages(
    settings: Sequence[Setting], fitted: Features, options: SolverOptions
) -> list[Sequence[Setting]]:
    """Settings that are fitted at once.

    Values of C share products, but where rows are few for their dimensions the largest need most
    iterations of all, and are seldom worth them: these are fitted one after another, as long as
    accuracy rises.
    """
    rows, dimensions = fitted.shape
    if options.solver == "sgd" or rows >= _AMPLE * dimensions or rows * dimensions < _SMALL:
        return [settings]
    easy = sum(isinstance(each, LBFGSSetting) and each.C <= _EASY for each in settings)
    first = [settings[:easy]] if easy else []
    return [*first, *([each] for each in settings[easy:])]


def _behind(right: np.ndarray, members: np.ndarray, best: int) -> tuple[np.ndarray, np.ndarray]:
    """How far every setting is behind one, and the standard error of that, float64 [S] each."""
    n_groups = int(members.max()) + 1
    lost = np.stack([np.bincount(members, each, n_groups) for each in right[best] - right])
    difference = lost.sum(axis=1)
    # The share of a group grows with its size, which is random too where it differs.
    size = np.bincount(members, minlength=n_groups) / len(members)
    residuals = lost - difference[:, None] * size
    return difference, np.sqrt((residuals**2).sum(axis=1) * n_groups / max(1, n_groups - 1))


def _towards_the_middle(right: np.ndarray, members: np.ndarray, best: int) -> int:
    """From the best setting up to the middle of those around it that are as good.

    Args:
        right: What each row adds to the accuracy of each setting, float64 [S, M].
        members: Group of every row, int64 [M].
        best: The best setting.
    """
    difference, errors = _behind(right, members, best)
    tied = difference <= errors + 1e-12
    low = high = best
    while low > 0 and tied[low - 1]:
        low -= 1
    while high < len(tied) - 1 and tied[high + 1]:
        high += 1
    return max(best, (low + high) // 2)
