"""All stores of one set of photos, and the view of them that experiments read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.embeddings.store import Store, open_store, writing
from latentprint.errors import LatentprintError
from latentprint.photos import Photos, assign_splits


@dataclass(frozen=True)
class StoredEmbeddings:
    """The embeddings of one encoder with the labels of its photos: an ``EmbeddingSource``.

    Attributes:
        encoder: Name of the encoder.
        family: Family of the encoder.
        dataset: Name of the set of photos.
        photos: ``id, label, split, group`` of every readable photo, in the order of the vectors;
            ``group`` is the manifest's column of that name (photographer, scene…) or else the
            digest of the decoded pixels, so that copies stay on one side.
        store: Where the vectors are.
    """

    encoder: str
    family: str
    dataset: str
    photos: pl.DataFrame
    store: Store

    def vectors(self, processing: str) -> np.ndarray:
        """The embeddings of all readable photos under one class, float32 [N, D]."""
        return self.store.vectors(processing)


def refuse_other_photos(folder: Path, photos: Photos) -> None:
    """Refuse a folder whose stores were made from other photos: labels would be mixed up.

    Raises:
        LatentprintError: The folder records other ids or paths.
    """
    path = folder / "photos.parquet"
    if path.exists() and not pl.read_parquet(path, columns=["id", "path"]).equals(
        photos.table.select("id", "path")
    ):
        raise LatentprintError(
            f"{folder} holds embeddings of other photos: choose another --out, or delete it."
        )


def write_photos(folder: Path, photos: Photos) -> None:
    """Record the table of photos beside the stores, so that these can be read on their own."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / ".photos.partial"
        photos.table.write_parquet(partial)
        partial.replace(folder / "photos.parquet")
        (folder / "dataset.json").write_text(json.dumps({"name": photos.name}) + "\n")


def open_collection(folder: Path | str, *, seed: int = 0) -> list[StoredEmbeddings]:
    """Open every store of a folder that ``embed`` or ``audit`` wrote.

    Args:
        folder: What ``--out`` named; for an audit, its ``embeddings`` folder is found.
        seed: Seeds the train/val split of photos that come without one.

    Raises:
        LatentprintError: There are no embeddings, or the table of photos is missing.
    """
    folder = Path(folder)
    if (folder / "embeddings").is_dir():
        folder = folder / "embeddings"
    table = folder / "photos.parquet"
    stores = [open_store(path.parent) for path in sorted(folder.glob("*/manifest.json"))]
    if not stores or not table.exists():
        raise LatentprintError(
            f"{folder} holds no embeddings: make them with "
            f"`latentprint embed PHOTOS --out {folder}`."
        )
    name = json.loads((folder / "dataset.json").read_text())["name"]
    return [stored(store, pl.read_parquet(table), name, seed=seed) for store in stores]


def stored(store: Store, table: pl.DataFrame, dataset: str, *, seed: int) -> StoredEmbeddings:
    """Join a store with the table of photos and give every readable photo its split."""
    readable = store.facts().filter(pl.col("status") != "broken").select("id", group="content")
    table = table.rename({"group": "given_group"}, strict=False)
    photos = readable.join(table, on="id", how="left", maintain_order="left")
    if "given_group" in photos.columns:
        photos = photos.with_columns(group=pl.coalesce("given_group", "group"))
    photos = assign_splits(photos.select("id", "label", "split", "group"), seed=seed)
    encoder = store.manifest["encoder"]
    return StoredEmbeddings(encoder["name"], encoder["family"], dataset, photos, store)


def photos_table(photos: Photos, store: Store) -> pl.DataFrame:
    """Every file of a set with its status and reason, the ignored ones included."""
    facts = store.facts().rename({"content": "content_digest"})
    known = photos.table.select("id", "path", "split", "label")
    read = known.join(facts, on="id", how="left", maintain_order="left")
    ignored = photos.ignored.select(
        pl.col("path").alias("id"), "path", pl.lit("ignored").alias("status"), "reason"
    )
    return pl.concat([read, ignored], how="diagonal").with_columns(
        pl.col("status").fill_null("not reached")
    )
