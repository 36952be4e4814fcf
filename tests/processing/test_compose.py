"""Attributes that a user writes: names, some classes, and chains of operations in a file."""

import json
from pathlib import Path

import pytest
from PIL import Image

from latentprint.errors import LatentprintError, UsageError
from latentprint.processing import (
    ATTRIBUTES,
    Jpeg,
    Resize,
    classes_of,
    find_attributes,
    parse_attribute,
    recorded_processing,
)

UPLOAD = """
name = "upload"
[classes]
ORIGINAL = []
MESSENGER = [
    { operation = "resize", factor = 0.5 },
    { operation = "jpeg", quality = 70, subsampling = "4:2:0" },
]
"""


def test_published_names_and_subsets() -> None:
    assert parse_attribute("jpeg") is ATTRIBUTES["jpeg"]
    some = parse_attribute("jpeg:JPEG75_420, JPEG95_444")
    assert some is not None
    assert some.classes == ("JPEG75_420", "JPEG95_444")
    mixed = parse_attribute("mine:JPEG75_420,SHARPEN_4")
    assert mixed is not None
    assert mixed.classes == ("JPEG75_420", "SHARPEN_4")
    assert parse_attribute("make") is None


def test_a_composed_attribute_does_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "anything.toml"
    file.write_text(UPLOAD)
    (attribute,) = find_attributes([str(file)])
    assert (attribute.name, attribute.classes) == ("upload", ("ORIGINAL", "MESSENGER"))
    original, messenger = classes_of([attribute])
    image = Image.effect_noise((64, 48), 50).convert("RGB")
    assert original(image, "x") is image
    expected = Jpeg(70, "4:2:0")(Resize(0.5)(image, "x"), "x")
    assert messenger(image, "x").tobytes() == expected.tobytes()
    assert messenger.as_list() == [
        {"operation": "resize", "factor": 0.5, "kernel": "bilinear"},
        {"operation": "jpeg", "quality": 70, "subsampling": "4:2:0"},
    ]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("jpeg:JPEG75_42", UsageError, "Did you mean 'JPEG75_420'"),
        ("jpeg:SHARPEN_2,JPEG75_420", UsageError, "no processing class 'SHARPEN_2'"),
        ("jpeg:JPEG75_420", UsageError, "at least two classes"),
        ("nothing.toml", LatentprintError, "nothing.toml cannot be read"),
    ],
)
def test_wrong_names(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        parse_attribute(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[classes\n", "cannot be read"),
        ("clases = 1", "Did you mean 'classes'"),
        ("name = 'x'", r"needs a table \[classes\]"),
        ("[classes]\nA = 1\nB = []", "'A' must be a list of operations"),
        ("[classes]\nA = [{operation = 'jpg'}]\nB = []", "Did you mean 'jpeg'"),
        ("[classes]\nA = [{operation = 'resize', faktor = 2}]\nB = []", "Did you mean 'factor'"),
        ("[classes]\nA = [{operation = 'jpeg', quality = 70}]\nB = []", "lacks one of: subsamp"),
        ("[classes]\nA = [{operation = 'sharpen', factor = 'x'}]\nB = []", "must be a number"),
        (
            "[classes]\nA = [{operation = 'jpeg', quality = 0, subsampling = '4:2:0'}]\nB = []",
            "whole number from 1 to 100",
        ),
        (
            "[classes]\nA = [{operation = 'resize', factor = 2, kernel = 'cubic'}]\nB = []",
            "Did you mean 'bicubic'",
        ),
    ],
)  # fmt: skip
def test_wrong_files(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(content)
    with pytest.raises(LatentprintError, match=message):
        parse_attribute(str(file))


def test_one_name_means_one_thing(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[classes]\nJPEG95_444 = []\nOTHER = [{operation = 'sharpen', factor = 3}]")
    with pytest.raises(UsageError, match="'JPEG95_444' that means something else"):
        classes_of(find_attributes(["sharpening", str(file)]))


def test_classes_come_back_as_a_manifest_records_them() -> None:
    for each in classes_of(find_attributes(list(ATTRIBUTES)), extra=["none"], seed=7):
        assert recorded_processing(each.name, json.loads(json.dumps(each.as_list()))) == each
    for steps in (
        [{"operation": "blur", "radius": 2}],
        [{"operation": "jpeg", "quality": 70}],
        [{}],
    ):
        with pytest.raises(UsageError, match="cannot be repeated here"):
            recorded_processing("MINE", steps)
