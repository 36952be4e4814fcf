"""Kernel ridge probes, against scikit-learn and against planted traces."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.kernel_ridge import KernelRidge

from latentprint.experiments.erase.kernel_probe import (
    LINEAR,
    RBF,
    Kernel,
    _fit,
    _Pairs,
    few_photos,
    read_by,
)
from latentprint.experiments.erase.probes import probe_rows
from latentprint.experiments.probes.items import Items
from latentprint.solvers import Features
from latentprint.words import ErasureMeasure, Stage
from tests.experiments.erase.made_up import SHARPENING, figure, stages


def items_of(rows: np.ndarray, labels: np.ndarray, photo: np.ndarray | None = None) -> Items:
    photo = np.arange(len(rows)) if photo is None else photo
    ids = tuple(f"{each:04}" for each in range(int(photo.max()) + 1))
    classes = tuple(map(str, range(int(labels.max()) + 1)))
    return Items(Features.of(rows.astype(np.float32)), labels, photo, ids, ids, classes)


@pytest.mark.parametrize(("kernel", "name"), [(LINEAR, "linear"), (RBF, "rbf")])
def test_a_fit_is_that_of_scikit_learn(kernel: Kernel, name: str) -> None:
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(90, 6)), rng.integers(3, size=90)
    rows -= rows.mean(axis=0)
    scale = float((rows**2).sum(axis=1).mean())
    distances = ((rows[:, None] - rows) ** 2).sum(axis=2)
    middle = float(np.median(distances[np.triu_indices(90, 1)]))
    fitted, tested = np.arange(60), np.arange(60, 90)
    targets = np.eye(3)[labels[fitted]]
    targets = targets / targets.sum(axis=0)
    targets -= targets.mean(axis=0)
    gamma = 1 / (2 * middle) if name == "rbf" else None
    # The kernel here is divided by the mean squared length, and the ridge grows with the photos.
    ridge = 0.1 * 60 * 1e-2 * (scale if name == "linear" else 1.0)
    model = KernelRidge(alpha=ridge, kernel=name, gamma=gamma).fit(rows[fitted], targets)
    expected = model.predict(rows[tested]).argmax(axis=1)
    pairs = _Pairs.of(rows, unit=False)
    matrix = kernel.matrix(pairs.squares, pairs.products, 1.0)
    said = _fit(matrix, labels, fitted, tested, (0.1,))[0]
    assert np.array_equal(said, expected)


def test_what_all_items_share_changes_nothing() -> None:
    rows = np.random.default_rng(0).normal(size=(90, 6))
    one, other = (_Pairs.of(each, unit=False) for each in (rows, rows + 30.0))
    np.testing.assert_allclose(one.products, other.products, atol=1e-9)
    np.testing.assert_allclose(one.squares, other.squares, atol=1e-9)


def test_a_ring_is_read_by_the_rbf_alone() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(300) % 2
    rows = rng.normal(size=(300, 2))
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True) * (1.0 + 2.0 * labels[:, None])
    linear, rbf = read_by(items_of(rows, labels), [LINEAR, RBF], unit=False)
    assert linear.right.mean() < 65.0
    assert rbf.right.mean() > 95.0


def test_nothing_is_read_of_labels_at_random() -> None:
    rng = np.random.default_rng(2)
    values = [
        read_by(
            items_of(rng.normal(size=(120, 20)), rng.permutation(np.arange(120) % 3)),
            [kernel],
            unit=False,
        )[0].right.mean()
        for kernel in (LINEAR, RBF)
        for _ in range(10)
    ]
    assert abs(np.mean(values) - 100 / 3) < 3.0


def test_of_many_photos_the_first_by_the_seed_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentprint.experiments.erase.kernel_probe.MOST_ITEMS", 42)
    photos = pl.DataFrame({"id": [f"{each:03}" for each in range(50)]})
    kept = few_photos(photos, 4, 0)["id"].to_list()
    assert len(kept) == 10
    assert kept == sorted(kept)
    turned = few_photos(photos[np.random.default_rng(0).permutation(50)], 4, 0)
    assert set(turned["id"]) == set(kept) != set(few_photos(photos, 4, 1)["id"])
    assert few_photos(photos[:10], 4, 0)["id"].to_list() == photos["id"][:10].to_list()


def test_a_linear_probe_reads_less_after_erasure() -> None:
    rows = probe_rows(stages(0.4), SHARPENING)
    for setup in (ErasureMeasure.LINEAR, ErasureMeasure.RBF):
        change = figure(rows, setup, Stage.CHANGE)
        assert change.high < -5.0
        assert figure(rows, setup, Stage.AFTER).low < 45.0
    assert figure(rows, ErasureMeasure.LINEAR, Stage.BEFORE).chance == pytest.approx(100 / 3)
