"""Two thousand damaged EXIF blocks: none crashes, none hangs, none gives nonsense."""

import random
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from latentprint.photos.decode import read_header
from latentprint.photos.exif import Exif

from .test_exif import FULL, SECRETS, block, saved

MUTATIONS = 2_000
RANGES = {
    "exposure_time": (2.0**-24, 86_400),
    "aperture": (0.5, 256),
    "iso": (1, 10_000_000),
    "focal_length": (0.1, 6_000),
    "focal_length_35mm": (1, 4_000),
    "year": (1900, 2099),
    "orientation": (1, 8),
    "exif_width": (1, 1_000_000),
    "exif_height": (1, 1_000_000),
}
LATITUDE = (48.0, 51.0, 29.625)


def synthetic(order: str) -> bytes:
    exif = block(order, **FULL, **SECRETS)
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: LATITUDE, 3: "E", 4: LATITUDE})
    return saved(exif)


def segment(data: bytes) -> tuple[int, int]:
    """Where the TIFF part of the APP1 segment starts and ends."""
    at = data.index(b"Exif\0\0")
    return at + 6, at - 2 + int.from_bytes(data[at - 2 : at])


def overwrite(data: bytearray, start: int, end: int, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 20)):
        data[rng.randrange(start, end)] = rng.choice((0, 255, rng.randrange(256)))


def damage_entry(data: bytearray, start: int, end: int, rng: random.Random) -> None:
    """Another type, count or offset for one entry of the first directory."""
    entry = start + 10 + 12 * rng.randrange(12)
    part, length = rng.choice(((2, 2), (4, 4), (8, 4)))
    value = rng.choice((0, 1, 8, 13, 2 ** (8 * length) - 1, rng.randrange(2 ** (8 * length))))
    data[entry + part : entry + part + length] = value.to_bytes(
        length, rng.choice(("little", "big"))
    )


def swap_order(data: bytearray, start: int, end: int, rng: random.Random) -> None:
    data[start : start + 4] = b"MM\0*" if data[start : start + 2] == b"II" else b"II*\0"
    overwrite(data, start, end, rng)


def cut(data: bytearray, start: int, end: int, rng: random.Random) -> None:
    at = rng.randrange(start, end)
    del data[at:end]
    data[start - 8 : start - 6] = (at - start + 8).to_bytes(2)


def move(data: bytearray, start: int, end: int, rng: random.Random) -> None:
    a, b = (rng.randrange(start, end - 16) for _ in range(2))
    data[a : a + 16] = data[b : b + 16]


WAYS: tuple[Callable[[bytearray, int, int, random.Random], None], ...] = (
    overwrite, overwrite, damage_entry, damage_entry, swap_order, cut, move,
)  # fmt: skip


@pytest.fixture(scope="module")
def originals(shared_data: Path) -> list[bytes]:
    """The smallest real photos of ten folders and makers, and two that hold secrets."""
    files = sorted((shared_data / "exif").rglob("*.[jJ]*"), key=lambda file: file.stat().st_size)
    chosen = {file.name[:8]: file for file in reversed(files[:60])}
    real = [file.read_bytes() for file in list(chosen.values())[:10]]
    assert len(real) == 10
    return [synthetic("II"), synthetic("MM"), *(data for data in real if b"Exif\0\0" in data)]


def test_damaged_blocks(
    originals: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directories: set[int] = set()
    get_ifd = Image.Exif.get_ifd

    def spy(self: Image.Exif, tag: int) -> dict[int, Any]:
        directories.add(tag)
        return get_ifd(self, tag)

    monkeypatch.setattr(Image.Exif, "get_ifd", spy)
    file = tmp_path / "a.jpg"
    rng = random.Random(20250810)
    outcomes = {"whole": 0, "part": 0, "nothing": 0, "named": 0}
    slowest = 0.0
    for number in range(MUTATIONS):
        original = originals[number % len(originals)]
        data = bytearray(original)
        rng.choice(WAYS)(data, *segment(original), rng)
        file.write_bytes(data)
        begun = time.process_time()
        header = read_header(file)
        slowest = max(slowest, time.process_time() - begun)
        check(header.exif)
        found = sum(value is not None for value in header.exif.columns().values())
        outcomes["nothing" if found <= 2 else "whole" if found >= 15 else "part"] += 1
        outcomes["named"] += bool(header.exif.exif_problems)
    assert slowest < 1.0
    assert directories <= {int(ExifTags.IFD.Exif)}
    assert min(outcomes.values()) > 50, outcomes  # the damage is neither harmless nor total


def check(exif: Exif) -> None:
    columns = exif.columns()
    for name, (low, high) in RANGES.items():
        assert columns[name] is None or low <= columns[name] <= high
    for name in ("make", "model", "software", "taken_month"):
        assert columns[name] is None or (columns[name].isprintable() and columns[name])
    assert columns["flash"] in (True, False, None)
    assert columns["smartphone"] in (True, False, None)
    assert len(exif.exif_problems) <= 300
    text = str(columns)
    assert "29.625" not in text
    assert "237/8" not in text


def test_opening_what_is_damaged_warns_nobody(tmp_path: Path) -> None:
    data = saved(b"Exif\0\0MM\0*\0\0\0\x08\0\x09garbage")
    (tmp_path / "a.jpg").write_bytes(data)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert "damaged" in read_header(tmp_path / "a.jpg").exif.exif_problems
    assert not caught
