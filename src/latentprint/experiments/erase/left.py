"""What an eraser leaves of the differences of classes, and what it takes of the variance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from latentprint.errors import LatentprintError
from latentprint.experiments.erase.staged import About, plain_row, seen_of
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.results import Result
from latentprint.words import ErasureMeasure, Stage

if TYPE_CHECKING:
    from latentprint.processing import Attribute

FITTED = "photos of the fit"
"""The condition of rows on photos that the eraser saw: the guarantee, not the proof."""


def guarantee_rows(
    stages: Stages, fitted: ViewedEmbeddings, classes: Sequence[str]
) -> list[Result]:
    """Size of the differences of class means after erasure, in percent of that before.

    Of the photos that the eraser was fitted on, where its guarantee holds: as it is kept and
    applied, and after rows were given unit length again, which no linear map foresees.

    Args:
        stages: Before and after.
        fitted: The photos that it was fitted on.
        classes: The classes.
    """
    erased = replace(fitted, eraser=stages.eraser)
    own = _Shifts(fitted, classes, stages.unit).length
    after, again = (_Shifts(erased, classes, each).length for each in (False, True))
    about = About(
        "classes of the fit", FITTED, {"n_test": len(fitted.photos), "classes": len(classes)}
    )
    return [
        plain_row(stages, about, measure, Stage.AFTER, (share,) * 3)
        for measure, left in ((ErasureMeasure.MEANS, after), (ErasureMeasure.LENGTHS, again))
        for share in [100.0 * left / (own or 1.0)]
    ]


def shift_rows(stages: Stages, attribute: Attribute) -> list[Result]:
    """Share of what all photos move by alike that is left on photos the eraser never saw.

    The squared length of the classes' common shift, without what photos add to it by chance: the
    mean over pairs of different photos. In percent of that before; with the jackknife's interval.

    Args:
        stages: Before and after.
        attribute: The processing.

    Raises:
        LatentprintError: The classes are not shown to move these photos alike before.
    """
    before = _Shifts(stages.before, attribute.classes, stages.unit)
    after = _Shifts(stages.after, attribute.classes, unit=False)
    groups = np.unique(stages.groups, return_inverse=True)[1]
    squares = [_common(each, groups) for each in (before, after)]
    if squares[0][0] <= _reach(squares[0][1]):
        raise LatentprintError(
            f"The classes of {attribute.name!r} are not shown to move these {len(stages.photos)} "
            "photos alike, so that nothing can be said of how much of it is left."
        )
    value = squares[1][0] / squares[0][0]
    reach = _reach(squares[1][1] / squares[0][1])
    about = About(
        attribute.name, seen_of(attribute.classes, stages.seen), {"classes": len(attribute.classes)}
    )
    figure = (100.0 * value, 100.0 * (value - reach), 100.0 * (value + reach))
    return [plain_row(stages, about, ErasureMeasure.SHIFT, Stage.AFTER, figure)]


def variance_row(stages: Stages, processing: str) -> Result:
    """Share of the variance between photos that the eraser takes, in percent."""
    sums = [[each.sum(axis=0) for each in both] for both in _taken(stages, processing)]
    means = np.sum(sums, axis=0) / len(stages.photos)
    squares = [
        [float(((each - mean) ** 2).sum()) for each, mean in zip(both, means, strict=True)]
        for both in _taken(stages, processing)
    ]
    own, taken = np.sum(squares, axis=0).tolist()
    return plain_row(
        stages,
        About(processing),
        ErasureMeasure.VARIANCE,
        Stage.AFTER,
        (100.0 * taken / own if own else 0.0,) * 3,
    )


def _reach(left: np.ndarray) -> float:
    """Half of the jackknife's 95 % interval of a figure, from it without each group [G]."""
    n = len(left)
    error = float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))
    return float(stdtrit(n - 1, 0.975)) * error


def _taken(stages: Stages, processing: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Vectors before erasure and what it takes of them, in blocks, float64 [b, D] each."""
    every, classes = np.arange(len(stages.photos)), [processing]
    before = stages.before.blocks(classes, every, unit=stages.unit)
    after = stages.after.blocks(classes, every, unit=False)
    for (_, one), (_, other) in zip(before, after, strict=True):
        yield one[:, 0], one[:, 0] - other[:, 0]


@dataclass(frozen=True)
class _Shifts:
    """How far each class moves each photo from the mean over the classes.

    Attributes:
        source: The photos.
        classes: The classes [P].
        unit: Give vectors unit length first.
    """

    source: ViewedEmbeddings
    classes: Sequence[str]
    unit: bool

    def blocks(self, order: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Photos in some order, int64 [b], and their shifts, float64 [b, P * D], in blocks."""
        for rows, vectors in self.source.blocks(self.classes, order, unit=self.unit):
            shifts = vectors - vectors.mean(axis=1, keepdims=True)
            yield rows, shifts.reshape(len(rows), -1)

    @property
    def length(self) -> float:
        """Length of the mean shift of all photos."""
        n = len(self.source.photos)
        total = np.sum([each.sum(axis=0) for _, each in self.blocks(np.arange(n))], axis=0)
        return float(np.linalg.norm(total / n))


def _common(shifts: _Shifts, groups: np.ndarray) -> tuple[float, np.ndarray]:
    """Squared length of the common shift, and the same without each group [G]."""
    order = np.argsort(groups, kind="stable")
    own, along = np.zeros((2, int(groups.max()) + 1))
    last, begun, total = -1, np.zeros(1), np.zeros(1)
    for rows, moved in shifts.blocks(order):
        found, first = np.unique(groups[rows], return_index=True)
        sums = np.add.reduceat(moved, first, axis=0)
        if found[0] == last:
            # The block before ended within this group.
            sums[0] += begun
        own[found] = (sums**2).sum(axis=1)
        last, begun, total = found[-1], sums[-1], total + moved.sum(axis=0)
    for rows, moved in shifts.blocks(order):
        np.add.at(along, groups[rows], moved @ total)
    whole = float(total @ total)
    sizes = np.bincount(groups).astype(float)
    n, squares = sizes.sum(), own.sum()
    pairs = n**2 - (sizes**2).sum()
    without = whole - 2.0 * along + own
    pairs_left = (n - sizes) ** 2 - ((sizes**2).sum() - sizes**2)
    return (whole - squares) / pairs, (without - (squares - own)) / pairs_left
