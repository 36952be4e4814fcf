from pathlib import Path

import pytest

from latentprint.errors import LatentprintError
from latentprint.photos import open_photos

PHOTO = "n02699494/ILSVRC2012_val_00030992.JPEG"
FILES = (
    "es-train/tin_no_resize_sample_removed/n02699494/ILSVRC2012_val_00000001.JPEG",
    f"es-val/sampled_tin_no_resize/{PHOTO}",
    *(f"es-val/param_control/l1/param_{number}/{PHOTO}" for number in (1, 2, 5, 17, 64)),
    f"es-val/auto_exposure/l5/param_3/{PHOTO}",
    f"es-test/sampled_tin_no_resize2/{PHOTO}",
    f"es-test/param_control/l5/param_27/{PHOTO}",
    f"es-test/param_control/l5/param_6/{PHOTO}",
)


def touch(root: Path, *names: str) -> Path:
    for name in names or FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def rows(root: Path, *columns: str) -> dict[str, tuple[str | None, ...]]:
    table = open_photos(root, layout="imagenet_es").table
    return {row[0]: row[1:] for row in table.select("path", *columns).rows()}


def test_settings_of_the_folders(tmp_path: Path) -> None:
    found = rows(touch(tmp_path), "light", "setting", "iso", "exposure_time", "aperture")
    shots = {path: row for path, row in found.items() if "/param_control/" in path}
    assert list(shots.values()) == [
        ("l5", "27", "16000", "0.001", "16"),
        ("l5", "6", "16000", "0.016667", "5"),
        ("l1", "1", "200", "0.4", "5"),
        ("l1", "17", "200", "0.4", "8"),
        ("l1", "2", "800", "0.4", "5"),
        ("l1", "5", "200", "0.05", "5"),
        ("l1", "64", "12800", "0.0008", "20"),
    ]
    assert found[FILES[7]] == ("l5", "3", None, None, None)
    assert found[FILES[0]] == found[FILES[1]] == (None,) * 5


def test_parts_labels_groups_and_split(tmp_path: Path) -> None:
    found = rows(touch(tmp_path), "part", "control", "split", "label", "group")
    shown = ("n02699494", "ILSVRC2012_val_00030992")
    assert len(found) == len(FILES)
    assert found[FILES[0]] == ("es-train", "reference", "train", *_shown("00000001"))
    assert found[FILES[1]] == ("es-val", "reference", "val", *shown)
    assert found[FILES[2]] == ("es-val", "param_control", "val", *shown)
    assert found[FILES[7]] == ("es-val", "auto_exposure", "val", *shown)
    assert found[FILES[8]] == ("es-test", "reference", "val", *shown)


def _shown(number: str) -> tuple[str, str]:
    return "n02699494", f"ILSVRC2012_val_{number}"


def test_a_part_alone_has_no_split(tmp_path: Path) -> None:
    touch(tmp_path)
    found = rows(tmp_path / "es-val", "part", "control", "iso", "split")
    assert len(found) == 7
    assert found[f"param_control/l1/param_2/{PHOTO}"] == ("es-val", "param_control", "800", None)


def test_auto_and_files_elsewhere(tmp_path: Path) -> None:
    touch(tmp_path, *FILES, "es-val/resnet18/plot.png", "es-val/resnet18/imglist/sample_id.txt")
    photos = open_photos(tmp_path)
    assert (photos.name, len(photos)) == ("ImageNet-ES", len(FILES))
    assert dict(photos.ignored.rows()) == {
        "es-val/resnet18/plot.png": "not in ImageNet-ES's layout",
        "es-val/resnet18/imglist/sample_id.txt": "not a photo suffix: .txt",
    }


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "val/n02699494/a.JPEG")
    with pytest.raises(LatentprintError, match=r"no ImageNet-ES in .*es-val/param_control/l1"):
        open_photos(tmp_path, layout="imagenet_es")
    touch(tmp_path, f"es-test/param_control/l1/param_28/{PHOTO}")
    with pytest.raises(LatentprintError, match=r"not in the published grids.*param_28"):
        open_photos(tmp_path)
