"""Which columns of a data set go together with its classes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.correlation.correlation import (
    correlate,
    photo_columns,
    write_correlation,
)
from latentprint.photos import open_photos


def data_set(n: int = 400, seed: int = 0) -> pl.DataFrame:
    """Cats were mostly taken with one camera; ISO is unrelated."""
    rng = np.random.default_rng(seed)
    label = rng.integers(2, size=n)
    camera = np.where(rng.random(n) < 0.8, label, 1 - label)
    return pl.DataFrame(
        {
            "id": [f"p{i:04}" for i in range(n)],
            "path": [f"p{i:04}.jpg" for i in range(n)],
            "split": ["train"] * n,
            "label": [("cat", "dog")[i] for i in label],
            "make": [("A", "B")[i] for i in camera],
            "width": (3000.0 + 1000 * camera + rng.normal(size=n)).tolist(),
            "iso": (100 * rng.integers(1, 5, size=n)).tolist(),
            "constant": ["x"] * n,
            "rare": ["y"] * 3 + ["x"] * (n - 3),
            "digest": [f"d{i}" for i in range(n)],
            "copy": [("cat", "dog")[i] for i in label],
            "sparse": ["a", "b"] * 3 + [None] * (n - 6),
            "of cats": ["ab"[i % 2] if x == 0 else None for i, x in enumerate(label)],
        }
    )


def test_what_goes_together_is_found_and_the_rest_is_not() -> None:
    found = correlate(data_set())
    by_name = {each.column: each for each in found.columns}
    assert [each.column for each in found.columns][-1] == "iso"
    assert set(by_name) == {"make", "width", "iso"}
    # Four of five photos agree: the phi of two balanced coins is 0.6.
    assert by_name["make"].v == pytest.approx(0.6, abs=0.08)
    assert by_name["width"].v == pytest.approx(by_name["make"].v, abs=0.08)
    assert (by_name["make"].n, by_name["make"].classes, by_name["make"].levels) == (400, 2, 2)
    assert by_name["width"].rule == "quantiles:4"
    assert by_name["make"].p == pytest.approx(1 / 1001)
    assert by_name["make"].q == pytest.approx(3 / 2 / 1001)
    assert by_name["iso"].q > 0.05
    assert by_name["iso"].v < by_name["iso"].chance + 0.05
    assert found.sentence.startswith("Warning: 2 of 3 columns go together with 'label'")


def test_columns_that_say_nothing_are_left_out_with_the_reason() -> None:
    left_out = correlate(data_set()).left_out
    assert left_out == {
        "id": "names the photo",
        "path": "names the photo",
        "split": "the split",
        "constant": "one value",
        "rare": "one value in all but 3 of 400 photos",
        "digest": "400 values for 400 photos: nearly each its own",
        "copy": "the same as label",
        "sparse": "only 6 of 400 photos with it",
        "of cats": "only one class has it",
    }


def test_order_of_rows_and_columns_changes_nothing() -> None:
    table = data_set(120)
    mixed = table.sample(fraction=1.0, shuffle=True, seed=3).select(reversed(table.columns))
    first, second = correlate(table, permutations=200), correlate(mixed, permutations=200)
    assert first.columns == second.columns
    assert np.array_equal(first.matrix, second.matrix, equal_nan=True)
    grouped = table.with_columns(group=pl.col("id").str.slice(0, 4))
    assert grouped["group"].n_unique() == 12
    mixed = grouped.sample(fraction=1.0, shuffle=True, seed=3)
    both = [correlate(each, permutations=200) for each in (grouped, mixed)]
    assert both[0].columns == both[1].columns
    assert both[0].groups == 12
    assert both[0].left_out["group"] == "the groups"


def test_another_seed_gives_another_draw() -> None:
    table = data_set(100)
    p = {correlate(table, columns=["iso"], permutations=500, seed=s).columns[0].p for s in range(4)}
    assert len(p) > 1


def test_groups_of_one_photo_are_no_groups() -> None:
    table = data_set(100).with_columns(group="id")
    assert correlate(table, permutations=20).groups is None


def test_numbers_as_classes_stay_classes() -> None:
    table = data_set(400).with_columns(label=pl.Series([str(i % 40) for i in range(400)]))
    assert correlate(table, permutations=20).columns[0].classes == 40
    by_iso = correlate(data_set(), "iso", columns=["make"], permutations=20)
    assert by_iso.columns[0].classes == 4


def test_rules_and_columns_can_be_chosen() -> None:
    found = correlate(
        data_set(), columns=["width", "label"], bins={"width": "edges:3500"}, permutations=50
    )
    (width,) = found.columns
    assert (width.levels, width.rule) == (2, "edges:3500")
    assert found.names == ("label", "width")


def test_rare_levels_are_pooled() -> None:
    n = 9000
    users = [f"u{i % 3000}" for i in range(n)]
    table = pl.DataFrame(
        {"id": [f"{i:05}" for i in range(n)], "label": ["a", "b", "c"] * 3000, "user": users}
    )
    (user,) = correlate(table, permutations=5).columns
    assert user.levels == 1001


def test_mistakes_are_said() -> None:
    table = data_set(60)
    with pytest.raises(UsageError, match="Did you mean 'make'"):
        correlate(table, "mkae")
    with pytest.raises(LatentprintError, match=r": 1, and two are needed.*--label"):
        correlate(table, "constant")
    with pytest.raises(LatentprintError, match=r"60 classes for 60 photos.*larger classes"):
        correlate(table, "digest")
    with pytest.raises(UsageError, match="permutation"):
        correlate(table, permutations=0)
    with pytest.raises(UsageError, match="holds text"):
        correlate(table, bins={"make": "quantiles:4"})


def test_sentences() -> None:
    rng = np.random.default_rng(0)
    nothing = data_set(200).with_columns(label=pl.Series(rng.permutation(["a", "b"] * 100)))
    assert correlate(nothing, columns=["iso"]).sentence.startswith("The one column is not shown")
    assert correlate(nothing, columns=["id"]).sentence == (
        "No column can tell whether it goes together with 'label'."
    )
    n = 20_000
    label = rng.integers(2, size=n)
    weak = np.where(rng.random(n) < 0.53, label, 1 - label)
    table = pl.DataFrame({"id": [f"{i:05}" for i in range(n)], "label": label, "make": weak})
    found = correlate(table, permutations=99)
    told = found.sentence
    assert told.startswith("1 of 1 column goes together with 'label', but weakly, most of all make")
    assert (found.to_dict()["weak"], found.to_dict()["notable"]) == (["make"], [])


def test_everything_is_json(tmp_path: Path) -> None:
    found = correlate(data_set(), permutations=50)
    write_correlation(found, tmp_path / "new" / "c.json")
    read = json.loads((tmp_path / "new" / "c.json").read_text("utf-8"))
    assert read == json.loads(json.dumps(found.to_dict()))
    assert read["matrix"]["names"] == ["label", "iso", "make", "width"]
    square = np.array(read["matrix"]["v"])
    assert square.shape == (4, 4)
    assert np.array_equal(square, square.T)
    by_name = {each["column"]: each["v"] for each in read["columns"]}
    assert square[0, 1:].tolist() == [by_name[name] for name in ("iso", "make", "width")]
    for suffix, reader in ((".csv", pl.read_csv), (".parquet", pl.read_parquet)):
        write_correlation(found, tmp_path / f"c{suffix}")
        assert reader(tmp_path / f"c{suffix}")["column"].to_list() == [
            each.column for each in found.columns
        ]
    with pytest.raises(UsageError, match="kind of table"):
        write_correlation(found, tmp_path / "c.txt")
    assert not list(tmp_path.glob(".*"))


def test_a_pair_of_columns_that_never_meet_is_unknown() -> None:
    table = data_set(100).with_columns(
        first=pl.Series(["ab"[i % 2] if i < 50 else None for i in range(100)]),
        second=pl.Series(["ab"[i % 2] if i >= 50 else None for i in range(100)]),
    )
    found = correlate(table, columns=["first", "second"], permutations=20)
    assert math.isnan(found.matrix[1, 2])
    assert found.to_dict()["matrix"]["v"][1][2] is None


def test_real_photos(shared_data: Path) -> None:
    """Charts are the older photos of one source; make and smartphone say the same in part."""
    photos = open_photos(shared_data / "exif" / "manifest.csv")
    table, unread = photo_columns(photos)
    assert not unread
    found = {each.column: each for each in correlate(table, "content", permutations=200).columns}
    assert found["source"].v > 0.9
    assert found["year"].v > 0.5
    assert found["year"].q < 0.05
    assert found["flash"].v == 0.0


def test_files_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    data_set(60).select("path", "label", "make").write_csv(manifest)
    photos = open_photos(manifest)
    table, unread = photo_columns(photos)
    assert "60 of 60 files" in unread["EXIF and file facts"]
    assert [each.column for each in correlate(table, permutations=20).columns] == ["make"]
    alone, nothing = photo_columns(photos, read_files=False)
    assert alone.equals(photos.table)
    assert nothing == {}
