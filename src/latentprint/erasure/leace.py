"""LEACE in closed form: the least change that leaves classes no difference of means.

Belrose et al., LEACE: Perfect linear concept erasure in closed form, NeurIPS 2023: where the means
of all classes are equal, no linear classifier does better than a constant. The map here is theirs,
``I - C (C' S^-1 C)^+ C' S^-1`` with the differences of means C and the metric S, found from one
Cholesky factor instead of two eigendecompositions. The guarantee holds for every metric; the metric
decides what is lost beside. With pairs, C holds differences within photos, as the nuisance
attribute projection of speaker recognition does (Solomonoff, Campbell and Boardman, ICASSP 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import cholesky, eigh, solve_triangular

from latentprint.erasure.eraser import LinearEraser
from latentprint.erasure.moments import Moments
from latentprint.errors import LatentprintError, UsageError
from latentprint.options import option

Metric = Literal["content", "plain"]

_NEGLIGIBLE = 1e-11
_LEAST_SHRINKAGE = 1e-6


@dataclass(frozen=True)
class LeaceOptions:
    """How an eraser is fitted.

    Attributes:
        metric: ``content``: change least what differs between photos, by the covariance of photos,
            shrunk by their number; ``plain``: the orthogonal projection.
        extra: Further directions to erase: those in which versions of a photo differ most,
            against what differs between photos. Needs pairs.
    """

    metric: Metric = option("content")
    extra: int = option(0, least=0)

    def __post_init__(self) -> None:
        if self.metric not in ("content", "plain"):
            raise UsageError(f"There is no metric {self.metric!r}. Known: content, plain.")
        if self.extra < 0:
            raise UsageError("extra is a number of directions: 0 or more.")


def fit_leace(moments: Moments, options: LeaceOptions = LeaceOptions()) -> LinearEraser:
    """Fit an eraser on moments.

    Args:
        moments: Of the rows to fit on.
        options: The metric, and directions beyond those of the classes.

    Returns:
        An eraser of rank V - 1 + extra at most, float64.

    Raises:
        UsageError: Extra directions are asked for without pairs.
        LatentprintError: There are fewer than two classes, a class has fewer than two rows, there
            are fewer than two photos, or the classes do not differ at all.
    """
    _refuse(moments, options)
    identity = np.eye(moments.dimension)
    metric = identity if options.metric == "plain" else shrunk(moments.content, moments.photos)
    within = moments.within if options.extra else None
    read, write = oblique_projection(moments.cross, metric, within, extra=options.extra)
    if not len(read):
        raise LatentprintError("All classes have the same mean: there is nothing to erase.")
    return LinearEraser(read, write, read @ moments.mean)


def oblique_projection(
    cross: np.ndarray,
    metric: np.ndarray,
    within: np.ndarray | None = None,
    *,
    extra: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """The projection that maps all differences of class means to zero and changes least.

    Args:
        cross: Differences of class means from the mean, weighted in any way, float64 [V, D].
        metric: What is to be changed least, positive definite, float64 [D, D].
        within: Covariance within photos, float64 [D, D], for the extra directions.
        extra: How many directions are erased beyond.

    Returns:
        ``read`` and ``write``, float64 [k, D]: the projection is ``I - write.T @ read``. The rows
        of ``write`` are orthonormal, and the first ones span the differences.
    """
    factor = cholesky(metric, lower=True)
    # In the coordinates of the factor the metric is the identity, and the projection orthogonal.
    left, values, _ = np.linalg.svd(
        solve_triangular(factor, cross.T, lower=True), full_matrices=False
    )
    rank = min(len(cross) - 1, int((values > _NEGLIGIBLE * values[0]).sum())) if values[0] else 0
    basis = left[:, :rank]
    if extra and within is not None:
        basis = np.hstack([basis, _most_within(factor, basis, within, extra)])
    # An orthonormal write keeps the numbers between the two products as large as what is erased.
    write, triangle = np.linalg.qr(factor @ basis)
    read = triangle @ solve_triangular(factor, basis, lower=True, trans="T").T
    return read, np.ascontiguousarray(write.T)


def shrunk(covariance: np.ndarray, photos: int) -> np.ndarray:
    """A covariance shrunk towards a multiple of the identity, so that it is positive definite.

    The oracle approximating shrinkage (Chen, Wiesel, Eldar and Hero, IEEE Transactions on Signal
    Processing 2010), with the number of photos, since versions of one photo say the same of it.

    Args:
        covariance: float64 [D, D].
        photos: Number of independent photos behind it.

    Raises:
        LatentprintError: All photos are equal.
    """
    n = len(covariance)
    scale = float(np.trace(covariance)) / n
    if scale <= 0:
        raise LatentprintError("All photos have the same vector: nothing can be fitted.")
    square = float((covariance**2).sum())
    above = (1 - 2 / n) * square + (n * scale) ** 2
    below = (photos + 1 - 2 / n) * (square - n * scale**2)
    weight = min(1.0, above / below) if below > 0 else 1.0
    weight = max(weight, _LEAST_SHRINKAGE)
    found: np.ndarray = (1 - weight) * covariance
    found[np.diag_indices(n)] += weight * scale
    return found


def _most_within(
    factor: np.ndarray, basis: np.ndarray, within: np.ndarray, extra: int
) -> np.ndarray:
    """The directions orthogonal to a basis in which photos vary most, orthonormal [D, extra]."""
    half = solve_triangular(factor, within, lower=True)
    varying = solve_triangular(factor, half.T, lower=True)
    rest = np.eye(len(factor)) - basis @ basis.T
    varying = rest @ varying @ rest
    n = len(factor)
    least = max(0, n - min(extra, n - basis.shape[1]))
    values, vectors = eigh((varying + varying.T) / 2, subset_by_index=[least, n - 1])
    kept = values > _NEGLIGIBLE * max(values[-1], 0.0)
    found: np.ndarray = np.linalg.qr(vectors[:, kept][:, ::-1])[0]
    return found


def _refuse(moments: Moments, options: LeaceOptions) -> None:
    names = moments.classes
    if len(names) < 2:
        raise LatentprintError(
            "An eraser needs two classes or more, and there "
            f"{f'is 1 class, {names[0]}' if names else 'are none'}."
        )
    if rare := [name for name, n in zip(names, moments.counts, strict=True) if n < 2]:
        raise LatentprintError(
            f"A class needs two photos or more, and {rare[0]!r} has one: leave it out, or add some."
        )
    if moments.photos < 2:
        raise LatentprintError("An eraser needs two photos or more.")
    if options.extra and not moments.paired:
        raise UsageError("--extra needs several versions of the same photos.")
