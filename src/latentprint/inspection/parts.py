"""The similarity of two photos, split by an eraser into what they show and how they were made.

A vector of unit length is what an eraser leaves plus what it takes away, x = e + r. So a cosine is
the sum of three parts: e·e' is what two photos show, r·r' how they were made, and e·r' + r·e' both
mixed. Two photos are alike by what they show where the cosine of what is left is large (e·e' alone
is small where much was taken away), and by how they were made where r·r' is. From what size on is
measured on photos of the store that the eraser never saw: of these it is known which are the same
photo and which were processed alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError
from latentprint.stats import binomial_interval

COSINE, CONTENT, MADE, MIXED, ERASED = "cosine", "content", "made", "mixed", "erased"
PARTS = (COSINE, CONTENT, MADE, MIXED, ERASED)
"""The columns of ``split_cosine``."""

_MADE, _ERASED = PARTS.index(MADE), PARTS.index(ERASED)

ALIKE_CONTENT = "alike by what they show"
ALIKE_MADE = "alike by how they were made"
UNDECIDED = "undecided"

FALSE_CLAIMS = 0.01
"""Share of pairs of different photos, processed differently, that may be called alike."""

FEWEST = 40
"""Photos without which nothing is said."""

_PAIRS = 4000
_POPULATION = 2000


@dataclass(frozen=True)
class Rates:
    """How often a verdict is passed on pairs of which the truth is known.

    Attributes:
        false: Among pairs that are not so, share.
        low: Lower end of its 95 % interval, as if each photo stood for one pair, which is wide.
        high: Upper end.
        found: Among pairs that are so, share.
    """

    false: float
    low: float
    high: float
    found: float


@dataclass(frozen=True)
class Limits:
    """From what size on the parts of a cosine say something, and how often that is wrong.

    Attributes:
        erased: The least cosine of what is left of photos that are alike by what they show.
        made: The least trace part of photos that are alike by how they were made.
        of_content: Same photo under two classes, against different photos.
        of_made: Different photos under one class, against different photos under two.
        photos: Photos that this was measured on, beside as many that chose the limits.
        population: The parts of pairs of different unprocessed photos, float64 [pairs, 5].
    """

    erased: float
    made: float
    of_content: Rates
    of_made: Rates
    photos: int
    population: np.ndarray

    def verdict(self, parts: np.ndarray) -> str:
        """What two photos are alike by, from the parts of their cosine [5]; content goes first."""
        if parts[_ERASED] > self.erased:
            return ALIKE_CONTENT
        return ALIKE_MADE if parts[_MADE] > self.made else UNDECIDED


def split_cosine(eraser: LinearEraser, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Cosines and their parts.

    Args:
        eraser: What splits them.
        one: Vectors of unit length, float64 [n, D].
        other: As many, float64 [n, D].

    Returns:
        Cosine, content, made and mixed part, and the cosine of what is left, float64 [n, 5].
    """
    left = [eraser.transform(each) for each in (one, other)]
    taken = [whole - each for whole, each in zip((one, other), left, strict=True)]
    cosine = (one * other).sum(axis=1)
    content, made = (pair[0] * pair[1] for pair in (left, taken))
    content, made = content.sum(axis=1), made.sum(axis=1)
    lengths = np.linalg.norm(left[0], axis=1) * np.linalg.norm(left[1], axis=1)
    erased = content / np.where(lengths > 0, lengths, 1.0)
    return np.stack([cosine, content, made, cosine - content - made, erased], axis=1)


def find_limits(
    eraser: LinearEraser,
    versions: np.ndarray,
    groups: Sequence[str],
    *,
    seed: int = 0,
) -> Limits:
    """Choose limits on half of the photos, and measure on the other half how often they err.

    Args:
        eraser: What splits cosines; it should have seen none of the photos.
        versions: Vectors of unit length, the unprocessed photos first, float64 [V, n, D].
        groups: Group of every photo [n]: photos of a group are not different ones.
        seed: Seeds halves and pairs.

    Raises:
        LatentprintError: There are too few photos.
    """
    names = np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1]
    halves = np.array([blake2b(f"{seed}:{each}".encode()).digest()[0] % 2 for each in groups])
    sides = [np.flatnonzero(halves == each) for each in (0, 1)]
    fewest = min(len(np.unique(names[side])) for side in sides)
    if 2 * fewest < FEWEST:
        raise LatentprintError(
            f"{len(groups)} photos are too few to say from when on two are alike: "
            f"{FEWEST} that the eraser never saw are needed."
        )
    rng = np.random.default_rng(seed)
    tuning, tested = (_Pairs.of(eraser, versions, names, side, rng) for side in sides)
    erased, made = (
        float(np.quantile(tuning.different[:, part], 1 - FALSE_CLAIMS, method="higher"))
        for part in (_ERASED, _MADE)
    )
    everyone = np.arange(len(names))
    pairs = different_pairs(names, everyone, _POPULATION, rng)
    population = split_cosine(eraser, versions[0][pairs[0]], versions[0][pairs[1]])

    def shown(parts: np.ndarray) -> float:
        return float((parts[:, _ERASED] > erased).mean())

    def as_made(parts: np.ndarray) -> float:
        return float(((parts[:, _MADE] > made) & (parts[:, _ERASED] <= erased)).mean())

    photos = len(sides[1])
    return Limits(
        erased=erased,
        made=made,
        of_content=_rates(shown(tested.different), shown(tested.same_photo), photos),
        of_made=_rates(as_made(tested.different), as_made(tested.same_class), photos),
        photos=photos,
        population=population,
    )


def _rates(false: float, found: float, photos: int) -> Rates:
    return Rates(false, *binomial_interval(false, photos), found)


@dataclass(frozen=True)
class _Pairs:
    """Parts of cosines of pairs of which the truth is known, float64 [pairs, 5] each.

    Attributes:
        different: Different photos under different classes.
        same_class: Different photos under one class.
        same_photo: One photo under different classes.
    """

    different: np.ndarray
    same_class: np.ndarray
    same_photo: np.ndarray

    @classmethod
    def of(
        cls,
        eraser: LinearEraser,
        versions: np.ndarray,
        names: np.ndarray,
        side: np.ndarray,
        rng: np.random.Generator,
    ) -> _Pairs:
        """Pairs of the photos of one side."""
        one, other = different_pairs(names, side, _PAIRS, rng)
        classes = len(versions)
        own = rng.integers(classes, size=_PAIRS)
        away = (own + 1 + rng.integers(max(1, classes - 1), size=_PAIRS)) % classes

        def parts(a: np.ndarray, b: np.ndarray, of_b: np.ndarray) -> np.ndarray:
            return split_cosine(eraser, versions[own, a], versions[of_b, b])

        return cls(parts(one, other, away), parts(one, other, own), parts(one, one, away))


def different_pairs(
    names: np.ndarray, side: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of photos of different groups, int64 [count] each.

    Args:
        names: Number of the group of every photo, int64 [N].
        side: The photos to draw from, of two groups at least, int64 [n].
        count: How many pairs.
        rng: Draws them.
    """
    one = side[rng.integers(len(side), size=count)]
    other = side[rng.integers(len(side), size=count)]
    while (same := names[one] == names[other]).any():
        other[same] = side[rng.integers(len(side), size=int(same.sum()))]
    return one, other


def percentile(population: np.ndarray, value: float) -> float:
    """Share of a population that is smaller, in percent; equal ones count half."""
    below, equal = (population < value).sum(), (population == value).sum()
    return float(100.0 * (below + 0.5 * equal) / len(population))
