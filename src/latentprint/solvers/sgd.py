"""Softmax regression by the study's protocol: stochastic gradient descent for a fixed time.

All trials of a study see the same minibatches, so that their weights stack into one product with
each: 30 trials cost a tenth of 30 fits one after another. Final fits differ in their rows, and
stacking them gained nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from latentprint.arrays import (
    Array,
    array_namespace,
    like,
    namespace,
    put_along,
    take_along,
    to_numpy,
)
from latentprint.errors import UsageError
from latentprint.solvers.fits import SoftmaxFits
from latentprint.solvers.labels import LabelledFeatures, row_weights
from latentprint.solvers.normaliser import Normaliser
from latentprint.solvers.rows import Rows, few_threads
from latentprint.solvers.settings import SGDSetting, SolverOptions

EPOCHS, BATCH, MOMENTUM = 100, 1024, 0.9
"""As published."""


def fit_sgd(
    data: LabelledFeatures,
    trials: Sequence[SGDSetting],
    options: SolverOptions | None = None,
    *,
    epochs: int = EPOCHS,
) -> SoftmaxFits:
    """Fit softmax regression by SGD, for several learning rates and weight decays at once.

    ICCV 2025 study, arXiv 2508.10637, section 3, and its public code: features of unit length,
    momentum, weight decay on the intercept too, a learning rate by ``rate_share``, the weights of
    the last epoch. Weights start at zero here. A trial that diverges ends with weights that are
    not finite, and ``converged`` tells.

    Args:
        data: What to fit: N rows of P classes.
        trials: The settings [T].
        options: How features are normalised, classes weighted (the study has ``none``), and where
            to compute. The seed gives the order of rows: that of an epoch is
            ``numpy.random.default_rng((seed, epoch)).permutation(N)``. Features that need more
            memory are read anew in every epoch.
        epochs: Passes over the rows; the last step of each has the rows that are left.

    Raises:
        LatentprintError: A class has no rows, or a row is not finite, or zero where it should get
            unit length.
        UsageError: There are no trials, or a number is out of range.
    """
    options = options or SolverOptions()
    features, labels, n_classes = data.features, data.labels, data.n_classes
    if not trials or epochs < 1 or options.seed < 0:
        raise UsageError(
            "SGD needs at least one trial and at least one epoch, and a seed that is not negative."
        )
    n, dimensions = features.shape
    xp = namespace(options.device)
    origin = xp.zeros(dimensions, dtype=xp.float32, device=options.device)
    normaliser = Normaliser.fit(features, options.normalise)
    weights = _Weights(origin, n_classes, trials)
    counted = row_weights(labels, n_classes, np.ones((1, n)), options.class_weight)[0]
    few = few_threads(min(n, BATCH) * dimensions * n_classes * len(trials))
    # A trial may diverge.
    with few, np.errstate(over="ignore", invalid="ignore"):
        rows = Rows.open(features, normaliser, origin, 2**20 * options.memory_mb)
        for epoch in range(epochs):
            order = np.random.default_rng((options.seed, epoch)).permutation(n)
            share = rate_share(epoch, epochs)
            for start in range(0, n, BATCH):
                index = order[start : start + BATCH]
                weights.step(
                    rows.take(index),
                    rows.beside(labels[index].astype(np.int64)),
                    like(rows.beside(counted[index]), origin),
                    share,
                )
    return weights.fits(normaliser, epochs * -(-n // BATCH))


def rate_share(epoch: int, epochs: int) -> float:
    """Share of the learning rate in an epoch: a cosine that is one epoch late, as published.

    The first two epochs have the full rate, and the last one more than zero.
    """
    return 0.5 * (1.0 + math.cos(math.pi * max(epoch - 1, 0) / epochs))


class _Weights:
    """Weights of T trials [P * T, D] and intercepts [P * T, 1], with their velocities."""

    def __init__(self, origin: Array, n_classes: int, trials: Sequence[SGDSetting]) -> None:
        self.shape = (n_classes, len(trials))
        xp = array_namespace(origin)

        def beside(array: np.ndarray) -> Array:
            return like(xp.asarray(array), origin)

        settings = np.array([(each.learning_rate, each.weight_decay) for each in trials])
        self.rates, self.decays = (beside(np.tile(each, n_classes)[:, None]) for each in settings.T)
        fits = n_classes * len(trials)
        self.parameters = (beside(np.zeros((fits, len(origin)))), beside(np.zeros((fits, 1))))
        self.velocities = tuple(map(xp.zeros_like, self.parameters))

    def step(self, rows: Array, labels: Array, counted: Array, share: float) -> None:
        """One step on a batch of rows [n, D] that count so much [n], in place."""
        weights, intercepts = self.parameters
        xp = array_namespace(rows)
        logits = (weights @ rows.T + intercepts).reshape(*self.shape, len(rows))
        logits -= xp.max(logits, axis=0)
        errors = xp.exp(logits)
        errors /= errors.sum(0)
        right = xp.broadcast_to(labels, (1, self.shape[1], len(rows)))
        put_along(errors, right, take_along(errors, right, 0) - 1.0, 0)
        errors = (errors * (counted / len(rows))).reshape(-1, len(rows))
        gradients = (errors @ rows, xp.sum(errors, axis=1, keepdims=True))
        for parameter, velocity, gradient in zip(
            self.parameters, self.velocities, gradients, strict=True
        ):
            velocity[...] = MOMENTUM * velocity + gradient + self.decays * parameter
            parameter[...] = parameter - self.rates * share * velocity

    def fits(self, normaliser: Normaliser, steps: int) -> SoftmaxFits:
        """The classifiers as they are now."""
        weights, intercepts = (
            to_numpy(each).reshape(*self.shape, -1).astype(np.float64) for each in self.parameters
        )
        finite = np.isfinite(np.concatenate([weights, intercepts], axis=2)).all((0, 2))
        return SoftmaxFits(
            np.ascontiguousarray(weights.transpose(1, 2, 0)),
            np.ascontiguousarray(intercepts[..., 0].T),
            np.atleast_1d(finite),
            steps,
            normaliser,
        )
