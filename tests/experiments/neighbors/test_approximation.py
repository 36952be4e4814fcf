"""Neighbours by an approximate index, against exact ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError
from latentprint.experiments.neighbors import approximation
from latentprint.experiments.neighbors.approximation import Approximation
from latentprint.experiments.neighbors.robustness import robustness
from latentprint.experiments.neighbors.robustness_options import RobustnessOptions
from latentprint.neighbours import approximate
from latentprint.neighbours.approximate import ApproximateIndex
from latentprint.neighbours.candidates import Searched
from latentprint.neighbours.grid import unit_rows
from latentprint.neighbours.nearest import nearest_photos
from tests.experiments.fakes import FakeSource, camera_source, shuffled

OPTIONS = RobustnessOptions(permutations=99, approximate=True)


def source(n: int = 400) -> FakeSource:
    made = camera_source(n, trace=0.6)
    label = pl.Series([f"class{each % 4}" for each in range(n)])
    return replace(made, photos=made.photos.with_columns(label=label))


@pytest.fixture
def _faiss() -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: pip install 'latentprint[faiss]'")


@pytest.mark.usefixtures("_faiss")
def test_all_lists_hold_all_neighbours_and_bans_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    units = unit_rows(rng.normal(size=(500, 12))).astype(np.float32)
    # Half of the photos are of one key, more than the lists that are asked for hold beside it.
    keys = np.where(np.arange(500) < 250, 0, np.arange(500))
    photos = Searched.of(units, keys, rng.permutation(500))
    asked = np.array([3, 77, 300, 499])
    exact = nearest_photos(photos, (1, 7), memory_mb=64, asked=asked)
    monkeypatch.setattr(approximate, "_PROBED", 500)
    found = ApproximateIndex.of(photos).nearest((1, 7), asked, memory_mb=64)
    for k in (1, 7):
        np.testing.assert_array_equal(np.sort(found[k]), np.sort(exact[k]))


@pytest.mark.usefixtures("_faiss")
def test_what_is_missed_is_measured_told_and_added_to_intervals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(approximate, "_PROBED", 2)
    monkeypatch.setattr(approximation, "CHECKED", 150)
    exact = robustness(source(), "make", options=replace(OPTIONS, approximate=False))
    found = robustness(source(), "make", options=OPTIONS)
    assert robustness(shuffled(source()), "make", options=OPTIONS).results == found.results
    for row, true in zip(found.results, exact.results, strict=True):
        assert "2 of 20 lists" in row.notes
        recall = float(row.notes.split("recall ")[1].split("%")[0])
        assert 20 < recall < 90
        assert row.notes.endswith("on 150 photos searched exactly")
        assert row.n_test == 400
        assert row.low <= true.value <= row.high
        assert row.high - row.low > true.high - true.low


def test_recall_is_that_of_a_loop() -> None:
    rows = np.random.default_rng(0).permuted(np.tile(np.arange(20), (40, 1)), axis=1)
    checked, exact = np.arange(0, 40, 2), np.tile(np.arange(5), (20, 1))
    found = Approximation({5: rows[:, :5]}, {5: exact}, checked, 20, 3)
    hits = [len({0, 1, 2, 3, 4} & set(rows[at, :5].tolist())) for at in checked]
    assert f"recall {20 * np.mean(hits):.1f}% (" in found.note(5)
    assert found.note(5).startswith("neighbours by an approximate index (3 of 20 lists)")


def test_without_faiss_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    with pytest.raises(LatentprintError, match=r"pip install 'latentprint\[faiss\]'"):
        robustness(source(), "make", options=OPTIONS)
