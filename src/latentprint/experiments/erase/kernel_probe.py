"""A probe by kernel ridge regression: what a linear, or a smooth nonlinear, classifier reads.

Its optimum has a closed form, so that it can be tuned and trained anew before and after erasure in
seconds; softmax regression reads the same of the same items, and takes a hundred times as long.
Exact for some thousand items: of more, the first photos by the seed are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.guards import grouped_folds, shuffle_order
from latentprint.experiments.probes.items import Items

FOLDS = 5

MOST_ITEMS = 2400
"""Items that a fit can hold: time grows with the third power of their number."""

_TUNED_ON = 1000
_RIDGES = tuple(10.0**power for power in range(-5, 2))
_WIDTHS = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Kernel:
    """A kernel, and the settings that are tried.

    Attributes:
        name: ``linear`` or ``rbf``.
        widths: Widths of the RBF, as multiples of the median distance of items.
    """

    name: str
    widths: tuple[float, ...]

    def matrix(self, squares: np.ndarray, products: np.ndarray, width: float) -> np.ndarray:
        """The kernel of pairs of items.

        Args:
            squares: Squared distances as multiples of their median, float64 [n, m].
            products: Products of centred items, float64 [n, m].
            width: One of ``widths``.
        """
        if self.name == "linear":
            return products
        found: np.ndarray = np.exp(squares / (-2.0 * width**2))
        return found


LINEAR = Kernel("linear", (1.0,))
RBF = Kernel("rbf", _WIDTHS)


@dataclass(frozen=True)
class Read:
    """What a probe reads of every photo.

    Attributes:
        photos: Which photos of the items, rising, int64 [n].
        right: Share of the versions of each that are given their class, in percent, float64 [n].
        setting: The setting that was chosen, in words.
    """

    photos: np.ndarray
    right: np.ndarray
    setting: str


def read_by(items: Items, kernels: Sequence[Kernel], *, unit: bool, seed: int = 0) -> list[Read]:
    """Train on four fifths of the photos and test on the last, each photo tested once.

    Ridge and width are chosen on the training photos of the first fold. Groups never straddle.

    Args:
        items: Embeddings with classes, at most ``MOST_ITEMS``.
        kernels: Linear, RBF.
        unit: Whether items get unit length first; differences from a photo's mean have none.
        seed: Seeds the folds.

    Returns:
        What the probe of each kernel reads.

    Raises:
        LatentprintError: There are too few photos, or a class is missing among those to train on.
    """
    labels, photo = items.labels, items.photo
    groups = items.groups_of(np.arange(len(labels)))
    if len(set(groups)) < 2 * FOLDS:
        raise LatentprintError(
            f"A probe needs photos of at least {2 * FOLDS} groups, and there are "
            f"{len(set(groups))}: hold out more, or test on other photos."
        )
    fold = grouped_folds(labels, groups, FOLDS, seed)
    fits = [(np.flatnonzero(fold != each), np.flatnonzero(fold == each)) for each in range(FOLDS)]
    k = len(items.classes)
    for fitted, _ in fits:
        counts = np.bincount(labels[fitted], minlength=k)
        if counts.min() < 2:
            raise LatentprintError(
                f"A probe needs two training photos of every class, and "
                f"{items.classes[int(counts.argmin())]!r} has {int(counts.min())}: add photos."
            )
    photos, place = np.unique(photo, return_inverse=True)
    found = []
    # Threads that share a small factorisation wait for each other longer than they work.
    with threadpool_limits(limits=1, user_api="blas"):
        pairs = _Pairs.of(items.features.read().astype(np.float64), unit)
        for kernel in kernels:
            width, ridge = _tuned(pairs, kernel, labels, groups, fits[0][0], seed)
            matrix = kernel.matrix(pairs.squares, pairs.products, width)
            right = np.zeros(len(labels))
            for fitted, tested in fits:
                said = _fit(matrix, labels, fitted, tested, (ridge,))[0]
                right[tested] = said == labels[tested]
            shares = 100.0 * np.bincount(place, weights=right) / np.bincount(place)
            named = f"ridge {ridge:g}" + (f", width {width:g}" if kernel.name == "rbf" else "")
            found.append(Read(photos, shares, f"kernel ridge, {kernel.name}, {named}"))
    return found


def few_photos(photos: pl.DataFrame, versions: int, seed: int) -> pl.DataFrame:
    """At most so many photos that all their versions can be fitted, the first by the seed."""
    most = MOST_ITEMS // versions
    if len(photos) <= most:
        return photos
    return photos[np.sort(shuffle_order(photos["id"].to_list(), seed, "kernel probe")[:most])]


@dataclass(frozen=True)
class _Pairs:
    """Items as all their products and squared distances, float64 [m, m] each."""

    products: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, unit: bool) -> _Pairs:
        if unit:
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        # What all items share moves no distance, and a product with it tells no class.
        rows = rows - rows.mean(axis=0)
        products = rows @ rows.T
        own = np.diag(products)
        squares = np.maximum(own[:, None] + own - 2.0 * products, 0.0)
        middle = float(np.median(squares[np.triu_indices(len(rows), 1)])) or 1.0
        scale = float(own.mean()) or 1.0
        return cls(products / scale, squares / middle)


def _tuned(
    pairs: _Pairs,
    kernel: Kernel,
    labels: np.ndarray,
    groups: Sequence[str],
    index: np.ndarray,
    seed: int,
) -> tuple[float, float]:
    """Width and ridge that read most of held-out training photos; of equals, the most ridge."""
    names, members = np.unique([groups[at] for at in index], return_inverse=True)
    if len(index) > _TUNED_ON:
        order = shuffle_order(names.tolist(), seed, "tuning")
        sizes = np.cumsum(np.bincount(members)[order])
        kept = np.zeros(len(names), dtype=bool)
        kept[order[: int(np.searchsorted(sizes, _TUNED_ON)) + 1]] = True
        index, members = index[kept[members]], members[kept[members]]
    labels = labels[index]
    fold = grouped_folds(labels, names[members].tolist(), 3, seed + 1)
    inside = np.ix_(index, index)
    squares, products = pairs.squares[inside], pairs.products[inside]
    best = (-1.0, 0.0, 0.0)
    for width in kernel.widths:
        matrix = kernel.matrix(squares, products, width)
        right = np.zeros(len(_RIDGES))
        for each in range(3):
            fitted, tested = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
            said = _fit(matrix, labels, fitted, tested, _RIDGES)
            right += (said == labels[tested]).sum(axis=1)
        for ridge, score in zip(_RIDGES, right, strict=True):
            best = max(best, (float(score), ridge, width))
    return best[2], best[1]


def _fit(
    kernel: np.ndarray,
    labels: np.ndarray,
    fitted: np.ndarray,
    tested: np.ndarray,
    ridges: Sequence[float],
) -> np.ndarray:
    """What fits on some items, with the kernel of all [n, n], say of others, int64 [ridges, m]."""
    own, to_own = kernel[np.ix_(fitted, fitted)], kernel[np.ix_(tested, fitted)]
    classes = int(labels.max()) + 1
    targets = np.eye(classes)[labels[fitted]]
    # Every class counts alike, and the level of the scores is that of a constant.
    targets /= targets.sum(axis=0)
    targets -= targets.mean(axis=0)
    found = []
    for ridge in ridges:
        matrix = own.copy()
        matrix[np.diag_indices_from(matrix)] += ridge * len(fitted) * 1e-2
        try:
            weights = cho_solve(cho_factor(matrix, lower=True, overwrite_a=True), targets)
        except LinAlgError:
            weights = np.zeros_like(targets)
        found.append((to_own @ weights).argmax(axis=1))
    return np.array(found)
