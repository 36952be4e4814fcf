"""Made-up embeddings, as the experiments ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from latentprint.processing import ATTRIBUTES

SHARPENING = ATTRIBUTES["sharpening"]
"""The attribute whose classes made-up photos are shown under."""


@dataclass(frozen=True)
class MadeUp:
    """Made-up embeddings of some photos."""

    photos: pl.DataFrame
    by_class: dict[str, np.ndarray]
    split_made: bool = False
    encoder: str = "made up"
    network: str = "made up"
    family: str = "yours"
    dataset: str = "made up"
    layer: int | None = None

    def vectors(self, processing: str) -> np.ndarray:
        """The embeddings under one class, float32 [N, D]."""
        return self.by_class[processing]


def table(
    n: int, groups: np.ndarray | None = None, trained: int | None = None, **columns: np.ndarray
) -> pl.DataFrame:
    """A table of photos.

    Args:
        n: Number of photos.
        groups: Number of the group of each, int [n]; by default each is its own.
        trained: So many photos, the first ones, are training photos; by default every other one.
        columns: Numbers of names, int [n].
    """
    ids = [f"photo{each:05}" for each in range(n)]
    alike = ids if groups is None else [f"group{each}" for each in groups]
    named = {name: [f"{name}{each}" for each in numbers] for name, numbers in columns.items()}
    at = range(n)
    split = ["train" if (at % 2 if trained is None else at < trained) else "val" for at in at]
    return pl.DataFrame({"id": ids, "split": split, "group": alike, **named})


def habits(rng: np.random.Generator, group: np.ndarray, spread: float, size: int) -> np.ndarray:
    """What the photos of each group share: normal, float64 [n, size]."""
    return spread * rng.normal(size=(group.max() + 1, size))[group]


def subjects(
    rng: np.random.Generator, group: np.ndarray, spread: float, centres: np.ndarray
) -> np.ndarray:
    """What photos show: what their group shares, their own, and their subject, float64 [n, D].

    Args:
        rng: Where all of it comes from.
        group: Number of the group of each photo, int [n].
        spread: How far groups lie apart.
        centres: Where subjects lie [S, D]; each photo has one, or none where there are none.
    """
    n, size = len(group), centres.shape[1]
    content = habits(rng, group, spread, size) + rng.normal(size=(n, size))
    if len(centres):
        content += centres[rng.integers(len(centres), size=n)]
    return content


def versions(
    rng: np.random.Generator,
    content: np.ndarray,
    shifts: Iterable[np.ndarray],
    noise: float | np.ndarray,
) -> dict[str, np.ndarray]:
    """Photos under every class of ``SHARPENING``.

    Args:
        rng: Where noise comes from.
        content: What photos show [n, D].
        shifts: How each class moves them, [D] or [n, D] each.
        noise: How far each version of a photo is moved by chance, a number or [n, 1].
    """
    return {
        name: (content + shift + noise * rng.normal(size=content.shape)).astype(np.float32)
        for name, shift in zip(SHARPENING.classes, shifts, strict=True)
    }
