"""Distances and the words for them."""

from __future__ import annotations

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest

from latentprint.canary.drift import (
    Size,
    as_far_as,
    cosine_distances,
    length_changes,
    nearest_other,
    neighbours_kept,
)
from tests.canary.conftest import rng


def by_definition(one: np.ndarray, other: np.ndarray) -> float:
    """1 - cos with fifty digits."""
    getcontext().prec = 50
    a, b = ([Decimal(float(value)) for value in each] for each in (one, other))
    dot = sum((x * y for x, y in zip(a, b, strict=True)), Decimal(0))
    squares = [sum((x * x for x in each), Decimal(0)) for each in (a, b)]
    return float(1 - dot / (squares[0] * squares[1]).sqrt())


@pytest.mark.parametrize("moved", [1e-9, 1e-6, 1e-3, 1.0])
def test_tiny_distances_are_exact(moved: float) -> None:
    one = rng().normal(size=(6, 40))
    other = one + moved * rng(1).normal(size=one.shape)
    found = cosine_distances(one, other, list("abcdef"))
    wanted = [by_definition(*pair) for pair in zip(one, other, strict=True)]
    # A unit vector is rounded to 1e-16, against a difference of the size that was added.
    assert np.allclose(found, wanted, rtol=1e-5, atol=0)


def test_equal_vectors_are_no_distance_apart_and_length_is_not_direction() -> None:
    one = rng().normal(size=(6, 40))
    assert not cosine_distances(one, one, range(6)).any()
    assert cosine_distances(one, 2 * one, range(6)).max() < 1e-30
    assert length_changes(one, 2 * one) == pytest.approx(np.ones(6))


def test_neighbours_that_are_kept_are_counted_one_by_one() -> None:
    one, other = rng().normal(size=(30, 8)), rng(1).normal(size=(30, 5))
    other[:, 0] += 3 * one[:, 0]

    def nearest(vectors: np.ndarray, at: int) -> set[int]:
        others = [row for row in range(30) if row != at]
        return set(sorted(others, key=lambda row: by_definition(vectors[at], vectors[row]))[:10])

    wanted = [len(nearest(one, at) & nearest(other, at)) / 10 for at in range(30)]
    found = neighbours_kept(one, other, list(map(str, range(30))))
    assert found == pytest.approx(sum(wanted) / 30)
    assert 0.33 < found < 1
    nearest_one = [
        min(by_definition(one[at], one[row]) for row in range(30) if row != at) for at in range(30)
    ]
    assert nearest_other(one, list(map(str, range(30)))) == pytest.approx(nearest_one)


KNOWN = {name: Size(mean, mean, mean, 1.0) for name, mean in (("JPEG 95", 5e-4), ("BGR", 1e-1))}


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        (7e-4, "about as far as JPEG 95 moves them"),
        (4e-2, "about as far as BGR moves them"),
        (7e-3, "farther than JPEG 95 and less far than BGR move them"),
        (1e-5, "less far than JPEG 95 moves them"),
        (0.9, "farther than BGR moves them"),
    ],
)
def test_drift_is_told_in_known_changes(mean: float, said: str) -> None:
    assert as_far_as(mean, KNOWN) == said


def test_no_known_change_is_said_to_be_near_where_none_moves_anything() -> None:
    assert "none" not in as_far_as(0.1, {})
    assert as_far_as(0.1, {"same": Size(0.0, 0.0, 0.0, 1.0)}).startswith("farther than any")
    assert math.isfinite(KNOWN["BGR"].mean)
