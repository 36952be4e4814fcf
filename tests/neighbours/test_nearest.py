"""Exact nearest rows against a full sort of exact similarities, on inputs full of ties."""

import numpy as np
import pytest

from latentprint.experiments.similarity.cosines import exact_cosines
from latentprint.neighbours import nearest as module
from latentprint.neighbours.candidates import Searched
from latentprint.neighbours.grid import unit_rows
from latentprint.neighbours.nearest import (
    Keyed,
    Neighbours,
    nearest_in_order,
    nearest_photos,
)

pytestmark = pytest.mark.usefixtures("library", "searched_by_it")


@pytest.fixture
def searched_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few there are, which NumPy compares alone otherwise."""
    monkeypatch.setattr(module, "_SMALL", 0)


def plain(query: np.ndarray, vectors: np.ndarray, allowed: np.ndarray, k: int) -> list[int]:
    """The k nearest rows: most similar first, then the lowest row."""
    cosine = [float(exact_cosines(query, each)) for each in unit_rows(vectors)]
    rows = np.flatnonzero(allowed).tolist()
    return sorted(rows, key=lambda row: (-cosine[row], row))[:k]


@pytest.fixture
def hard() -> np.ndarray:
    """Copies of one vector, many more than any list holds, and copies moved by a hair."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(150, 12))
    vectors[20:110] = vectors[3]
    vectors[120:130] = vectors[5] * (1 + 1e-9) + 1e-13 * rng.normal(size=(10, 12))
    return vectors


def listed(found: Neighbours, at: int) -> list[int]:
    return [int(row) for row in found.rows[at][found.similarities[at] > -np.inf]]


@pytest.mark.parametrize("block", [1, 7, 64, 4096])
@pytest.mark.parametrize("mean", [0.0, 10.0])
def test_in_order_is_a_full_sort_whatever_the_blocks(
    hard: np.ndarray, block: int, mean: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    hard = hard + mean
    rng = np.random.default_rng(1)
    asked = [3, 5, 10, 60, 125]
    keys, apart = rng.integers(2, size=150), rng.integers(6, size=150)
    queries = Keyed(unit_rows(hard)[asked], keys[asked], apart[asked])
    found = nearest_in_order(queries, Keyed(hard, keys, apart), 5)
    for at, row in enumerate(asked):
        for part, same in zip(found, (keys == keys[row], keys != keys[row]), strict=True):
            allowed = same & (apart != apart[row])
            expected = plain(unit_rows(hard)[row], hard, allowed, 5)
            assert part.rows[at].tolist() == expected
            cosines = [float(exact_cosines(unit_rows(hard)[row], each)) for each in unit_rows(hard)]
            assert part.similarities[at].tolist() == [cosines[each] for each in expected]


@pytest.mark.parametrize("seed", range(12))
def test_in_order_of_any_sizes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 200)), int(rng.integers(1, 12))
    # Few different vectors of small whole numbers: nearly everything is a tie.
    vectors = rng.integers(1, 3, size=(n, 3)).astype(np.float32)
    keys, apart = rng.integers(3, size=n), rng.integers(1 + n // 4, size=n)
    queries = Keyed(unit_rows(vectors[:9]), keys[:9], apart[:9])
    found = nearest_in_order(queries, Keyed(vectors, keys, apart), k)
    for at in range(min(n, 9)):
        for part, same in zip(found, (keys == keys[at], keys != keys[at]), strict=True):
            allowed = same & (apart != apart[at])
            assert listed(part, at) == plain(unit_rows(vectors)[at], vectors, allowed, k)


def test_longer_lists_take_the_place_of_all_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    # Photos differ by so little that the first lists hold none that is surely out.
    rng = np.random.default_rng(4)
    centres = rng.normal(size=(3, 12))
    vectors = centres[rng.integers(3, size=4000)] + 0.001 * rng.normal(size=(4000, 12))
    keys, apart = rng.integers(2, size=4000), rng.integers(900, size=4000)
    asked = np.array([5, 90, 3999])
    queries = Keyed(unit_rows(vectors)[asked], keys[asked], apart[asked])
    monkeypatch.setattr(module._Allowed, "all", None)
    found = nearest_in_order(queries, Keyed(vectors, keys, apart), 2)
    cosines = [exact_cosines(unit_rows(vectors), unit_rows(vectors)[row]) for row in asked]
    for at, row in enumerate(asked):
        for part, same in zip(found, (keys == keys[row], keys != keys[row]), strict=True):
            rows = np.flatnonzero(same & (apart != apart[row])).tolist()
            expected = sorted(rows, key=lambda each, at=at: (-cosines[at][each], each))[:2]
            assert part.rows[at].tolist() == expected


def test_short_lists_end_in_minus_infinity(hard: np.ndarray) -> None:
    keys = np.zeros(150, dtype=np.int64)
    keys[[0, 7, 8]] = 1
    rows = np.arange(150)
    queries = Keyed(unit_rows(hard)[:1], keys[:1], rows[:1])
    inside, outside = nearest_in_order(queries, Keyed(hard, keys, rows), 4)
    assert np.isfinite(inside.similarities[0]).tolist() == [True, True, False, False]
    assert np.isfinite(outside.similarities).all()
    few = nearest_in_order(queries, Keyed(hard[:3], keys[:3], rows[:3]), 5)
    assert [np.isfinite(each.similarities).sum() for each in few] == [0, 2]


def test_two_lists_become_one(hard: np.ndarray) -> None:
    odd, rows = np.arange(150) % 2, np.arange(150)
    queries = Keyed(unit_rows(hard)[:4], odd[:4], rows[:4])
    one, other = nearest_in_order(queries, Keyed(hard, odd, rows), 6)
    alike = np.zeros(150, dtype=np.int64)
    whole, _ = nearest_in_order(
        Keyed(unit_rows(hard)[:4], alike[:4], rows[:4]), Keyed(hard, alike, rows), 6
    )
    np.testing.assert_array_equal(one.merged(other).rows, whole.rows)
    np.testing.assert_array_equal(one.merged(other).similarities, whole.similarities)


@pytest.mark.parametrize("memory_mb", [0.05, 64])
def test_photos_among_each_other_with_copies_and_bans(hard: np.ndarray, memory_mb: float) -> None:
    units = unit_rows(hard).astype(np.float32)
    keys = np.random.default_rng(2).integers(40, size=150)
    searched = Searched.of(units, keys, np.random.default_rng(3).permutation(150))
    found = nearest_photos(searched, (1, 6), memory_mb=memory_mb)
    similarities = np.rint(units.astype(float) @ units.astype(float).T * 2.0**40)
    for at in range(150):
        rows = [row for row in range(150) if keys[row] != keys[at]]
        expected = sorted(rows, key=lambda row: (-similarities[at, row], row))
        for k in (1, 6):
            assert set(found[k][at].tolist()) == set(expected[:k])
