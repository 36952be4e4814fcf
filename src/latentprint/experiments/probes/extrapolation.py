"""What a probe would read with ten times the photos, by its learning curve.

A linear rule learnt from n photos parts the classes by d(n) = d / (1 + m / n) where one learnt from
endless photos parts them by d: errors in the means and in the covariance each take their share
(Raudys and Pikelis, IEEE Transactions on Pattern Analysis and Machine Intelligence 1980). Accuracy
is that of choosing the largest of K normal variables, one of them higher by d (Green and Swets,
Signal Detection Theory and Psychophysics, 1966): chance at d = 0 and never more than 100 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

FACTOR = 10
"""How many times the photos: further out the law decides, and not what was measured."""

_FEWEST = 3
"""Sizes that a curve must have."""

_INFLATION, _LAW_ERROR = 1.5, 1.0
"""What resamples leave out, which photos a size was trained on and that the law is an
approximation: their spread counts so many times, and these points are added to it, more of them at
smaller sizes, by the square root of their share (``benchmarks/extrapolation.py``)."""

_M = np.geomspace(0.01, 10.0, 61)
"""Values of m as a share of the largest size: from a flat curve to one along which d ~ n."""

_D = np.linspace(0.0, 10.0, 1001)
_SPAN, _STEPS, _MOST = 5.0, 61, 99.9
"""Accuracies at the largest size: standard errors to both sides, how many, and the highest."""


@dataclass(frozen=True)
class Extrapolation:
    """Accuracy with ten times the photos, in percent.

    Attributes:
        value: The median of what the curve allows.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
    """

    value: float
    low: float
    high: float


def extrapolate(
    sizes: Sequence[int], values: Sequence[float], samples: np.ndarray, chance: float
) -> Extrapolation | None:
    """Extend a learning curve to ten times its largest size.

    Every curve that follows the law is weighted by how well it fits the figures, given the
    covariance of their resamples; m is taken from a grid of equal ratios and the accuracy at the
    largest size from one of equal steps. Value and interval are quantiles of what these curves say.

    Args:
        sizes: Training photos, rising [S].
        values: Accuracy at every size, in percent [S].
        samples: The same in every bootstrap resample, which all sizes share, float64 [S, draws].
        chance: Percent; one over the number of classes.

    Returns:
        None where the curve does not allow it: there are fewer than three sizes, or the 95 %
        interval at the largest is not above chance.
    """
    if len(sizes) < _FEWEST or float(np.percentile(samples[-1], 2.5)) <= chance:
        return None
    measured, n = np.asarray(values, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    covariance = _INFLATION**2 * np.cov(samples) + _LAW_ERROR**2 * np.diag(n[-1] / n)
    accuracy = _accuracies(round(100.0 / chance))
    reach = _SPAN * float(np.sqrt(covariance[-1, -1]))
    last = np.linspace(
        max(accuracy[1], measured[-1] - reach), min(_MOST, measured[-1] + reach), _STEPS
    )
    # Rows: values of m. Columns: accuracies at the largest size.
    endless = np.interp(last, accuracy, _D) * (1.0 + _M[:, None])

    def at(size: float) -> np.ndarray:
        found: np.ndarray = np.interp(endless / (1.0 + _M[:, None] * n[-1] / size), _D, accuracy)
        return found

    misses = np.stack([at(size) for size in n], axis=-1) - measured
    squares = (misses @ np.linalg.inv(covariance) * misses).sum(axis=-1)
    weights = np.exp(-0.5 * (squares - squares.min()))
    low, value, high = _quantiles(at(FACTOR * float(n[-1])), weights, (0.025, 0.5, 0.975))
    return Extrapolation(value, low, high)


def _accuracies(classes: int) -> np.ndarray:
    """Percent of right choices among classes that are parted by ``_D``, float64 [1001]."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(81)
    right = ndtr(nodes + _D[:, None]) ** (classes - 1)
    found: np.ndarray = 100.0 * (right @ weights) / weights.sum()
    return found


def _quantiles(
    values: np.ndarray, weights: np.ndarray, levels: Sequence[float]
) -> tuple[float, ...]:
    order = np.argsort(values, axis=None)
    shares = np.cumsum(weights.ravel()[order])
    places = np.searchsorted(shares, np.asarray(levels) * shares[-1])
    return tuple(float(each) for each in values.ravel()[order][places])
