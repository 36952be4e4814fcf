"""Made-up embeddings: content, noise, and a trace of known strength."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    split_made: bool = False
    layer: int | None = None

    @property
    def network(self) -> str:
        return self.encoder

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
    return replace(source, photos=source.photos[order], by_class=by_class)


def camera_source(
    n: int,
    *,
    trace: float,
    makes: int = 3,
    per_person: int = 4,
    dimensions: int = 24,
    seed: int = 0,
) -> FakeSource:
    """Photos by people who each own one camera and have favourite subjects."""
    rng = np.random.default_rng(seed)
    person = np.arange(n) // per_person
    make = rng.integers(makes, size=person.max() + 1)[person]
    habits = rng.normal(size=(person.max() + 1, dimensions))
    shifts = trace * rng.normal(size=(makes, dimensions))
    vectors = habits[person] + rng.normal(size=(n, dimensions)) + shifts[make]
    photos = pl.DataFrame(
        {
            "id": [f"photo{i:05d}" for i in range(n)],
            "label": [None] * n,
            "split": ["train"] * (n // 2) + ["val"] * (n - n // 2),
            "group": [f"own{i:05d}" for i in range(n)],
            "photographer": [f"person{i:04d}" for i in person],
            "make": [f"make {i}" for i in make],
            "iso": (100.0 * 2.0 ** rng.integers(4, size=n)).tolist(),
            "taken_month": [f"2020-{1 + i % 12:02}" for i in person],
            "file_width": [4000 + 16 * int(i) for i in make],
            "file_height": [3000] * n,
            "file_bytes": rng.integers(10**6, 2 * 10**6, size=n),
        },
        schema_overrides={"label": pl.String},
    )
    return FakeSource(photos, {"none": vectors.astype(np.float32)}, split_made=True)
