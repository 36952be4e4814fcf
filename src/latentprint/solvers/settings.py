"""What a probe may be fitted with, and which settings are tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from latentprint.errors import UsageError, unknown_name
from latentprint.solver_options import C_GRID, Normalisation, Solver
from latentprint.solvers.labels import ClassWeight


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
class SolverOptions:
    """How classifiers are tuned and fitted.

    Attributes:
        solver: ``lbfgs`` tries every C of the grid, ``sgd`` random settings (``sgd_trials``).
        C_grid: Values of C for ``lbfgs``.
        trials: Number of settings for ``sgd``.
        seed: Seeds the rows to hold out, the settings of ``sgd`` and its minibatches.
        normalise: What to do to the features first.
        class_weight: How much the rows of a class count, in fits and in the accuracies that
            settings are chosen by.
        device: Where to compute.
        memory_mb: Megabytes to work in.
    """

    solver: Solver = "lbfgs"
    C_grid: tuple[float, ...] = C_GRID
    trials: int = 30
    seed: int = 0
    normalise: Normalisation = "l2"
    class_weight: ClassWeight = "balanced"
    device: str = "cpu"
    memory_mb: int = 1024

    def settings(self) -> list[Setting]:
        """All that are tried: C rising, or trials in the order of their draw.

        Raises:
            UsageError: There is no such solver, or nothing to try.
        """
        if self.solver not in get_args(Solver):
            raise unknown_name("solver", self.solver, get_args(Solver))
        if not len(self.C_grid) or self.trials < 1:
            raise UsageError("Tuning needs at least one value of C, or one trial.")
        if self.solver == "sgd":
            return list(sgd_trials(self.trials, self.seed))
        return [LBFGSSetting(float(C)) for C in sorted(self.C_grid)]


def sgd_trials(trials: int, seed: int) -> list[SGDSetting]:
    """Draw learning rates in [1e-1, 1e2] and weight decays in [1e-12, 1e-4], both log-uniform.

    The study's sampler draws one trial after the result of the last; here all are drawn at once.
    """
    drawn = np.random.default_rng(seed).uniform((-1, -12), (2, -4), size=(trials, 2))
    return [SGDSetting(float(rate), float(decay)) for rate, decay in 10.0**drawn]
