"""Small pictures of photos, for looking at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentprint.photos.decode import decode, decode_small
from latentprint.photos.file_bytes import BrokenPhoto


def smooth(width: int, height: int) -> Image.Image:
    across = np.linspace(0, 255, width)[None, :].repeat(height, 0)
    down = np.linspace(0, 255, height)[:, None].repeat(width, 1)
    return Image.fromarray(np.stack([across, down, 255 - across], axis=2).astype(np.uint8))


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png"])
@pytest.mark.parametrize("turn", [1, 6])
def test_a_small_picture_is_the_photo_made_smaller(tmp_path: Path, name: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    smooth(1200, 800).save(tmp_path / name, exif=exif)
    small = decode_small(tmp_path / name, 120)
    whole = decode(tmp_path / name).image
    assert small.mode == "RGB"
    assert small.size == ((120, 80) if turn == 1 else (80, 120))
    expected = np.asarray(whole.resize(small.size, Image.Resampling.LANCZOS)).astype(float)
    assert np.abs(np.asarray(small) - expected).mean() < 3


def test_a_photo_that_is_small_keeps_its_size(tmp_path: Path) -> None:
    smooth(40, 30).save(tmp_path / "photo.jpg")
    assert decode_small(tmp_path / "photo.jpg", 120).size == (40, 30)


def test_what_is_no_photo_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"no photo at all")
    smooth(40, 30).save(tmp_path / "large.png")
    with pytest.raises(BrokenPhoto, match="not an image"):
        decode_small(tmp_path / "photo.jpg", 120)
    with pytest.raises(BrokenPhoto, match="no such file"):
        decode_small(tmp_path / "gone.jpg", 120)
    with pytest.raises(BrokenPhoto, match="too large"):
        decode_small(tmp_path / "large.png", 120, max_pixels=100)
