"""The eraser as an estimator of scikit-learn, with or without scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latentprint.erasure.arrays import is_tensor
from latentprint.erasure.artefact import save_eraser
from latentprint.erasure.eraser import LinearEraser
from latentprint.erasure.leace import LeaceOptions, Metric, fit_leace
from latentprint.erasure.moments import Moments
from latentprint.errors import UsageError
from latentprint.estimators.base import (
    BaseEstimator,
    TransformerMixin,
    UnfittedError,
    WrongRowsError,
    as_values,
    checked_rows,
)

Labels = Sequence[object] | np.ndarray


class Eraser(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Erase what a linear classifier can read of a nuisance, such as the camera, from embeddings.

    An estimator: ``Eraser().fit(X, nuisance=z, photo=ids).transform(X)``. With ``photo``, rows are
    versions of the same photos, and what photos show cancels; without it, rows of different photos
    are compared, and what photos show is erased too where it goes with the nuisance. ``transform``
    needs no label. Metadata routing carries the labels: ``set_fit_request(nuisance=True,
    photo=True)``.

    The method is LEACE (Belrose et al., NeurIPS 2023); see ``fit_leace``.

    Attributes:
        extra: Further directions in which versions of a photo differ most; needs ``photo``.
        metric: What is to be changed least: ``content``, by the covariance of photos, or ``plain``.
        eraser_: The fitted map, with ``read``, ``write`` and ``offset``.
        n_features_in_: Length D of a vector.
    """

    _moments: Moments | None = None

    def __init__(self, *, extra: int = 0, metric: Metric = "content") -> None:
        self.extra = extra
        self.metric = metric

    def fit(
        self, X: Any, y: Any = None, *, nuisance: Labels | None = None, photo: Labels | None = None
    ) -> Eraser:
        """Fit on rows.

        Args:
            X: Vectors [N, D], NumPy or torch.
            y: The nuisance, where it is not given by its name.
            nuisance: Class of every row [N].
            photo: Photo of every row [N].

        Raises:
            UsageError: There is no nuisance, or shapes do not fit.
            LatentprintError: The data do not allow it; see ``fit_leace``.
        """
        self.reset()
        self._add(X, y if nuisance is None else nuisance, photo, reset=True)
        return self.finish()

    def partial_fit(
        self, X: Any, y: Any = None, *, nuisance: Labels | None = None, photo: Labels | None = None
    ) -> Eraser:
        """Add a chunk of rows; all versions of a photo come in one chunk. ``finish`` ends the fit.

        Arguments and errors are those of ``fit``.
        """
        labels = y if nuisance is None else nuisance
        return self._add(X, labels, photo, reset=self._moments is None)

    def merge(self, other: Eraser) -> Eraser:
        """Add the rows that another estimator saw, as if they had come to this one.

        Raises:
            UsageError: It saw none, rows of another kind, or the same photos.
        """
        theirs = other._moments
        if theirs is None:
            raise UsageError("The other eraser has seen no rows.")
        self._moments = self._moments or Moments(paired=theirs.paired)
        self._moments.merge(theirs)
        self.n_features_in_ = self._moments.dimension
        return self

    def finish(self) -> Eraser:
        """Find the map; further chunks may still be added, and the map be found anew.

        Raises:
            UsageError: No rows were added.
            LatentprintError: The data do not allow it; see ``fit_leace``.
        """
        if self._moments is None:
            raise UsageError("The eraser has seen no rows: call fit or partial_fit first.")
        with as_values():
            options = LeaceOptions(self.metric, self.extra)
            self.eraser_: LinearEraser = fit_leace(self._moments, options)
        return self

    def reset(self) -> None:
        """Forget all rows."""
        self._moments = None

    def transform(self, X: Any) -> Any:
        """Erase: rows [N, D] of the same kind; see ``LinearEraser.transform``."""
        eraser = self._fitted
        return eraser.transform(checked_rows(self, X, reset=False))

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> np.ndarray:
        """Names of the dimensions [D]: those that came in, since none is left out."""
        if input_features is not None:
            return np.asarray(input_features, dtype=object)
        return np.array([f"x{each}" for each in range(self._fitted.dimension)], dtype=object)

    def save(self, folder: Path | str) -> Path:
        """Write the map, in float32, for ``load_eraser``; see ``save_eraser``."""
        return save_eraser(self._fitted.rounded(), folder)

    def _add(self, X: Any, labels: Any, photo: Labels | None, *, reset: bool) -> Eraser:
        rows = checked_rows(self, X, reset=reset)
        if labels is None:
            raise WrongRowsError(
                "This estimator requires y to be passed, but the target y is None: an eraser is "
                "fitted on a nuisance, the class of every row."
            )
        moments = self._moments or Moments(paired=photo is not None)
        if moments.paired != (photo is not None):
            raise WrongRowsError("Give the photo of every row in all chunks, or in none.")
        with as_values():
            moments.add(rows, labels if is_tensor(labels) else np.asarray(labels), photo)
        self._moments = moments
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    @property
    def _fitted(self) -> LinearEraser:
        if not hasattr(self, "eraser_"):
            raise UnfittedError(
                "The eraser is not fitted yet: call fit, or finish after partial_fit."
            )
        return self.eraser_
