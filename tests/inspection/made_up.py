"""A made-up store of embeddings: content, noise, and traces of known strength."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.embeddings.collection import write_photos
from latentprint.embeddings.store import FACTS_SCHEMA, begin, commit, folder_name
from latentprint.embeddings.worker import Facts
from latentprint.jobs.own_store import sign_store
from latentprint.photos import Photos
from latentprint.processing import classes_of, find_attributes

SHARPENED = ("JPEG95_444", "SHARPEN_2", "SHARPEN_4")
NAME = "made up"


def made_vectors(
    photos: int, classes: int, *, trace: float, dimension: int = 16, seed: int = 0
) -> np.ndarray:
    """Versions of photos that share what classes do to them, float32 [classes, photos, D]."""
    rng = np.random.default_rng(seed)
    content = rng.normal(size=(photos, dimension))
    shifts = trace * rng.normal(size=(classes, 1, dimension))
    shifts[-1] = 0.0  # the last one is unprocessed
    noise = 0.3 * rng.normal(size=(classes, photos, dimension))
    return (2.0 + content + shifts + noise).astype(np.float32)


def write_store(
    folder: Path,
    vectors: np.ndarray,
    *,
    attributes: tuple[str, ...] = ("sharpening",),
    labels: dict[str, list[str]] | None = None,
    facts: dict[int, dict[str, object]] | None = None,
    shard_size: int = 64,
) -> Path:
    """Write vectors [classes, photos, D] as ``embed`` does, the unprocessed ones last."""
    count = vectors.shape[1]
    ids = [f"photo{at:05d}.png" for at in range(count)]
    classes = classes_of(find_attributes(attributes) if attributes else (), extra=["none"])
    assert len(classes) == len(vectors)
    columns = {
        "id": ids,
        "path": ids,
        "split": pl.Series([None] * count, dtype=pl.String),
        "label": pl.Series([None] * count, dtype=pl.String),
        **(labels or {}),
    }
    nothing = pl.DataFrame(schema={"path": pl.String, "reason": pl.String})
    photos = Photos("made up", folder / "photos", pl.DataFrame(columns), nothing)
    manifest = {
        "encoder": {
            "name": NAME,
            "family": "yours",
            "dimension": vectors.shape[2],
            "input_size": 16,
            "preprocess": {},
            "identity": {"library": "made up"},
        },
        "processing": {each.name: each.as_list() for each in classes},
        "settings": {"batch_size": 64, "orient": True, "max_pixels": 10**8, "mask": 0.0},
    }
    stock = begin(folder / folder_name(NAME), manifest)
    for shard, start in enumerate(range(0, count, shard_size)):
        rows = range(start, min(start + shard_size, count))
        told = [
            Facts(ids[row], "ok", "", **{"content": f"{row:032x}", **(facts or {}).get(row, {})})  # type: ignore[arg-type]
            for row in rows
        ]
        table = pl.DataFrame([asdict(each) for each in told], schema=FACTS_SCHEMA)
        part = slice(rows.start, rows.stop)
        stock.store.write_table_shard(
            shard,
            table,
            {each.name: np.ascontiguousarray(vectors[at, part]) for at, each in enumerate(classes)},
        )
    commit(stock)
    write_photos(folder, photos)
    sign_store(folder)
    return folder
