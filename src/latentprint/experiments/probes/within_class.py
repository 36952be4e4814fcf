"""A label probed within semantic classes: what the classes tell of it counts for nothing.

Where a label goes together with what photos show, a probe reads it off the subject. Here every
class takes part with as many photos of each value, so that the class tells nothing of the value,
and of every photo the mean of its class is subtracted, as the photos of the fit have it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.guards import balance
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.labels import Labelled
from latentprint.experiments.probes.plans import Plan
from latentprint.experiments.vectors import units
from latentprint.solvers import Features, Hold, VectorArray
from latentprint.words import SEMANTIC

_CHUNK = 4096


def comparable(
    photos: pl.DataFrame, labelled: Labelled, least: int
) -> tuple[pl.DataFrame, Labelled, np.ndarray]:
    """The photos of classes in which every value of the label occurs.

    Of a label with many values the most frequent ones are taken, as many as leave most photos to
    compare.

    Args:
        photos: The photos, with their semantic class [n].
        labelled: Their label.
        least: Photos that a value needs among those that are compared.

    Returns:
        The photos, their label, and their semantic class, int64 [m].

    Raises:
        LatentprintError: There are no semantic classes, or none has photos of two values.
    """
    known = photos[SEMANTIC].is_not_null().to_numpy()
    names, classes = np.unique(photos[SEMANTIC].fill_null("").to_numpy(), return_inverse=True)
    counts = np.zeros((len(names), len(labelled.classes)), dtype=np.int64)
    np.add.at(counts, (classes[known], labelled.codes[known]), 1)
    frequent = np.argsort(-counts.sum(axis=0), kind="stable")
    rarest = np.minimum.accumulate(counts[:, frequent], axis=1).sum(axis=0)
    sizes = rarest * np.arange(1, len(frequent) + 1)
    sizes[rarest < least] = 0
    sizes[0] = 0
    if labelled.name == SEMANTIC or not sizes.any():
        raise LatentprintError(
            f"The label {labelled.name!r} goes with the semantic class: no class has photos of two"
            f" of its values, or fewer than {least} photos of a value can be compared."
        )
    values = np.sort(frequent[: int(sizes.argmax()) + 1])
    whole = counts[:, values].min(axis=1) > 0
    kept = known & whole[classes] & np.isin(labelled.codes, values)
    codes = np.searchsorted(values, labelled.codes[kept])
    shown = replace(labelled, classes=tuple(labelled.classes[at] for at in values), codes=codes)
    return photos.filter(kept), shown, classes[kept]


def balanced_within(items: Items, classes: np.ndarray, index: np.ndarray, seed: int) -> np.ndarray:
    """As many of some items of every value of the label, in each semantic class, int64 [m].

    Args:
        items: One item for every photo.
        classes: Semantic class of every photo, int64 [n].
        index: The items to choose among, int64 [m].
        seed: Seeds the choice.
    """
    found = []
    for each in np.unique(classes[items.photo[index]]):
        inside = index[classes[items.photo[index]] == each]
        labels = items.labels[inside]
        if len(np.unique(labels)) == len(items.classes):
            ids = [items.ids[at] for at in items.photo[inside]]
            found.append(inside[balance(labels, ids, seed)])
    return np.sort(np.concatenate(found)) if found else index[:0]


@dataclass(frozen=True)
class CentredArray:
    """Unit vectors minus the mean of their semantic class among some photos [n, D].

    Attributes:
        array: The vectors.
        classes: Semantic class of every row, int64 [n].
        means: Mean of every class among the photos of a fit, float32 [C, D].
    """

    array: VectorArray
    classes: np.ndarray
    means: np.ndarray

    @classmethod
    def of(cls, array: VectorArray, classes: np.ndarray, fitted: np.ndarray) -> CentredArray:
        """Take the means of some rows, int64 [m]; those of all of them for a class without any."""
        sums = np.zeros((int(classes.max()) + 1, array.shape[1]))
        for start in range(0, len(fitted), _CHUNK):
            rows = fitted[start : start + _CHUNK]
            np.add.at(sums, classes[rows], units(array[rows], rows.tolist(), "within class"))
        counts = np.bincount(classes[fitted], minlength=len(sums))[:, None]
        everywhere = np.broadcast_to(sums.sum(axis=0) / max(1, len(fitted)), sums.shape)
        means = np.divide(sums, counts, out=everywhere.copy(), where=counts > 0)
        return cls(array, classes, means.astype(np.float32))

    @property
    def shape(self) -> tuple[int, int]:
        """N photos, D dimensions."""
        return self.array.shape[0], self.array.shape[1]

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        found = units(self.array[rows], range(self.shape[0]), "within class")
        centred: np.ndarray = (found - self.means[self.classes[rows]]).astype(np.float32)
        return centred


def centred(items: Items, plan: Plan, classes: np.ndarray) -> tuple[Items, Plan]:
    """Subtract class means from the items of a plan, fit by fit, those of its own photos.

    Args:
        items: One item for every photo [n].
        plan: Which are tuned on, fitted and tested.
        classes: Semantic class of every photo, int64 [n].

    Returns:
        The items once for every hold and fit, and the plan that takes its own of them.
    """
    n, array = len(items.labels), items.features.parts[0]
    parts: list[CentredArray] = []

    def moved(fitted: np.ndarray, tested: np.ndarray) -> Hold:
        first = len(parts) * n
        parts.append(CentredArray.of(array, classes, fitted))
        return first + fitted, first + tested

    holds = tuple(moved(*hold) for hold in plan.holds)
    fits = [moved(*fit) for fit in zip(plan.train, plan.test, strict=True)]
    copies = len(parts)
    repeated = replace(
        items,
        features=Features(
            tuple(parts), np.repeat(np.arange(copies), n), np.tile(np.arange(n), copies)
        ),
        labels=np.tile(items.labels, copies),
        photo=np.tile(items.photo, copies),
    )
    train, test = (tuple(side) for side in zip(*fits, strict=True))
    return repeated, replace(plan, holds=holds, train=train, test=test)
