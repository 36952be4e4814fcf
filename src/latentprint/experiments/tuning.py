"""Choosing the regularisation of a probe on part of its training photos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from latentprint.errors import LatentprintError
from latentprint.experiments.softmax import fit_softmax


def tune(
    X: np.ndarray,
    labels: np.ndarray,
    groups: Iterable[str],
    n_classes: int,
    C_grid: Sequence[float],
    seed: int,
) -> tuple[dict[float, float], bool]:
    """Measure every C on a class-stratified fifth of the training photos.

    Args:
        X: Features of the training photos, float32 [N, D].
        labels: Drawn class of each, int64 [N].
        groups: Group of each [N]; none is both fitted and held out.
        n_classes: Number of classes P.
        C_grid: Values of C.
        seed: Seeds the choice of the held-out photos.

    Returns:
        Accuracy in percent on the held-out photos for every C, and whether all fits converged.

    Raises:
        LatentprintError: The groups are too large to hold a fifth out.
    """
    held = hold_out(groups, labels, seed)
    if not held.any():
        raise LatentprintError(
            "The probe cannot be tuned: too many training photos share a group, so that no fifth"
            " of them can be held out. Add photos, or give smaller groups."
        )
    fits = fit_softmax(X[~held], labels[~held], n_classes, C_grid)
    accuracies = 100.0 * (fits.predict(X[held]) == labels[held]).mean(axis=1)
    return dict(zip(C_grid, accuracies.tolist(), strict=True)), bool(fits.converged.all())


def hold_out(
    groups: Iterable[str], labels: np.ndarray, seed: int, share: float = 0.2
) -> np.ndarray:
    """Hold out a share of every class, whole groups at a time, bool [N].

    Groups come in a random order that depends on their names alone, and each is held out while
    none of its classes has had its share: of groups of one photo this is the stratified split.
    """
    names, members = np.unique(np.asarray(list(groups), dtype=str), return_inverse=True)
    table = np.zeros((len(names), int(labels.max()) + 1), dtype=np.int64)
    np.add.at(table, (members, labels), 1)
    sizes = table.sum(axis=0)
    # At least one and never all: there are at least two photos of every class.
    room = np.where(sizes > 0, np.maximum(1, np.round(share * sizes)), 0).astype(np.int64)
    chosen = np.zeros(len(names), dtype=bool)
    order = sorted(range(len(names)), key=lambda i: blake2b(f"{seed}:{names[i]}".encode()).digest())
    for group in order:
        if (table[group] <= room).all():
            room -= table[group]
            chosen[group] = True
    held: np.ndarray = chosen[members]
    return held
