"""What an eraser leaves of the differences of classes, and what it takes of the variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from latentprint.errors import LatentprintError
from latentprint.experiments.erase.staged import About, plain_row, seen_of
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.experiments.vectors import units
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
    own = _shifts(fitted, classes, unit=stages.unit)
    after, again = (_shifts(erased, classes, unit=each) for each in (False, True))
    size = float(np.linalg.norm(own.mean(axis=0))) or 1.0
    about = About(
        "classes of the fit", FITTED, {"n_test": len(fitted.photos), "classes": len(classes)}
    )
    return [
        plain_row(stages, about, measure, Stage.AFTER, (share,) * 3)
        for measure, moved in ((ErasureMeasure.MEANS, after), (ErasureMeasure.LENGTHS, again))
        for share in [100.0 * float(np.linalg.norm(moved.mean(axis=0))) / size]
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
    before = _shifts(stages.before, attribute.classes, unit=stages.unit)
    after = _shifts(stages.after, attribute.classes, unit=False)
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
    before, after = (
        np.asarray(source.vectors(processing)[:], dtype=np.float64)
        for source in (stages.before, stages.after)
    )
    if stages.unit:
        before = units(before, stages.photos["id"], stages.before.encoder)
    removed = before - after
    own, taken = (float(((each - each.mean(axis=0)) ** 2).sum()) for each in (before, removed))
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


def _shifts(source: ViewedEmbeddings, classes: Sequence[str], *, unit: bool) -> np.ndarray:
    """How far each class moves each photo from the mean over the classes, float64 [n, P, D]."""
    vectors = [np.asarray(source.vectors(name)[:], dtype=np.float64) for name in classes]
    if unit:
        vectors = [units(each, source.photos["id"], source.encoder) for each in vectors]
    stacked = np.stack(vectors, axis=1)
    found: np.ndarray = stacked - stacked.mean(axis=1, keepdims=True)
    return found


def _common(shifts: np.ndarray, groups: np.ndarray) -> tuple[float, np.ndarray]:
    """Squared length of the common shift, and the same without each group [G]."""
    flat = shifts.reshape(len(shifts), -1)
    count = int(groups.max()) + 1
    sums = np.zeros((count, flat.shape[1]))
    np.add.at(sums, groups, flat)
    own, total = (sums**2).sum(axis=1), sums.sum(axis=0)
    whole = float(total @ total)
    sizes = np.bincount(groups).astype(float)
    n, squares = sizes.sum(), own.sum()
    pairs = n**2 - (sizes**2).sum()
    without = whole - 2.0 * sums @ total + own
    pairs_left = (n - sizes) ** 2 - ((sizes**2).sum() - sizes**2)
    return (whole - squares) / pairs, (without - (squares - own)) / pairs_left
