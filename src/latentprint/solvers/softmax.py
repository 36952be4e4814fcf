"""Softmax regression to its optimum, for several strengths of regularisation at once.

The objective is that of scikit-learn's ``LogisticRegression``: C times the summed cross entropy
plus half the squared weights, with a free intercept and, by default, balanced classes. Fits may
have rows of their own among those given, such as the folds of a cross-validation: where rows are
few, a hundred fits at once take as long as ten one after another.

L-BFGS starts from the curvature of the features' principal axes. Many features are never rotated,
only gradients are; all fits share each product with them; and a chunk of rows is multiplied forth
and back while it is in the cache, so that an iteration reads the features once.

Newton's method with conjugate gradients, on the same preconditioner, needed two to five times as
many products, and so did Nesterov's method where C is large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentprint.arrays import (
    Array,
    array_namespace,
    like,
    put_along,
    to_numpy,
)
from latentprint.errors import UsageError
from latentprint.solvers.fits import SoftmaxFits
from latentprint.solvers.labels import LabelledFeatures, row_weights
from latentprint.solvers.lbfgs import MEMORY, Minimum, Tolerance, minimise
from latentprint.solvers.normaliser import Normaliser
from latentprint.solvers.preconditioner import Preconditioner
from latentprint.solvers.rows import Rows, few_threads, namespace_of
from latentprint.solvers.settings import SolverOptions

_ENOUGH, _LEAST, _SHARE = 1e-9, 1e-13, 1e-6
_DOUBLE = 2**22
_ARRAYS = 3 * MEMORY + 10

_FEW = 4
"""Times fewer rows than dimensions of which the own axes cost less than they save."""


def fit_softmax(
    data: LabelledFeatures,
    C: Sequence[float],
    options: SolverOptions | None = None,
    *,
    counts: np.ndarray | None = None,
    preconditioner: Preconditioner | None = None,
    max_iterations: int = 1000,
) -> SoftmaxFits:
    """Fit softmax regression for several values of C.

    Each fit ends when it expects to gain less than 5e-10 nats a row, and less than a millionth of
    what it expected to gain at the start. Up to 4 million numbers are fitted in float64; more of
    them in float32, with sums over chunks of rows in float64.

    Args:
        data: What to fit: N rows of P classes.
        C: Inverse regularisation of every problem [B].
        options: How features are normalised, classes weighted, and where to compute. Features that
            need more memory are read anew in every pass.
        counts: How often each problem has each row, 0 to leave it out, float64 [B, N]; None for
            every row once. The features are normalised over all rows alike.
        preconditioner: That of an earlier fit to similar rows, which saves finding it anew unless
            rows are few. It changes the way to the optimum, not the optimum.
        max_iterations: Where to give up; ``converged`` tells.

    Raises:
        LatentprintError: A class has no rows, or a row is not finite, or zero where it should get
            unit length.
        UsageError: A value of C is not positive, the normalisation or class weight is unknown, or
            there are no counts for some problem.
    """
    options = options or SolverOptions()
    features, labels, n_classes = data.features, data.labels, data.n_classes
    if not len(C) or not all(0 < each < np.inf for each in C):
        raise UsageError(f"C must be positive and finite, and is {', '.join(map(str, C))}.")
    n, dimensions = features.shape
    if counts is not None and counts.shape != (len(C), n):
        raise UsageError(f"{len(C)} fits to {n} rows have counts of the shape {counts.shape}.")
    shown = np.ones((1, n)) if counts is None else counts
    weights = row_weights(labels, n_classes, shown, options.class_weight)
    normaliser = Normaliser.fit(features, options.normalise)
    half = 0.5 * 2**20 * options.memory_mb
    multiplications = n * dimensions * n_classes * len(C)
    xp = namespace_of(multiplications, options.device)
    origin = xp.zeros(dimensions, dtype=xp.float64, device=options.device)
    with few_threads(multiplications):
        fresh = preconditioner is None or n * _FEW <= dimensions
        if preconditioner is None or fresh:
            preconditioner = Preconditioner.of(features, normaliser, origin, half)
        else:
            preconditioner = preconditioner.beside(origin)
        precision = xp.float64 if n * dimensions <= _DOUBLE else xp.float32
        centre = xp.astype(preconditioner.centre, precision)
        rows = Rows.open(features, normaliser, centre, half)
        targets = np.asarray(labels, dtype=np.int64)
        problem = _Problem.of(rows, targets, n_classes, preconditioner, weights)
        if fresh and n < dimensions:
            problem = problem.reduced()
        together = max(1, int(half / (8 * _ARRAYS * n_classes * (dimensions + 1))))
        minima = [
            problem.only(slice(at, at + together)).solve(C[at : at + together], max_iterations)
            for at in range(0, len(C), together)
        ]
    W = xp.concat([each.variables for each in minima], axis=1)
    slopes, intercepts = W[..., :-1], W[..., -1]
    if problem.rows is not rows:
        slopes = slopes @ preconditioner.axes.T
    intercepts = intercepts - slopes @ xp.astype(centre, xp.float64)
    return SoftmaxFits(
        np.ascontiguousarray(to_numpy(slopes).transpose(1, 2, 0)),
        np.ascontiguousarray(to_numpy(intercepts).T),
        np.concatenate([each.converged for each in minima]),
        max(each.iterations for each in minima),
        normaliser,
        preconditioner,
    )


@dataclass(frozen=True)
class _Problem:
    """Rows with labels [N], to be fitted for any C.

    Attributes:
        weights: How much each row counts in each of B fits, or in all of them [B or 1, N]; None
            where all count alike.
        sizes: Their sum for every class, float64 [B or 1, P].
    """

    rows: Rows
    labels: Array
    n_classes: int
    preconditioner: Preconditioner
    weights: Array | None
    sizes: Array

    @classmethod
    def of(
        cls,
        rows: Rows,
        labels: np.ndarray,
        n_classes: int,
        preconditioner: Preconditioner,
        weights: np.ndarray,
    ) -> _Problem:
        sizes = np.stack([weights[:, labels == each].sum(1) for each in range(n_classes)], axis=1)
        own = None if (weights == 1.0).all() else like(rows.beside(weights), rows.centre)
        return cls(rows, rows.beside(labels), n_classes, preconditioner, own, rows.beside(sizes))

    def only(self, fits: slice) -> _Problem:
        """Some of the fits, where they have weights of their own."""
        if self.weights is None or len(self.weights) == 1:
            return self
        return replace(self, weights=self.weights[fits], sizes=self.sizes[fits])

    def solve(self, C: Sequence[float], max_iterations: int) -> Minimum:
        """Fit some values of C: weights and, in the last column, intercepts [P, B, D + 1]."""
        xp = array_namespace(self.sizes)
        penalty = self.rows.beside(1.0 / np.array(C, dtype=np.float64))
        sizes = xp.broadcast_to(self.sizes, (len(C), self.n_classes))
        n = sizes.sum(1)
        start = self.rows.beside(np.zeros((self.n_classes, len(C), len(self.rows.centre) + 1)))
        # The optimum without weights: what is gained from here on, the weights gain.
        start[..., -1] = xp.log(sizes / n[:, None]).T
        if self.preconditioner.is_constant:
            return Minimum(start, np.ones(len(C), dtype=bool), 0)
        return minimise(
            lambda W, which: self._gradient(W, penalty[which], which),
            lambda G, which: self.preconditioner.solve(G, penalty[which], n[which]),
            start,
            Tolerance(_ENOUGH * n, _LEAST * n, _SHARE),
            max_iterations=max_iterations,
        )

    def reduced(self) -> _Problem:
        """The same problem in the principal axes of the rows, of which there are fewer.

        Optimal weights lie in the span of the centred rows, and the penalty sees no rotation.
        """
        return replace(
            self,
            rows=self.rows.turned(self.preconditioner.axes),
            preconditioner=self.preconditioner.turned(),
        )

    def _gradient(self, W: Array, penalty: Array, which: Array) -> Array:
        """Gradient of the objective divided by C, [P, b, D + 1]."""
        xp = array_namespace(W)
        flat = like(W.reshape(-1, W.shape[2]), self.rows.centre)
        slopes, intercepts = xp.asarray(flat[:, :-1], copy=True), flat[:, -1:]
        weights = self.weights
        if weights is not None and 1 < len(weights) != len(which):
            weights = weights[which]
        G = xp.zeros_like(W).reshape(-1, W.shape[2])
        for start, chunk in self.rows:
            inside = slice(start, start + len(chunk))
            logits = slopes @ chunk.T
            logits += intercepts
            errors = _errors(logits.reshape(*W.shape[:2], -1), self.labels[inside])
            if weights is not None:
                errors *= weights[:, inside]
            errors = errors.reshape(-1, len(chunk))
            G[:, :-1] += errors @ chunk
            G[:, -1] += xp.sum(errors, axis=1, dtype=G.dtype)
        G = G.reshape(W.shape)
        G[..., :-1] += penalty[:, None] * W[..., :-1]
        return G


def _errors(logits: Array, labels: Array) -> Array:
    """Probabilities minus one-hot labels, [P, b, n]; logits are changed.

    Of the right class this is minus the sum of the others: its difference from one would lose the
    small errors of confident classifiers to rounding.
    """
    xp = array_namespace(logits)
    logits -= xp.max(logits, axis=0)
    errors = xp.exp(logits)
    errors /= errors.sum(0)
    right = xp.broadcast_to(labels, (1, *errors.shape[1:]))
    put_along(errors, right, 0.0, 0)
    put_along(errors, right, -errors.sum(0)[None], 0)
    return errors
