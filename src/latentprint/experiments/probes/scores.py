"""From predictions to figures: accuracy, its interval, per class, and what it could have shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv, ndtri, stdtr, stdtrit

from latentprint.stats import ClusterBootstrap, interval
from latentprint.words import MARGIN

_TWO_SIDED, _POWER = 1.96, 0.84
"""Normal quantiles of a 95 % interval, and of 80 % power."""

_ROUNDING = 1e-3

_DEGREES_OF_FITS = 2.0
"""Degrees of freedom of the variance that halves tell, however many these are: all are of the same
photos, so that more of them tell no more of other photos. On made-up sets (``python -m
benchmarks.coverage probes``) the estimate scatters as much as one of two."""


@dataclass(frozen=True)
class Said:
    """What one classifier said of test photos; one entry for every photo and version [m].

    Attributes:
        fit: Which fit it is of; a repeat of a cross-validation is one fit of several classifiers.
        photo: Which test photo, int64 [m].
        truth: True class, int64 [m].
        predicted: Class that was given, int64 [m].
    """

    fit: int
    photo: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray


@dataclass(frozen=True)
class Predictions:
    """What several classifiers said of test photos.

    Attributes:
        n_classes: Number of classes K.
        groups: Group of every test photo [n_test]; groups are resampled whole.
        said: What each classifier said.
    """

    n_classes: int
    groups: Sequence[str]
    said: Sequence[Said]

    @property
    def fits(self) -> int:
        """Number of fits."""
        return max(each.fit for each in self.said) + 1


@dataclass(frozen=True)
class Score:
    """Accuracy in percent and what surrounds it.

    ``value`` is the mean accuracy of the classes (macro), which is plain accuracy where the test
    set is balanced; chance is 100 / K in any case.

    Attributes:
        value: Macro accuracy.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        sd: Standard deviation over the fits; None where there is only one.
        micro: Share of all predictions that are right.
        accuracies: Macro accuracy of every fit, float64 [fits].
        confusion: How often a true class (row) is read as another (column), each row summing to
            one, float64 [K, K].
        samples: ``value`` in every bootstrap resample, float64 [bootstrap].
        units: Groups of test photos.
        spread: Standard error of ``value``; 0 where all groups have the same accuracy.
        degrees: Degrees of freedom of that standard error, by Satterthwaite's approximation.
        constant: Whether every fit named one class, whatever it was shown: it reads nothing.
    """

    value: float
    low: float
    high: float
    sd: float | None
    micro: float
    accuracies: np.ndarray
    confusion: np.ndarray
    samples: np.ndarray
    units: int
    spread: float
    degrees: float
    constant: bool

    @property
    def per_class(self) -> np.ndarray:
        """Accuracy of every class in percent, float64 [K]."""
        found: np.ndarray = 100.0 * np.diag(self.confusion)
        return found

    @property
    def smallest_effect(self) -> float:
        """Points above chance that a set like this one shows in four of five cases."""
        return MARGIN + (_TWO_SIDED + _POWER) * float(self.samples.std())

    def p_value(self, chance: float) -> float:
        """One-sided p of the hypothesis that the accuracy is at most chance (percent)."""
        if self.constant:
            return 1.0
        if self.spread == 0.0:
            right = self.units * self.value / 100.0
            return float(betainc(right, self.units - right + 1.0, chance / 100.0))
        return float(stdtr(self.degrees, (chance - self.value) / self.spread))


def score(
    predictions: Predictions,
    *,
    bootstrap: int,
    seed: int,
    halves: int = 0,
    between_photos: bool = False,
) -> Score:
    """Find accuracy and interval.

    The variance of the accuracy has three parts, each estimated from what varies alone:

    - the test photos: the influence of every group on the mean over the repeats, squared;
    - the repeats, such as draws of classes: their variance beyond that of the test photos in which
      they differ (a component of variance in a crossed design);
    - the photos to train on: how far the accuracies of fits to two halves without a common photo
      lie apart, again beyond their test photos. Such a pair is independent, which fits to resamples
      of the same photos are not, and of half the size, which makes its variance twice that of the
      whole (Nadeau & Bengio, Machine Learning 52, 2003, section 4.2.2). Where photos have one
      class each, which photos are fitted matters at least as much as which ones are tested: both
      parts are of whole groups, and the estimate of this one is often zero by chance.

    Resamples of groups of test photos give the interval its shape, and these its width, with the
    quantile of Student's t, since few groups or fits tell a variance badly. Where all
    groups have the same accuracy there is nothing to resample: the interval is then that of a
    binomial share (Clopper & Pearson, Biometrika 1934).

    Args:
        predictions: What the fits said.
        bootstrap: Number of resamples.
        seed: Seeds them; two encoders that saw the same photos get the same resamples.
        halves: How many of the last repeats were trained on halves of the photos, pair by pair.
            They do not count for ``value``.
        between_photos: Whether each photo has one class, as labels do; else photos are shown under
            several.
    """
    photos = ClusterBootstrap.of(predictions.groups, bootstrap, seed)
    repeats = predictions.fits - halves
    hits, totals = _tables(predictions, photos.members)
    accuracies = _macro(hits.sum(axis=1), totals.sum(axis=1))
    right, shown = hits[:repeats].sum(axis=0), totals[:repeats].sum(axis=0)
    value = float(_macro(right.sum(axis=0), shown.sum(axis=0)))
    units = len(right)
    own = _square(_influences(right, shown))
    # A single prediction changes the accuracy by about this much: what is far below is rounding.
    if own > (_ROUNDING * 100.0 / shown.sum()) ** 2:
        fits = _of_fits(hits, totals, accuracies, repeats)
        if between_photos:
            fits = max(fits, float(own))
        spread = math.sqrt(own + fits)
        # Satterthwaite, Biometrics Bulletin 1946.
        of_fits = _DEGREES_OF_FITS if halves else max(1, repeats - 1)
        parts = own**2 / max(1, units - 1) + fits**2 / of_fits
        degrees = float((own + fits) ** 2 / parts)
        drawn = photos.sums_of(np.concatenate([right, shown], axis=1))
        samples = _macro(*np.split(drawn, 2, axis=1))
        wide = spread * float(stdtrit(degrees, 0.975) / ndtri(0.975))
        samples = value + (samples - samples.mean()) * wide / samples.std()
        low, high = np.clip(interval(samples), 0.0, 100.0)
    else:
        spread, degrees = 0.0, float(max(1, units - 1))
        samples = _binomial_samples(value, units, bootstrap, seed)
        low, high = _binomial_interval(value, units)
    counted = accuracies[:repeats]
    return Score(
        value=value,
        low=float(low),
        high=float(high),
        sd=float(counted.std(ddof=1)) if repeats > 1 else None,
        micro=100.0 * float(right.sum() / shown.sum()),
        accuracies=counted,
        confusion=_confusion(predictions, repeats),
        samples=samples,
        units=units,
        spread=spread,
        degrees=degrees,
        constant=_is_constant(predictions, repeats),
    )


def _influences(hits: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """How far each group moves macro accuracy in percent, to first order, [..., G, K] to [..., G].

    They sum to zero, and the sum of their squares is the variance due to the groups.
    """
    shown = totals.sum(axis=-2, keepdims=True)
    seen = shown > 0
    shares = np.divide(
        hits.sum(axis=-2, keepdims=True), shown, out=np.zeros(shown.shape), where=seen
    )
    scale = np.divide(1.0, shown, out=np.zeros(shown.shape), where=seen)
    found = ((hits - shares * totals) * scale).sum(axis=-1) / seen.sum(axis=-1)
    moves: np.ndarray = 100.0 * found
    return moves


def _square(influences: np.ndarray) -> np.ndarray:
    """Variance due to groups, [..., G] to [...]."""
    groups = influences.shape[-1]
    found: np.ndarray = np.square(influences).sum(axis=-1) * groups / max(1, groups - 1)
    return found


def _of_fits(hits: np.ndarray, totals: np.ndarray, accuracies: np.ndarray, repeats: int) -> float:
    """Variance of the mean accuracy of the repeats beyond that of the test photos."""
    moves = _influences(hits, totals)
    between = 0.0
    if repeats > 1:
        counted = moves[:repeats]
        shared = _square(counted - counted.mean(axis=0)).sum() / (repeats - 1)
        between = max(0.0, float(accuracies[:repeats].var(ddof=1) - shared))
    if len(accuracies) == repeats:
        return between / repeats
    one, other = slice(repeats, None, 2), slice(repeats + 1, None, 2)
    apart = np.square(accuracies[one] - accuracies[other]) - _square(moves[one] - moves[other])
    whole = float(apart.mean()) / 2.0 / 2.0
    return between / repeats + max(0.0, whole - between)


def _binomial_interval(value: float, units: int) -> tuple[float, float]:
    """The exact 95 % interval of a share in percent; units that are partly right count in part."""
    right, wrong = units * value / 100.0, units * (1.0 - value / 100.0)
    low = float(betaincinv(right, wrong + 1.0, 0.025)) if right > 0 else 0.0
    high = float(betaincinv(right + 1.0, wrong, 0.975)) if wrong > 0 else 1.0
    return 100.0 * low, 100.0 * high


def _binomial_samples(value: float, units: int, draws: int, seed: int) -> np.ndarray:
    """Shares in percent that a binomial share may stand for, by Jeffreys' prior."""
    right = units * value / 100.0
    rng = np.random.default_rng(seed)
    found: np.ndarray = 100.0 * rng.beta(right + 0.5, units - right + 0.5, size=draws)
    return found


def _is_constant(predictions: Predictions, repeats: int) -> bool:
    """Whether each classifier of the counted repeats names one class throughout."""
    counted = [each.predicted for each in predictions.said if each.fit < repeats]
    return all((each == each[:1]).all() for each in counted)


def _tables(predictions: Predictions, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Right and all predictions by fit, group and true class, float64 [fits, G, K] each."""
    groups, k = int(members.max()) + 1, predictions.n_classes
    hits, totals = np.zeros((2, predictions.fits, groups, k))
    for each in predictions.said:
        cell = members[each.photo] * k + each.truth
        for table, some in ((hits, cell[each.predicted == each.truth]), (totals, cell)):
            table[each.fit] += np.bincount(some, minlength=groups * k).reshape(groups, k)
    return hits, totals


def _macro(right: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Mean accuracy in percent over the classes that were shown, [..., K] to [...]."""
    seen = shown > 0
    shares = np.divide(right, shown, out=np.zeros_like(right, dtype=np.float64), where=seen)
    found: np.ndarray = 100.0 * shares.sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1)
    return found


def _confusion(predictions: Predictions, fits: int) -> np.ndarray:
    """Rows of shares, float64 [K, K]; a class that was never shown has a row of zeros."""
    k = predictions.n_classes
    counts = np.zeros((k, k))
    for each in (each for each in predictions.said if each.fit < fits):
        cell = each.truth * k + each.predicted
        counts += np.bincount(cell, minlength=k * k).reshape(k, k)
    shown = counts.sum(axis=1, keepdims=True)
    shares: np.ndarray = np.divide(counts, shown, out=np.zeros_like(counts), where=shown > 0)
    return shares
