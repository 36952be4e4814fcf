"""The decomposition of variance against plain sums over cells."""

import numpy as np
import polars as pl
import pytest

from latentprint.experiments import decompose_variance
from latentprint.experiments.probes import variance
from latentprint.processing import ATTRIBUTES
from latentprint.words import VarianceMeasure
from tests.experiments.fakes import fake_source

SHARPENING = ATTRIBUTES["sharpening"]


def plain(vectors: np.ndarray) -> list[float]:
    """Two-way analysis of variance over unit vectors [P, n, D], and mean cosine distances."""
    P, n, _ = vectors.shape
    grand = vectors.mean(axis=(0, 1))
    total = ((vectors - grand) ** 2).sum()
    processing = n * ((vectors.mean(axis=1) - grand) ** 2).sum()
    photo = P * ((vectors.mean(axis=0) - grand) ** 2).sum()
    shift = np.mean(
        [
            vectors[p, i] @ vectors[q, i]
            for i in range(n)
            for p in range(P)
            for q in range(P)
            if p != q
        ]
    )
    other = np.mean(
        [
            vectors[p, i] @ vectors[p, j]
            for p in range(P)
            for i in range(n)
            for j in range(n)
            if i != j
        ]
    )
    shares = np.array([processing, photo, total - processing - photo]) / total
    return [*(100 * shares), 100 * (1 - shift), 100 * (1 - other)]


@pytest.mark.parametrize("chunk", [7, 4096])
def test_equals_plain_sums(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentprint.experiments.vectors._ROWS", chunk)
    source = fake_source(30, 10, trace=0.5)
    for at, vectors in enumerate(source.by_class.values()):
        noise = np.random.default_rng(at).normal(size=vectors.shape)
        vectors[:] = vectors + 0.3 * noise
    rows = decompose_variance(source, SHARPENING)
    unit = np.stack(
        [v / np.linalg.norm(v, axis=1, keepdims=True) for v in source.by_class.values()]
    )
    assert [row.setup for row in rows] == list(VarianceMeasure)
    assert [row.value for row in rows] == pytest.approx(plain(unit.astype(float)), rel=1e-4)
    assert sum(row.value for row in rows[:3]) == pytest.approx(100)
    for row in rows:
        assert row.low < row.value < row.high


def test_many_groups_are_left_out_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    source = fake_source(300, 100, trace=0.5)
    whole = decompose_variance(source, SHARPENING)
    monkeypatch.setattr(variance, "_BLOCKS", 100)
    blocks = decompose_variance(source, SHARPENING)
    for one, other in zip(whole, blocks, strict=True):
        # Pairs inside a block are left out of the distance between photos.
        assert one.value == pytest.approx(other.value, rel=1e-3)
    # Photos are as independent in blocks as alone: the intervals have the same width.
    widths = [[row.high - row.low for row in rows] for rows in (whole, blocks)]
    assert widths[1] == pytest.approx(widths[0], rel=0.5)


@pytest.mark.parametrize("trace", [0.0, 0.5])
def test_intervals_are_as_wide_as_figures_of_other_photos_scatter(trace: float) -> None:
    rows = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        source = fake_source(40, 0)
        content = rng.normal(size=(40, 24))
        shifts = trace * np.random.default_rng(99).normal(size=(3, 24))
        for name, shift in zip(SHARPENING.classes, shifts, strict=True):
            noise = 0.3 * rng.normal(size=(40, 24))
            source.by_class[name] = (content + shift + noise).astype(np.float32)
        rows.append(decompose_variance(source, SHARPENING))
    values = np.array([[row.value for row in each] for each in rows])
    widths = np.array([[row.high - row.low for row in each] for each in rows])
    ratios = widths.mean(axis=0) / 4.0 / values.std(axis=0)
    # Without a shift its share is a square of noise, for which the jackknife is 1.4 times too wide.
    assert ((ratios > 0.75) & (ratios < 1.7)).all()


def test_vectors_that_do_not_move_have_no_spread_of_their_own() -> None:
    rows = decompose_variance(fake_source(30, 0), SHARPENING)
    for row, value in zip(rows[:3], (0, 100, 0), strict=True):
        assert (row.value, row.low, row.high) == pytest.approx((value,) * 3, abs=1e-6)


def test_where_all_vectors_are_one_rounding_has_no_shares() -> None:
    source = fake_source(100, 0, dimensions=12)
    for vectors in source.by_class.values():
        vectors[:] = 1.0
    assert [(row.value, row.low, row.high) for row in decompose_variance(source, SHARPENING)] == [
        (0, 0, 0)
    ] * 5


def test_two_groups_bound_nothing() -> None:
    source = fake_source(30, 0, trace=0.5)
    source.photos = source.photos.with_columns(group=pl.Series([f"g{i % 2}" for i in range(30)]))
    rows = decompose_variance(source, SHARPENING)
    assert [(row.low, row.high) for row in rows] == [(0, 100)] * 3 + [(0, 200)] * 2


def test_groups_widen_the_interval() -> None:
    source = fake_source(200, 0, trace=0.5)
    content = source.by_class["SHARPEN_2"]
    alone = decompose_variance(source, SHARPENING)[1]
    for vectors in source.by_class.values():
        vectors[:] = vectors[np.arange(200) // 20 * 20]
    source.photos = source.photos.with_columns(group=pl.Series([f"g{i // 20}" for i in range(200)]))
    grouped = decompose_variance(source, SHARPENING)[1]
    assert content is source.by_class["SHARPEN_2"]
    assert grouped.high - grouped.low > alone.high - alone.low
