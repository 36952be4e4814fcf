"""Softmax regression by the study's protocol: stochastic gradient descent for a fixed time.

All trials of a study see the same minibatches, so that their weights stack into one product with
each: 30 trials cost a tenth of 30 fits one after another. Final fits differ in their rows, and
stacking them gained nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from latentprint.errors import UsageError
from latentprint.solvers.features import Features, Normalisation, VectorArray
from latentprint.solvers.fits import SoftmaxFits
from latentprint.solvers.labels import ClassWeight, check_labels, row_weights
from latentprint.solvers.normaliser import Normaliser
from latentprint.solvers.rows import Rows, few_threads

EPOCHS, BATCH, MOMENTUM = 100, 1024, 0.9
"""As published."""


def fit_sgd(
    features: VectorArray | Features,
    labels: np.ndarray,
    n_classes: int,
    learning_rates: Sequence[float],
    weight_decays: Sequence[float],
    *,
    seed: int,
    epochs: int = EPOCHS,
    batch_size: int = BATCH,
    momentum: float = MOMENTUM,
    class_weight: ClassWeight = "balanced",
    normalise: Normalisation = "l2",
    device: str = "cpu",
    memory_mb: int = 1024,
) -> SoftmaxFits:
    """Fit softmax regression by SGD, for several learning rates and weight decays at once.

    ICCV 2025 study, arXiv 2508.10637, section 3, and its public code: features of unit length,
    momentum, weight decay on the intercept too, a learning rate by ``rate_share``, the weights of
    the last epoch. Weights start at zero here. A trial that diverges ends with weights that are
    not finite, and ``converged`` tells.

    Args:
        features: What to fit, floats [N, D].
        labels: Class of every row, int64 [N].
        n_classes: Number of classes P.
        learning_rates: Of every trial [T].
        weight_decays: Of every trial [T].
        seed: Seeds the order of rows: that of an epoch is
            ``numpy.random.default_rng((seed, epoch)).permutation(N)``.
        epochs: Passes over the rows.
        batch_size: Rows of a step; the last step of an epoch has what is left.
        momentum: Share of the last step's velocity that is kept.
        class_weight: How much the rows of a class count; the study has ``none``.
        normalise: What to do to the features first.
        device: Where to compute, such as "cpu" or "cuda".
        memory_mb: Megabytes to work in. Features that need more are read anew in every epoch.

    Raises:
        LatentprintError: A class has no rows, or a row is not finite, or zero where it should get
            unit length.
        UsageError: There is not one weight decay for every learning rate, or a number is out of
            range.
    """
    features = Features.of(features)
    check_labels(features, labels, n_classes)
    if len(learning_rates) != len(weight_decays) or not len(learning_rates):
        raise UsageError("SGD needs trials, with a learning rate and a weight decay for each.")
    if min(epochs, batch_size) < 1 or not 0 <= momentum < 1 or seed < 0:
        raise UsageError(
            "SGD needs at least one epoch and one row in a batch, a momentum of 0 to below 1 and a"
            " seed that is not negative."
        )
    n, dimensions = features.shape
    origin = torch.zeros(dimensions, dtype=torch.float32, device=device)
    normaliser = Normaliser.fit(features, normalise)
    weights = _Weights(origin, n_classes, learning_rates, weight_decays, momentum)
    counted = row_weights(labels, n_classes, np.ones((1, n)), class_weight)[0]
    targets = torch.tensor(labels, dtype=torch.int64, device=device)
    shares = torch.from_numpy(counted).to(origin)
    with few_threads(min(n, batch_size) * dimensions * n_classes * len(learning_rates)):
        rows = Rows.open(features, normaliser, origin, 2**20 * memory_mb)
        for epoch in range(epochs):
            order = np.random.default_rng((seed, epoch)).permutation(n)
            share = rate_share(epoch, epochs)
            for start in range(0, n, batch_size):
                index = order[start : start + batch_size]
                picked = torch.from_numpy(index).to(device)
                weights.step(rows.take(index), targets[picked], shares[picked], share)
    return weights.fits(normaliser, epochs * -(-n // batch_size))


def rate_share(epoch: int, epochs: int) -> float:
    """Share of the learning rate in an epoch: a cosine that is one epoch late, as published.

    The first two epochs have the full rate, and the last one more than zero.
    """
    return 0.5 * (1.0 + math.cos(math.pi * max(epoch - 1, 0) / epochs))


class _Weights:
    """Weights of T trials [P * T, D] and intercepts [P * T, 1], with their velocities."""

    def __init__(
        self,
        origin: Tensor,
        n_classes: int,
        rates: Sequence[float],
        decays: Sequence[float],
        momentum: float,
    ) -> None:
        self.shape = (n_classes, len(rates))
        self.rates, self.decays = (
            torch.tensor(list(each)).to(origin).repeat(n_classes)[:, None]
            for each in (rates, decays)
        )
        self.momentum = momentum
        weights = origin.new_zeros(n_classes * len(rates), len(origin))
        self.parameters = (weights, weights.new_zeros(len(weights), 1))
        self.velocities = tuple(map(torch.zeros_like, self.parameters))

    def step(self, rows: Tensor, labels: Tensor, counted: Tensor, share: float) -> None:
        """One step on a batch of rows [n, D] that count so much [n], in place."""
        weights, intercepts = self.parameters
        logits = torch.addmm(intercepts, weights, rows.T).view(*self.shape, len(rows))
        errors = logits.softmax(0)
        right = labels.expand(1, self.shape[1], -1)
        errors.scatter_add_(0, right, errors.new_full((1, 1, 1), -1.0).expand_as(right))
        errors = (errors * (counted / len(rows))).flatten(0, 1)
        gradients = (errors @ rows, errors.sum(1, keepdim=True))
        for parameter, velocity, gradient in zip(
            self.parameters, self.velocities, gradients, strict=True
        ):
            gradient.addcmul_(self.decays, parameter)
            velocity.mul_(self.momentum).add_(gradient)
            parameter.addcmul_(self.rates * share, velocity, value=-1.0)

    def fits(self, normaliser: Normaliser, steps: int) -> SoftmaxFits:
        """The classifiers as they are now."""
        weights, intercepts = (
            each.view(*self.shape, -1).double().cpu() for each in self.parameters
        )
        finite = weights.isfinite().all(2).all(0) & intercepts.isfinite().all(2).all(0)
        return SoftmaxFits(
            weights.permute(1, 2, 0).contiguous().numpy(),
            intercepts[..., 0].T.contiguous().numpy(),
            finite.numpy(),
            steps,
            normaliser,
        )
