"""What calibrated probes are fitted to: versions of photos, or photos with a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from latentprint.solvers import Features, VectorArray


@dataclass(frozen=True)
class Examples:
    """What a probe is fitted to.

    Attributes:
        about: Name of the processing attribute or of the label.
        classes: Names of the classes [P].
        features: Vectors [M, D].
        labels: Class of each, int64 [M].
        photo: Number of the photo of each, int64 [M].
        groups: Group of the photo of each [M].
        versions: Whether every photo is there once under every class.
    """

    about: str
    classes: tuple[str, ...]
    features: Features
    labels: np.ndarray
    photo: np.ndarray
    groups: Sequence[str]
    versions: bool


def of_versions(
    about: str,
    versions: Mapping[str, VectorArray],
    photos: np.ndarray,
    groups: Sequence[str],
) -> Examples:
    """Examples of photos that are there under every class.

    Args:
        about: Name of the attribute.
        versions: The vectors of all photos under every class [N, D].
        photos: Which photos, int64 [n].
        groups: Group of every photo [N].
    """
    count, names = len(photos), tuple(versions)
    parts = tuple(versions.values())
    features = Features(parts, np.repeat(np.arange(len(names)), count), np.tile(photos, len(names)))
    return Examples(
        about=about,
        classes=names,
        features=features,
        labels=np.repeat(np.arange(len(names)), count),
        photo=np.tile(photos, len(names)),
        groups=[groups[int(each)] for each in np.tile(photos, len(names))],
        versions=True,
    )


def of_labels(
    about: str,
    classes: tuple[str, ...],
    vectors: VectorArray,
    codes: np.ndarray,
    groups: Sequence[str],
) -> Examples:
    """Examples of photos with a label.

    Args:
        about: Name of the label.
        classes: Names of its classes [P].
        vectors: The vectors of all photos [N, D].
        codes: Class of every photo, -1 for those that are left out, int64 [N].
        groups: Group of every photo [N].
    """
    kept = np.flatnonzero(codes >= 0)
    return Examples(
        about=about,
        classes=classes,
        features=Features.of(vectors).take(kept),
        labels=codes[kept],
        photo=kept,
        groups=[groups[int(each)] for each in kept],
        versions=False,
    )
