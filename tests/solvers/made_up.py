"""Made-up embeddings with classes, for the tests of the solvers."""

import numpy as np

from latentprint.solvers import LabelledFeatures

labelled = LabelledFeatures.of
"""Features and labels as the solvers take them."""


def embeddings(
    n: int, dimensions: int, classes: int, trace: float, *, decay: float = 0.3, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around a common mean, shifted by class; float32 [n, D] and int64 [n]."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    X = rng.normal(size=(n, dimensions)) * np.arange(1, dimensions + 1) ** -decay
    X += 1.0 + trace * rng.normal(size=(classes, dimensions))[labels]
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X.astype(np.float32), labels


def probabilities(logits: np.ndarray) -> np.ndarray:
    scores = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: np.ndarray = scores / scores.sum(axis=-1, keepdims=True)
    return shares
