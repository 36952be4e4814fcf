"""Made-up embeddings: content, noise, and a trace of known strength."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from latentprint.processing import ATTRIBUTES


@dataclass
class FakeSource:
    photos: pl.DataFrame
    by_class: dict[str, np.ndarray]
    encoder: str = "fake"
    family: str = "yours"
    dataset: str = "made up"

    def vectors(self, processing: str) -> np.ndarray:
        return self.by_class[processing]


def fake_source(
    n_train: int,
    n_test: int,
    *,
    attribute: str = "sharpening",
    dimensions: int = 24,
    labels: int = 4,
    trace: float = 0.0,
    spread: float = 1.0,
    seed: int = 0,
) -> FakeSource:
    rng = np.random.default_rng(seed)
    n = n_train + n_test
    label = rng.integers(labels, size=n)
    centres = rng.normal(size=(labels, dimensions))
    content = centres[label] + spread * rng.normal(size=(n, dimensions))
    names = ATTRIBUTES[attribute].classes
    shifts = trace * rng.normal(size=(len(names), dimensions))
    photos = pl.DataFrame(
        {
            "id": [f"photo{i:05d}" for i in range(n)],
            "label": [f"class{i}" for i in label],
            "split": ["train"] * n_train + ["val"] * n_test,
            "group": [f"group{i:05d}" for i in range(n)],
        }
    )
    vectors = {
        name: (content + shift).astype(np.float32)
        for name, shift in zip(names, shifts, strict=True)
    }
    return FakeSource(photos, vectors)


def shuffled(source: FakeSource, seed: int = 1) -> FakeSource:
    order = np.random.default_rng(seed).permutation(len(source.photos))
    by_class = {name: vectors[order] for name, vectors in source.by_class.items()}
    return FakeSource(source.photos[order], by_class)
