"""What is done to features before they are fitted, and again before they are tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from latentprint.arrays import Array, array_namespace, like
from latentprint.errors import unknown_name
from latentprint.solver_options import Normalisation
from latentprint.solvers.features import Features

_CHUNK = 2**19
_CONSTANT = 1e-7


@dataclass(frozen=True)
class Normaliser:
    """A fitted normalisation.

    Attributes:
        how: ``l2``, ``standardise`` or ``none``.
        mean: Mean of the fitted rows, float64 [D]; only for ``standardise``.
        scale: Their standard deviation, float64 [D]; infinite where a dimension does not vary,
            which takes it away.
    """

    how: Normalisation
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None

    @classmethod
    def fit(cls, features: Features, how: Normalisation) -> Normaliser:
        """Learn from the rows to fit what ``how`` needs.

        Raises:
            UsageError: There is no such normalisation.
        """
        if how not in get_args(Normalisation):
            raise unknown_name("normalisation", how, get_args(Normalisation))
        if how != "standardise":
            return cls(how)
        mean, variance = _moments(features)
        deviation = np.sqrt(variance)
        # Rounding makes a constant of float32 vary by its last digit.
        constant = deviation <= _CONSTANT * np.abs(mean)
        return cls(how, mean, np.where(constant, np.inf, deviation))

    def first_unusable(self, rows: Array) -> int | None:
        """Which of some rows [n, D] is not finite, or zero where it should get unit length."""
        xp = array_namespace(rows)
        lengths = xp.linalg.vector_norm(rows, axis=1)
        finite = xp.isfinite(lengths)
        usable = finite & (lengths > 0) if self.how == "l2" else finite
        return None if xp.all(usable) else int(xp.nonzero(~usable)[0][0])

    def __call__(self, rows: Array) -> Array:
        """Normalise rows [n, D], in their precision and on their device."""
        if self.how == "l2":
            return rows / array_namespace(rows).linalg.vector_norm(rows, axis=1, keepdims=True)
        if self.mean is None or self.scale is None:
            return rows
        own = array_namespace(rows)
        mean, scale = (like(own.asarray(each), rows) for each in (self.mean, self.scale))
        return (rows - mean) / scale


def _moments(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of every dimension, float64 [D] each, in one pass.

    Sums are taken about the first chunk's mean, so that nothing cancels.
    """
    n, dimensions = features.shape
    step = max(1, _CHUNK // dimensions)
    offset = features.read(0, step).astype(np.float64).mean(axis=0)
    total, squares = np.zeros_like(offset), np.zeros_like(offset)
    for start in range(0, n, step):
        rows = features.read(start, start + step).astype(np.float64) - offset
        total += rows.sum(axis=0)
        squares += np.square(rows).sum(axis=0)
    shift = total / n
    return offset + shift, np.maximum(squares / n - np.square(shift), 0.0)
