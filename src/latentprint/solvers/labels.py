"""Labels that a classifier can be fitted to, and how much each class counts."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from latentprint.errors import LatentprintError, unknown_name
from latentprint.solvers.features import Features

ClassWeight = Literal["balanced", "none"]
"""``balanced``: all classes count alike, however many rows they have; ``none`` (published): every
row counts alike.

Where classes differ by a single row, a strongly regularised fit without weights names the largest
class whatever it is shown: its free intercept outweighs all that the features may say.
"""


def check_labels(features: Features, labels: np.ndarray, n_classes: int) -> None:
    """Refuse labels that no classifier can be fitted to.

    Raises:
        LatentprintError: They do not belong to the rows, or a class has none.
    """
    if labels.shape != (len(features),) or not len(labels):
        raise LatentprintError(f"{len(features)} rows of features have {len(labels)} labels.")
    if not 0 <= labels.min() <= labels.max() < n_classes or n_classes < 2:
        raise LatentprintError(
            f"Labels must lie between 0 and {n_classes - 1}, in at least two classes, and lie"
            f" between {labels.min()} and {labels.max()}."
        )


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
