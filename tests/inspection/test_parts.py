"""The parts of a cosine, and verdicts whose rate of false claims is measured."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pytest

from latentprint.erasure.eraser import LinearEraser
from latentprint.erasure.leace import fit_leace
from latentprint.erasure.moments import Moments
from latentprint.errors import LatentprintError
from latentprint.inspection.neighbours import unit
from latentprint.inspection.parts import (
    ALIKE_CONTENT,
    ALIKE_MADE,
    FALSE_CLAIMS,
    UNDECIDED,
    different_pairs,
    find_limits,
    percentile,
    split_cosine,
)
from tests.inspection.made_up import made_vectors


def planted(trace: float, photos: int = 400, seed: int = 0) -> tuple[LinearEraser, np.ndarray]:
    """An eraser of some photos, and unit vectors of others under the same classes."""
    vectors = unit(made_vectors(2 * photos, 4, trace=trace, dimension=24, seed=seed))
    moments = Moments(paired=True)
    rows = vectors[:, :photos].reshape(-1, 24)
    moments.add(rows, np.repeat(list("abcd"), photos), np.tile(np.arange(photos), 4))
    return fit_leace(moments), vectors[:, photos:]


def test_parts_add_up_to_the_cosine() -> None:
    eraser, vectors = planted(1.0)
    parts = split_cosine(eraser, vectors[0], vectors[1])
    assert np.allclose(parts[:, 0], (vectors[0] * vectors[1]).sum(axis=1))
    assert np.allclose(parts[:, 1:4].sum(axis=1), parts[:, 0])
    left = [x - (x @ eraser.read.T - eraser.offset) @ eraser.write for x in vectors[:2]]
    assert np.allclose(parts[:, 1], (left[0] * left[1]).sum(axis=1))
    taken = [x - y for x, y in zip(vectors[:2], left, strict=True)]
    assert np.allclose(parts[:, 2], (taken[0] * taken[1]).sum(axis=1))


def test_planted_traces_and_copies_are_told_and_claims_are_seldom_false() -> None:
    eraser, vectors = planted(1.5)
    groups = [f"group {at}" for at in range(400)]
    limits = find_limits(eraser, vectors, groups)
    assert limits.of_content.found > 0.95
    assert limits.of_made.found > 0.6
    assert limits.of_content.false < 3 * FALSE_CLAIMS
    assert limits.of_made.false < 3 * FALSE_CLAIMS
    assert limits.of_made.low <= limits.of_made.false <= limits.of_made.high
    same = split_cosine(eraser, vectors[0, :1], vectors[1, :1])[0]
    assert limits.verdict(same) == ALIKE_CONTENT
    made = split_cosine(eraser, vectors[0, :-1], vectors[0, 1:])
    verdicts = [limits.verdict(each) for each in made]
    assert verdicts.count(ALIKE_MADE) > 0.6 * len(verdicts)
    apart = split_cosine(eraser, vectors[0, :-1], vectors[2, 1:])
    verdicts = [limits.verdict(each) for each in apart]
    assert verdicts.count(UNDECIDED) > 0.9 * len(verdicts)


def test_without_traces_nothing_is_called_made_alike_more_often_than_aimed_at() -> None:
    """The share of false claims over many sets, of pairs that nobody looked at before."""
    claims = []
    for seed in range(12):
        eraser, vectors = planted(0.0, photos=120, seed=seed)
        limits = find_limits(eraser, vectors, [str(at) for at in range(120)], seed=seed)
        _, fresh = planted(0.0, photos=120, seed=100 + seed)
        parts = split_cosine(eraser, fresh[0, :-1], fresh[1, 1:])
        claims += [limits.verdict(each) == ALIKE_MADE for each in parts]
    assert np.mean(claims) < 3 * FALSE_CLAIMS


def test_photos_of_one_group_are_no_different_photos() -> None:
    names = np.array([0, 0, 0, 1, 2])
    one, other = different_pairs(names, np.arange(5), 500, np.random.default_rng(0))
    assert (names[one] != names[other]).all()


def test_too_few_photos_are_refused() -> None:
    eraser, vectors = planted(1.0)
    with pytest.raises(LatentprintError, match="30 photos are too few"):
        find_limits(eraser, vectors[:, :30], [str(at) for at in range(30)])


def test_percentiles_count_equal_ones_half() -> None:
    population = np.array([1.0, 2.0, 2.0, 3.0])
    assert percentile(population, 0.0) == 0.0
    assert percentile(population, 2.0) == 50.0
    assert percentile(population, 4.0) == 100.0


def test_limits_are_not_chosen_on_the_photos_that_rates_are_measured_on() -> None:
    eraser, vectors = planted(1.5, photos=100)
    groups = [f"group {at}" for at in range(100)]
    limits = find_limits(eraser, vectors, groups)
    halves = np.array([blake2b(f"0:{each}".encode()).digest()[0] % 2 for each in groups])
    other = vectors.copy()
    other[:, halves == 1] = vectors[:1, halves == 1]
    again = find_limits(eraser, other, groups)
    assert (again.erased, again.made) == (limits.erased, limits.made)
    assert again.of_content != limits.of_content
