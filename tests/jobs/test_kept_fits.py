"""Fits that are kept beside a store: used again, and never for another state of it."""

from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.embeddings import open_collection
from latentprint.embeddings.store import MANIFEST, Store
from latentprint.jobs.kept_fits import FOLDER, Fit, KeptFits
from tests.inspection.made_up import made_vectors, write_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_store(tmp_path / "store", made_vectors(100, 4, trace=1.0))


def store(folder: Path) -> Store:
    return open_collection(folder)[0].store


def asked(folder: Path, value: float = 1.0, settings: int = 0) -> float:
    """What the store's file holds: what was fitted, or what would be fitted now."""

    def make() -> Fit:
        return Fit({"x": np.array([value])}, {"told": "ä"})

    fit = KeptFits.of(store(folder)).get("thing", "a thing", {"settings": settings}, make)
    assert fit.about == {"told": "ä"}
    return float(fit.arrays["x"][0])


def test_it_is_fitted_once(folder: Path) -> None:
    steps: list[str] = []
    kept = KeptFits.of(store(folder), steps.append)
    for _ in range(2):
        kept.get("thing", "a thing", {}, lambda: Fit({"x": np.zeros(2)}))
    assert len(steps) == 1
    assert "a thing" in steps[0]
    assert asked(folder, 1.0) == asked(folder, 2.0) == 1.0


def test_other_settings_are_fitted_anew_and_both_are_kept(folder: Path) -> None:
    assert [asked(folder, 1.0, 0), asked(folder, 2.0, 1), asked(folder, 3.0, 0)] == [1.0, 2.0, 1.0]


def test_other_vectors_are_fitted_anew(folder: Path) -> None:
    assert asked(folder, 1.0) == 1.0
    one = store(folder)
    shard = one.done[0]
    header = shard.header()
    vectors = {name: np.array(header.mapped(name)) for name in header.tensors}
    vectors["none"][0, 0] += 1e-6
    one.write_table_shard(0, pl.read_parquet(shard.rows), vectors)
    assert asked(folder, 2.0) == 2.0


def test_another_label_of_the_photos_is_fitted_anew(folder: Path) -> None:
    assert asked(folder, 1.0) == 1.0
    table = pl.read_parquet(folder / "photos.parquet")
    table.with_columns(label=pl.lit("a")).write_parquet(folder / "photos.parquet")
    assert asked(folder, 2.0) == 2.0


def test_a_store_without_seals_is_known_by_its_files(folder: Path) -> None:
    manifest = store(folder).folder / MANIFEST
    told = json.loads(manifest.read_text())
    del told["identity"]
    manifest.write_text(json.dumps({**told, "format_version": 2}))
    assert asked(folder, 1.0) == asked(folder, 2.0) == 1.0
    shard = store(folder).done[1].tensors
    os.utime(shard, ns=(0, shard.stat().st_mtime_ns + 1))
    assert asked(folder, 3.0) == 3.0


def test_other_code_fits_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(folder, 1.0) == 1.0
    monkeypatch.setattr("latentprint.jobs.kept_fits._code", lambda: "another version")
    assert asked(folder, 2.0) == 2.0


@pytest.mark.parametrize("damage", ["cut off", "other bytes", "no file", "other numbers"])
def test_a_damaged_file_is_written_over(folder: Path, damage: str) -> None:
    assert asked(folder, 1.0) == 1.0
    (file,) = (store(folder).folder / FOLDER).iterdir()
    content = file.read_bytes()
    changed = {
        "cut off": content[:-1],
        "other bytes": b"{}",
        "no file": b"",
        "other numbers": content[:-8] + np.array([7.0]).tobytes(),
    }
    file.write_bytes(changed[damage])
    assert asked(folder, 2.0) == 2.0
    assert asked(folder, 3.0) == 2.0


def test_where_it_cannot_be_kept_it_is_found_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (store(folder).folder / FOLDER).write_text("a file in the way")
    with caplog.at_level(logging.WARNING):
        assert asked(folder, 1.0) == 1.0
    assert "not kept for the next time" in caplog.text
    assert stat.S_ISREG((store(folder).folder / FOLDER).stat().st_mode)
