"""The parts of the Flickr command that need no server."""

import io
import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from latentprint.errors import UsageError
from latentprint.photos.flickr import first_day, last_day
from latentprint.photos.flickr.answers import read_exif, read_page
from latentprint.photos.flickr.journal import Journal
from latentprint.photos.flickr.jpeg import cleaned_jpeg
from latentprint.photos.flickr.windows import Window, months
from tests.photos.flickr.server import PLACE, SERIAL, picture

DAYS = st.dates(date(1990, 1, 1), date(2030, 12, 31))


@given(DAYS, st.integers(0, 4000))
def test_months_cover_every_second_once(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    spans = months(first, last)
    assert spans[0].start == datetime(first.year, first.month, first.day)
    assert spans[-1].end == datetime(last.year, last.month, last.day, 23, 59, 59)
    for earlier, later in itertools.pairwise(spans):
        assert later.start - earlier.end == timedelta(seconds=1)
        assert (later.start.day, later.start.hour) == (1, 0)
        assert earlier.start.month == earlier.end.month


@given(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)), st.integers(0, 10**8))
def test_halves_cover_the_whole(start: datetime, seconds: int) -> None:
    start = start.replace(microsecond=0)
    halves = Window(start, start + timedelta(seconds=seconds)).halves()
    if seconds == 0:
        assert halves is None
        return
    assert halves is not None
    first, second = halves
    assert first.start == start
    assert second.end == start + timedelta(seconds=seconds)
    assert second.start - first.end == timedelta(seconds=1)
    assert first.start <= first.end
    assert second.start <= second.end


def test_days() -> None:
    assert first_day("2008") == date(2008, 1, 1)
    assert last_day("2008") == date(2008, 12, 31)
    assert last_day("2008-02") == date(2008, 2, 29)
    assert first_day("2008-02-03") == last_day(" 2008-02-03 ") == date(2008, 2, 3)
    for wrong in ("", "08", "2008-13", "2008-00", "2008-02-30", "2008-2", "0001", "2008/02"):
        with pytest.raises(UsageError, match="is no date"):
            last_day(wrong)


def test_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl") as journal:
        journal.put("a", "1", {"x": "é"})
        journal.put("b", "1", [1])
        journal.put("a", "1", {"x": "new"})
        journal.put("a", "2", {})
        assert journal.get("a", "1") == {"x": "new"}
        assert journal.get("a", "3") is None
    with Journal(tmp_path / "j.jsonl") as journal:
        assert list(journal.items("a")) == [("1", {"x": "new"}), ("2", {})]
        journal.rewrite(lambda kind, key, value: None if kind == "b" else value)
        journal.put("a", "4", 4)
        assert journal.get("b", "1") is None
    assert (tmp_path / "j.jsonl").read_text().count("\n") == 3


def test_numbers_that_come_as_text_and_fields_that_are_missing() -> None:
    answer = {
        "photos": {"page": 1, "pages": "3", "perpage": "500", "total": "1200", "photo": [{}, 7]}
    }
    page = read_page(answer)
    assert (page.pages, page.per_page, page.total, page.photos) == (3, 500, 1200, ({},))
    none = {"photos": {"pages": None, "perpage": 0, "total": None, "photo": []}}
    assert read_page(none).total == 0
    for wrong in ({}, {"photos": []}, {"photos": {"photo": None}}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            read_page(wrong)


def test_exif_of_all_ages() -> None:
    def tag(space: str, name: str, raw: Any, label: str = "") -> dict[str, Any]:
        return {"tagspace": space, "tag": name, "label": label, "raw": raw}

    tags = [
        tag("TIFF", "271", {"_content": "Canon\0"}, "Make"),
        tag("EXIF", "34855", {"_content": "400"}, "ISO Speed Ratings"),
        tag("ExifIFD", "FNumber", "2.8"),
        tag("ExifIFD", "FNumber", "5.6"),
        tag("ExifIFD", "Flash", {"_content": 16}),
        tag("ExifIFD", "FocalLength", {}),
        tag("IFD1", "Model", "thumbnail"),
        tag("GPS", "Model", PLACE),
        tag("ExifIFD", "UserComment", PLACE),
        tag("IFD0", "Software", "x" * 500),
    ]
    found = read_exif({"photo": {"exif": tags}})
    assert found.pop("Software") == "x" * 200
    assert found == {"Make": "Canon", "ISO": "400", "FNumber": "2.8", "Flash": "16"}


def test_cleaning_changes_no_pixel_and_no_label(shared_data: Path) -> None:
    files = sorted(
        (shared_data / "exif").rglob("*.[jJ][pP][gG]"), key=lambda each: each.stat().st_size
    )
    assert len(files) > 100
    places = 0
    for file in files[:60]:
        before = Image.open(io.BytesIO(file.read_bytes()))
        after = Image.open(io.BytesIO(cleaned_jpeg(file.read_bytes())))
        assert np.array_equal(np.asarray(before), np.asarray(after))
        assert before.quantization == after.quantization  # type: ignore[attr-defined]
        there, kept = before.getexif(), after.getexif()
        places += bool(there.get_ifd(0x8825))
        assert not kept.get_ifd(0x8825)
        for tag in (0x010F, 0x0110, 0x0112):
            assert kept.get(tag, 1) == there.get(tag, 1)
        for tag in (0x829A, 0x829D, 0x8827, 0x9003, 0x9209, 0x920A):
            assert str(kept.get_ifd(0x8769).get(tag)) == str(there.get_ifd(0x8769).get(tag))
        assert 0x927C not in kept.get_ifd(0x8769)
    assert places > 0


def test_cleaning_takes_words_away_and_keeps_what_the_picture_needs() -> None:
    second = picture() + b"trailing " + picture()
    clean = cleaned_jpeg(second)
    assert clean == cleaned_jpeg(picture()) == cleaned_jpeg(clean)
    for secret in (PLACE.encode(), SERIAL.encode()):
        assert secret in second
        assert secret not in clean
    stream = io.BytesIO()
    ink = Image.new("CMYK", (40, 30), (10, 90, 30, 0))
    ink.save(stream, "JPEG", icc_profile=b"a profile", progressive=True)
    after = Image.open(io.BytesIO(cleaned_jpeg(stream.getvalue())))
    assert after.info["icc_profile"] == b"a profile"
    assert np.array_equal(np.asarray(after), np.asarray(Image.open(stream)))


def test_mutated_and_cut_files_end_in_a_reason_or_a_file() -> None:
    whole, generator = picture(64, 48), np.random.default_rng(0)
    for length in range(0, len(whole) - 2, 7):
        with pytest.raises(ValueError, match=r"not a JPEG|cut off"):
            cleaned_jpeg(whole[:length])
    cleaned = 0
    for _ in range(2000):
        mutated = bytearray(whole)
        for place in generator.integers(0, 900, 4):
            mutated[place] = generator.integers(0, 256)
        try:
            result = cleaned_jpeg(bytes(mutated))
        except ValueError:
            continue
        cleaned += 1
        assert result.startswith(b"\xff\xd8")
        assert result.endswith(b"\xff\xd9")
    assert cleaned > 200
