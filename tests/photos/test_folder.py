import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import BrokenPhoto, Photos, decode, open_photos

ODD = "a 'b' \"c\" <script> 写真 é.png"


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"not read when a folder is listed")
    return root


def rows(photos: Photos) -> list[tuple[str, str | None, str | None]]:
    return photos.table.select("id", "split", "label").rows()


def test_suffixes_order_and_ignored(tmp_path: Path) -> None:
    names = ("z.JPG", "b/x.HeIc", "b/a.tiff", ODD, "c.jpeg", "notes.txt", ".DS_Store", "b/._a.jpg")
    photos = open_photos(touch(tmp_path, *names, "README", ".git/a.jpg"))
    assert photos.table["id"].to_list() == sorted([*names[:5]])
    assert photos.table["path"].to_list() == photos.table["id"].to_list()
    assert dict(photos.ignored.rows()) == {
        "notes.txt": "not a photo suffix: .txt",
        "README": "no suffix",
        ".DS_Store": "hidden file",
        "b/._a.jpg": "hidden file",
        ".git": "hidden folder",
    }
    assert photos.file("c.jpeg") == tmp_path / "c.jpeg"
    assert photos.name == tmp_path.name


def test_a_messy_folder_is_listed_and_every_file_has_an_answer(tmp_path: Path) -> None:
    touch(tmp_path, "text.jpg")
    (tmp_path / "empty.png").touch()
    Image.new("RGB", (4, 4)).save(tmp_path / ODD)
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    photos = open_photos(tmp_path)
    broken = []
    for path in photos.table["path"]:
        try:
            decode(photos.file(path))
        except BrokenPhoto:
            broken.append(path)
    assert broken == ["empty.png", "gone.jpg", "text.jpg"]
    assert len(photos) == 4


def test_linked_folders_are_read_once(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    touch(root, "m/a.jpg")
    touch(outside, "b.jpg", "deep/c.jpg")
    (root / "a_link_to_m").symlink_to("m")
    (root / "m" / "up").symlink_to("..")
    (root / "out").symlink_to(outside)
    (outside / "self").symlink_to(".")
    photos = open_photos(root)
    assert photos.table["id"].to_list() == ["m/a.jpg", "out/b.jpg", "out/deep/c.jpg"]
    assert photos.ignored["path"].to_list() == ["a_link_to_m/", "m/up/", "out/self/"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).touch()
    photos = open_photos(tmp_path)
    assert photos.table["id"].to_list() == ["a.jpg"]
    assert photos.ignored.rows() == [
        (r"caf\xe9.jpg", "the file name is not valid UTF-8; rename the file")
    ]


def test_flat_folder(tmp_path: Path) -> None:
    assert rows(open_photos(touch(tmp_path, "a.jpg", "b.jpg"))) == [
        ("a.jpg", None, None),
        ("b.jpg", None, None),
    ]


def test_classes(tmp_path: Path) -> None:
    touch(tmp_path, "cat/a.jpg", "dog/a.jpg")
    expected = [("cat/a.jpg", None, "cat"), ("dog/a.jpg", None, "dog")]
    assert rows(open_photos(tmp_path)) == expected
    assert rows(open_photos(tmp_path, layout="classes")) == expected
    assert rows(open_photos(tmp_path, layout="folder"))[0] == ("cat/a.jpg", None, None)


@pytest.mark.parametrize(("train", "val"), [("train", "val"), ("Training", "test")])
def test_splits(tmp_path: Path, train: str, val: str) -> None:
    touch(tmp_path, f"{train}/cat/x/a.jpg", f"{val}/cat/b.jpg", f"{val}/c.jpg")
    expected = {
        (f"{train}/cat/x/a.jpg", "train", "cat"),
        (f"{val}/cat/b.jpg", "val", "cat"),
        (f"{val}/c.jpg", "val", None),
    }
    assert set(rows(open_photos(tmp_path))) == expected
    assert set(rows(open_photos(tmp_path, layout="splits"))) == expected


@pytest.mark.parametrize(
    "names",
    [
        ("train/cat/a.jpg", "train/dog/b.jpg"),
        ("cat/a.jpg", "b.jpg"),
        ("cat/a.jpg",),
        ("cat/x/a.jpg", "dog/a.jpg"),
    ],
)
def test_auto_falls_back_to_a_plain_folder(tmp_path: Path, names: tuple[str, ...]) -> None:
    photos = open_photos(touch(tmp_path, *names))
    assert photos.table["label"].null_count() == len(photos)


def test_layouts_that_do_not_fit(tmp_path: Path) -> None:
    touch(tmp_path, "train/cat/a.jpg", "b.jpg")
    with pytest.raises(UsageError, match=r"'b\.jpg' is in no class folder"):
        open_photos(tmp_path, layout="classes")
    with pytest.raises(UsageError, match=r"'b\.jpg' is in no train or val folder"):
        open_photos(tmp_path, layout="splits")
    (tmp_path / "b.jpg").unlink()
    with pytest.raises(UsageError, match="not both a train and a val folder"):
        open_photos(tmp_path, layout="splits")
    with pytest.raises(UsageError, match="Did you mean 'classes'"):
        open_photos(tmp_path, layout="clases")


def test_ids_do_not_change_when_the_folder_moves(tmp_path: Path) -> None:
    before = open_photos(touch(tmp_path / "one", "a/x.jpg", "b/y.jpg"))
    (tmp_path / "one").rename(tmp_path / "two")
    after = open_photos(tmp_path / "two")
    assert before.digest() == after.digest()
    assert before.table.equals(after.table)


def test_nothing_there(tmp_path: Path) -> None:
    touch(tmp_path, "photos/notes.txt")
    with pytest.raises(UsageError, match=r"Did you mean '.*photos'"):
        open_photos(tmp_path / "photo")
    with pytest.raises(UsageError, match="neither a folder nor"):
        open_photos(tmp_path / "photos" / "notes.txt")
    with pytest.raises(LatentprintError, match=r"\(1 other files\).*\.jpg .*\.heic"):
        open_photos(tmp_path / "photos")


def test_name_and_label_column(tmp_path: Path) -> None:
    touch(tmp_path, "cat/a.jpg", "dog/a.jpg")
    assert open_photos(tmp_path, name="mine").name == "mine"
    with pytest.raises(UsageError, match=r"no column 'labl'.*Did you mean 'label'"):
        open_photos(tmp_path, label_column="labl")
