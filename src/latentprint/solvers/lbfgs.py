"""L-BFGS for many convex problems of one shape at once.

Nocedal & Wright, *Numerical Optimization*, algorithms 7.4 and 7.5, with a preconditioner as the
first curvature. Every problem has its own curvature and step length; all share each evaluation of
the gradient, and leave the batch when they have converged. With a good preconditioner the full
step is nearly always taken, so that an iteration costs one evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentprint.arrays import Array, array_namespace, to_numpy

MEMORY = 10
"""Earlier steps that shape the curvature; 20 and 40 took as many iterations."""

Gradient = Callable[[Array, Array], Array]
"""Of variables [P, b, K] of the problems int64 [b], of the same shape."""

_EVALUATIONS = 20
_TOO_FAR, _TOO_SHORT = 0.5, 0.9


@dataclass(frozen=True)
class Minimum:
    """Where the search ended.

    Attributes:
        variables: float64 [P, B, K].
        converged: bool [B].
        iterations: Iterations that the slowest took.
    """

    variables: Array
    converged: np.ndarray
    iterations: int


@dataclass(frozen=True)
class Tolerance:
    """When a search ends: a step promises less than ``enough`` and than a share of the first.

    Attributes:
        enough: In the unit of the functions, float64 [B].
        least: The share never asks for less: where rounding begins, float64 [B].
        share: Relative to the first step.
    """

    enough: Array
    least: Array
    share: float


@dataclass(frozen=True)
class _Pair:
    """A step, the change of the gradient along it, and this divided by the first curvature."""

    step: Array
    change: Array
    solved: Array
    inverse: Array
    """One over step times change; 0 where rounding left no curvature, to pass the pair over."""

    @classmethod
    def of(cls, step: Array, change: Array, solved: Array) -> _Pair:
        return cls(step, change, solved, _inverse(_dot(step, change)))

    def only(self, kept: Array) -> _Pair:
        return _Pair(
            self.step[:, kept], self.change[:, kept], self.solved[:, kept], self.inverse[kept]
        )


def minimise(
    gradient: Gradient,
    precondition: Gradient,
    start: Array,
    tolerance: Tolerance,
    *,
    max_iterations: int,
) -> Minimum:
    """Minimise B smooth convex functions.

    A problem has converged when twice the gain that it expects of its next step is within the
    tolerance.

    Args:
        gradient: The gradients of some problems.
        precondition: Divides their gradients by a first guess of the curvature.
        start: Where to begin, float64 [P, B, K].
        tolerance: When a problem has converged.
        max_iterations: Where to give up.
    """
    xp = array_namespace(start)
    found, converged = xp.asarray(start, copy=True), np.zeros(start.shape[1], dtype=bool)
    left = xp.arange(start.shape[1], device=start.device)
    W, G = start, gradient(start, left)
    H = precondition(G, left)
    first = tolerance.share * _dot(G, H)
    limit = xp.minimum(xp.maximum(first, tolerance.least), tolerance.enough)
    pairs: list[_Pair] = []
    stuck = xp.zeros_like(left, dtype=xp.bool)
    for iteration in range(max_iterations + 1):
        step = -_direction(G, H, pairs)
        slope = _dot(G, step)
        done = -slope <= limit
        if xp.any(done | stuck):
            found[:, left] = W
            converged[to_numpy(left[done])] = True
            going = ~(done | stuck)
            left, limit, slope = left[going], limit[going], slope[going]
            W, G, H, step = W[:, going], G[:, going], H[:, going], step[:, going]
            pairs = [pair.only(going) for pair in pairs]
        if not len(left) or iteration == max_iterations:
            break
        step, G_there, stuck = _line_search(gradient, W, step, slope, left)
        H_there = precondition(G_there, left)
        pairs = [*pairs, _Pair.of(step, G_there - G, H_there - H)][-MEMORY:]
        W, G, H = W + step, G_there, H_there
    found[:, left] = W
    return Minimum(found, converged, iteration)


def _dot(a: Array, b: Array) -> Array:
    """Inner product of every problem, [P, B, K] to [B]."""
    return (a * b).sum((0, 2))


def _inverse(size: Array) -> Array:
    """One over each number, 0 where it is not positive [B]."""
    xp = array_namespace(size)
    positive = size > 0
    return xp.where(positive, 1.0 / xp.where(positive, size, 1.0), 0.0)


def _direction(G: Array, H: Array, pairs: list[_Pair]) -> Array:
    """The gradient over the curvature, by two loops.

    The preconditioner is linear: of H, the gradient divided by it, and of the pairs' share in it
    it need not be applied again.
    """
    scales = []
    for pair in reversed(pairs):
        scale = (pair.inverse * _dot(pair.step, G))[:, None]
        scales.append(scale)
        G, H = G - scale * pair.change, H - scale * pair.solved
    if pairs:
        last = pairs[-1]
        size = last.inverse * _dot(last.change, last.solved)
        H = H * array_namespace(H).where(size > 0, _inverse(size), 1.0)[:, None]
    for pair, scale in zip(pairs, reversed(scales), strict=True):
        H = H + pair.step * (scale - (pair.inverse * _dot(pair.change, H))[:, None])
    return H


def _line_search(
    gradient: Gradient, W: Array, step: Array, slope: Array, left: Array
) -> tuple[Array, Array, Array]:
    """Go along a step until the slope there is a good deal less steep.

    The slope of a convex function rises along the line, so that its sign tells on which side the
    minimum is. Only problems that went too far, or not far enough, are evaluated again.

    Returns:
        The steps taken [P, b, K], the gradients there [P, b, K], and where no length was found [b].
    """
    xp = array_namespace(W)
    length, G = xp.ones_like(slope), gradient(W + step, left)
    low, low_slope = xp.zeros_like(slope), slope
    high = xp.full_like(slope, xp.inf)
    for _ in range(_EVALUATIONS):
        here = _dot(G, step)
        wrong = (here > _TOO_FAR * abs(slope)) | (here < -_TOO_SHORT * abs(slope))
        if not xp.any(wrong):
            break
        rise, short = here - low_slope, here < 0
        # Where the slope did not change, the secant has nowhere to go.
        flat = rise == 0
        secant = low - (length - low) * low_slope / xp.where(flat, 1.0, rise)
        low, low_slope = xp.where(short, length, low), xp.where(short, here, low_slope)
        high = xp.where(short, high, length)
        end = xp.where(xp.isinf(high), 10.0 * length, high)
        margin = 0.05 * (end - low)
        inside = xp.maximum(xp.minimum(secant, end - margin), low + margin)
        inside = xp.where(flat, 0.5 * (low + end), inside)
        length = xp.where(wrong, inside, length)
        again = xp.nonzero(wrong)[0]
        G = xp.asarray(G, copy=True)
        G[:, again] = gradient((W + step * length[:, None])[:, again], left[again])
    return step * length[:, None], G, wrong
