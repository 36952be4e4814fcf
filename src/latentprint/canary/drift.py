"""How far vectors moved, and the ladder of words for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from latentprint.experiments.vectors import units

ARITHMETIC = 1e-6
"""1 - cos up to which vectors differ by arithmetic alone.

Other batches, threads or kernels of one float32 network move vectors by up to 1e-11; the smallest
change of pixels in use (a tensor resize with antialiasing) by 1e-4.
"""

OTHER_MODEL = 0.05
"""Median 1 - cos above which the vectors of the same pixels are another model's."""

NEIGHBOURS = 10

_ABOUT = 3.0
"""Ratio of two mean distances up to which one is called about as far as the other."""


class Drift(StrEnum):
    """What happened to the vectors of a canary, from nothing to another model."""

    IDENTICAL = "identical"
    ARITHMETIC = "arithmetic"
    LENGTH = "length changed"
    PIXELS = "pixels changed"
    INPUT = "model input changed"
    ENCODER = "encoder changed"
    VECTORS = "vectors changed"
    OTHER = "other model"


@dataclass(frozen=True)
class Size:
    """How far a change moves the vectors of a canary.

    Attributes:
        mean: Mean 1 - cos over the photos.
        median: Their median.
        largest: Their maximum.
        overlap: Share of the 10 nearest neighbours that are kept, 0 to 1.
    """

    mean: float
    median: float
    largest: float
    overlap: float


def size_of(before: np.ndarray, after: np.ndarray, ids: Sequence[str]) -> Size:
    """How far vectors moved, float [N, D] each; see ``cosine_distances``."""
    moved = cosine_distances(before, after, ids)
    kept = neighbours_kept(before, after, ids)
    return Size(float(moved.mean()), float(np.median(moved)), float(moved.max()), kept)


def cosine_distances(before: np.ndarray, after: np.ndarray, ids: Sequence[str]) -> np.ndarray:
    """1 - cos of the vectors of every photo, exact where it is tiny, float64 [N].

    It is half the squared distance of the two unit vectors: 1 minus their product would lose all
    digits below 1e-16, and most of those below 1e-12.

    Raises:
        LatentprintError: A vector is zero or not finite.
    """
    apart = units(before, ids, "before") - units(after, ids, "now")
    distances: np.ndarray = np.square(apart).sum(axis=1) / 2
    return distances


def length_changes(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """By what share the length of every vector changed, float64 [N]."""
    lengths = [np.linalg.norm(each.astype(np.float64), axis=1) for each in (before, after)]
    changes: np.ndarray = np.abs(lengths[1] / lengths[0] - 1.0)
    return changes


def neighbours_kept(before: np.ndarray, after: np.ndarray, ids: Sequence[str]) -> float:
    """Mean share of the 10 nearest other photos that are still among the 10 nearest.

    Args:
        before: Floats [N, D].
        after: Floats [N, E]; another number of dimensions is no hindrance.
        ids: The id of every photo [N].
    """
    one, other = (_nearest(units(each, ids, "overlap")) for each in (before, after))
    shared = [len(set(a) & set(b)) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    return sum(shared) / one.size


def nearest_other(vectors: np.ndarray, ids: Sequence[str]) -> np.ndarray:
    """1 - cos between every photo and the one nearest to it, float64 [N]."""
    one = units(vectors, ids, "now")
    return cosine_distances(one, one[_nearest(one)[:, 0]], ids)


def as_far_as(mean: float, known: Mapping[str, Size]) -> str:
    """Put a mean 1 - cos in terms of known changes, as the end of a sentence."""
    moving = {name: size for name, size in known.items() if size.mean > ARITHMETIC}
    if not moving:
        return "farther than any of the known changes, which move nothing here"
    nearest = min(moving, key=lambda name: abs(np.log(mean / moving[name].mean)))
    if max(mean / moving[nearest].mean, moving[nearest].mean / mean) <= _ABOUT:
        return f"about as far as {nearest} moves them"
    below = [name for name in moving if moving[name].mean < mean]
    above = [name for name in moving if moving[name].mean >= mean]
    said = []
    if below:
        said.append(f"farther than {max(below, key=lambda name: moving[name].mean)}")
    if above:
        said.append(f"less far than {min(above, key=lambda name: moving[name].mean)}")
    return " and ".join(said) + (" moves them" if len(said) == 1 else " move them")


def _nearest(vectors: np.ndarray) -> np.ndarray:
    """The nearest other photos, nearest first, int64 [N, k]."""
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    order = np.argsort(-similarities, axis=1, kind="stable")
    return order[:, : min(NEIGHBOURS, len(vectors) - 1)]
