import json
import struct
import zipfile
from pathlib import Path

import polars as pl
import pytest

from latentprint.embeddings.worker import stamp
from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import BrokenPhoto, decode, exif_table, open_photos
from latentprint.photos.zip_archive import LARGEST
from tests.photos.packing import files_of, jpeg, pack_tar, pack_zip


def samples(part: int) -> dict[str, bytes]:
    """Two samples of WebDataset with facts, captions and classes."""
    files: dict[str, bytes] = {}
    for number in range(2):
        key = f"{part:05}{number:04}"
        facts = {"width": 16, "id": number, "sharp": True, "tags": ["a"], "url": None}
        files |= {
            f"{key}.jpg": jpeg(10 * part + number),
            f"{key}.json": json.dumps(facts).encode(),
            f"{key}.txt": f" photo {number}\n".encode(),
            f"{key}.cls": str(number).encode(),
        }
    return files


def test_samples_of_a_webdataset_are_rows_with_columns(tmp_path: Path) -> None:
    for part in range(2):
        pack_tar(tmp_path / f"{part:05}.tar", samples(part))
    photos = open_photos(tmp_path)
    assert photos.table.drop("path").to_dicts() == [
        {
            "id": f"{part:05}/{part:05}{number:04}.jpg",
            "split": None,
            "label": str(number),
            "width": "16",
            "sample_id": str(number),
            "sharp": "true",
            "url": None,
            "txt": f"photo {number}",
        }
        for part in range(2)
        for number in range(2)
    ]
    assert "4 photos are read from 2 archives" in photos.notes[0]
    assert "no plain value beside the photos is not read: tags" in photos.notes[2]
    for path, part in zip(photos.table["path"], (0, 0, 1, 1), strict=True):
        inside = photos.file(path)
        assert decode(inside).image.getpixel((0, 0))[0] // 10 == part  # type: ignore[index]
    rows = exif_table(photos, workers=0)
    assert rows["status"].to_list() == ["ok"] * 4
    assert rows["bytes"].to_list() == [
        len(samples(n // 2)[f"{n // 2:05}{n % 2:04}.jpg"]) for n in range(4)
    ]


def test_the_table_of_img2dataset_is_joined_by_key(tmp_path: Path) -> None:
    pack_tar(tmp_path / "00000.tar", samples(0))
    table = pl.DataFrame(
        {
            "key": ["000000001", "000000000", "000000007"],
            "status": ["success", "success", "failed_to_download"],
            "caption": ["one ", "none", None],
            "similarity": [0.5, 0.25, None],
        }
    )
    table.write_parquet(tmp_path / "00000.parquet")
    (tmp_path / "00000_stats.json").write_text("{}")
    found = open_photos(tmp_path).table
    assert found.select("key", "caption", "similarity").rows() == [
        ("000000000", "none", "0.25"),
        ("000000001", "one", "0.5"),
    ]
    assert "txt" not in found.columns
    assert open_photos(tmp_path).ignored["path"].to_list() == ["00000_stats.json"]
    pl.concat([table, table]).write_parquet(tmp_path / "00000.parquet")
    with pytest.raises(LatentprintError, match="names a sample twice"):
        open_photos(tmp_path)


def test_parts_that_are_unpacked_say_the_same(tmp_path: Path) -> None:
    outside = tmp_path / "secret.json"
    outside.write_text('{"width": "secret"}')
    for part in range(2):
        pack_tar(tmp_path / "packed" / f"{part:05}.tar", samples(part))
        for name, data in samples(part).items():
            file = tmp_path / "plain" / f"{part:05}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    packed, plain = open_photos(tmp_path / "packed"), open_photos(tmp_path / "plain")
    assert plain.table.drop("path").equals(packed.table.drop("path"))
    assert plain.table["label"].null_count() == 0
    assert plain.ignored.is_empty()
    table = pl.DataFrame({"key": ["000000000", "000000001"], "caption": ["a", "b"]})
    table.write_parquet(tmp_path / "plain" / "00000.parquet")
    sidecar = tmp_path / "plain" / "00001" / "000010000.json"
    sidecar.unlink()
    sidecar.symlink_to(outside)
    joined = open_photos(tmp_path / "plain")
    assert joined.table["caption"].to_list() == ["a", "b", None, None]
    assert "secret" not in str(joined.table.rows())
    assert joined.notes[-1].endswith("(000010000.json: a link, a device or a pipe).")
    assert joined.ignored.is_empty()


def test_what_cannot_be_read_beside_a_photo_is_told(tmp_path: Path) -> None:
    files = samples(0) | {"000000000.json": b"{", "000000001.cls": b"\xff"}
    photos = open_photos(pack_tar(tmp_path / "set.tar", files))
    assert photos.table["label"].to_list() == ["0", None]
    assert photos.table["width"].to_list() == [None, "16"]
    assert photos.notes[-1].startswith(
        "2 files beside photos cannot be read (000000000.json: no JSON"
    )


@pytest.mark.parametrize("pack", [pack_tar, pack_zip])
@pytest.mark.parametrize("above", ["", "set/", "other/"])
def test_an_archive_is_what_its_unpacked_folder_would_be(
    tmp_path: Path, pack: type, above: str
) -> None:
    files = {f"{label}/{n}.jpg": jpeg(n) for label in ("cat", "dog") for n in range(2)}
    for name, data in files.items():
        (tmp_path / "plain" / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "plain" / "set" / name).write_bytes(data)
    packed = {above + name: data for name, data in files.items()}
    suffix = "zip" if pack is pack_zip else "tar"
    archive = pack(tmp_path / "packed" / f"set.{suffix}", packed | {"__MACOSX/._0.jpg": b""})
    photos, plain = open_photos(archive), open_photos(tmp_path / "plain" / "set")
    inner = "other/" if above == "other/" else ""
    assert photos.table["id"].to_list() == [inner + each for each in plain.table["id"]]
    assert photos.table["label"].equals(plain.table["label"])
    assert photos.name == plain.name == "set"
    below = open_photos(archive.parent)
    assert below.table["id"].to_list() == [f"set/{inner}{each}" for each in plain.table["id"]]
    assert below.table["label"].to_list() == ["cat", "cat", "dog", "dog"]
    assert below.ignored["reason"].to_list() == ["hidden file"]


def test_archives_may_be_called_by_classes_and_sides(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        pack_zip(tmp_path / "classes" / f"{label}.zip", {"1.jpg": jpeg(1)})
    for side in ("train", "val"):
        pack_zip(tmp_path / "sides" / f"{side}.zip", {"cat/1.jpg": jpeg(1), "dog/1.jpg": jpeg(2)})
        pack_tar(tmp_path / "shards" / f"set-{side}-000.tar", {"1.jpg": jpeg(1), "2.jpg": jpeg(2)})
    assert open_photos(tmp_path / "classes").table["label"].to_list() == ["cat", "dog"]
    sides = open_photos(tmp_path / "sides").table
    assert sides.select("split", "label").rows() == [
        ("train", "cat"), ("train", "dog"), ("val", "cat"), ("val", "dog"),
    ]  # fmt: skip
    shards = open_photos(tmp_path / "shards").table
    assert shards.select("split", "label").rows() == 2 * [("train", None)] + 2 * [("val", None)]


def test_of_a_name_that_comes_twice_the_last_counts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as opened:
        opened.writestr("a.jpg", jpeg(1))
        with pytest.warns(UserWarning, match="Duplicate"):
            opened.writestr("a.jpg", jpeg(200))
    photos = open_photos(tmp_path / "set.zip")
    assert len(photos) == 1
    assert decode(photos.file(photos.table["path"][0])).image.getpixel((0, 0))[0] > 100  # type: ignore[index]
    assert photos.ignored["reason"].to_list() == ["a later file in its archive has the same name"]


def test_two_archives_of_one_name_are_told_apart(tmp_path: Path) -> None:
    pack_zip(tmp_path / "set.zip", {"a.jpg": jpeg(1)})
    pack_tar(tmp_path / "set.tar", {"a.jpg": jpeg(1)})
    assert open_photos(tmp_path).table["id"].to_list() == ["set.zip/a.jpg", "set/a.jpg"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_of_a_zip_archive_are_read_where_they_lie(tmp_path: Path, method: int) -> None:
    files = {"a.jpg": jpeg(1), "ä b.png": jpeg(2)}
    archive = pack_zip(tmp_path / "set.zip", files, method)
    (tmp_path / "front.zip").write_bytes(b"#!starter\n" + archive.read_bytes())
    for each in (archive, tmp_path / "front.zip"):
        photos = open_photos(each)
        for name, path in photos.table.select("id", "path").rows():
            file = photos.file(path)
            (tmp_path / name).write_bytes(files[name])
            assert decode(file).content == decode(tmp_path / name).content
            assert stamp(file) == (len(files[name]), each.stat().st_mtime_ns)
    assert decode(file).note == "named .png but holds JPEG"


def test_backslashes_of_windows_separate_folders(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        for name, data in (("cat\\", b""), ("cat\\1.jpg", jpeg(1)), ("dog\\2.jpg", jpeg(2))):
            info = zipfile.ZipInfo(name)
            info.create_system = 0
            opened.writestr(info, data)
    photos = open_photos(tmp_path / "a.zip")
    assert photos.table["label"].to_list() == ["cat", "dog"]
    assert not len(photos.ignored)
    assert decode(photos.file(photos.table["path"][1])).image.getpixel((0, 0))[0] in range(4)


def test_packed_ways_that_are_not_read_are_told(tmp_path: Path) -> None:
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name, method in (("a", zipfile.ZIP_STORED), ("b", zipfile.ZIP_BZIP2)):
            opened.writestr(f"{name}.jpg", jpeg(1), method)
    photos = open_photos(archive)
    assert photos.table["id"].to_list() == ["a.jpg"]
    assert photos.ignored_by_reason() == {
        "packed in its zip archive by a method other than deflate": 1
    }
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1  # of a.jpg
    archive.write_bytes(data)
    with pytest.raises(LatentprintError, match="no photos"):
        open_photos(archive)


def test_a_zip_archive_that_is_no_longer_the_same_is_a_broken_photo(tmp_path: Path) -> None:
    archive = pack_zip(tmp_path / "set.zip", {"a.jpg": jpeg(1)})
    whole = archive.read_bytes()
    photos = open_photos(archive)
    file = photos.file(photos.table["path"][0])
    for length in (10, 40, 60, len(jpeg(1)) // 2):
        archive.write_bytes(whole[:length])
        with pytest.raises(BrokenPhoto, match="the archive ends before the photo does"):
            decode(file)
    archive.write_bytes(b"\0" * len(whole))
    with pytest.raises(BrokenPhoto, match="no photo at that place of the zip archive"):
        decode(file)
    archive.write_bytes(whole[:35] + b"\xff" * (len(whole) - 35))
    with pytest.raises(BrokenPhoto, match="it is damaged in its zip archive"):
        decode(file)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    archive = pack_zip(tmp_path / "set.zip", {"a.jpg": bytes(10_000), "b.jpg": jpeg(1)})
    data = bytearray(archive.read_bytes())
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<L", LARGEST + 1)
    archive.write_bytes(data)
    photos = open_photos(archive)
    assert photos.ignored.rows() == [
        ("set.zip/a.jpg", "above 1 GiB when unpacked from its zip archive")
    ]
    with pytest.raises(BrokenPhoto, match="above 1 GiB"):
        decode(tmp_path / f"set.zip!0+{LARGEST + 1}!a.jpg")


@pytest.mark.parametrize("name", ["b.tar", "b.zip"])
def test_a_damaged_archive_is_named(tmp_path: Path, name: str) -> None:
    pack = pack_tar if name == "b.tar" else pack_zip
    pack(tmp_path / f"a{name[1:]}", {"1.jpg": jpeg(1)})
    whole = pack(tmp_path / name, {"1.jpg": jpeg(1), "2.jpg": jpeg(2)}).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) - 30] if name == "b.zip" else whole[:1300])
    with pytest.raises(
        LatentprintError, match=rf"{name} cannot be read .* Is the download complete"
    ):
        open_photos(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert len(open_photos(tmp_path)) == 1


def test_layouts_of_published_sets_are_not_those_of_archives(tmp_path: Path) -> None:
    archive = pack_zip(tmp_path / "set.zip", {"a.jpg": jpeg(1)})
    with pytest.raises(UsageError, match="that of a published data set"):
        open_photos(archive, layout="imagenet")


def test_no_file_outside_is_reached_by_a_members_name(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg(1))
    names = ("../secret.jpg", "/etc/x.jpg", "x.tar!0+9!y.jpg")
    archive = pack_tar(tmp_path / "in" / "set.tar", {name: jpeg(200) for name in names})
    photos = open_photos(archive)
    assert photos.table["id"].to_list() == ["etc/x.jpg", "x.tar!0+9!y.jpg"]
    assert photos.ignored.rows() == [("set.tar/../secret.jpg", "hidden folder")]
    for path in photos.table["path"]:
        assert decode(photos.file(path)).image.getpixel((0, 0))[0] > 100  # type: ignore[index]


def test_photos_of_real_cameras_read_alike_from_everywhere(
    tmp_path: Path, shared_data: Path
) -> None:
    files = dict(list(files_of(shared_data / "exif").items())[:6])
    for name, data in files.items():
        (tmp_path / "plain" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "plain" / name).write_bytes(data)
    plain = exif_table(tmp_path / "plain", workers=0).drop("path")
    for archive in (
        pack_tar(tmp_path / "tar" / "set.tar", files),
        pack_zip(tmp_path / "zip" / "set.zip", files),
    ):
        assert exif_table(archive, workers=0).drop("path").equals(plain)


def test_headers_of_members_may_be_long(tmp_path: Path) -> None:
    archive = tmp_path / "set.zip"
    with (
        zipfile.ZipFile(archive, "w") as opened,
        opened.open("a.jpg", "w", force_zip64=True) as file,
    ):
        file.write(jpeg(1))  # 20 bytes more in the header
    photos = open_photos(archive)
    assert decode(photos.file(photos.table["path"][0])).format == "JPEG"
