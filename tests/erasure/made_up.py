"""Tiny made-up embeddings with a planted trace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Versions:
    """Photos under several classes, all versions of a photo in a row."""

    rows: np.ndarray
    nuisance: np.ndarray
    photo: np.ndarray
    content: np.ndarray
    traces: np.ndarray

    @property
    def labels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.rows, self.nuisance, self.photo

    def reordered(self, order: np.ndarray) -> Versions:
        return Versions(
            self.rows[order], self.nuisance[order], self.photo[order], self.content, self.traces
        )


def versions(
    photos: int = 60,
    classes: int = 4,
    dimension: int = 24,
    *,
    seed: int = 0,
    trace: float = 1.0,
    noise: float = 0.1,
) -> Versions:
    """Content far from zero and of many scales, plus a trace of each class, plus noise."""
    rng = np.random.default_rng(seed)
    scales = np.geomspace(3.0, 0.05, dimension)
    turned = np.linalg.qr(rng.normal(size=(dimension, dimension)))[0]
    content = 5.0 + (rng.normal(size=(photos, dimension)) * scales) @ turned
    traces = trace * rng.normal(size=(classes, dimension))
    rows = content[:, None] + traces + noise * rng.normal(size=(photos, classes, dimension))
    return Versions(
        rows.reshape(-1, dimension),
        np.tile([f"class {each}" for each in range(classes)], photos),
        np.repeat([f"photo {each}" for each in range(photos)], classes),
        content,
        traces,
    )


def readable(rows: np.ndarray, nuisance: np.ndarray) -> float:
    """Largest difference between the means of a class and of all, over the spread of rows."""
    rows = np.asarray(rows, dtype=np.float64)
    means = [rows[nuisance == each].mean(axis=0) for each in np.unique(nuisance)]
    return float(np.abs(np.array(means) - rows.mean(axis=0)).max())
