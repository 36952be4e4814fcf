"""Fitted linear classifiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from latentprint.solvers.features import Features, VectorArray
from latentprint.solvers.normaliser import Normaliser
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.rows import Rows, few_threads


@dataclass(frozen=True)
class SoftmaxFits:
    """Classifiers that were fitted to the same rows, one for every setting.

    Attributes:
        weights: Of the normalised features, float64 [B, D, P].
        intercepts: float64 [B, P].
        converged: Whether each reached the optimum, bool [B]; of SGD, which looks for none,
            whether its weights are finite.
        iterations: Iterations (SGD: steps) that the slowest took.
        normaliser: What is done to features first.
        preconditioner: What the search started from; it serves fits to similar rows.
    """

    weights: np.ndarray
    intercepts: np.ndarray
    converged: np.ndarray
    iterations: int
    normaliser: Normaliser = field(repr=False)
    preconditioner: Preconditioner | None = field(default=None, repr=False)

    def only(self, setting: int) -> SoftmaxFits:
        """The classifier of one setting; B becomes 1."""
        at = slice(setting, setting + 1)
        return SoftmaxFits(
            self.weights[at],
            self.intercepts[at],
            self.converged[at],
            self.iterations,
            self.normaliser,
            self.preconditioner,
        )

    def logits(self, features: VectorArray | Features, device: str = "cpu") -> np.ndarray:
        """Scores of features [N, D], float64 [B, N, P]."""
        found: np.ndarray = torch.cat(list(self._scores(Features.of(features), device)), 1).numpy()
        return found

    def predict(self, features: VectorArray | Features, device: str = "cpu") -> np.ndarray:
        """Most probable classes of features [N, D], int64 [B, N]; of equals the first."""
        classes = [each.argmax(2) for each in self._scores(Features.of(features), device)]
        found: np.ndarray = torch.cat(classes, dim=1).numpy()
        return found

    def _scores(self, features: Features, device: str) -> Iterator[Tensor]:
        """Logits of one chunk of rows after another [B, n, P]."""
        origin = torch.zeros(features.shape[1], dtype=torch.float64, device=device)
        weights, intercepts = (
            torch.from_numpy(each).to(device) for each in (self.weights, self.intercepts)
        )
        empty = torch.empty(len(weights), 0, weights.shape[2], dtype=torch.float64)
        yield empty
        stacked = weights.permute(1, 0, 2).reshape(len(origin), -1)
        with few_threads(len(features) * stacked.numel()):
            for _, rows in Rows(features, self.normaliser, origin):
                scores = (rows @ stacked + intercepts.flatten()).view(len(rows), *intercepts.shape)
                yield scores.transpose(0, 1).cpu()
