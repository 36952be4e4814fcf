import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from latentprint.errors import LatentprintError
from latentprint.photos import open_photos

CATEGORIES = [
    {"id": 0, "name": "Acris crepitans", "supercategory": "Amphibia"},
    {"id": 1, "name": "Ficus carica", "supercategory": "Plantae"},
    {"id": 2, "name": "Ficus carica", "supercategory": "Mollusca"},
]


def part(names: dict[str, int], first: int = 0) -> dict[str, Any]:
    rows = list(enumerate(names.items(), first))
    images = [
        {"id": row, "file_name": name, "rights_holder": f"user {row % 2}", "license": 1}
        for row, (name, _) in rows
    ]
    annotations = [
        {"id": row, "image_id": row, "category_id": category}
        for row, (_, category) in reversed(rows)
    ]
    return {"images": images, "annotations": annotations, "categories": CATEGORIES}


TRAIN = part(
    {
        "train_val2018/Amphibia/0/b.jpg": 0,
        "train_val2018/Plantae/1/a.jpg": 1,
        "train_val2018/Mollusca/2/c.jpg": 2,
    }
)
VAL = part({"train_val2018/Amphibia/0/d.jpg": 0}, 10)


def write(root: Path, folder: str = "train_val2018", train: Any = TRAIN, val: Any = VAL) -> Path:
    for name, contents in (("train2018.json", train), ("val2018.json", val)):
        if contents is not None:
            (root / name).write_text(json.dumps(contents))
    for contents in (TRAIN, VAL):
        for image in contents["images"]:
            path = root / image["file_name"].replace("train_val2018", folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return root


@pytest.mark.parametrize("layout", ["auto", "inaturalist"])
@pytest.mark.parametrize("folder", ["train_val2018", "2018"])
def test_photos_labels_and_photographers(tmp_path: Path, folder: str, layout: str) -> None:
    photos = open_photos(write(tmp_path, folder), layout=layout)
    assert photos.name == "iNaturalist 2018"
    assert photos.table.columns == ["id", "path", "split", "label", "group"]
    assert photos.table.drop("path").rows() == [
        ("train_val2018/Amphibia/0/b.jpg", "train", "Acris crepitans", "user 0"),
        ("train_val2018/Plantae/1/a.jpg", "train", "Ficus carica (1)", "user 1"),
        ("train_val2018/Mollusca/2/c.jpg", "train", "Ficus carica (2)", "user 0"),
        ("train_val2018/Amphibia/0/d.jpg", "val", "Acris crepitans", "user 0"),
    ]
    assert all(photos.file(path).is_file() for path in photos.table["path"])


def without(contents: dict[str, Any], *keys: str, fields: tuple[str, ...] = ()) -> dict[str, Any]:
    """A copy without some lists, or without some fields of images and categories."""
    copy: dict[str, Any] = json.loads(json.dumps(contents))
    for key in keys:
        del copy[key]
    for field in fields:
        for entry in [*copy["images"], *copy.get("categories", [])]:
            entry.pop(field, None)
    return copy


@pytest.mark.parametrize("as_list", [True, False])
def test_released_names_replace_the_obfuscated_ones(tmp_path: Path, as_list: bool) -> None:
    names = [{"id": number, "name": f"species {number}"} for number in range(3)]
    contents = names if as_list else {"categories": names}
    (write(tmp_path) / "categories.json").write_text(json.dumps(contents))
    labels = open_photos(tmp_path).table["label"].to_list()
    assert labels == ["species 0", "species 1", "species 2", "species 0"]


def test_without_names_and_photographers(tmp_path: Path) -> None:
    write(tmp_path, train=without(TRAIN, fields=("name", "rights_holder")))
    write(tmp_path, train=None, val=without(VAL, "categories", fields=("rights_holder",)))
    table = open_photos(tmp_path).table
    assert table["label"].to_list() == ["0", "1", "2", "0"]
    assert table["group"].null_count() == 4


def test_one_file_alone_gives_no_split(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    photos = open_photos(write(tmp_path, val=None))
    assert photos.table["split"].null_count() == len(photos) == 3
    assert "holds the train photos only" in caplog.text


def no_folder(root: Path) -> None:
    (root / "train_val2018").rename(root / "elsewhere")


def no_files(root: Path) -> None:
    for name in ("train2018.json", "val2018.json"):
        (root / name).unlink()


def no_photo(root: Path) -> None:
    (root / VAL["images"][0]["file_name"]).unlink()


def unannotated(root: Path) -> None:
    contents = without(VAL)
    contents["annotations"].clear()
    write(root, val=contents)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (no_files, r"neither train2018\.json nor val2018\.json: .* beside its folder train_val"),
        (no_folder, "no folder train_val2018"),
        (no_photo, r"val2018\.json names train_val2018/Amphibia/0/d\.jpg, which is not in"),
        (unannotated, r"val2018\.json has no annotation of train_val2018/Amphibia/0/d\.jpg"),
        (
            lambda root: write(root, val=without(VAL, "images")),
            r"val2018\.json has no list 'images'",
        ),
        (lambda root: write(root, val=[]), "has no list 'images'"),
        (lambda root: write(root, val={**VAL, "images": [3]}), "Entry 0 of 'images' .* no 'id'"),
        (lambda root: write(root, val=without(VAL, fields=("file_name",))), "no 'file_name' "),
        (lambda root: (root / "val2018.json").write_text("{"), r"val2018\.json cannot be read as"),
        (lambda root: (root / "categories.json").write_text("[{}]"), "Entry 0 of 'categories'"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(write(tmp_path))
    with pytest.raises(LatentprintError, match=message):
        open_photos(tmp_path, layout="inaturalist")
