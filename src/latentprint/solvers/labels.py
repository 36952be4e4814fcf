"""Labels that a classifier can be fitted to, and how much each class counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from latentprint.errors import LatentprintError, unknown_name
from latentprint.solvers.features import Features, VectorArray

ClassWeight = Literal["balanced", "none"]
"""``balanced``: all classes count alike, however many rows they have; ``none`` (published): every
row counts alike.

Where classes differ by a single row, a strongly regularised fit without weights names the largest
class whatever it is shown: its free intercept outweighs all that the features may say.
"""


@dataclass(frozen=True)
class LabelledFeatures:
    """Features with the class of every row.

    Attributes:
        features: The rows [N, D].
        labels: Class of each, int64 [N].
        n_classes: Number of classes P.

    Raises:
        LatentprintError: The labels do not belong to the rows, or to the classes.
    """

    features: Features
    labels: np.ndarray
    n_classes: int

    def __post_init__(self) -> None:
        labels, n_classes = self.labels, self.n_classes
        if labels.shape != (len(self.features),) or not len(labels):
            raise LatentprintError(
                f"{len(self.features)} rows of features have {len(labels)} labels."
            )
        if not 0 <= labels.min() <= labels.max() < n_classes or n_classes < 2:
            raise LatentprintError(
                f"Labels must lie between 0 and {n_classes - 1}, in at least two classes, and lie"
                f" between {labels.min()} and {labels.max()}."
            )

    @classmethod
    def of(
        cls, features: VectorArray | Features, labels: np.ndarray, n_classes: int
    ) -> LabelledFeatures:
        """All rows of features, floats [N, D], with the class of each, int64 [N]."""
        return cls(Features.of(features), labels, n_classes)

    def take(self, index: np.ndarray) -> LabelledFeatures:
        """Some of the rows, by number int64 [n]."""
        return LabelledFeatures(self.features.take(index), self.labels[index], self.n_classes)


@dataclass(frozen=True)
class ClassCounts:
    """How many rows of each class groups have: a table of all groups and classes may be huge.

    Attributes:
        starts: Where the classes of every group begin, and where those of the last end, [G + 1].
        classes: Classes that groups have, group by group, int64 [C].
        rows: How many rows of each, int64 [C].
    """

    starts: np.ndarray
    classes: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, members: np.ndarray, labels: np.ndarray) -> ClassCounts:
        """Count the rows of groups, numbered from 0 without gaps [N], by class [N], int64 each."""
        n_classes = int(labels.max()) + 1
        cells, rows = np.unique(members * n_classes + labels, return_counts=True)
        starts = np.searchsorted(cells // n_classes, np.arange(int(members.max()) + 2))
        return cls(starts, cells % n_classes, rows)

    def __getitem__(self, group: int) -> tuple[np.ndarray, np.ndarray]:
        """The classes that a group has, and how many rows of each."""
        own = slice(self.starts[group], self.starts[group + 1])
        return self.classes[own], self.rows[own]


def row_weights(
    labels: np.ndarray, n_classes: int, counts: np.ndarray, how: ClassWeight
) -> np.ndarray:
    """How much each row counts in each fit; the weights of a fit sum to its rows.

    Args:
        labels: Class of every row, int64 [N].
        n_classes: Number of classes P.
        counts: How often each fit has each row, float64 [B, N].
        how: ``balanced`` or ``none``.

    Returns:
        float64 [B, N].

    Raises:
        LatentprintError: A class has no rows in a fit.
        UsageError: There is no such way.
    """
    if how not in get_args(ClassWeight):
        raise unknown_name("class weight", how, get_args(ClassWeight))
    sizes = np.stack([counts[:, labels == each].sum(axis=1) for each in range(n_classes)], axis=1)
    missing = np.argwhere(sizes == 0)
    if len(missing):
        fit, label = missing[0]
        raise LatentprintError(
            f"Class {label} has no photo to train on ({(sizes[fit] == 0).sum()} of {n_classes}"
            " classes have none): add photos of it, or leave it out."
        )
    if how == "none":
        return counts
    shares = sizes.sum(axis=1, keepdims=True) / (n_classes * sizes)
    found: np.ndarray = counts * shares[:, labels]
    return found
