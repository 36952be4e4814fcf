"""Softmax regression to its optimum, for several strengths of regularisation at once.

The objective is that of scikit-learn's ``LogisticRegression``: C times the summed cross entropy
plus half the squared weights, with a free intercept. L-BFGS starts from the curvature of the
features' principal axes. Many features are never rotated, only gradients are; all values of C share
each product with them; and a chunk of rows is multiplied forth and back while it is in the cache,
so that an iteration reads the features once.

Newton's method with conjugate gradients, on the same preconditioner, needed two to five times as
many products, and so did Nesterov's method where C is large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from latentprint.errors import LatentprintError, UsageError
from latentprint.solvers.features import Features, Normalisation, VectorArray
from latentprint.solvers.fits import SoftmaxFits
from latentprint.solvers.lbfgs import MEMORY, Minimum, minimise
from latentprint.solvers.normaliser import Normaliser
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.rows import Rows, few_threads

_ENOUGH, _LEAST, _SHARE = 1e-9, 1e-13, 1e-6
_DOUBLE = 2**22
_TENSORS = 3 * MEMORY + 10


def fit_softmax(
    features: VectorArray | Features,
    labels: np.ndarray,
    n_classes: int,
    C: Sequence[float],
    *,
    normalise: Normalisation = "l2",
    preconditioner: Preconditioner | None = None,
    device: str = "cpu",
    memory_mb: int = 1024,
    max_iterations: int = 1000,
) -> SoftmaxFits:
    """Fit softmax regression for several values of C.

    Each fit ends when it expects to gain less than 5e-10 nats a row, and less than a millionth of
    what it expected to gain at the start. Up to 4 million numbers are fitted in float64; more of
    them in float32, with sums over chunks of rows in float64.

    Args:
        features: What to fit, floats [N, D].
        labels: Class of every row, int64 [N].
        n_classes: Number of classes P.
        C: Inverse regularisation of every problem [B].
        normalise: What to do to the features first.
        preconditioner: That of an earlier fit to similar rows, which saves finding it anew. It
            changes the way to the optimum, not the optimum.
        device: Where to compute, such as "cpu" or "cuda".
        memory_mb: Megabytes to work in. Features that need more are read anew in every pass.
        max_iterations: Where to give up; ``converged`` tells.

    Raises:
        LatentprintError: A class has no rows, or a row is not finite, or zero where it should get
            unit length.
        UsageError: A value of C is not positive, or the normalisation is unknown.
    """
    features = Features.of(features)
    check_labels(features, labels, n_classes)
    if not len(C) or not all(0 < each < np.inf for each in C):
        raise UsageError(f"C must be positive and finite, and is {', '.join(map(str, C))}.")
    normaliser = Normaliser.fit(features, normalise)
    n, dimensions = features.shape
    half = 0.5 * 2**20 * memory_mb
    place = torch.device(device)
    with few_threads(n * dimensions * n_classes * len(C)):
        fresh = preconditioner is None
        if preconditioner is None:
            preconditioner = Preconditioner.of(features, normaliser, place, half)
        precision = torch.float64 if n * dimensions <= _DOUBLE else torch.float32
        centre = preconditioner.centre.to(precision)
        rows = Rows.open(features, normaliser, centre, half)
        targets = torch.tensor(labels, dtype=torch.int64, device=place)
        problem = _Problem(rows, targets, n_classes, preconditioner)
        if fresh and n < dimensions:
            problem = problem.reduced()
        together = max(1, int(half / (8 * _TENSORS * n_classes * (dimensions + 1))))
        minima = [
            problem.solve(C[at : at + together], max_iterations)
            for at in range(0, len(C), together)
        ]
    W = torch.cat([each.variables for each in minima], dim=1)
    weights, intercepts = W[..., :-1], W[..., -1]
    if problem.rows is not rows:
        weights = weights @ preconditioner.axes.T
    intercepts = intercepts - weights @ centre.double()
    return SoftmaxFits(
        weights.permute(1, 2, 0).contiguous().cpu().numpy(),
        intercepts.T.contiguous().cpu().numpy(),
        torch.cat([each.converged for each in minima]).numpy(),
        max(each.iterations for each in minima),
        normaliser,
        preconditioner,
    )


def check_labels(features: Features, labels: np.ndarray, n_classes: int) -> None:
    """Refuse labels that no classifier can be fitted to.

    Raises:
        LatentprintError: They do not belong to the rows, or a class has none.
    """
    if labels.shape != (len(features),) or not len(labels):
        raise LatentprintError(f"{len(features)} rows of features have {len(labels)} labels.")
    if not 0 <= labels.min() <= labels.max() < n_classes or n_classes < 2:
        raise LatentprintError(
            f"Labels must lie between 0 and {n_classes - 1}, in at least two classes, and lie"
            f" between {labels.min()} and {labels.max()}."
        )
    missing = np.flatnonzero(np.bincount(labels, minlength=n_classes) == 0)
    if len(missing):
        raise LatentprintError(
            f"Class {missing[0]} has no photo to train on ({len(missing)} of {n_classes} classes"
            " have none): add photos of it, or leave it out."
        )


@dataclass(frozen=True)
class _Problem:
    """Rows with labels [N], to be fitted for any C."""

    rows: Rows
    labels: Tensor
    n_classes: int
    preconditioner: Preconditioner

    def solve(self, C: Sequence[float], max_iterations: int) -> Minimum:
        """Fit some values of C: weights and, in the last column, intercepts [P, B, D + 1]."""
        n, place = len(self.labels), self.labels.device
        penalty = 1.0 / torch.tensor(list(C), dtype=torch.float64, device=place)
        counts = torch.bincount(self.labels, minlength=self.n_classes).double()
        shape = (self.n_classes, len(C), len(self.rows.centre) + 1)
        start = torch.zeros(shape, dtype=torch.float64, device=place)
        # The optimum without weights: what is gained from here on, the weights gain.
        start[..., -1] = (counts / n).log()[:, None]
        return minimise(
            lambda W, which: self._gradient(W, penalty[which]),
            lambda G, which: self.preconditioner.solve(G, penalty[which], n),
            start,
            enough=_ENOUGH * n,
            least=_LEAST * n,
            share=_SHARE,
            max_iterations=max_iterations,
        )

    def reduced(self) -> _Problem:
        """The same problem in the principal axes of the rows, of which there are fewer.

        Optimal weights lie in the span of the centred rows, and the penalty sees no rotation.
        """
        return replace(
            self,
            rows=self.rows.turned(self.preconditioner.axes),
            preconditioner=self.preconditioner.turned(),
        )

    def _gradient(self, W: Tensor, penalty: Tensor) -> Tensor:
        """Gradient of the objective divided by C, [P, b, D + 1]."""
        flat = W.flatten(0, 1).to(self.rows.centre)
        weights, intercepts = flat[:, :-1].contiguous(), flat[:, -1:]
        G = torch.zeros_like(W).flatten(0, 1)
        for start, chunk in self.rows:
            logits = torch.addmm(intercepts, weights, chunk.T).view(*W.shape[:2], -1)
            errors = _errors(logits, self.labels[start : start + len(chunk)]).flatten(0, 1)
            G[:, :-1] += errors @ chunk
            G[:, -1] += errors.sum(1, dtype=G.dtype)
        G = G.view(W.shape)
        G[..., :-1] += penalty[:, None] * W[..., :-1]
        return G


def _errors(logits: Tensor, labels: Tensor) -> Tensor:
    """Probabilities minus one-hot labels, [P, b, n]; logits are overwritten.

    Of the right class this is minus the sum of the others: its difference from one would lose the
    small errors of confident classifiers to rounding.
    """
    logits -= logits.amax(0)
    errors = logits.exp_()
    errors /= errors.sum(0)
    right = labels.expand(1, *errors.shape[1:])
    errors.scatter_(0, right, 0.0)
    return errors.scatter_(0, right, -errors.sum(0, keepdim=True))
