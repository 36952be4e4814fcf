"""The curvature of softmax regression before its first step, to be divided by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentprint.arrays import Array, array_namespace, to_numpy
from latentprint.solvers.features import Features
from latentprint.solvers.normaliser import Normaliser
from latentprint.solvers.rows import Rows

_ROWS_PER_DIMENSION = 16
_RANK_TOLERANCE = 1e-13
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Preconditioner:
    """Mean and principal axes of features.

    Where all classes are equally probable, the curvature of the summed cross entropy is the
    features' scatter divided by the number of classes, the same for every class. It need not be
    exact: that of one set of rows serves another one of the same kind.

    Attributes:
        centre: Mean, float64 [D].
        axes: Principal axes in which features vary, orthonormal columns, float64 [D, R].
        variance: Variance along each, float64 [R].
    """

    centre: Array
    axes: Array
    variance: Array

    @classmethod
    def of(
        cls, features: Features, normaliser: Normaliser, origin: Array, memory: float
    ) -> Preconditioner:
        """Find the principal axes, of an even sample of 16 rows a dimension if there are more.

        With a quarter of these rows fits took a quarter more iterations.

        Args:
            features: The rows.
            normaliser: What is done to them.
            origin: Zeros, whose library and device compute, float64 [D].
            memory: Bytes that may be kept.
        """
        n, dimensions = features.shape
        if n > _ROWS_PER_DIMENSION * dimensions:
            sample = np.linspace(0, n - 1, _ROWS_PER_DIMENSION * dimensions)
            features = features.take(sample.astype(np.int64))
        rows = Rows.open(features, normaliser, origin, memory)
        centre = sum((chunk.sum(0) for _, chunk in rows), origin) / len(features)
        axes, energy = _tall(rows, centre) if len(features) >= dimensions else _wide(rows, centre)
        return cls(centre, axes, energy / len(features))

    def beside(self, origin: Array) -> Preconditioner:
        """The same in the library and on the device of another array."""
        xp = array_namespace(origin)
        own = (to_numpy(each) for each in (self.centre, self.axes, self.variance))
        return Preconditioner(*(xp.asarray(each, device=origin.device) for each in own))

    @property
    def rest(self) -> float:
        """Variance to assume across all axes."""
        middle = (len(self.variance) - 1) // 2
        ordered = array_namespace(self.variance).sort(self.variance)
        return float(ordered[middle]) if len(ordered) else 0.0

    @property
    def is_constant(self) -> bool:
        """Whether rows differ by no more than rounding: there is nothing to be fitted."""
        length = (self.centre**2).sum()
        return bool(self.variance.sum() <= _ROUNDING**2 * length)

    def turned(self) -> Preconditioner:
        """That of the rows in the axes themselves [R]."""
        xp = array_namespace(self.axes)
        axes = xp.eye(len(self.variance), dtype=self.axes.dtype, device=self.axes.device)
        return Preconditioner(xp.zeros_like(self.variance), axes, self.variance)

    def solve(self, G: Array, penalty: Array, n: Array) -> Array:
        """Divide gradients by the curvature of n rows and the penalty.

        Args:
            G: Gradients by the weights and, in the last column, the intercept, float64
                [P, B, D + 1].
            penalty: Strength of every problem's penalty, float64 [B].
            n: Rows that every problem has, float64 [B].
        """
        share, penalty = n[:, None] / len(G), penalty[:, None]
        weights = G[..., :-1]
        # Where these rows did not vary, similar rows may: take the median for them.
        rest = share * self.rest + penalty
        along = (weights @ self.axes) * (1.0 / (share * self.variance + penalty) - 1.0 / rest)
        solved = along @ self.axes.T + weights / rest
        return array_namespace(G).concat([solved, G[..., -1:] / share], axis=2)


def _tall(rows: Rows, centre: Array) -> tuple[Array, Array]:
    """Axes [D, R] and energies [R] of at least as many rows as dimensions."""
    xp, shape = array_namespace(centre), (len(centre), len(centre))
    scatter = xp.zeros(shape, dtype=centre.dtype, device=centre.device)
    for _, chunk in rows:
        centred = chunk - centre
        scatter += centred.T @ centred
    energy, axes = xp.linalg.eigh(scatter)
    kept = energy > _RANK_TOLERANCE * energy[-1]
    return axes[:, kept], energy[kept]


def _wide(rows: Rows, centre: Array) -> tuple[Array, Array]:
    """Axes [D, R] and energies [R] of fewer rows than dimensions."""
    xp = array_namespace(centre)
    centred = xp.concat([chunk for _, chunk in rows]) - centre
    energy, vectors = xp.linalg.eigh(centred @ centred.T)
    kept = energy > _RANK_TOLERANCE * energy[-1]
    return centred.T @ (vectors[:, kept] / energy[kept] ** 0.5), energy[kept]
