"""Fitted linear classifiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from latentprint.arrays import to_numpy
from latentprint.solvers.features import Features, VectorArray
from latentprint.solvers.normaliser import Normaliser
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.rows import Rows, few_threads, namespace_of


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
        return np.concatenate(list(self._scores(Features.of(features), device)), axis=1)

    def predict(self, features: VectorArray | Features, device: str = "cpu") -> np.ndarray:
        """Most probable classes of features [N, D], int64 [B, N]; of equals the first."""
        classes = [each.argmax(axis=2) for each in self._scores(Features.of(features), device)]
        return np.concatenate(classes, axis=1)

    def _scores(self, features: Features, device: str) -> Iterator[np.ndarray]:
        """Logits of one chunk of rows after another [B, n, P]."""
        settings, dimensions, classes = self.weights.shape
        multiplications = len(features) * self.weights.size
        xp = namespace_of(multiplications, device)
        origin = xp.zeros(dimensions, dtype=xp.float64, device=device)
        yield np.empty((settings, 0, classes))
        stacked = np.ascontiguousarray(self.weights.transpose(1, 0, 2)).reshape(dimensions, -1)
        every = Rows(features, self.normaliser, origin)
        weights, intercepts = every.beside(stacked), every.beside(self.intercepts.ravel())
        with few_threads(multiplications):
            for _, rows in every:
                scores = to_numpy(rows @ weights + intercepts)
                yield scores.reshape(len(rows), settings, classes).transpose(1, 0, 2)
