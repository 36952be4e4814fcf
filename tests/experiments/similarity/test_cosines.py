"""Exact nearest rows and histograms, against full comparisons."""

import numpy as np
import pytest

from latentprint.experiments.similarity import cosines
from latentprint.experiments.similarity.cosines import (
    BINS_PER_UNIT,
    exact_cosines,
    nearest,
    rounded_cosines,
    units,
)


def plain(queries: np.ndarray, vectors: np.ndarray, allowed: np.ndarray, k: int) -> list[list[int]]:
    """The k nearest rows by a full sort: most similar first, then the lowest row."""
    found = []
    for query, counts in zip(queries, allowed, strict=True):
        cosine = [float(exact_cosines(query, each)) for each in units(vectors)]
        rows = [row for row in range(len(vectors)) if counts[row]]
        found.append(sorted(rows, key=lambda row: (-cosine[row], row))[:k])
    return found


@pytest.fixture
def hard() -> np.ndarray:
    """Copies of one vector, many more than any list holds, and copies moved by a hair."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(90, 12))
    vectors[20:60] = vectors[3]
    vectors[70:80] = vectors[5] * (1 + 1e-9) + 1e-13 * rng.normal(size=(10, 12))
    return vectors


@pytest.mark.parametrize("block", [1, 7, 64, 4096])
def test_nearest_is_a_full_sort_whatever_the_blocks(
    hard: np.ndarray, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cosines, "_BLOCK", block)
    queries = units(hard)[[3, 5, 10, 25, 75]]
    allowed = np.random.default_rng(1).random((2, 5, 90)) < 0.8
    found = nearest(queries, hard, 5, lambda part: allowed[:, :, part])
    for each, counts in zip(found.rows, allowed, strict=True):
        assert each.tolist() == plain(queries, hard, counts, 5)
    assert found.similarities[0, 0, 0] == 1.0


def test_short_lists_end_in_minus_infinity(hard: np.ndarray) -> None:
    allowed = np.zeros((1, 1, 90), dtype=bool)
    allowed[0, 0, [7, 8]] = True
    found = nearest(units(hard)[:1], hard, 4, lambda part: allowed[:, :, part])
    assert np.isfinite(found.similarities[0, 0]).tolist() == [True, True, False, False]
    few = nearest(units(hard)[:1], hard[:3], 5, lambda part: ~allowed[:, :, part])
    assert np.isfinite(few.similarities[0, 0]).sum() == 3


def test_two_lists_become_one(hard: np.ndarray) -> None:
    queries = units(hard)[:4]
    odd = np.tile(np.arange(90) % 2 == 1, (4, 1))
    lists = nearest(queries, hard, 6, lambda part: np.stack([odd[:, part], ~odd[:, part]]))
    one, other = (cosines.Nearest(lists.similarities[at], lists.rows[at]) for at in (0, 1))
    whole = nearest(queries, hard, 6, lambda part: np.ones((1, 4, part.stop - part.start), bool))
    np.testing.assert_array_equal(one.merged(other).rows, whole.rows[0])
    np.testing.assert_array_equal(one.merged(other).similarities, whole.similarities[0])


def test_bins_are_those_of_single_pairs() -> None:
    # Multiples of half a bin lie on the edges, where the last bit of a product decides.
    angles = np.arccos((np.arange(-40, 41) + 0.5) / BINS_PER_UNIT)
    vectors = np.stack([np.cos(angles), np.sin(angles), np.zeros(81)], axis=1)
    queries = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [-1.0, 0.0, 0.0]])
    together = rounded_cosines(queries, vectors)
    for row, query in zip(together, queries, strict=True):
        alone = [int(rounded_cosines(query[None], each[None])[0, 0]) for each in vectors]
        assert row.tolist() == alone
        exact = [float(exact_cosines(query, each)) for each in vectors]
        np.testing.assert_allclose(row / BINS_PER_UNIT - 1, exact, atol=0.5001 / BINS_PER_UNIT)
