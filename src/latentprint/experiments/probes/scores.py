"""From predictions to figures: accuracy, its interval, per class, and what it could have shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentprint.stats import cluster_bootstrap_counts, interval, resample_counts
from latentprint.words import MARGIN

_TWO_SIDED, _POWER = 1.96, 0.84
"""Normal quantiles of a 95 % interval, and of 80 % power."""


@dataclass(frozen=True)
class Predictions:
    """What several fits said of test photos; one entry for every fit, photo and version [M].

    Attributes:
        n_classes: Number of classes K.
        groups: Group of every test photo [n_test]; groups are resampled whole.
        fit: Which fit, int64 [M].
        photo: Which test photo, int64 [M].
        truth: True class, int64 [M].
        predicted: Class that the fit gave, int64 [M].
    """

    n_classes: int
    groups: tuple[str, ...]
    fit: np.ndarray
    photo: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray

    @classmethod
    def gather(
        cls,
        n_classes: int,
        groups: Sequence[str],
        parts: Sequence[tuple[int, np.ndarray, np.ndarray, np.ndarray]],
    ) -> Predictions:
        """Join parts of (fit, photo [m], truth [m], predicted [m])."""
        fits = [np.full(len(photo), fit, dtype=np.int64) for fit, photo, _, _ in parts]
        columns = (np.concatenate([each[at] for each in parts]) for at in (1, 2, 3))
        return cls(n_classes, tuple(groups), np.concatenate(fits), *columns)


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
    """

    value: float
    low: float
    high: float
    sd: float | None
    micro: float
    accuracies: np.ndarray
    confusion: np.ndarray
    samples: np.ndarray

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
        spread = float(self.samples.std())
        if spread == 0:
            return 0.0 if self.value > chance else 1.0
        return 0.5 * math.erfc((self.value - chance) / spread / math.sqrt(2.0))


def score(predictions: Predictions, *, bootstrap: int, seed: int, replicates: int = 0) -> Score:
    """Find accuracy and interval.

    Test photos (in groups) and fits are two crossed sources of error: both are resampled at once
    (the pigeonhole bootstrap: Owen, Annals of Applied Statistics 2007). Bootstrap replicates, whose
    groups of photos were drawn with replacement, do not count for ``value``. Their spread holds
    what resampling predictions cannot see, the photos that were there to train on. Where they
    differ from other fits in their training photos only, it is added to that of the resamples;
    where they were drawn anew from all photos, test photos included, it replaces a smaller one.

    Args:
        predictions: What the fits said.
        bootstrap: Number of resamples.
        seed: Seeds them; two encoders that saw the same photos get the same resamples.
        replicates: How many of the last fits are replicates.
    """
    photos = cluster_bootstrap_counts(predictions.groups, bootstrap, seed)
    fits = int(predictions.fit.max()) + 1
    hits, totals = _tables(predictions, photos.members, fits)
    right, shown = hits.sum(axis=1), totals.sum(axis=1)
    accuracies = _macro(right, shown)
    counted = slice(0, fits - replicates)
    right, shown = right[counted].sum(axis=0), shown[counted].sum(axis=0)
    value = float(_macro(right, shown))
    # Another stream than that of the photos, which the same seed would repeat.
    weights = resample_counts(fits - replicates, bootstrap, seed + 1)
    samples = _resampled(hits[counted], totals[counted], photos.counts, weights)
    if replicates > 1:
        samples = _widened(samples, value, accuracies[counted], accuracies[fits - replicates :])
    low, high = np.clip(interval(samples), 0.0, 100.0)
    counted_accuracies = accuracies[counted]
    return Score(
        value=value,
        low=float(low),
        high=float(high),
        sd=float(counted_accuracies.std(ddof=1)) if fits - replicates > 1 else None,
        micro=100.0 * float(right.sum() / shown.sum()),
        accuracies=counted_accuracies,
        confusion=_confusion(predictions, fits - replicates),
        samples=samples,
    )


def _widened(
    samples: np.ndarray, value: float, counted: np.ndarray, replicates: np.ndarray
) -> np.ndarray:
    """Resamples with the spread of replicates: beside their own, or instead if it is larger."""
    own, variance = float(samples.std()), float(replicates.var(ddof=1))
    if len(counted) == 1:
        wanted = math.hypot(own, math.sqrt(variance))
    else:
        # A replicate is one repeat: what repeats on the same photos differ by is no spread of it.
        fresh = max(0.0, variance - float(counted.var(ddof=1)))
        wanted = max(own, math.sqrt(fresh))
    if own == 0:
        return value + wanted * np.random.default_rng(0).normal(size=len(samples))
    widened: np.ndarray = value + (samples - samples.mean()) * wanted / own
    return widened


def _tables(
    predictions: Predictions, members: np.ndarray, fits: int
) -> tuple[np.ndarray, np.ndarray]:
    """Right and all predictions by fit, group and true class, float64 [fits, G, K] each."""
    shape = (fits, int(members.max()) + 1, predictions.n_classes)
    cell = np.ravel_multi_index(
        (predictions.fit, members[predictions.photo], predictions.truth), shape
    )
    right = (predictions.predicted == predictions.truth).astype(np.float64)
    size = math.prod(shape)
    hits = np.bincount(cell, weights=right, minlength=size).reshape(shape)
    return hits, np.bincount(cell, minlength=size).astype(np.float64).reshape(shape)


def _macro(right: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Mean accuracy in percent over the classes that were shown, [..., K] to [...]."""
    seen = shown > 0
    shares = np.divide(right, shown, out=np.zeros_like(right, dtype=np.float64), where=seen)
    found: np.ndarray = 100.0 * shares.sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1)
    return found


def _resampled(
    hits: np.ndarray, totals: np.ndarray, photos: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Macro accuracy in every resample of groups [bootstrap, G] and fits, float64 [bootstrap]."""
    fits, groups, classes = hits.shape
    sums = []
    for table in (hits, totals):
        flat = table.transpose(1, 0, 2).reshape(groups, fits * classes)
        by_fit = (photos @ flat).reshape(-1, fits, classes)
        sums.append(np.einsum("bf,bfk->bk", weights, by_fit))
    return _macro(*sums)


def _confusion(predictions: Predictions, fits: int) -> np.ndarray:
    """Rows of shares, float64 [K, K]; a class that was never shown has a row of zeros."""
    counted = predictions.fit < fits
    k = predictions.n_classes
    cell = predictions.truth[counted] * k + predictions.predicted[counted]
    counts = np.bincount(cell, minlength=k * k).reshape(k, k).astype(np.float64)
    shown = counts.sum(axis=1, keepdims=True)
    shares: np.ndarray = np.divide(counts, shown, out=np.zeros_like(counts), where=shown > 0)
    return shares
