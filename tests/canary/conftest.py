"""A folder with every kind of file, and a canary of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from PIL import Image

from latentprint import make_canary
from tests.embeddings.toy import ToyEncoder
from tests.made_photos import made_photo

TOY = "python:tests.embeddings.toy:ToyEncoder"


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty JPEG files, and one or two of each rare kind."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(40):
        made_photo(48, 36, number).save(folder / f"{number:02}.jpg", quality=95)
    made_photo(48, 36, 100).save(folder / "a.png")
    made_photo(48, 36, 101).save(folder / "a.webp", lossless=True)
    made_photo(48, 36, 102).convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    made_photo(48, 36, 103).convert("L").save(folder / "grey.jpg", quality=95)
    made_photo(47, 35, 104).save(folder / "odd.jpg", quality=95)
    turned = Image.Exif()
    turned[0x0112] = 6
    made_photo(48, 36, 105).save(folder / "turned.jpg", quality=95, exif=turned)
    (folder / "broken.jpg").write_bytes((folder / "00.jpg").read_bytes()[:400])
    (folder / "copy.jpg").write_bytes((folder / "01.jpg").read_bytes())
    return folder


@pytest.fixture(scope="session")
def made(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A canary of the toy encoder, to be left as it is."""
    folder = tmp_path_factory.mktemp("made") / "canary"
    make_canary(photos, folder, encoder=ToyEncoder(), count=32)
    return folder


@pytest.fixture
def canary(made: Path, tmp_path: Path) -> Path:
    """A copy of the canary, to be changed."""
    return Path(copytree(made, tmp_path / "canary"))


@pytest.fixture
def resave(canary: Path) -> Callable[..., str]:
    """Replaces the first JPEG of the canary by the same picture with other bytes."""

    def save(change: Callable[[bytes], bytes]) -> str:
        file = min((canary / "photos").glob("*.jpg"))
        file.write_bytes(change(file.read_bytes()))
        return file.name

    return save


def with_comment(jpeg: bytes) -> bytes:
    """The same JPEG with a comment behind its first marker: other bytes, the same pixels."""
    return jpeg[:2] + b"\xff\xfe\x00\x07hello" + jpeg[2:]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)
