import json
from pathlib import Path
from typing import Any

import pytest

from latentprint.errors import LatentprintError
from latentprint.photos.split_file import read_split_file

SPLIT = {
    "train_ids": [12284931776, 27456532437, 3730252439],
    "encoded_train_labels": [1, 0, 1],
    "val_ids": [5],
    "encoded_val_labels": [0],
    "test_ids": [27456532437, 7],
    "encoded_test_labels": [0, 1],
    "label_encoder_classes": ["Canon", "Nikon"],
    "target_attribute": "Make",
}


def written(folder: Path, **changes: Any) -> Path:
    contents = {key: value for key, value in {**SPLIT, **changes}.items() if value is not None}
    file = folder / "split_data_target_attribute=Make.json"
    file.write_text(json.dumps(contents))
    return file


def test_rows_in_the_order_of_the_file(tmp_path: Path) -> None:
    split = read_split_file(written(tmp_path))
    assert (split.target_attribute, split.classes) == ("Make", ("Canon", "Nikon"))
    assert split.table.columns == ["id", "split", "label"]
    assert split.table.rows() == [
        ("12284931776", "train", "Nikon"),
        ("27456532437", "train", "Canon"),
        ("3730252439", "train", "Nikon"),
        ("5", "val", "Canon"),
        ("27456532437", "test", "Canon"),
        ("7", "test", "Nikon"),
    ]
    assert split.shared_ids == {("train", "test"): ("27456532437",)}


def test_val_may_be_missing_and_numbers_become_text(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        val_ids=None,
        encoded_val_labels=None,
        label_encoder_classes=[2.8, 4],
        test_ids=[1, 2],
    )
    split = read_split_file(str(file))
    assert split.classes == ("2.8", "4")
    assert split.table["split"].unique(maintain_order=True).to_list() == ["train", "test"]
    assert split.shared_ids == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_ids": None}, "no list 'test_ids'"),
        ({"encoded_val_labels": None}, "no list 'encoded_val_labels'"),
        ({"label_encoder_classes": None}, "no list 'label_encoder_classes'"),
        ({"target_attribute": None}, "no text 'target_attribute'"),
        ({"encoded_test_labels": [0]}, "2 'test_ids' but 1 'encoded_test_labels'"),
        ({"encoded_test_labels": [0, 2]}, "Entry 1 of 'encoded_test_labels' .* is 2, .* 2 classes"),
        ({"encoded_test_labels": [0, -1]}, "is -1"),
        ({"encoded_test_labels": [0, True]}, "is True"),
        ({"encoded_test_labels": [0, "1"]}, "is '1'"),
        ({"test_ids": [7, 7]}, "'test_ids' of .* more than once: 7"),
        ({"label_encoder_classes": ["Canon", "Canon"]}, "names a class twice"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(LatentprintError, match=message):
        read_split_file(written(tmp_path, **changes))


@pytest.mark.parametrize("text", ["", "[1]", "{", "\udcff", "[" * 100_000])
def test_files_that_are_no_split_files(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LatentprintError, match="split file"):
        read_split_file(file)
    with pytest.raises(LatentprintError, match="cannot be read"):
        read_split_file(tmp_path / "gone.json")
