"""What is done to features before they are fitted, and again before they are tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor

from latentprint.errors import unknown_name
from latentprint.solvers.features import Features, Normalisation

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
    mean: Tensor | None = None
    scale: Tensor | None = None

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
        deviation = variance.sqrt()
        # Rounding makes a constant of float32 vary by its last digit.
        constant = deviation <= _CONSTANT * mean.abs()
        return cls(how, mean, torch.where(constant, torch.inf, deviation))

    def first_unusable(self, rows: Tensor) -> int | None:
        """Which of some rows [n, D] is not finite, or zero where it should get unit length."""
        lengths = torch.linalg.vector_norm(rows, dim=1)
        usable = lengths.isfinite() & (lengths > 0) if self.how == "l2" else lengths.isfinite()
        return None if usable.all() else int((~usable).nonzero()[0])

    def __call__(self, rows: Tensor) -> Tensor:
        """Normalise rows [n, D], in their precision and on their device."""
        if self.how == "l2":
            lengths: Tensor = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
            return rows / lengths
        if self.mean is None or self.scale is None:
            return rows
        return (rows - self.mean.to(rows)) / self.scale.to(rows)


def _moments(features: Features) -> tuple[Tensor, Tensor]:
    """Mean and variance of every dimension, float64 [D] each, in one pass.

    Sums are taken about the first chunk's mean, so that nothing cancels.
    """
    n, dimensions = features.shape
    step = max(1, _CHUNK // dimensions)
    offset = torch.from_numpy(features.read(0, step)).double().mean(0)
    total, squares = torch.zeros_like(offset), torch.zeros_like(offset)
    for start in range(0, n, step):
        rows = torch.from_numpy(features.read(start, start + step)).double() - offset
        total += rows.sum(0)
        squares += rows.square().sum(0)
    shift = total / n
    return offset + shift, (squares / n - shift.square()).clamp(min=0.0)
