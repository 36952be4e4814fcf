import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from latentprint.errors import LatentprintError
from latentprint.photos import open_photos

LABELS = {"Flickr ID": [11, 12, 13], "Make": ["Canon", "Nikon", ""], "ISO Speed": [100, 200, None]}


def photos(root: Path, *names: str) -> Path:
    for name in names or ("11.jpg", "a/12.jpg", "a/b/13.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def table(root: Path, name: str = "labels.parquet", **columns: list[Any]) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(columns or LABELS)
    frame.write_csv(root / name) if name.endswith("csv") else frame.write_parquet(root / name)
    return root


def split(root: Path, train: list[int], test: list[int], attribute: str = "Make") -> Path:
    contents = {
        "train_ids": train,
        "encoded_train_labels": [0] * len(train),
        "test_ids": test,
        "encoded_test_labels": [0] * len(test),
        "label_encoder_classes": ["Canon"],
        "target_attribute": attribute,
    }
    file = root / "splits" / f"split_data_target_attribute={attribute}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(contents))
    return file


def test_labels_by_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table(photos(tmp_path), owner=["x", "y", "x"], **LABELS)
    split(tmp_path, [11, 12], [13])
    found = open_photos(tmp_path, layout="flickr_exif", label_column="Make")
    assert found.name == "FlickrExif"
    assert found.table.sort("id").rows(named=True) == [
        {"id": "11", "path": "11.jpg", "split": None, "label": "Canon", "group": "x"}
        | {"Make": "Canon", "ISO Speed": "100"},
        {"id": "12", "path": "a/12.jpg", "split": None, "label": "Nikon", "group": "y"}
        | {"Make": "Nikon", "ISO Speed": "200"},
        {"id": "13", "path": "a/b/13.png", "split": None, "label": None, "group": "x"}
        | {"Make": "", "ISO Speed": None},
    ]
    assert set(found.table.dtypes) == {pl.String}
    assert found.ignored.height == 0
    assert caplog.text == ""


@pytest.mark.parametrize("column", ["id", "Photo ID", "flickr_id", " Flickr ID "])
def test_id_columns_and_csv(tmp_path: Path, column: str) -> None:
    columns = {column: ["011", "12"], "path": ["x", "y"], "Owner": ["p", "q"], "split": ["a", "b"]}
    table(photos(tmp_path, "011.jpg", "12.jpg"), "photos.csv", **columns)
    found = open_photos(tmp_path, layout="flickr_exif").table
    assert found.columns == ["id", "path", "split", "label", "group"]
    assert found.rows() == [
        ("011", "011.jpg", None, None, "p"),
        ("12", "12.jpg", None, None, "q"),
    ]


def test_several_tables_and_tables_of_other_things(tmp_path: Path) -> None:
    photos(tmp_path)
    table(tmp_path, "data/0.parquet", **{"Flickr ID": [11], "id": [1], "Make": ["Canon"]})
    table(tmp_path, "data/1.parquet", **{"Flickr ID": [12, 13], "id": [2, 3], "Model": ["A", "B"]})
    table(tmp_path, "other.parquet", title=["x"], image=[b"\xff"])
    table(tmp_path, "photos.csv", id=[11], Make=["not this one"])
    found = open_photos(tmp_path, layout="flickr_exif").table.sort("id")
    assert found.select("id", "Make", "Model").rows() == [
        ("11", "Canon", None),
        ("12", None, "A"),
        ("13", None, "B"),
    ]


def test_what_does_not_fit_is_reported_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos(tmp_path, "11.jpg", "12.jpg", "99.jpg")
    table(tmp_path)
    split(tmp_path, [11, 77, 12], [12, 78], "Model")
    found = open_photos(tmp_path, layout="flickr_exif")
    assert found.table["id"].to_list() == ["11", "12", "99"]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 4
    assert caplog.messages[0].startswith("1 of 3 photos")
    assert caplog.messages[0].endswith("no row in the table of labels: 99.")
    assert caplog.messages[1].startswith("1 of 3 rows")
    assert caplog.messages[1].endswith("have no photo: 13.")
    assert "2 of 4 photos of the split 'Model' are not there: 77, 78" in caplog.messages[2]
    assert "'Model' has 1 photos in train and in test, which leaks: 12" in caplog.messages[3]


def test_auto_knows_split_files(tmp_path: Path) -> None:
    file = split(table(photos(tmp_path)), [11], [12])
    assert open_photos(tmp_path).name == tmp_path.name
    file.rename(tmp_path / file.name)
    assert open_photos(tmp_path).name == "FlickrExif"
    (tmp_path / "train2018.json").touch()
    with pytest.raises(LatentprintError, match="like inaturalist and like flickr_exif: say which"):
        open_photos(tmp_path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(LatentprintError, match=r"no photos in .*such as \d+\.jpg"):
        open_photos(tmp_path, layout="flickr_exif")
    photos(tmp_path)
    with pytest.raises(LatentprintError, match=r"no table of labels: .*one of flickr_id, photo_id"):
        open_photos(tmp_path, layout="flickr_exif")
    table(tmp_path, "a.csv", title=["x"])
    with pytest.raises(LatentprintError, match=r"no table of labels.*\(there are a\.csv\)"):
        open_photos(tmp_path, layout="flickr_exif")
    (tmp_path / "b.parquet").write_bytes(b"no table")
    with pytest.raises(LatentprintError, match=r"b\.parquet cannot be read as a table"):
        open_photos(tmp_path, layout="flickr_exif")
    table(tmp_path, "b.parquet", id=[11, 12, 11])
    with pytest.raises(LatentprintError, match="hold 11 more than once"):
        open_photos(tmp_path, layout="flickr_exif")
    table(photos(tmp_path, "c/11.png"), "b.parquet")
    with pytest.raises(LatentprintError, match=r"the same id: 11\.jpg, c/11\.png"):
        open_photos(tmp_path, layout="flickr_exif")
    (tmp_path / "c" / "11.png").unlink()
    split(tmp_path, [11], [12]).write_text("{}")
    with pytest.raises(LatentprintError, match=r"Make\.json has no list"):
        open_photos(tmp_path, layout="flickr_exif")
