"""Fits to some rows, and what they say of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import numpy as np

from latentprint.solvers.fits import SoftmaxFits
from latentprint.solvers.labels import ClassCounts, LabelledFeatures
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.settings import LBFGSSetting, Setting, SGDSetting, SolverOptions
from latentprint.solvers.sgd import fit_sgd
from latentprint.solvers.softmax import fit_softmax

Hold = tuple[np.ndarray, np.ndarray]
"""Rows to fit and rows to measure on, int64 each."""

_HELD = 0.2

_OVERHEAD = 2**21
"""Multiplications in the time that a fit spends on everything else, in each iteration."""


@dataclass(frozen=True)
class HeldOut:
    """What the fits of several holds said of the rows that they were measured on.

    Attributes:
        said: Class that every setting gave, int64 [S, m] for each hold.
        converged: Whether each fit converged, bool [holds, S].
        preconditioner: That of the first fit, for fits to similar rows; None for SGD.
    """

    said: tuple[np.ndarray, ...]
    converged: np.ndarray
    preconditioner: Preconditioner | None = field(default=None, repr=False)


def fit_holds(
    data: LabelledFeatures,
    holds: Sequence[Hold],
    settings: Sequence[Setting],
    options: SolverOptions,
    *,
    preconditioner: Preconditioner | None = None,
) -> HeldOut:
    """Fit every setting to some rows and let it say the classes of others, in several ways.

    Args:
        data: All rows.
        holds: Which rows to fit and to measure on; a row that is fitted twice counts twice.
        settings: What to fit, all of one solver [S].
        options: How. The minibatches of SGD have another seed in every hold, the first its own.
        preconditioner: That of earlier fits to similar rows.

    Raises:
        LatentprintError: A class has no rows in a fit, or a row is not finite, or zero where it
            should get unit length.
    """
    if _is_faster_together(data, holds, settings, options):
        return _together(data, holds, settings, options)
    said, converged = [], []
    for at, (fitted, measured) in enumerate(holds):
        own = replace(options, seed=options.seed + at)
        fits = _fit(data.take(fitted), settings, own, preconditioner)
        preconditioner = preconditioner or fits.preconditioner
        said.append(fits.predict(data.features.take(measured), options.device))
        converged.append(fits.converged)
    return HeldOut(tuple(said), np.stack(converged), preconditioner)


def _is_faster_together(
    data: LabelledFeatures,
    holds: Sequence[Hold],
    settings: Sequence[Setting],
    options: SolverOptions,
) -> bool:
    """Whether products with rows that some fits leave out cost less than a fit's overhead."""
    # Standardised features depend on the rows that are fitted.
    if options.solver == "sgd" or options.normalise == "standardise" or len(holds) == 1:
        return False
    dimensions = data.features.shape[1]

    def size(rows: int) -> int:
        return rows * min(dimensions, rows)

    used = np.zeros(len(data.labels), dtype=bool)
    for fitted, _ in holds:
        used[fitted] = True
    wasted = len(holds) * size(int(used.sum())) - sum(size(len(fitted)) for fitted, _ in holds)
    return wasted * data.n_classes * len(settings) <= len(holds) * _OVERHEAD


def _together(
    data: LabelledFeatures,
    holds: Sequence[Hold],
    settings: Sequence[Setting],
    options: SolverOptions,
) -> HeldOut:
    """All fits as problems of one: those of a hold do not count the rows that it leaves out."""
    used = np.unique(np.concatenate([fitted for fitted, _ in holds]))
    tested = np.unique(np.concatenate([measured for _, measured in holds]))
    counts = [np.bincount(np.searchsorted(used, each), minlength=len(used)) for each, _ in holds]
    fits = fit_softmax(
        data.take(used),
        [each.C for each in settings if isinstance(each, LBFGSSetting)] * len(holds),
        options,
        counts=np.repeat(np.stack(counts).astype(np.float64), len(settings), axis=0),
    )
    found = fits.predict(data.features.take(tested), options.device)
    found = found.reshape(len(holds), len(settings), -1)
    places = [np.searchsorted(tested, measured) for _, measured in holds]
    said = tuple(each[:, place] for each, place in zip(found, places, strict=True))
    return HeldOut(said, fits.converged.reshape(len(holds), -1), fits.preconditioner)


def _fit(
    data: LabelledFeatures,
    settings: Sequence[Setting],
    options: SolverOptions,
    preconditioner: Preconditioner | None,
) -> SoftmaxFits:
    """Fit settings of one solver."""
    if options.solver == "lbfgs":
        C = [each.C for each in settings if isinstance(each, LBFGSSetting)]
        return fit_softmax(data, C, options, preconditioner=preconditioner)
    return fit_sgd(data, [each for each in settings if isinstance(each, SGDSetting)], options)


def hold_out(
    groups: Iterable[str], labels: np.ndarray, seed: int, share: float = _HELD
) -> np.ndarray:
    """Hold out a share of every class, whole groups at a time, bool [N].

    Groups come in a random order that depends on their names alone, and each is held out while
    none of its classes has had its share: of groups of one photo this is the stratified split.
    """
    names, members = np.unique(np.asarray(list(groups), dtype=str), return_inverse=True)
    counts = ClassCounts.of(members, labels)
    sizes = np.bincount(labels)
    # At least one and never all, where there are at least two photos of every class.
    room = np.where(sizes > 0, np.maximum(1, np.round(share * sizes)), 0).astype(np.int64)
    chosen = np.zeros(len(names), dtype=bool)
    order = sorted(range(len(names)), key=lambda i: blake2b(f"{seed}:{names[i]}".encode()).digest())
    for group in order:
        classes, rows = counts[group]
        if (rows <= room[classes]).all():
            room[classes] -= rows
            chosen[group] = True
    held: np.ndarray = chosen[members]
    return held
