"""What estimators of scikit-learn inherit and refuse, with or without scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from latentprint.erasure.arrays import as_matrix, is_tensor, refuse_not_finite
from latentprint.errors import LatentprintError, UsageError

__all__ = [
    "BaseEstimator",
    "ClassifierMixin",
    "TransformerMixin",
    "UnfitRowsError",
    "UnfittedError",
    "WrongRowsError",
    "as_values",
    "checked_classes",
    "checked_rows",
]

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import column_or_1d, validate_data
except ImportError:
    validate_data = check_classification_targets = column_or_1d = None
    NotFittedError = ValueError

    class BaseEstimator:  # type: ignore[no-redef]
        """What of scikit-learn's class works without it: reading and setting parameters."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """The parameters by name."""
            names = list(inspect.signature(type(self).__init__).parameters)[1:]
            return {name: getattr(self, name) for name in names}

        def set_params(self, **params: Any) -> Any:
            """Set parameters by name.

            Raises:
                UsageError: There is no such parameter.
            """
            for name, value in params.items():
                if name not in self.get_params():
                    raise UsageError(f"{type(self).__name__} has no parameter {name!r}.") from None
                setattr(self, name, value)
            return self

    class ClassifierMixin:  # type: ignore[no-redef]
        """What a classifier does in one call."""

        def score(self, X: Any, y: Any) -> float:
            """Share of rows [N, D] whose class [N] is predicted, from 0 to 1."""
            return float((self.predict(X) == np.asarray(y)).mean())  # type: ignore[attr-defined]

    class TransformerMixin:  # type: ignore[no-redef]
        """What a transformer does in one call."""

        def fit_transform(self, X: Any, y: Any = None, **labels: Any) -> Any:
            """Fit, and erase the same rows."""
            return self.fit(X, y, **labels).transform(X)  # type: ignore[attr-defined]


class WrongRowsError(UsageError, ValueError):
    """Rows, labels or parameters that an estimator cannot take, as scikit-learn expects it."""


class UnfitRowsError(LatentprintError, ValueError):
    """Rows that do not allow a fit, as scikit-learn expects it."""


class UnfittedError(UsageError, NotFittedError):  # type: ignore[misc]
    """An estimator that is used before it is fitted."""


@contextmanager
def as_values() -> Iterator[None]:
    """Raise errors that scikit-learn takes for those of values too."""
    try:
        yield
    except (WrongRowsError, UnfitRowsError, UnfittedError):
        raise
    except UsageError as error:
        raise WrongRowsError(str(error)) from error
    except LatentprintError as error:
        raise UnfitRowsError(str(error)) from error


def checked_rows(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Rows as a matrix of finite floats [N, D]; a torch tensor stays one.

    Args:
        estimator: Its ``n_features_in_`` and names of columns are set, or compared.
        X: The rows.
        reset: Whether these are the rows of a fit, which say how long rows are.

    Raises:
        WrongRowsError: They are no such matrix, or of another length.
    """
    if is_tensor(X) or validate_data is None:
        with as_values():
            rows = as_matrix(X)
            refuse_not_finite(rows, None)
        if reset:
            estimator.n_features_in_ = rows.shape[1]
        elif rows.shape[1] != estimator.n_features_in_:
            raise WrongRowsError(
                f"X has {rows.shape[1]} features, but {type(estimator).__name__} is expecting "
                f"{estimator.n_features_in_} features as input."
            )
        return X if is_tensor(X) else rows
    try:
        return validate_data(estimator, X, reset=reset, dtype=[np.float64, np.float32])
    except ValueError as error:
        raise WrongRowsError(str(error)) from error


def checked_classes(rows: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Classes [P], and that of every row as a number, int64 [N].

    Args:
        rows: The rows [N, D].
        y: The class of each [N].

    Raises:
        WrongRowsError: There are not as many, some are missing, or they are no classes.
    """
    if y is None:
        raise WrongRowsError(
            "This estimator requires y to be passed, but the target y is None: give the class of "
            "every row."
        )
    labels = np.asarray(y)
    if column_or_1d is not None and labels.shape == (len(rows), 1):
        labels = column_or_1d(labels, warn=True)
    if labels.ndim != 1 or len(labels) != len(rows):
        raise WrongRowsError(
            f"{len(rows)} rows have labels of the shape {labels.shape}: y should be a 1d array."
        )
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise WrongRowsError("Input y contains NaN or infinity.")
    if check_classification_targets is not None:
        try:
            check_classification_targets(labels)
        except ValueError as error:
            raise WrongRowsError(str(error)) from error
    classes, codes = np.unique(labels, return_inverse=True)
    return classes, codes.astype(np.int64)
