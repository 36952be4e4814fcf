"""Softmax regression by L-BFGS, for several strengths of regularisation at once.

The objective is that of scikit-learn's ``LogisticRegression``: C times the summed cross entropy
plus half the squared weights, with a free intercept. Three things make it quick. The features are
turned to their principal axes, which changes no prediction, drops the dimensions in which no photo
differs, and makes the curvature at the start diagonal, so that L-BFGS can begin from it. All
values of C share each product with the features. And the line search needs no product at all,
because logits are linear in the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_MEMORY = 20
_TOLERANCE = 1e-4
_LINE_SEARCH_STEPS = 20
_RANK_TOLERANCE = 1e-13
_SMALL = 2**26


@dataclass(frozen=True)
class SoftmaxFits:
    """Fitted classifiers, one for every value of C.

    Attributes:
        weights: float64 [B, D, P].
        intercepts: float64 [B, P].
        converged: Whether each reached the optimum, bool [B].
        iterations: Iterations that the slowest took.
    """

    weights: np.ndarray
    intercepts: np.ndarray
    converged: np.ndarray
    iterations: int

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Class scores of features [N, D], float64 [B, N, P]."""
        scores: np.ndarray = X.astype(np.float64) @ self.weights + self.intercepts[:, None]
        return scores

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Classes of features [N, D], int64 [B, N]."""
        classes: np.ndarray = self.logits(X).argmax(axis=2)
        return classes


@dataclass(frozen=True)
class _Axes:
    """Features in their principal axes: Z = (X - mean) @ axes, float64."""

    Z: Tensor
    axes: Tensor
    mean: Tensor
    energy: Tensor


def fit_softmax(
    X: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    C: Sequence[float],
    *,
    max_iterations: int = 1000,
) -> SoftmaxFits:
    """Fit softmax regression for several values of C.

    Args:
        X: Features, float [N, D].
        labels: Class of every row, int64 [N].
        n_classes: Number of classes P.
        C: Inverse regularisation of every problem [B].
        max_iterations: Where to give up; ``converged`` tells.
    """
    with _few_threads(X.shape[0] * min(X.shape) * len(C) * n_classes):
        axes = _principal_axes(torch.from_numpy(np.asarray(X, dtype=np.float64)))
        problem = _Problem.of(axes, torch.from_numpy(labels), n_classes, C)
        W, converged, iterations = _minimise(problem, max_iterations)
    weights = torch.einsum("dr,rbp->bdp", axes.axes, W[:-1])
    intercepts = W[-1] - torch.einsum("d,bdp->bp", axes.mean, weights)
    return SoftmaxFits(weights.numpy(), intercepts.numpy(), converged.numpy(), iterations)


@contextmanager
def _few_threads(multiplications: int) -> Iterator[None]:
    """Keep small products on one thread.

    Where cores are shared, threads that wait for each other after each of many small steps made a
    fit 40 times slower.
    """
    before = torch.get_num_threads()
    if multiplications < _SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _principal_axes(X: Tensor) -> _Axes:
    """Centre and rotate features [N, D] to [N, R], R at most min(N, D).

    The penalty does not see rotations, the optimal weights lie in the span of the centred rows,
    and the free intercept absorbs the mean: the fitted classifier is the same function.
    """
    mean = X.mean(0)
    centred = X - mean
    tall = X.shape[0] > X.shape[1]
    energy, vectors = torch.linalg.eigh(centred.T @ centred if tall else centred @ centred.T)
    kept = energy > _RANK_TOLERANCE * max(float(X.square().sum()), 1e-300)
    energy, vectors = energy[kept], vectors[:, kept]
    axes = vectors if tall else centred.T @ (vectors / energy.sqrt())
    return _Axes(centred @ axes, axes, mean, energy)


@dataclass(frozen=True)
class _Problem:
    """The data of B problems.

    Z [N, R + 1] has a column of ones; labels are one-hot [N, 1, P]; the penalty [R + 1, B, 1] is
    1 / C, and 0 for the intercept; the curvature [R + 1, B, 1] is that at the start.
    """

    Z: Tensor
    targets: Tensor
    penalty: Tensor
    curvature: Tensor

    @classmethod
    def of(cls, axes: _Axes, labels: Tensor, n_classes: int, C: Sequence[float]) -> _Problem:
        """Gather the data of the problems."""
        n = len(labels)
        ones = torch.ones(n, 1, dtype=torch.float64)
        targets = torch.nn.functional.one_hot(labels, n_classes).double()[:, None]
        strength = 1.0 / torch.tensor(list(C), dtype=torch.float64)
        free = torch.zeros(1, len(C), 1, dtype=torch.float64)
        penalty = torch.cat([strength.expand(len(axes.energy), -1)[..., None], free])
        energy = torch.cat([axes.energy, torch.tensor([float(n)], dtype=torch.float64)])
        curvature = penalty + energy[:, None, None] / n_classes
        return cls(torch.cat([axes.Z, ones], 1), targets, penalty, curvature)

    def only(self, kept: Tensor) -> _Problem:
        """The problems of a mask [B]."""
        return _Problem(self.Z, self.targets, self.penalty[:, kept], self.curvature[:, kept])

    def logits(self, W: Tensor) -> Tensor:
        """Z @ W for weights [R + 1, B, P], [N, B, P]."""
        return (self.Z @ W.flatten(1)).view(-1, *W.shape[1:])

    def gradient(self, W: Tensor, probabilities: Tensor) -> Tensor:
        """Gradient of the objective divided by C, [R + 1, B, P]."""
        errors = (probabilities - self.targets).flatten(1)
        return (self.Z.T @ errors).view(W.shape) + self.penalty * W


def _minimise(problem: _Problem, max_iterations: int) -> tuple[Tensor, Tensor, int]:
    """L-BFGS from zero; problems that have converged leave the batch.

    Returns:
        Weights [R + 1, B, P], convergence [B], iterations.
    """
    shape = (*problem.penalty.shape[:2], problem.targets.shape[2])
    found = torch.zeros(shape, dtype=torch.float64)
    left = torch.arange(shape[1])
    W, L = found.clone(), torch.zeros(len(problem.Z), *shape[1:], dtype=torch.float64)
    G = problem.gradient(W, L.softmax(2))
    steps: list[Tensor] = []
    changes: list[Tensor] = []
    for iteration in range(max_iterations + 1):
        # The squared gradient over the curvature is twice the loss still to gain: unlike the
        # gradient itself it does not shrink with features that barely move.
        going = _dot(G, G / problem.curvature) > _TOLERANCE**2 * len(problem.Z)
        going = going[:, 0]
        if not going.all():
            found[:, left[~going]] = W[:, ~going]
            left, W, L, G = left[going], W[:, going], L[:, going], G[:, going]
            problem = problem.only(going)
            steps, changes = [s[:, going] for s in steps], [y[:, going] for y in changes]
        if not len(left) or iteration == max_iterations:
            break
        step = _direction(G, steps, changes, problem.curvature)
        shift = problem.logits(step)
        length, probabilities = _line_search(problem, W, L, step, shift)
        step = step * length
        W, L = W + step, L + shift * length
        before, G = G, problem.gradient(W, probabilities)
        steps, changes = [*steps, step][-_MEMORY:], [*changes, G - before][-_MEMORY:]
    found[:, left] = W
    converged = torch.ones(shape[1], dtype=torch.bool)
    converged[left] = False
    return found, converged, iteration


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Inner product of every problem, [R, B, P] to [B, 1]."""
    return (a * b).sum((0, 2))[:, None]


def _direction(G: Tensor, steps: list[Tensor], changes: list[Tensor], curvature: Tensor) -> Tensor:
    """The two-loop recursion (Nocedal & Wright, algorithm 7.4) from a diagonal curvature."""
    q, scales, memory = G, [], []
    for s, y in zip(steps, changes, strict=True):
        product = _dot(s, y)
        # Without curvature along a step, which only rounding brings about, it is passed over.
        memory.append(torch.where(product > 0, 1.0 / product, 0.0))
    for s, y, rho in zip(reversed(steps), reversed(changes), reversed(memory), strict=True):
        scales.append(rho * _dot(s, q))
        q = q - scales[-1] * y
    r = q / curvature
    if steps:
        size = _dot(changes[-1], changes[-1] / curvature)
        r = r * torch.where(memory[-1] > 0, 1.0 / (memory[-1] * size), 1.0)
    for s, y, rho, scale in zip(steps, changes, memory, reversed(scales), strict=True):
        r = r + s * (scale - rho * _dot(y, r))
    return -r


def _line_search(
    problem: _Problem, W: Tensor, L: Tensor, step: Tensor, shift: Tensor
) -> tuple[Tensor, Tensor]:
    """Safeguarded Newton steps along the line, on which the objective is convex.

    Returns:
        Step lengths [B, 1] and the probabilities there [N, B, P].
    """
    slope_of_targets = (problem.targets * shift).sum((0, 2))[:, None]
    linear, square = _dot(problem.penalty * W, step), _dot(problem.penalty * step, step)
    start = (L.softmax(2) * shift).sum((0, 2))[:, None] - slope_of_targets + linear
    low, high = torch.zeros_like(start), torch.full_like(start, torch.inf)
    length = torch.ones_like(start)
    for _ in range(_LINE_SEARCH_STEPS):
        probabilities = (L + shift * length).softmax(2)
        weighted = probabilities * shift
        mean = weighted.sum(2)
        slope = mean.sum(0)[:, None] - slope_of_targets + linear + length * square
        searching = slope.abs() > 0.3 * start.abs()
        if not searching.any():
            break
        bend = ((weighted * shift).sum(2) - mean.square()).sum(0)[:, None] + square
        low, high = torch.where(slope < 0, length, low), torch.where(slope > 0, length, high)
        newton = torch.clamp(length - slope / bend, max=4.0 * length)
        inside = (newton > low) & (newton < high)
        middle = torch.where(high.isinf(), 2.0 * length, (low + high) / 2)
        length = torch.where(searching, torch.where(inside, newton, middle), length)
    else:
        probabilities = (L + shift * length).softmax(2)
    return length, probabilities
