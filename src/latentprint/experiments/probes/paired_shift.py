"""Whether a processing moves embeddings one way, tested exactly where photos have every class.

A probe that is fitted to a few hundred photos first has to learn what they show. Where every photo
is there under every class, its own mean over the classes tells that, and what is left are the
class directions: how far each class moves a photo, on average. Each single held-out version then
gets the class that scores highest by the rule of linear discriminant analysis (Fisher, Annals of
Eugenics 1936), and shuffling the names of the classes within photos tells how well that goes where
classes say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.guards import grouped_folds
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.plans import FOLDS
from latentprint.experiments.vectors import units

_RIDGE = 1.0
"""Times the mean eigenvalue is added to every eigenvalue of the covariance.

With a hundredth, accuracy stops growing with the photos where these are fewer than dimensions.
"""

_ROUNDING = 1e-12
"""Shifts of unit vectors below it are rounding."""

_TIE = 1e-10
"""Contrasts closer than this, as a share of the shifts' energy, are equal but for rounding."""

_PHOTOS, _DRAWS, _NUMBERS = 512, 100, 2**23
"""Photos read and permutations drawn at a time, and numbers held for these."""


@dataclass(frozen=True)
class ShiftOptions:
    """How the paired-shift discriminant is run.

    Attributes:
        seed: Seeds folds and permutations.
        permutations: Most permutations that are drawn; p can fall to 1 / (1 + permutations).
        enough: Drawing ends when so many permutations reach the observed contrast: p is then too
            large for its digits to matter.
    """

    seed: int = 0
    permutations: int = 999
    enough: int = 20


@dataclass(frozen=True)
class PairedShift:
    """What the paired-shift discriminant finds.

    Attributes:
        accuracy: Percent of held-out single versions that are given their class.
        contrast: How much higher a held-out version scores for its own class than for the average
            class. Its mean is the mean squared length of the class directions in units of the
            photos' whitened spread, and zero where no class moves embeddings.
        p: Exact one-sided p of ``contrast`` if versions of a photo are exchangeable.
        permutations: How many were drawn.
        chance: Percent.
        folds: Folds of the cross-fitting.
    """

    accuracy: float
    contrast: float
    p: float
    permutations: int
    chance: float
    folds: int


def paired_shift(items: Items, options: ShiftOptions | None = None) -> PairedShift:
    """Tell classes apart by the mean shift of photos, and test it by permuting names of classes.

    For each fold, the class directions are the mean over the other photos of a photo's unit vector
    under the class minus its mean over the classes. They are whitened by the covariance of the
    photo means plus a ridge, which no name of a class enters, and every single version of a
    held-out photo goes to the class with the highest discriminant score.

    The test permutes the names within photos, photos of one group alike, since near-copies move
    alike, and finds the directions anew. The null hypothesis is that the versions of a photo are
    exchangeable. It judges ``contrast`` alone, chosen beforehand: it uses how far versions score
    apart where accuracy uses only which scores highest, and finds weaker traces. Drawing stops
    early where many permutations reach the observed value, which keeps p exact (Besag and Clifford,
    Biometrika 1991).

    Neither the order of photos nor how many are worked on at a time changes the result.

    Args:
        items: Every photo once under every class.
        options: How.

    Raises:
        LatentprintError: A photo is not there once under every class, there are fewer groups than
            folds, or a vector is zero or not finite.
    """
    options = options or ShiftOptions()
    shifts = _Shifts.of(items, options.seed)
    chance = 100.0 / len(items.classes)
    if float(np.abs(shifts.by_class).max()) < _ROUNDING:
        return PairedShift(chance, 0.0, 1.0, 0, chance, FOLDS)
    whitened = np.empty_like(shifts.by_class)
    right = 0
    for fold in shifts.folds:
        fitted = np.ones(len(shifts.means), dtype=bool)
        fitted[fold] = False
        whitening = _Whitening(shifts.means[fitted])
        whitened[fold] = whitening.apply(shifts.by_class[fold])
        right += _right(shifts, fold, fitted, whitening)
    contrast, p, drawn = _tested(shifts, whitened, options)
    versions = len(shifts.means) * len(items.classes)
    return PairedShift(100.0 * right / versions, contrast, p, drawn, chance, FOLDS)


@dataclass(frozen=True)
class _Shifts:
    """Photos, those of one fold side by side, as their mean and how each class departs from it.

    Attributes:
        means: Mean unit vector of every photo over the classes, float64 [n, D].
        by_class: Unit vectors minus that mean. The last class is left out: the shifts of a photo
            add up to zero. float32 [n, K - 1, D].
        members: Group of every photo, int64 [n].
        folds: Which photos every fold holds.
    """

    means: np.ndarray
    by_class: np.ndarray
    members: np.ndarray
    folds: tuple[slice, ...]

    @classmethod
    def of(cls, items: Items, seed: int) -> _Shifts:
        """Read the versions of all photos.

        Raises:
            LatentprintError: As ``paired_shift`` says.
        """
        rows = _rows(items)
        names, members = np.unique(np.asarray(items.groups, dtype=str), return_inverse=True)
        if len(names) < FOLDS:
            raise LatentprintError(
                f"A paired shift is measured on photos of at least {FOLDS} groups, and there are "
                f"{len(names)}: add photos, or give smaller groups."
            )
        fold = grouped_folds(np.zeros(len(rows), dtype=np.int64), items.groups, FOLDS, seed)
        order = np.lexsort((np.asarray(items.ids, dtype=str), fold))
        ends = np.cumsum(np.bincount(fold, minlength=FOLDS)).tolist()
        n, k, dimensions = *rows.shape, items.features.shape[1]
        means = np.empty((n, dimensions))
        by_class = np.empty((n, k - 1, dimensions), dtype=np.float32)
        for start in range(0, n, _PHOTOS):
            part = order[start : start + _PHOTOS]
            ids = [items.ids[at] for at in part for _ in range(k)]
            read = units(items.features.take(rows[part].ravel()).read(), ids, "paired shift")
            versions = read.reshape(len(part), k, dimensions)
            centre = versions.mean(axis=1)
            means[start : start + len(part)] = centre
            by_class[start : start + len(part)] = versions[:, :-1] - centre[:, None]
        folds = tuple(map(slice, [0, *ends[:-1]], ends))
        return cls(means, by_class, members[order], folds)


def _rows(items: Items) -> np.ndarray:
    """Where the version of every photo under every class stands among the items, int64 [n, K].

    Raises:
        LatentprintError: A photo is not there once under every class.
    """
    counts = np.zeros((len(items.ids), len(items.classes)), dtype=np.int64)
    np.add.at(counts, (items.photo, items.labels), 1)
    if (counts != 1).any():
        photo, label = np.argwhere(counts != 1)[0]
        raise LatentprintError(
            "A paired shift needs every photo once under every class, and photo "
            f"{items.ids[photo]!r} is there {counts[photo, label]} times under "
            f"{items.classes[label]!r}: embed it under every class, or leave it out."
        )
    rows = np.empty_like(counts)
    rows[items.photo, items.labels] = np.arange(len(items.labels))
    return rows


class _Whitening:
    """The inverse of the covariance of photo means, ridge included.

    Args:
        means: float64 [n, D].
    """

    def __init__(self, means: np.ndarray) -> None:
        n, dimensions = means.shape
        self.centre = means.mean(axis=0)
        self._rows = means - self.centre
        # Where all photos have one mean there is nothing to whiten.
        self._ridge = _RIDGE * float((self._rows**2).sum()) / (n * dimensions) or 1.0
        # With fewer photos than dimensions the inverse is found among the photos (Woodbury).
        self._dual = n < dimensions
        gram = self._rows @ self._rows.T if self._dual else self._rows.T @ self._rows
        gram[np.diag_indices_from(gram)] += n * self._ridge
        self._n, self._factor = n, cho_factor(gram, overwrite_a=True)

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Multiply vectors by the inverse [..., D] to float64 [..., D]."""
        flat = vectors.reshape(-1, vectors.shape[-1]).astype(np.float64)
        if self._dual:
            inside = cho_solve(self._factor, self._rows @ flat.T)
            found = (flat - inside.T @ self._rows) / self._ridge
        else:
            found = self._n * cho_solve(self._factor, flat.T).T
        applied: np.ndarray = found.reshape(vectors.shape)
        return applied


def _right(shifts: _Shifts, fold: slice, fitted: np.ndarray, whitening: _Whitening) -> int:
    """How many versions of the photos of a fold are given their class."""
    directions = _all_classes(shifts.by_class[fitted].mean(axis=0, dtype=np.float64), axis=0)
    rule = whitening.apply(directions)
    offset = -0.5 * (rule * directions).sum(axis=1)
    content = (shifts.means[fold] - whitening.centre) @ rule.T
    scores = content[:, None] + _all_classes(shifts.by_class[fold] @ rule.T, axis=1) + offset
    return int((scores.argmax(axis=2) == np.arange(len(rule))).sum())


def _all_classes(values: np.ndarray, axis: int) -> np.ndarray:
    """Append the last class, given that all classes add up to zero."""
    return np.concatenate([values, -values.sum(axis=axis, keepdims=True)], axis=axis)


def _tested(
    shifts: _Shifts, whitened: np.ndarray, options: ShiftOptions
) -> tuple[float, float, int]:
    """The contrast, its p and the number of permutations behind it."""
    n, k = shifts.by_class.shape[0], shifts.by_class.shape[1] + 1
    own = np.broadcast_to(np.arange(k), (1, n, k))
    observed = float(_contrasts(shifts, whitened, own)[0])
    energy = np.einsum("nkd,nkd->", shifts.by_class, whitened, dtype=np.float64) / (n * k)
    least = observed - _TIE * abs(float(energy))
    reached = drawn = 0
    for names in _permutations(shifts, options):
        hits = _contrasts(shifts, whitened, names) >= least
        so_far = reached + np.cumsum(hits)
        if so_far[-1] >= options.enough:
            drawn += int(np.argmax(so_far >= options.enough)) + 1
            return observed, options.enough / drawn, drawn
        reached, drawn = int(so_far[-1]), drawn + len(names)
    return observed, (1 + reached) / (1 + drawn), drawn


def _permutations(shifts: _Shifts, options: ShiftOptions) -> Iterator[np.ndarray]:
    """Names of classes, shuffled within photos, photos of a group alike, int64 [draws, n, K]."""
    n, k, dimensions = shifts.by_class.shape
    groups = int(shifts.members.max()) + 1
    rng = np.random.default_rng(options.seed)
    most = min(_DRAWS, max(1, _NUMBERS // (k * (n * k + FOLDS * dimensions))))
    for start in range(0, options.permutations, most):
        draws = min(most, options.permutations - start)
        # Groups count in the order of their names, so that a draw does not follow rows.
        yield rng.random((draws, groups, k + 1)).argsort(axis=2)[:, shifts.members]


def _contrasts(shifts: _Shifts, whitened: np.ndarray, names: np.ndarray) -> np.ndarray:
    """The contrast under some ways of naming the classes.

    Averaged over the versions of a photo, what it shows cancels, and so does the offset of the
    rule: what is left is the product of the fitted directions with the whitened shifts of the
    held-out photos.

    Args:
        shifts: The photos.
        whitened: Their shifts, whitened by the other folds, float32 [n, K - 1, D].
        names: What each class of each photo is called, int64 [draws, n, K].

    Returns:
        float64 [draws].
    """
    draws, n, k = names.shape
    named = np.arange(k - 1)[:, None, None]
    # The last class counts against all others, whose sum is what it departs by.
    signs = (names[:, None, :, :-1] == named).astype(np.float64)
    signs -= names[:, None, :, -1:] == named

    def sums(values: np.ndarray, fold: slice) -> np.ndarray:
        flat = values[fold].reshape(-1, values.shape[2]).astype(np.float64)
        found: np.ndarray = signs[:, :, fold].reshape(draws * (k - 1), -1) @ flat
        return found.reshape(draws, k - 1, -1)

    held = [sums(shifts.by_class, fold) for fold in shifts.folds]
    everything = np.sum(held, axis=0)
    contrasts = np.zeros(draws)
    for fold, own in zip(shifts.folds, held, strict=True):
        directions = (everything - own) / (n - (fold.stop - fold.start))
        ahead = sums(whitened, fold)
        contrasts += np.einsum("bkd,bkd->b", directions, ahead)
        contrasts += np.einsum("bd,bd->b", directions.sum(axis=1), ahead.sum(axis=1))
    contrasts /= n * k
    return contrasts
