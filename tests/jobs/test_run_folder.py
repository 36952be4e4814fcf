"""What a run records of its photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from latentprint.embeddings import Extraction, extract, write_photos
from latentprint.embeddings.collection import open_collection
from latentprint.jobs.run_folder import count_photos
from latentprint.photos import open_photos
from latentprint.processing import classes_of

from ..embeddings.toy import ToyEncoder


def test_photos_of_one_photographer_are_no_duplicates(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(6):
        pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((64, 64)).save(tmp_path / f"{number}.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "0.png").read_bytes())
    names = [*(f"{number}.png" for number in range(6)), "copy.png"]
    table = pl.DataFrame({"path": names, "group": ["anna"] * 3 + ["ben"] * 4})
    table.write_csv(tmp_path / "photos.csv")
    photos = open_photos(tmp_path / "photos.csv")
    store = tmp_path / "store"
    classes = classes_of([], extra=["none"], seed=0)
    extract(photos, [ToyEncoder()], classes, store, extraction=Extraction(workers=0))
    write_photos(store, photos)
    (opened,) = open_collection(store)
    listed = pl.DataFrame({"status": ["ok"] * 7})
    assert opened.photos["group"].n_unique() < 3
    assert count_photos(listed, opened)["duplicates"] == 1
