"""Probes that read one vector: probabilities that were calibrated on photos held out, and words.

Photos are dealt to folds, whole groups at a time, and the probe of a fold is trained on the others.
So whatever a probe says of a photo of the store, it was trained without it; and what it said of the
photos held out is what it may be believed by. A photo that is not in the store is dealt to a fold
as if it were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.guards import grouped_folds, shuffle_labels
from latentprint.inspection.examples import Examples
from latentprint.solvers import (
    LabelledFeatures,
    SolverOptions,
    fit_softmax,
)
from latentprint.stats import ClusterBootstrap, interval

WORDS = (("almost certainly", 0.95), ("probably", 0.75), ("more likely than not", 0.5))
"""What is said of the most probable class, and how probable it has to be."""

UNTOLD = "cannot be told"
"""What is said where no word may be."""

LARGEST_P = 0.01
"""Largest p with which a probe counts as better than shuffled labels."""

FOLDS = 5

_FEWEST = 20
"""Answers on photos held out that a word has to be right in."""

_C_GRID = tuple(10.0**power for power in range(-2, 3))
_HEATS = (np.log(1e-3), np.log(1e2))
_PERMUTATIONS, _DRAWS = 199, 1000


@dataclass(frozen=True)
class Word:
    """How often a word was right on photos held out.

    Attributes:
        word: The word.
        answers: How often it was said.
        right: How often it was right.
    """

    word: str
    answers: int
    right: int


@dataclass(frozen=True)
class CalibratedProbe:
    """Probes of all folds, and what is known of their answers.

    Attributes:
        about: What they read.
        classes: Names of the classes [P].
        weights: Of vectors of unit length, float64 [FOLDS, D, P].
        intercepts: float64 [FOLDS, P].
        temperatures: What logits are divided by, float64 [FOLDS].
        fold_of: Fold of every group of photos.
        photos: How many photos there are.
        accuracy: Share of right answers on photos held out.
        low: Lower end of its 95 % interval over groups of photos.
        high: Upper end.
        p: Share of shuffled labels that are met as often; see ``_shuffled``.
        words: What may be said, and how often it was right.
    """

    about: str
    classes: tuple[str, ...]
    weights: np.ndarray
    intercepts: np.ndarray
    temperatures: np.ndarray
    fold_of: dict[str, int]
    photos: int
    accuracy: float
    low: float
    high: float
    p: float
    words: tuple[Word, ...]

    @property
    def chance(self) -> float:
        """What guessing gives."""
        return 1.0 / len(self.classes)

    @property
    def shown(self) -> bool:
        """Whether the probe is shown to be better than shuffled labels."""
        return self.p <= LARGEST_P

    def fold(self, group: str | None, content: str) -> int:
        """The fold whose probe never saw a photo.

        Args:
            group: Its group, where it is a photo of the store.
            content: A digest of its pixels.
        """
        if group in self.fold_of:
            return self.fold_of[group]
        return int.from_bytes(blake2b(content.encode(), digest_size=8).digest(), "big") % FOLDS

    def read(self, vector: np.ndarray, fold: int) -> Reading:
        """Read one vector.

        Args:
            vector: Of unit length, float64 [D].
            fold: The fold whose probe never saw the photo.
        """
        logits = vector @ self.weights[fold] + self.intercepts[fold]
        probabilities = softmax(logits / self.temperatures[fold])
        best = int(probabilities.argmax())
        word = said(float(probabilities[best]), self.words) if self.shown else None
        return Reading(
            about=self.about,
            classes=self.classes,
            probabilities=tuple(map(float, probabilities)),
            best=self.classes[best],
            word=word.word if word else UNTOLD,
            answers=word.answers if word else 0,
            right=word.right if word else 0,
            accuracy=self.accuracy,
            low=self.low,
            high=self.high,
            chance=self.chance,
            p=self.p,
            photos=self.photos,
        )


@dataclass(frozen=True)
class Reading:
    """What a probe says of one photo.

    Attributes:
        about: What was read.
        classes: Names of the classes [P].
        probabilities: Calibrated probabilities [P].
        best: The most probable class.
        word: How sure that is, or that it cannot be told.
        answers: How often this word was said of photos held out; 0 where nothing can be told.
        right: How often it was right then.
        accuracy: Share of right answers on photos held out.
        low: Lower end of its 95 % interval.
        high: Upper end.
        chance: What guessing gives.
        p: Share of shuffled labels that are met as often.
        photos: Photos that the probes were fitted on and tested with.
    """

    about: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    best: str
    word: str
    answers: int
    right: int
    accuracy: float
    low: float
    high: float
    chance: float
    p: float
    photos: int

    @property
    def told(self) -> bool:
        """Whether anything may be said."""
        return self.word != UNTOLD

    @property
    def shown(self) -> bool:
        """Whether the probe is shown to be better than shuffled labels."""
        return self.p <= LARGEST_P


def fit_calibrated(examples: Examples, *, seed: int = 0) -> CalibratedProbe:
    """Fit a probe for every fold and calibrate all of them.

    Logits are divided by a temperature (Guo, Pleiss, Sun and Weinberger, ICML 2017), found for each
    fold on what the probes of the other folds said of photos that they had not seen.

    Args:
        examples: What to fit to.
        seed: Seeds folds, permutations and resamples.

    Raises:
        LatentprintError: There are too few photos.
    """
    labels, groups = examples.labels, [str(each) for each in examples.groups]
    if len(set(groups)) < 2 * FOLDS:
        raise LatentprintError(
            f"{len(set(groups))} groups of photos are too few to read {examples.about!r}: "
            f"{2 * FOLDS} are needed."
        )
    fold = grouped_folds(labels, groups, FOLDS, seed)
    data = LabelledFeatures(examples.features, labels, len(examples.classes))
    every = np.empty((len(_C_GRID), len(labels), len(examples.classes)))
    weights, intercepts = [], []
    options = SolverOptions(seed=seed)
    for each in range(FOLDS):
        fits = fit_softmax(data.take(np.flatnonzero(fold != each)), _C_GRID, options)
        every[:, fold == each] = fits.logits(data.features.take(fold == each))
        weights.append(fits.weights)
        intercepts.append(fits.intercepts)
    # One strength for all folds, or the temperature of one would not be that of another.
    chosen = int(np.argmin([_heat(logits, labels).fun for logits in every]))
    logits = every[chosen]
    temperatures = np.exp(
        [_heat(logits[fold != each], labels[fold != each]).x for each in range(FOLDS)]
    )
    probabilities = softmax(logits / temperatures[fold][:, None], axis=1)
    answers = probabilities.argmax(axis=1)
    right = answers == labels
    low, high = interval(ClusterBootstrap.of(groups, _DRAWS, seed).means(right.astype(float)))
    return CalibratedProbe(
        about=examples.about,
        classes=examples.classes,
        weights=np.stack([each[chosen] for each in weights]),
        intercepts=np.stack([each[chosen] for each in intercepts]),
        temperatures=temperatures,
        fold_of=dict(zip(groups, fold.tolist(), strict=True)),
        photos=len(np.unique(examples.photo)),
        accuracy=float(right.mean()),
        low=low,
        high=high,
        p=_shuffled(examples, every.argmax(axis=2), seed),
        words=granted(probabilities.max(axis=1), right),
    )


def granted(probabilities: np.ndarray, right: np.ndarray) -> tuple[Word, ...]:
    """The words that may be said: those that were right as often as they say.

    A word that was said too seldom, or was right less often than it says, is not said any more;
    where it was, the next weaker one is tried.

    Args:
        probabilities: Of the most probable class, on photos held out, float64 [M].
        right: Whether it was the right one, bool [M].
    """
    kept: list[Word] = []
    free = np.ones(len(right), dtype=bool)
    for word, least in WORDS:
        told = free & (probabilities >= least)
        answers, hits = int(told.sum()), int(right[told].sum())
        if answers >= _FEWEST and hits >= least * answers:
            kept.append(Word(word, answers, hits))
            free &= ~told
    return tuple(kept)


def said(probability: float, words: Sequence[Word]) -> Word | None:
    """What is said of a most probable class; None where nothing may be."""
    allowed = {each.word: each for each in words}
    found = (allowed[word] for word, least in WORDS if probability >= least and word in allowed)
    return next(found, None)


def _heat(logits: np.ndarray, labels: np.ndarray) -> Any:
    """The logarithm of the temperature under which held-out labels are most probable."""
    from scipy.optimize import minimize_scalar

    sizes = np.bincount(labels, minlength=logits.shape[1])
    weights = 1.0 / np.maximum(sizes, 1)[labels] / (sizes > 0).sum()

    def loss(heat: float) -> float:
        found = log_softmax(logits / np.exp(heat), axis=1)
        return -float((weights * found[np.arange(len(labels)), labels]).sum())

    return minimize_scalar(loss, bounds=_HEATS, method="bounded")


def _shuffled(examples: Examples, answers: np.ndarray, seed: int) -> float:
    """Share of shuffled labels that the answers on photos held out meet as often as the true ones.

    Where every photo is there under every class, labels are shuffled within each photo: were there
    no trace, its versions could as well be exchanged, since no probe was trained on them, so that
    the test is exact. Labels of photos are shuffled between groups. The strength that meets most
    labels counts, of the true ones as of the shuffled ones, so that it does not matter how one was
    chosen. The data count as one of the permutations (Phipson and Smyth, Statistical Applications
    in Genetics and Molecular Biology 2010).

    Args:
        examples: What the probes were fitted to.
        answers: What those of every strength said, int64 [C, M].
        seed: Seeds the permutations.
    """
    labels, rng = examples.labels, np.random.default_rng(seed)
    groups, width = [str(each) for each in examples.groups], len(examples.classes)
    order = np.lexsort((labels, examples.photo))
    observed, beyond = _met(answers, labels), 0
    for draw in range(_PERMUTATIONS):
        if examples.versions:
            shuffled = np.empty_like(labels)
            blank = np.tile(np.arange(width), (len(labels) // width, 1))
            shuffled[order] = rng.permuted(blank, axis=1).ravel()
        else:
            shuffled = shuffle_labels(labels, groups, seed + draw)
        beyond += _met(answers, shuffled) >= observed
    return (1 + beyond) / (1 + _PERMUTATIONS)


def _met(answers: np.ndarray, labels: np.ndarray) -> int:
    """How many labels the best of several probes meets."""
    return int((answers == labels).sum(axis=1).max())
