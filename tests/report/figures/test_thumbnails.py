"""Small copies of photos: nothing of a photo but its picture."""

from __future__ import annotations

import base64
import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from latentprint.photos.tar_archive import list_tar_members
from latentprint.report.figures.thumbnails import SIDE, Thumbnail, thumbnails
from latentprint.report.pictures import Pictures

COMMENT = b"taken by a person"
ANY = Pictures(own=None)


def write_pictures(folder: Path) -> None:
    """Two photos with metadata that no copy may carry, and a broken one."""
    folder.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    Image.new("RGB", (640, 320), "red").save(folder / "red.jpg", exif=exif, comment=COMMENT)
    Image.new("RGB", (50, 80), "green").save(folder / "green.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")


def made(root: Path | None, *paths: str, **options: int) -> list[Thumbnail]:
    photos = [(root, path) for path in paths]
    album = thumbnails(photos, "test", ANY, **options)
    return [album[photo] for photo in photos]


def pixels(thumbnail: Thumbnail) -> Image.Image:
    head, _, text = thumbnail.source.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(text)))


def test_a_copy_is_small_and_carries_no_metadata(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    (red,) = made(tmp_path, "red.jpg")
    data = base64.b64decode(red.source.partition(",")[2])
    assert (red.width, red.height) == (SIDE, SIDE // 2)
    with pixels(red) as image:
        assert image.format == "WEBP"
        assert image.size == (red.width, red.height)
        assert not image.getexif()
        assert not {"comment", "exif", "icc_profile", "xmp"} & set(image.info)
    assert b"Secret Camera" not in data
    assert COMMENT not in data


def test_small_photos_are_not_made_larger(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    (green,) = made(tmp_path, "green.png")
    assert (green.width, green.height) == (50, 80)


def test_photos_are_turned_as_their_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    left = Image.new("RGB", (800, 400), "red")
    left.paste("blue", (400, 0, 800, 400))
    left.save(tmp_path / "turned.jpg", exif=exif)
    (turned,) = made(tmp_path, "turned.jpg")
    assert (turned.width, turned.height) == (SIDE // 2, SIDE)
    with pixels(turned) as image:
        found = np.asarray(image.convert("RGB"))
    top, bottom = found[: SIDE // 3].mean(axis=(0, 1)), found[-SIDE // 3 :].mean(axis=(0, 1))
    assert top[0] > 4 * top[2]
    assert bottom[2] > 4 * bottom[0]


def test_every_photo_is_copied_once_under_an_id_of_its_figure(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    photos = [(tmp_path, path) for path in ("red.jpg", "green.png", "red.jpg", "gone.jpg")]
    album = thumbnails(photos, "pairs", ANY)
    assert [each.name for each in album] == ["pairs-picture-0", "pairs-picture-1"]


def test_one_path_in_two_folders_is_two_photos(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_pictures(tmp_path / name)
    photos = [(tmp_path / name, "red.jpg") for name in ("first", "second")]
    album = thumbnails(photos, "pairs", ANY)
    assert album[photos[0]].name != album[photos[1]].name


def test_photos_in_a_tar_archive_are_read_where_they_are(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    with tarfile.open(tmp_path / "photos.tar", "w") as archive:
        archive.add(tmp_path / "red.jpg", "inside/red.jpg")
    (member,) = list_tar_members(tmp_path / "photos.tar")
    (found,) = made(tmp_path, member.path_below(tmp_path))
    assert found.source == made(tmp_path, "red.jpg")[0].source != ""


def test_missing_and_broken_photos_say_so(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    found = made(tmp_path, "gone.jpg", "broken.jpg", "photos.tar!0+9!inside.jpg")
    assert {each.missing for each in found} == {"Picture not found"}
    assert [each.title for each in found[:2]] == ["gone.jpg", "broken.jpg"]
    (unknown,) = made(None, "red.jpg")
    assert (unknown.source, unknown.missing) == ("", "Picture not found")


def test_nothing_is_read_where_pictures_are_not_wanted(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    (red,) = made(tmp_path, "red.jpg", wanted=False)
    assert (red.source, red.missing, red.title) == ("", "", "red.jpg")


def test_the_room_is_kept(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    whole = made(tmp_path, "red.jpg", "green.png")
    some = made(tmp_path, "red.jpg", "green.png", room=len(whole[0].source))
    assert some[0] == whole[0]
    assert some[1].missing == "No room for this picture"
