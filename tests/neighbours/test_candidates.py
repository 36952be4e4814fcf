"""Neighbours against sorting; the error bound against the worst of many products."""

import numpy as np
import pytest

from latentprint.arrays import to_array, to_numpy
from latentprint.neighbours.candidates import Searched, error_bound, search, top
from latentprint.neighbours.grid import (
    BANNED,
    GRID,
    full_cosines,
    grid_cosines,
    nearest,
)
from latentprint.neighbours.pools import Exact, Pool
from latentprint.neighbours.workers import Computing

pytestmark = pytest.mark.usefixtures("library")


def unit(n: int, dimensions: int, seed: int = 0, mean: float = 0.0) -> np.ndarray:
    raw = np.random.default_rng(seed).normal(mean, 1, size=(n, dimensions))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def test_equal_similarities_are_ordered_by_row() -> None:
    similarities = np.array([[5, 9, 9, -3, 9], [0, 0, 0, 0, 0]])
    assert nearest(similarities, 4).tolist() == [[1, 2, 4, 0], [0, 1, 2, 3]]
    similarities[0, 1] = BANNED
    assert nearest(similarities, 5)[0].tolist() == [2, 4, 0, 3, 1]


def test_similarities_of_all_sizes_fit_the_order() -> None:
    most = int(GRID)
    similarities = np.array([[-most, most, BANNED, 0]])
    assert nearest(similarities, 4).tolist() == [[1, 3, 0, 2]]


def test_a_gallery_has_no_largest_size() -> None:
    # A row beyond 2^22 no longer fits beside a similarity into 64 bits.
    similarities = np.zeros((1, 2**22 + 9), dtype=np.int64)
    similarities[0, [5, 2**22 + 3, 2**22 + 5]] = int(GRID)
    assert nearest(similarities, 4)[0].tolist() == [5, 2**22 + 3, 2**22 + 5, 0]


@pytest.mark.parametrize("width", [5, 64, 1000, 4099])
def test_top_finds_the_largest(width: int) -> None:
    # Many equal values: any of the equal columns may be named.
    values = np.random.default_rng(1).integers(90, size=(20, width)).astype(np.float32)
    values[0] = -np.inf
    found, columns = map(to_numpy, top(to_array(values), 17))
    np.testing.assert_array_equal(found, np.sort(values, axis=1)[:, ::-1][:, :17])
    np.testing.assert_array_equal(np.take_along_axis(values, columns, 1), found)
    assert all(len(set(row)) == len(row) for row in columns.tolist())


@pytest.mark.parametrize("mean", [0.0, 10.0])
def test_values_lie_within_the_error_bound(mean: float) -> None:
    queries, vectors = unit(60, 384, 1, mean), unit(400, 384, 2, mean)
    centre = vectors.mean(axis=0)
    keys, order = np.zeros(400, dtype=np.int64), np.arange(400)
    inside, outside = search(
        queries, keys[:60], Searched(vectors, keys, order, centre), 400, Computing(150)
    )
    assert np.isinf(to_numpy(outside.values)).all()
    shifted = queries.astype(float) @ (vectors.astype(float) - centre.astype(float)).T
    listed = np.take_along_axis(shifted, to_numpy(inside.rows), axis=1)
    assert np.abs(listed - to_numpy(inside.values)).max() < inside.error
    # The bound follows the spread, not the length.
    assert (inside.error < error_bound(384, 1.0) / 5) == (mean > 0)


def test_candidates_inside_and_outside() -> None:
    queries, vectors = unit(50, 16, 3), unit(700, 16, 4)
    rng = np.random.default_rng(5)
    keys, query_keys = rng.integers(9, size=700), rng.integers(10, size=50)
    order = rng.permutation(700)
    centre = np.zeros(16, dtype=np.float32)
    found = search(queries, query_keys, Searched(vectors, keys, order, centre), 30, Computing(128))
    similarities = queries @ vectors.T
    same = query_keys[:, None] == keys
    for part, allowed in zip(found, (same, ~same), strict=True):
        for row in range(50):
            expected = np.sort(similarities[row][allowed[row]])[::-1][:30]
            values = to_numpy(part.values[row])
            listed = values[np.isfinite(values)]
            np.testing.assert_allclose(listed, expected, atol=1e-6)
            assert np.all(keys[part.rows[row][: len(listed)]] != query_keys[row]) == (
                part is found[1]
            ) or not len(listed)
            assert (part.floor[row] == -np.inf) == (allowed[row].sum() < 30)


@pytest.mark.parametrize("depth", [12, 60, 301])
def test_a_pool_finds_the_nearest_or_says_that_it_cannot(depth: int) -> None:
    vectors = unit(300, 8, 6)
    vectors[40:80] = vectors[40]
    # Apart by less than float32 tells.
    vectors[100:110] = vectors[41]
    vectors[100:110, 0] = np.nextafter(vectors[41, 0], np.float32(9))
    queries = np.concatenate([unit(30, 8, 7), vectors[40:43]])
    keys, query_keys = np.zeros(300, dtype=np.int64), np.ones(33, dtype=np.int64)
    order = np.arange(300)
    gallery = Searched(vectors, keys, order, vectors.mean(axis=0))
    _, others = search(queries, query_keys, gallery, depth, Computing(100))
    chosen, short = Pool.of([others], [0]).settle((1, 5, 10), Exact(queries, [vectors]), 0)
    exact = full_cosines(queries, vectors, order, 77)
    np.testing.assert_array_equal(exact, grid_cosines(queries, vectors))
    expected = nearest(exact, 10)
    sure = to_numpy(~short)
    assert sure[:30].sum() > 20
    assert sure.all() == (depth > 50)
    for k, rows in chosen.items():
        for row in np.flatnonzero(sure):
            assert set(rows[row].tolist()) == set(expected[row, :k].tolist())
