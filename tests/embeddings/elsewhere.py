"""Photos that lie elsewhere, and stores that must be those of local files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from latentprint.embeddings import Extraction, extract
from latentprint.embeddings.store import Store
from latentprint.photos import Photos
from latentprint.processing import ATTRIBUTES, classes_of

from .toy import ToyEncoder

CLASSES = classes_of((ATTRIBUTES["jpeg"], ATTRIBUTES["interpolation"]))
HOW = Extraction(batch_size=8, shard_size=4, workers=0, pauses=(0.01, 0.02))


def make_photos(root: Path) -> Path:
    """Twelve small pictures in two classes, one of them broken."""
    generator = np.random.default_rng(0)
    for number in range(12):
        path = root / "ab"[number % 2] / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (40, 50, 3), np.uint8)
        Image.fromarray(pixels).save(path, quality=90)
    (root / "a" / "04.jpg").write_bytes(b"")
    return root


def run(photos: Photos, out: Path, encoder: ToyEncoder | None = None, **how: object) -> Store:
    extraction = replace(HOW, **how)
    return extract(photos, [encoder or ToyEncoder()], CLASSES, out, extraction=extraction)[0]


def same(made: Store, wanted: Store) -> None:
    for each in CLASSES:
        assert np.array_equal(made.vectors(each.name), wanted.vectors(each.name))
    columns = ["id", "status", "format", "content", "appearance", "width", "jpeg_quality"]
    assert made.facts().select(columns).equals(wanted.facts().select(columns))
