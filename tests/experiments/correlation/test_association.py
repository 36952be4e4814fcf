"""Cramér's V and its permutation test, against scipy and plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, chi2_contingency
from scipy.stats.contingency import association as plain_association

from latentprint.experiments.correlation.association import (
    _orders,
    permute,
    random_tables,
    tabulate,
    v_matrix,
)


def table_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    table = np.zeros((a.max() + 1, b.max() + 1), dtype=np.int64)
    for i, j in zip(a, b, strict=True):
        table[i, j] += 1
    return table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]


def linked(n: int, strength: float, *, k: int = 4, levels: int = 5, seed: int = 0):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    a = rng.integers(k, size=n)
    b = np.where(rng.random(n) < strength, a % levels, rng.integers(levels, size=n))
    return a, b


@pytest.mark.parametrize(
    ("n", "k", "levels"), [(50, 2, 2), (300, 4, 5), (400, 7, 3), (5000, 90, 80)]
)
def test_v_is_that_of_scipy_with_the_correction_of_bergsma(n: int, k: int, levels: int) -> None:
    a, b = linked(n, 0.4, k=k, levels=levels)
    table = table_of(a, b)
    found = tabulate(a, b)
    statistic = chi2_contingency(table, correction=False).statistic
    assert n * (found.squares - 1) == pytest.approx(statistic)
    # Uncorrected, as scipy has it.
    plain = math.sqrt((found.squares - 1) / (min(table.shape) - 1))
    assert plain == pytest.approx(plain_association(table, method="cramer"))
    r, c = table.shape
    corrected = max(0.0, statistic / n - (r - 1) * (c - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    assert found.v == pytest.approx(math.sqrt(corrected / min(rows - 1, columns - 1)))


def test_v_is_one_for_the_same_and_near_zero_for_unrelated() -> None:
    a, b = linked(2000, 0.0)
    assert float(tabulate(a, a).v) == pytest.approx(1.0)
    assert float(tabulate(a, b).v) < 0.06


def test_many_levels_are_counted_as_few_are() -> None:
    """Both ways of counting, dense and sparse, give one answer."""
    a, b = linked(3000, 0.5, k=6, levels=6)
    wide = tabulate(a * 400, b * 400)
    assert float(wide.squares) == pytest.approx(float(tabulate(a, b).squares))
    assert (wide.rows, wide.columns) == (6, 6)


def test_random_tables_are_those_of_permutations() -> None:
    a, b = linked(120, 0.3, k=3, levels=4)
    drawn = random_tables(np.bincount(a), np.bincount(b), draws=4000, seed=1)
    rng = np.random.default_rng(2)
    shuffled = np.array([float(tabulate(rng.permutation(a), b).squares) for _ in range(4000)])
    assert (drawn.rows, drawn.columns, drawn.n) == (3, 4, 120)
    # Under permutation the mean of chi squared is known exactly.
    assert 120 * (drawn.squares.mean() - 1) == pytest.approx(120 / 119 * 2 * 3, rel=0.04)
    for q in (0.1, 0.5, 0.9, 0.99):
        assert np.quantile(drawn.squares, q) == pytest.approx(np.quantile(shuffled, q), abs=0.01)


def test_tables_with_an_empty_class_or_level_can_be_drawn() -> None:
    drawn = random_tables(np.array([0, 5, 5]), np.array([4, 0, 6]), draws=50, seed=0)
    assert (drawn.rows, drawn.columns) == (2, 2)
    assert (drawn.squares >= 1 - 1e-12).all()


@pytest.mark.parametrize("n", [100, 4000])
def test_p_is_that_of_chi_squared(n: int) -> None:
    """By drawn tables (many photos) and by shuffled photos (few)."""
    a, b = linked(n, 0.25 if n == 100 else 0.035)
    table = table_of(a, b)
    expected = chi2.sf(chi2_contingency(table, correction=False).statistic, 3 * 4)
    (chance,) = permute(a, {"b": b}, None, permutations=3000, seed=0).values()
    assert 0.001 < expected < 0.5
    assert chance.p == pytest.approx(expected, abs=0.02)
    assert 0 < chance.v < 0.35


@pytest.mark.parametrize("n", [24, 4000])
def test_permutations_that_tie_count_as_much(n: int) -> None:
    """Nothing can go together less or more with a level that all photos share."""
    classes = np.arange(n) % 3
    same = np.zeros(n, dtype=np.int64)
    assert permute(classes, {"b": same}, None, permutations=20, seed=0)["b"].p == 1.0


def test_missing_values_are_left_out() -> None:
    a, b = linked(400, 0.5)
    gaps = b.copy()
    gaps[::3] = -1
    known = gaps >= 0
    whole = permute(a[known], {"b": b[known]}, None, permutations=200, seed=0)["b"]
    holes = permute(a, {"b": gaps}, None, permutations=200, seed=0)["b"]
    assert whole.p == holes.p == pytest.approx(1 / 201)


def clustered(seed: int, groups: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Photographers with one camera each and a favourite subject, which are unrelated."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), rng.integers(4, 16, size=groups))
    camera = rng.integers(4, size=groups)[group]
    favourite = rng.integers(4, size=groups)[group]
    subject = np.where(rng.random(len(group)) < 0.7, favourite, rng.integers(4, size=len(group)))
    return subject, camera, group


@pytest.mark.parametrize("varying", [False, True])
def test_groups_are_permuted_as_one(varying: bool) -> None:
    """The other column is constant in a group, or as varied as the first."""
    alone, together = [], []
    for seed in range(80):
        subject, camera, group = clustered(seed)
        if varying:
            rng = np.random.default_rng(seed + 1000)
            camera = np.where(
                rng.random(len(group)) < 0.7, camera, rng.integers(4, size=len(group))
            )
        alone.append(permute(subject, {"m": camera}, None, permutations=99, seed=0)["m"].p)
        kept = permute(subject, {"m": camera}, group, permutations=99, seed=0)["m"]
        together.append(kept.p)
    assert np.mean(np.array(alone) <= 0.05) > 0.3
    assert np.mean(np.array(together) <= 0.05) <= 0.1


def test_a_link_between_groups_is_found() -> None:
    subject, _, group = clustered(3)
    rng = np.random.default_rng(0)
    owner = np.array([np.bincount(subject[group == g]).argmax() for g in range(group.max() + 1)])
    camera = np.where(rng.random(len(owner)) < 0.8, owner, rng.integers(4, size=len(owner)))[group]
    assert permute(subject, {"m": camera}, group, permutations=199, seed=0)["m"].p <= 0.01


def test_other_columns_change_nothing() -> None:
    a, b = linked(200, 0.1)
    other = np.random.default_rng(5).integers(3, size=200)
    for groups in (None, np.arange(200) // 4):
        alone = permute(a, {"b": b}, groups, permutations=100, seed=7)
        both = permute(a, {"x": other, "b": b}, groups, permutations=100, seed=7)
        assert alone["b"] == both["b"]


def test_the_matrix_holds_every_pair() -> None:
    a, b = linked(500, 0.6)
    gaps = np.where(np.arange(500) < 250, -1, b)
    constant = np.zeros(500, dtype=np.int64)
    matrix = v_matrix([a, b, gaps, constant])
    assert matrix[0, 1] == matrix[1, 0] == pytest.approx(float(tabulate(a, b).v))
    assert matrix[0, 2] == pytest.approx(float(tabulate(a[250:], b[250:]).v))
    assert np.isnan(matrix[3, :3]).all()
    assert np.diag(matrix).tolist() == [1.0] * 4


def test_a_photo_may_get_any_level_of_the_group_that_gives() -> None:
    orders = list(_orders(4, np.array([0, 1, 1, 1]), 60, 0))
    assert {int(order[0]) for order in orders} == {0, 1, 2, 3}
