"""What took a photo, by hundreds of models of many makers and years."""

import csv
from pathlib import Path

import pytest

from latentprint.photos.devices import DEVICE_TYPES, device_type, is_smartphone, rules
from latentprint.photos.exif_makers import MAKERS, normalise_make

MODELS = Path(__file__).with_name("device_models.csv")


def vectors() -> list[dict[str, str]]:
    with MODELS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_model() -> None:
    wrong = [
        (row["maker"], row["model"], found)
        for row in vectors()
        if (found := device_type(row["maker"] or None, row["model"]) or "") != row["device_type"]
    ]
    assert wrong == []
    assert len(vectors()) >= 300


def test_the_vectors_reach_every_type_and_many_makers() -> None:
    assert {row["device_type"] for row in vectors()} == {*DEVICE_TYPES, ""}
    assert len({row["maker"] for row in vectors()}) >= 50


def test_makers_of_rules_are_spelt_as_makes_are() -> None:
    makers = {rule.maker for rule in rules()} - {"*"}
    assert makers <= {*MAKERS.values(), *map(normalise_make, makers)}
    assert {rule.device_type for rule in rules()} == {*DEVICE_TYPES, None}


def test_a_maker_in_front_of_a_model_changes_nothing() -> None:
    for row in vectors():
        if row["maker"] in ("Samsung", "LG", "HTC", "Nokia", "Canon", "Sony", "Huawei"):
            named = f"{row['maker'].upper()}-{row['model']}"
            assert device_type(row["maker"], named) == device_type(row["maker"], row["model"])


@pytest.mark.parametrize(
    ("device", "phone"),
    [("phone", True), ("camera", False), ("action", False), ("tablet", None), (None, None)],
)
def test_only_telephones_are_smartphones(device: str | None, phone: bool | None) -> None:
    assert is_smartphone(device) is phone


def test_no_model_is_no_guess_where_a_maker_makes_several_kinds() -> None:
    assert device_type("Samsung", None) is None
    assert device_type("Apple", None) is None
    assert device_type("Canon", None) == "camera"
    assert device_type(None, None) is None
