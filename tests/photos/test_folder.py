import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import BrokenPhoto, Photos, decode, open_photos
from tests.photos.packing import pack_zip

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


def test_photos_that_are_ignored_are_not_called_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = touch(tmp_path / "root", "a.jpg", ".hidden.jpg")
    (root / "b.jpg").symlink_to(touch(tmp_path / "outside", "b.jpg") / "b.jpg")
    open_photos(root)
    assert caplog.messages == [
        "1 ignored: a link out of the folder, not followed without --follow-links."
    ]


def test_linked_folders_are_read_once(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    touch(root, "m/a.jpg")
    touch(outside, "b.jpg", "deep/c.jpg")
    (root / "a_link_to_m").symlink_to("m")
    (root / "m" / "up").symlink_to("..")
    (root / "out").symlink_to(outside)
    (outside / "self").symlink_to(".")
    photos = open_photos(root, follow_links=True)
    assert photos.table["id"].to_list() == ["m/a.jpg", "out/b.jpg", "out/deep/c.jpg"]
    assert photos.ignored["path"].to_list() == ["a_link_to_m/", "m/up/", "out/self/"]


def test_links_out_of_the_folder_are_not_followed_unless_asked(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    touch(root, "a.jpg", "deep/d.jpg")
    touch(outside, "b.jpg", "deep/c.jpg")
    (root / "folder").symlink_to(outside)
    (root / "file.jpg").symlink_to(outside / "b.jpg")
    (root / "inside.jpg").symlink_to("deep/d.jpg")
    (root / "near").symlink_to(tmp_path / "rootless")
    photos = open_photos(root)
    assert photos.table["id"].to_list() == ["a.jpg", "deep/d.jpg", "inside.jpg"]
    assert {reason for path, reason in photos.ignored.rows() if path != "near"} == {
        "a link out of the folder, not followed without --follow-links"
    }
    assert len(open_photos(root, follow_links=True)) == 6
    for name in ("a.jpg", "inside.jpg"):
        (root / name).unlink()
    (root / "deep" / "d.jpg").unlink()
    (root / "near").unlink()
    with pytest.raises(LatentprintError, match="2 ignored: a link out of the folder"):
        open_photos(root)


def test_folders_that_differ_in_white_space_are_one_class(tmp_path: Path) -> None:
    for name in ("cat", "cat ", "dog\u00a0", "1e3", "1000"):
        touch(tmp_path / name, "a.jpg")
    photos = open_photos(tmp_path)
    assert photos.table["label"].to_list() == ["1000", "1e3", "cat", "cat", "dog"]
    assert photos.table["id"].to_list()[2:4] == ["cat /a.jpg", "cat/a.jpg"]
    assert photos.notes == ("White space was stripped from the folders' names of 2 photos.",)


def test_a_link_to_the_folder_itself_opens_it(tmp_path: Path) -> None:
    touch(tmp_path / "real", "a.jpg")
    (tmp_path / "link").symlink_to("real")
    assert len(open_photos(tmp_path / "link")) == 1


def test_ignored_files_are_counted_by_suffix(tmp_path: Path) -> None:
    names = ("a.jpg", "b.txt", "c.TXT", "d.cr9", "README", ".DS_Store", ".git/x.txt")
    photos = open_photos(touch(tmp_path, *names))
    assert photos.ignored_by_suffix() == {".txt": 2, "": 1, ".cr9": 1}


@pytest.mark.parametrize("suffix", ["hif", "HEICS", "mpo", "jfif", "jpe"])
def test_rarer_suffixes_of_photos(tmp_path: Path, suffix: str) -> None:
    assert len(open_photos(touch(tmp_path, f"a.{suffix}"))) == 1


def test_the_card_of_a_camera(shared_cases: Path) -> None:
    photos = open_photos(shared_cases / "card")
    formats = [decode(photos.file(path)).format for path in photos.table["path"]]
    assert formats == ["HEIF", "JPEG"]


def shards(*endings: str) -> list[str]:
    return [
        f"{part:05}/{part:05}{number:04}.{ending}"
        for part in range(2)
        for number in range(3)
        for ending in endings
    ]


def test_numbered_parts_of_a_download_are_no_classes(tmp_path: Path) -> None:
    photos = open_photos(touch(tmp_path, *shards("jpg", "json", "txt"), "00000_stats.json"))
    assert photos.table["label"].null_count() == len(photos) == 6
    note, _, unread = photos.notes
    assert note.startswith("The folders number the parts of a download")
    assert unread.startswith("6 files beside photos cannot be read (")
    labels = open_photos(tmp_path, layout="classes").table["label"]
    assert labels.to_list() == ["00000"] * 3 + ["00001"] * 3


def test_accents_of_their_own_make_no_other_class(tmp_path: Path) -> None:
    photos = open_photos(touch(tmp_path, "cafe\u0301/a.jpg", "caf\u00e9/b.jpg", "tea/c.jpg"))
    assert photos.table["label"].to_list() == ["caf\u00e9", "caf\u00e9", "tea"]
    assert photos.file(photos.table["path"][0]).is_file()
    assert photos.notes == (
        "Letters and their accents were put together in the names of 1 photos' folders.",
    )


@pytest.mark.parametrize(
    "folders",
    [("100canon", "101canon"), ("202312__", "202401_a"), ("DJI_001", "DJI_202206101029_002_site")],
)
@pytest.mark.parametrize("packed", [False, True])
def test_folders_that_devices_name_are_no_classes(
    tmp_path: Path, folders: tuple[str, ...], packed: bool
) -> None:
    names = [f"{folder}/a.jpg" for folder in folders]
    if packed:
        pack_zip(tmp_path / "card.zip", dict.fromkeys(names, b"not read"))
    photos = open_photos(touch(tmp_path, *([] if packed else names)))
    assert photos.table["label"].null_count() == len(photos) == 2
    assert "camera's card" in photos.notes[0]


def test_years_of_an_export_are_no_classes(tmp_path: Path) -> None:
    photos = open_photos(touch(tmp_path, *(f"Photos from 20{year}/a.jpg" for year in (19, 20))))
    assert photos.table["label"].null_count() == len(photos) == 2
    assert photos.notes == (
        "The folders are years of Google Photos: no labels are made of their names.",
    )


@pytest.mark.parametrize("folder", ["cat/@eaDir/a.jpg", "#recycle", "$RECYCLE.BIN/S-1"])
def test_folders_that_systems_make_hold_no_photos(tmp_path: Path, folder: str) -> None:
    photos = open_photos(touch(tmp_path, "cat/a.jpg", "dog/b.jpg", f"{folder}/thumb.jpg"))
    assert photos.table["label"].to_list() == ["cat", "dog"]
    assert photos.ignored_by_reason() == {"a folder of thumbnails or of deleted files": 1}


def test_folders_of_a_camera_card_are_no_classes(tmp_path: Path) -> None:
    photos = open_photos(touch(tmp_path, "100CANON/IMG_0001.JPG", "101CANON/IMG_0101.INSP"))
    assert photos.table["label"].null_count() == len(photos) == 2
    assert photos.notes == (
        "The folders are those of a camera's card (DCF): no labels are made of their names.",
    )
    labels = open_photos(tmp_path, layout="classes").table["label"]
    assert labels.to_list() == ["100CANON", "101CANON"]


def test_archives_beside_their_unpacked_folders_are_not_read_again(tmp_path: Path) -> None:
    photos = open_photos(touch(tmp_path, *shards("jpg"), "00000.tar", "00001.tar"))
    assert photos.table["label"].null_count() == len(photos) == 6
    reason = "an archive beside a folder of its name, which is read"
    assert photos.ignored.rows() == [("00000.tar", reason), ("00001.tar", reason)]


def test_numbered_parts_keep_their_split(tmp_path: Path) -> None:
    files = [f"{side}/{name}" for side in ("train", "val") for name in shards("jpg", "json")]
    photos = open_photos(touch(tmp_path, *files))
    assert photos.table["label"].null_count() == len(photos) == 12
    assert set(photos.table["split"]) == {"train", "val"}


@pytest.mark.parametrize(
    "names", [("00000/a.jpg", "00001/b.jpg"), ("7/a.jpg", "7/a.json", "8/b.jpg", "8/b.json")]
)
def test_classes_called_by_numbers_stay_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    photos = open_photos(touch(tmp_path, *names))
    assert photos.table["label"].null_count() == 0
    assert photos.notes == ()


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


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("train", "val"),
        ("Training", "test"),
        ("train2017", "val2017"),
        ("training_set", "Test Images"),
        ("seg_train_v2", "seg_test_v2"),
    ],
)
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
        ("train station/cat/a.jpg", "test tube/cat/b.jpg"),
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
    touch(tmp_path, "photos/notes.md")
    with pytest.raises(UsageError, match=r"Did you mean '.*photos'"):
        open_photos(tmp_path / "photo")
    with pytest.raises(UsageError, match="neither a folder nor"):
        open_photos(tmp_path / "photos" / "notes.md")
    with pytest.raises(LatentprintError, match=r"\(1 other files\).*\.jpg .*\.heic"):
        open_photos(tmp_path / "photos")


def test_name_and_label_column(tmp_path: Path) -> None:
    touch(tmp_path, "cat/a.jpg", "dog/a.jpg")
    assert open_photos(tmp_path, name="mine").name == "mine"
    with pytest.raises(UsageError, match=r"no column 'labl'.*Did you mean 'label'"):
        open_photos(tmp_path, label_column="labl")


def test_ignored_files_are_counted_by_suffix_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_photos(touch(tmp_path, "a.jpg", "b.txt", "c.txt", "d.csv", "README"))
    assert (
        "Files that are no photos, or of a format that is not read, were ignored:"
        " 2 .txt, 1 without a suffix, 1 .csv." in caplog.text
    )
