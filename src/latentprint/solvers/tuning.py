"""Choosing the setting of a probe on part of its training photos, and fitting with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal, get_args

import numpy as np

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.solvers.features import Features, Normalisation, VectorArray
from latentprint.solvers.fits import SoftmaxFits
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.sgd import fit_sgd
from latentprint.solvers.softmax import fit_softmax

Solver = Literal["lbfgs", "sgd"]
"""``lbfgs``: to the optimum, for every C of a grid; ``sgd``: the study's protocol."""

C_GRID: tuple[float, ...] = tuple(10.0**power for power in range(-5, 7))
"""Values of C that are tried: the study's range."""

Hold = tuple[np.ndarray, np.ndarray]
"""Rows to fit and rows to measure on, int64 each."""

_HELD = 0.2


@dataclass(frozen=True)
class LBFGSSetting:
    """Inverse regularisation of a fit to the optimum."""

    C: float

    def __str__(self) -> str:
        return f"C = {self.C:g}"


@dataclass(frozen=True)
class SGDSetting:
    """Learning rate and weight decay of a fit by SGD."""

    learning_rate: float
    weight_decay: float

    def __str__(self) -> str:
        return f"learning rate {self.learning_rate:.3g}, weight decay {self.weight_decay:.1e}"


Setting = LBFGSSetting | SGDSetting


@dataclass(frozen=True)
class Tuning:
    """The settings that were tried and the best of them.

    Attributes:
        setting: The first of the most accurate ones.
        table: Every setting, C rising or in the order of the trials, with its accuracy in percent
            on the held-out rows.
        converged: Whether the fit of every setting converged (SGD: that of the best).
        edge: Whether the best C is the smallest or the largest of several.
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
    features: VectorArray | Features,
    labels: np.ndarray,
    groups: Iterable[str],
    n_classes: int,
    *,
    solver: Solver = "lbfgs",
    C_grid: Sequence[float] = C_GRID,
    trials: int = 30,
    seed: int = 0,
    normalise: Normalisation = "l2",
    holds: Sequence[Hold] | None = None,
    device: str = "cpu",
    memory_mb: int = 1024,
) -> Tuning:
    """Fit every setting to some rows and measure it on others, in one or several ways.

    Args:
        features: Features of the rows, floats [N, D].
        labels: Class of each, int64 [N].
        groups: Group of each [N]; none is both fitted and held out, if ``holds`` are not given.
        n_classes: Number of classes P.
        solver: ``lbfgs`` tries every C of the grid, ``sgd`` random settings (``sgd_trials``).
        C_grid: Values of C for ``lbfgs``.
        trials: Number of settings for ``sgd``.
        seed: Seeds the rows to hold out, the settings of ``sgd`` and its minibatches.
        normalise: What to do to the features first.
        holds: Which rows to fit and to measure on, one after the other; the accuracies count by
            the rows that are measured. None to hold out a fifth of every class.
        device: Where to compute.
        memory_mb: Megabytes to work in.

    Raises:
        LatentprintError: No fifth can be held out, or all rows of a class are.
        UsageError: There is no such solver, or nothing to try.
    """
    features = Features.of(features)
    if holds is None:
        held = hold_out(groups, labels, seed)
        holds = [(np.flatnonzero(~held), np.flatnonzero(held))]
    holds = [each for each in holds if len(each[0]) and len(each[1])]
    if not holds:
        raise LatentprintError(
            "The probe cannot be tuned: too many training photos share a group, so that no fifth"
            " of them can be held out. Add photos, or give smaller groups."
        )
    settings = _settings(solver, C_grid, trials, seed)
    right = np.zeros(len(settings))
    converged = np.ones(len(settings), dtype=bool)
    preconditioner = None
    for fitted, measured in holds:
        fits = _fit(
            features.take(fitted),
            labels[fitted],
            n_classes,
            settings,
            seed=seed,
            normalise=normalise,
            preconditioner=None,
            device=device,
            memory_mb=memory_mb,
        )
        said = fits.predict(features.take(measured), device)
        right += (said == labels[measured]).sum(axis=1)
        converged &= fits.converged
        preconditioner = preconditioner or fits.preconditioner
    accuracies = 100.0 * right / sum(len(measured) for _, measured in holds)
    # A diverged trial is scored all the same, but must not win by always naming the first class.
    usable = converged | (solver == "lbfgs")
    best = int(np.where(usable, accuracies, -1.0).argmax())
    return Tuning(
        settings[best],
        tuple(zip(settings, accuracies.tolist(), strict=True)),
        bool(converged[best] if solver == "sgd" else converged.all()),
        solver == "lbfgs" and len(settings) > 1 and best in (0, len(settings) - 1),
        normalise,
        preconditioner,
    )


def final_fits(
    features: Sequence[VectorArray | Features],
    labels: Sequence[np.ndarray],
    n_classes: int,
    tuning: Tuning,
    *,
    seed: int = 0,
    device: str = "cpu",
    memory_mb: int = 1024,
) -> list[SoftmaxFits]:
    """Fit the tuned setting to several sets of rows, such as draws of classes.

    Args:
        features: Features of every fit, floats [N, D] each.
        labels: Their classes, int64 [N] each.
        n_classes: Number of classes P.
        tuning: What was chosen.
        seed: Seeds the minibatches of SGD, others for every fit.
        device: Where to compute.
        memory_mb: Megabytes to work in.

    Raises:
        LatentprintError: A class has no rows in a fit, or a row is not finite, or zero where it
            should get unit length.
    """
    return [
        _fit(
            Features.of(each),
            drawn,
            n_classes,
            [tuning.setting],
            seed=seed + 1 + fit,
            normalise=tuning.normalise,
            preconditioner=tuning.preconditioner,
            device=device,
            memory_mb=memory_mb,
        )
        for fit, (each, drawn) in enumerate(zip(features, labels, strict=True))
    ]


def sgd_trials(trials: int, seed: int) -> list[SGDSetting]:
    """Draw learning rates in [1e-1, 1e2] and weight decays in [1e-12, 1e-4], both log-uniform.

    The study's sampler draws one trial after the result of the last; here all are drawn at once.
    """
    drawn = np.random.default_rng(seed).uniform((-1, -12), (2, -4), size=(trials, 2))
    return [SGDSetting(float(rate), float(decay)) for rate, decay in 10.0**drawn]


def hold_out(
    groups: Iterable[str], labels: np.ndarray, seed: int, share: float = _HELD
) -> np.ndarray:
    """Hold out a share of every class, whole groups at a time, bool [N].

    Groups come in a random order that depends on their names alone, and each is held out while
    none of its classes has had its share: of groups of one photo this is the stratified split.
    """
    names, members = np.unique(np.asarray(list(groups), dtype=str), return_inverse=True)
    table = np.zeros((len(names), int(labels.max()) + 1), dtype=np.int64)
    np.add.at(table, (members, labels), 1)
    sizes = table.sum(axis=0)
    # At least one and never all, where there are at least two photos of every class.
    room = np.where(sizes > 0, np.maximum(1, np.round(share * sizes)), 0).astype(np.int64)
    chosen = np.zeros(len(names), dtype=bool)
    order = sorted(range(len(names)), key=lambda i: blake2b(f"{seed}:{names[i]}".encode()).digest())
    for group in order:
        if (table[group] <= room).all():
            room -= table[group]
            chosen[group] = True
    held: np.ndarray = chosen[members]
    return held


def _settings(solver: Solver, C_grid: Sequence[float], trials: int, seed: int) -> Sequence[Setting]:
    if solver not in get_args(Solver):
        raise unknown_name("solver", solver, get_args(Solver))
    if not len(C_grid) or trials < 1:
        raise UsageError("Tuning needs at least one value of C, or one trial.")
    if solver == "sgd":
        return sgd_trials(trials, seed)
    return [LBFGSSetting(float(C)) for C in sorted(C_grid)]


def _fit(
    features: Features,
    labels: np.ndarray,
    n_classes: int,
    settings: Sequence[Setting],
    *,
    seed: int,
    normalise: Normalisation,
    preconditioner: Preconditioner | None,
    device: str,
    memory_mb: int,
) -> SoftmaxFits:
    """Fit settings of one solver."""
    C = [each.C for each in settings if isinstance(each, LBFGSSetting)]
    if C:
        return fit_softmax(
            features,
            labels,
            n_classes,
            C,
            normalise=normalise,
            preconditioner=preconditioner,
            device=device,
            memory_mb=memory_mb,
        )
    trials = [each for each in settings if isinstance(each, SGDSetting)]
    return fit_sgd(
        features,
        labels,
        n_classes,
        [each.learning_rate for each in trials],
        [each.weight_decay for each in trials],
        seed=seed,
        normalise=normalise,
        device=device,
        memory_mb=memory_mb,
    )
