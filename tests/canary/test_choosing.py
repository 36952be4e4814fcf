"""Which photos a canary takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from latentprint import open_photos
from latentprint.canary.choosing import WANTED, choose
from latentprint.errors import LatentprintError, UsageError


def test_every_kind_of_file_is_taken_first(photos: Path) -> None:
    choice = choose(open_photos(photos), 32, 0)
    names = {photo.id for photo in choice.photos}
    assert names >= {"a.png", "a.webp", "cmyk.jpg", "grey.jpg", "odd.jpg", "turned.jpg"}
    assert choice.lacking == ()
    kinds = {photo.id: photo.kinds for photo in choice.photos}
    assert "CMYK" in kinds["cmyk.jpg"]
    assert "greyscale" in kinds["grey.jpg"]
    assert "EXIF-rotated" in kinds["turned.jpg"]
    assert kinds["a.png"] == ("PNG",)


def test_broken_photos_and_copies_are_passed_over(photos: Path) -> None:
    names = {photo.id for photo in choose(open_photos(photos), 46, 0).photos}
    assert len(names) == 46
    assert "broken.jpg" not in names
    assert not names >= {"01.jpg", "copy.jpg"}


def test_the_seed_decides_and_the_order_of_the_files_does_not(photos: Path) -> None:
    listed = open_photos(photos)
    back = replace(listed, table=listed.table.reverse())
    assert choose(listed, 32, 0) == choose(back, 32, 0)
    assert choose(listed, 32, 0) != choose(listed, 32, 1)


def test_kinds_that_are_not_there_are_told(photos: Path) -> None:
    listed = open_photos(photos)
    digits = listed.table.filter(listed.table["id"].str.contains(r"^\d"))
    assert choose(replace(listed, table=digits), 32, 0).lacking == WANTED


@pytest.mark.parametrize("count", [0, 31, 257])
def test_a_count_out_of_range_is_refused(photos: Path, count: int) -> None:
    with pytest.raises(UsageError, match="32 to 256"):
        choose(open_photos(photos), count, 0)


def test_too_few_photos_are_told(photos: Path) -> None:
    with pytest.raises(LatentprintError, match="46 different ones"):
        choose(open_photos(photos), 47, 0)
