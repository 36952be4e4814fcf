from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentprint.photos import Photos, open_photos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve small pictures in two classes, one of them broken."""
    root = tmp_path / "photos"
    generator = np.random.default_rng(0)
    for number in range(12):
        path = root / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (40, 50, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    (root / "a" / "04.png").write_bytes(b"")
    return root


@pytest.fixture
def photos(folder: Path) -> Photos:
    return open_photos(folder)
