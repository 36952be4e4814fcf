from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from latentprint.report.thumbnails import SIDE, thumbnails
from tests.report.comparison_rows import COMMENT, write_pictures


def test_a_copy_is_small_and_carries_no_metadata(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    made = thumbnails(tmp_path, ["red.jpg"])["red.jpg"]
    head, _, text = made.source.partition(",")
    data = base64.b64decode(text)
    assert head == "data:image/jpeg;base64"
    assert (made.width, made.height) == (SIDE, SIDE // 2)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (made.width, made.height)
        assert not image.getexif()
        assert "comment" not in image.info
    assert b"Secret Camera" not in data
    assert COMMENT not in data


def test_small_photos_are_not_made_larger(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    made = thumbnails(tmp_path, ["green.png"])["green.png"]
    assert (made.width, made.height) == (50, 80)


def test_every_photo_is_copied_once(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    made = thumbnails(tmp_path, ["red.jpg", "green.png", "red.jpg"])
    assert [each.name for each in made.values()] == ["picture-0", "picture-1"]


def test_missing_and_broken_photos_say_so(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    made = thumbnails(tmp_path, ["gone.jpg", "broken.jpg"])
    assert {each.missing for each in made.values()} == {"Picture not found"}
    unknown = thumbnails(None, ["red.jpg"])["red.jpg"]
    assert (unknown.source, unknown.missing) == ("", "Picture not found")


def test_the_room_is_kept(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    whole = thumbnails(tmp_path, ["red.jpg", "green.png"])
    room = len(whole["red.jpg"].source)
    some = thumbnails(tmp_path, ["red.jpg", "green.png"], room=room)
    assert some["red.jpg"] == whole["red.jpg"]
    assert some["green.png"].missing == "No room for this picture"
