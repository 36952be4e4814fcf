"""The linear probe as an estimator of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from latentprint.erasure.arrays import as_matrix
from latentprint.estimators.base import (
    BaseEstimator,
    ClassifierMixin,
    UnfittedError,
    WrongRowsError,
    as_values,
    checked_classes,
    checked_rows,
)
from latentprint.solvers import (
    C_GRID,
    Features,
    LabelledFeatures,
    LBFGSSetting,
    Normalisation,
    SoftmaxFits,
    SolverOptions,
    fit_softmax,
    tune,
)


class Probe(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The linear probe of ``probe``: softmax regression, its regularisation chosen on a fifth.

    An estimator: ``Probe().fit(X, y).score(X_test, y_test)``. A bare classifier: it says nothing of
    chance, intervals or controls, which ``probe`` does.

    C is chosen on a fifth of the rows of every class that is held out: of the values that cannot be
    told from the most accurate one (Breiman et al., *Classification and Regression Trees*, section
    3.4.3), the middle one; then all rows are fitted.

    Attributes:
        C_grid: Values of C that are tried.
        normalise: What is done to rows first: ``l2``, ``standardise`` or ``none``.
        balanced: Whether all classes count alike; else every row does.
        seed: Seeds the rows to hold out.
        device: Where to compute.
        classes_: The classes [P], sorted.
        C_: The C that was chosen.
        tuning_: Every C that was tried with its accuracy on the held-out rows, in percent.
        converged_: Whether every fit reached its optimum.
        coef_: Weights of the normalised rows, float64 [P, D].
        intercept_: float64 [P].
        n_features_in_: Length D of a row.
    """

    def __init__(
        self,
        *,
        C_grid: Sequence[float] = C_GRID,
        normalise: Normalisation = "l2",
        balanced: bool = True,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.C_grid = C_grid
        self.normalise = normalise
        self.balanced = balanced
        self.seed = seed
        self.device = device

    def fit(self, X: Any, y: Any, *, photo: Sequence[object] | np.ndarray | None = None) -> Probe:
        """Choose C and fit.

        Args:
            X: Vectors [N, D], NumPy, or what NumPy makes a matrix of.
            y: Class of every row [N].
            photo: Photo of every row [N]: rows of a photo are held out together, and are no
                independent evidence. By default every row is a photo of its own.

        Raises:
            UsageError: Shapes do not fit, or a parameter is wrong.
            LatentprintError: There is one class, a row is not finite or, for ``l2``, zero, or no
                fifth can be held out. Both are of the kind ``ValueError`` too.
        """
        rows = as_matrix(checked_rows(self, X, reset=True))
        self.classes_, codes = checked_classes(rows, y)
        if len(self.classes_) < 2:
            raise WrongRowsError(
                f"A probe needs two classes, and y holds {len(self.classes_)} class."
            )
        groups = [str(each) for each in (range(len(rows)) if photo is None else photo)]
        if len(groups) != len(rows):
            raise WrongRowsError(f"{len(rows)} rows have the photos of {len(groups)}.")
        options = SolverOptions(
            C_grid=tuple(self.C_grid),
            seed=self.seed,
            normalise=self.normalise,
            class_weight="balanced" if self.balanced else "none",
            device=self.device,
        )
        with as_values():
            data = LabelledFeatures(Features.of(rows), codes, len(self.classes_))
            tuned = tune(data, groups, options)
            if not isinstance(tuned.setting, LBFGSSetting):
                raise WrongRowsError("A probe is fitted to its optimum.")
            fits = fit_softmax(data, [tuned.setting.C], options)
        self.C_ = tuned.setting.C
        self.tuning_ = {
            setting.C: accuracy
            for setting, accuracy in tuned.table
            if isinstance(setting, LBFGSSetting)
        }
        self.converged_ = tuned.converged and bool(fits.converged.all())
        self.coef_ = fits.weights[0].T
        self.intercept_ = fits.intercepts[0]
        self._fits: SoftmaxFits = replace(fits, preconditioner=None)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of rows [N, D]: [N]."""
        best = self._logits(X).argmax(axis=1)
        found: np.ndarray = self.classes_[best]
        return found

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes of rows [N, D], float64 [N, P]."""
        logits = self._logits(X)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
        return shares

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores of rows [N, D], float64 [N, P]; of two classes, how far the second leads, [N]."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def _logits(self, X: Any) -> np.ndarray:
        if not hasattr(self, "_fits"):
            raise UnfittedError("The probe is not fitted yet: call fit first.")
        rows = as_matrix(checked_rows(self, X, reset=False))
        with as_values():
            logits: np.ndarray = self._fits.logits(rows, self.device)[0]
        return logits
