"""``latentprint exif`` as a user meets it."""

import json
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from .conftest import Command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three photos of a telephone, one without EXIF, one that is none; commands run beside it."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "photos"
    root.mkdir()
    tags = Image.Exif()
    tags[0x010F], tags[0x0110] = "Apple", "iPhone 6"
    tags.get_ifd(0x8769)[0x829A] = 0.02
    for number in range(3):
        Image.new("RGB", (20, 10)).save(root / f"{number}.jpg", exif=tags)
    Image.new("RGB", (20, 10)).save(root / "plain.jpg")
    (root / "empty.jpg").write_bytes(b"")
    return tmp_path


def test_a_summary_for_people(folder: Path, latentprint: Command) -> None:
    done = latentprint("exif", "photos")
    assert done.code == 0, done.err
    assert "5 photos: 1 without EXIF, 0 with bad fields, 1 unreadable" in done.out
    (line,) = (line for line in done.out.splitlines() if line.split()[:1] == ["exposure_time"])
    assert line.split() == ["exposure_time", "s", "3", "1", "1/50", "(3)"]
    assert "iPhone 6 (3)" in done.out
    assert "yes (3)" in done.out


def test_a_summary_for_machines(folder: Path, latentprint: Command) -> None:
    done = latentprint("exif", "photos", "--json")
    summary = json.loads(done.out)
    assert summary["labels"]["make"]["most_frequent"] == [["Apple", 3]]
    assert summary["labels"]["smartphone"]["most_frequent"] == [[True, 3]]
    assert summary["unreadable"] == 1


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_a_table(folder: Path, latentprint: Command, suffix: str) -> None:
    done = latentprint("exif", "photos", "--out", f"labels.{suffix}", "--workers", "0")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == f"labels.{suffix}"
    readers = {"csv": pl.read_csv, "parquet": pl.read_parquet, "json": pl.read_json}
    table = readers[suffix](folder / f"labels.{suffix}")
    assert table["path"].to_list() == ["0.jpg", "1.jpg", "2.jpg", "empty.jpg", "plain.jpg"]
    assert table["smartphone_model"].to_list() == [*["iPhone 6"] * 3, None, None]
    assert table["status"].to_list()[3] == "broken"


def test_photos_that_cannot_be_read_are_no_success(folder: Path, latentprint: Command) -> None:
    for file in (folder / "photos").glob("*.jpg"):
        file.write_bytes(b"")
    for arguments in ((), ("--json",), ("--out", "labels.csv")):
        done = latentprint("exif", "photos", *arguments)
        assert (done.code, done.out) == (1, "")
        assert "None of the 5 photos can be read: 0.jpg: " in done.err
    assert pl.read_csv(folder / "labels.csv")["status"].to_list() == ["broken"] * 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("photos", "--out", "labels.txt"), "use .csv, .parquet, .json"),
        (("fotos",), "Did you mean 'photos'"),
        (("photos", "--layout", "flat"), "flat"),
        (("photos", "--out", "photos/0.jpg/labels.csv"), "Cannot write"),
    ],
)
def test_mistakes_get_one_clear_answer(
    folder: Path, latentprint: Command, arguments: tuple[str, ...], message: str
) -> None:
    done = latentprint("exif", *arguments)
    assert done.code in (1, 2)
    assert message in done.err
    assert done.out == ""


def test_help_has_an_example(latentprint: Command) -> None:
    done = latentprint("exif", "--help")
    assert "latentprint exif photos/ --out labels.csv" in done.out
