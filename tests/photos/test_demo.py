import importlib.util
from pathlib import Path

import pytest

from latentprint.errors import LatentprintError
from latentprint.photos import decode, open_photos, write_demo_photos


def test_demo_photos(tmp_path: Path) -> None:
    for name in ("skimage", "sklearn"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    write_demo_photos(tmp_path / "demo")
    photos = open_photos(tmp_path / "demo")
    assert 150 <= len(photos) <= 350
    stems: dict[str, set[str]] = {"train": set(), "val": set()}
    labels: dict[str, set[str]] = {"train": set(), "val": set()}
    for path, split, label in photos.table.select("path", "split", "label").rows():
        stems[split].add(Path(path).stem.rsplit("_", 2)[0])
        labels[split].add(label)
    assert not stems["train"] & stems["val"]
    assert labels["train"] == labels["val"]
    photo = decode(photos.file(photos.table["path"][0]))
    assert (photo.format, photo.width, photo.height) == ("PNG", 128, 128)


def test_missing_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LatentprintError, match=r"latentprint\[demo\]"):
        write_demo_photos(tmp_path)
    assert not list(tmp_path.iterdir())
