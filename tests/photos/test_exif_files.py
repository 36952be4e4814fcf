"""The table of many photos: complete, in order, the same whatever the number of processes."""

import os
import tarfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from latentprint.embeddings.store import FACTS_SCHEMA
from latentprint.embeddings.worker import PhotoTask, Recipe, prepare
from latentprint.encoders import Preprocess
from latentprint.photos import Photos, exif_files, open_photos
from latentprint.photos.exif_files import SCHEMA, exif_row, exif_table
from latentprint.photos.exif_labels import EXIF_SCHEMA, LABELS
from latentprint.photos.exif_summary import exif_summary, shown
from latentprint.photos.tar_archive import list_tar_members
from latentprint.processing import published_classes

from .test_exif import EXPECTED, FULL, block, saved


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    """Good photos, some without EXIF, and every kind of trouble."""
    root = tmp_path / "photos"
    root.mkdir()
    for number in range(6):
        (root / f"full{number}.jpg").write_bytes(saved(block(**FULL), quality=90))
    (root / "plain.webp").write_bytes(saved(b"", "WEBP"))
    (root / "really.jpg").write_bytes(saved(block(**FULL), "PNG"))
    (root / "bad.jpg").write_bytes(saved(block(**FULL | {"Orientation": 77})))
    (root / "cut.jpg").write_bytes(saved(block(**FULL))[:-20])
    (root / "empty.jpg").write_bytes(b"")
    (root / "text.jpg").write_text("no photo")
    (root / "gone.jpg").symlink_to(root / "nothing.jpg")
    os.mkfifo(root / "pipe.jpg")
    return open_photos(root)


@pytest.fixture
def table(photos: Photos) -> pl.DataFrame:
    return exif_table(photos)


def test_one_row_for_every_photo_in_order(photos: Photos, table: pl.DataFrame) -> None:
    assert dict(table.schema) == SCHEMA
    assert table["path"].equals(photos.table["path"])
    row = table.row(by_predicate=pl.col("id") == "full0.jpg", named=True)
    assert {name: row[name] for name in EXPECTED} == EXPECTED
    assert (row["width"], row["height"], row["format"]) == (40, 24, "JPEG")
    assert (row["jpeg_quality"], row["jpeg_ijg"], row["jpeg_subsampling"]) == (90, True, "4:2:0")
    assert row["bytes"] == (photos.root / "full0.jpg").stat().st_size


def test_unreadable_files_are_rows_with_a_reason(table: pl.DataFrame) -> None:
    broken = dict(table.filter(pl.col("status") == "broken").select("path", "reason").rows())
    assert broken.keys() >= {"empty.jpg", "text.jpg", "gone.jpg"}
    assert "empty" in broken["empty.jpg"]
    assert "not an image" in broken["text.jpg"]
    assert "link" in broken["gone.jpg"]
    assert table.filter(pl.col("status") == "broken")["make"].null_count() == len(broken)
    notes = dict(table.filter(pl.col("status") == "mislabelled").select("path", "reason").rows())
    assert notes == {"really.jpg": "named .jpg but holds PNG"}
    assert dict(table.select("path", "status").rows())["cut.jpg"] == "ok"  # its header is whole


def test_a_member_of_an_archive(tmp_path: Path) -> None:
    photo = saved(block(**FULL))
    (tmp_path / "a.jpg").write_bytes(photo)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path / "a.jpg", "a.jpg")
    (member,) = list_tar_members(tmp_path / "a.tar")
    row = exif_row(tmp_path / member.path_below(tmp_path))
    assert row == exif_row(tmp_path / "a.jpg")


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert exif_row(tmp_path / "pipe.jpg")["status"] == "broken"


def test_workers_and_parts_change_nothing(
    photos: Photos, table: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exif_files, "_PER_PART", 4)
    monkeypatch.setattr(exif_files, "_PER_TASK", 3)
    seen: list[tuple[int, int]] = []
    again = exif_table(photos, workers=2, on_progress=lambda *each: seen.append(each))
    assert again.equals(table)
    assert seen == [(number, len(photos)) for number in range(1, len(photos) + 1)]


def test_a_reader_that_crashes_costs_one_photo(
    photos: Photos, table: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exif_files, "_PER_TASK", 2)
    monkeypatch.setattr(exif_files, "exif_row", dies_on_full3)
    found = exif_table(photos, workers=1)
    broken = found.filter(pl.col("path") == "full3.jpg")
    assert broken["reason"].to_list() == ["the reader crashed on this file"]
    others = pl.col("path") != "full3.jpg"
    assert found.filter(others).equals(table.filter(others))


def dies_on_full3(file: Path) -> dict[str, Any]:
    if file.name == "full3.jpg":
        os._exit(1)
    return exif_row(file)


def test_no_photos_give_an_empty_table(photos: Photos) -> None:
    none = Photos("none", photos.root, photos.table.clear(), photos.ignored)
    assert exif_table(none).height == 0
    assert exif_summary(exif_table(none))["photos"] == 0


def test_summary(photos: Photos, table: pl.DataFrame) -> None:
    summary = exif_summary(table, most=1)
    assert summary["photos"] == len(photos)
    assert summary["unreadable"] == table.filter(pl.col("status") == "broken").height
    assert summary["without_exif"] == 1
    assert summary["with_problems"] == 1
    assert summary["problems"] == [["Orientation is 77, not from 1 to 8", 1]]
    assert list(summary["labels"]) == list(LABELS)
    make = summary["labels"]["make"]
    assert (make["photos"], make["different"]) == (9, 1)
    assert make["most_frequent"] == [["Nikon", 9]]
    assert summary["labels"]["orientation"]["photos"] == 8
    assert summary["labels"]["exposure_time"]["unit"] == "s"


def test_values_as_people_write_them() -> None:
    assert shown("exposure_time", 1 / 60) == "1/60"
    assert shown("exposure_time", 2.5) == "2.5"
    assert shown("flash", True) == "yes"
    assert shown("aperture", 2.8) == "2.8"
    assert shown("make", "Nikon") == "Nikon"


def test_embedding_records_the_same(photos: Photos, table: pl.DataFrame) -> None:
    """What the engine notes of a photo while it decodes it is what the table says."""
    assert EXIF_SCHEMA.items() <= FACTS_SCHEMA.items()
    recipe = Recipe((published_classes()["none"],), (Preprocess(16, 16),))
    for row in table.iter_rows(named=True):
        facts = prepare(PhotoTask(0, row["id"], photos.file(row["path"])), recipe).facts
        if facts.status != "broken":
            assert {name: getattr(facts, name) for name in EXIF_SCHEMA} == {
                name: row[name] for name in EXIF_SCHEMA
            }
            assert (facts.jpeg_quality, facts.jpeg_ijg) == (row["jpeg_quality"], row["jpeg_ijg"])
    assert facts.id == table["id"][-1]


def test_every_label_is_described() -> None:
    for name, label in LABELS.items():
        assert label.name == name
        assert SCHEMA[name] == {str: pl.String, bool: pl.Boolean, int: pl.Int64}.get(
            label.type, pl.Float64
        )
        assert label.kind in ("categorical", "ordinal", "continuous")
        assert 10 < len(label.description) < 80


def test_sizes_are_those_of_the_stored_pixels(tmp_path: Path) -> None:
    (tmp_path / "turned.jpg").write_bytes(saved(block(**FULL)))
    row = exif_row(tmp_path / "turned.jpg")
    assert row["orientation"] == 6
    with Image.open(tmp_path / "turned.jpg") as image:
        assert (row["width"], row["height"]) == image.size
