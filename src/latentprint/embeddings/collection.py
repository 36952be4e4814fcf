"""All stores of one set of photos, and the view of them that experiments read."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.shard import digest_of, read_rows
from latentprint.embeddings.sharded import DamagedFile, ShardedArray
from latentprint.embeddings.store import MANIFEST, Store, open_store
from latentprint.errors import LatentprintError
from latentprint.files import as_path, write_table, write_text
from latentprint.photos import Photos, assign_splits, merge_groups, near_duplicate_groups
from latentprint.words import CONTROL

logger = logging.getLogger(__name__)

_FEW_ALIKE, _SHARE_ALIKE = 20, 0.05


PHOTOS, DATASET = "photos.parquet", "dataset.json"
"""The files beside the stores: the table of photos, and what set it is."""

WHOLE, MASKED = "embeddings", "embeddings-masked"
"""The folders of a run: embeddings of whole photos, and of photos whose middle is masked."""

FILE_FACTS = ("width", "height", "bytes", "format", "jpeg_quality", "jpeg_subsampling")
"""Facts of a file that a camera may be told by, without a look at its pixels."""


@dataclass(frozen=True)
class StoredEmbeddings:
    """The embeddings of one encoder with the labels of its photos: an ``EmbeddingSource``.

    Attributes:
        encoder: Name of the encoder.
        family: Family of the encoder.
        dataset: Name of the set of photos.
        photos: One row for every readable photo, in the order of the vectors: ``id, label, split,
            group``, then every column of the manifest, what EXIF says, and the facts of the file,
            under its own name where the manifest has no such column, and as ``file_…``. ``group``
            joins the photos that have the same value in the manifest's column of that name
            (photographer, scene…) or that are near-duplicates, so that these stay on one side.
        store: Where the vectors are.
        split_made: Whether the split was made here and not given.
        root: Folder that relative paths of photos start from.
        copies: Photos that are copies or near-duplicates of another.
    """

    encoder: str
    family: str
    dataset: str
    photos: pl.DataFrame
    store: Store
    split_made: bool = False
    root: Path | None = None
    copies: int = 0

    @property
    def network(self) -> str:
        """Name of the network that the encoder is a block of, or its own."""
        return str(self._identity.get("network", self.encoder))

    @property
    def layer(self) -> int | None:
        """Number of the block, from 1; None for a final embedding."""
        block: int | None = self._identity.get("block")
        return block

    @property
    def _identity(self) -> dict[str, Any]:
        identity: dict[str, Any] = self.store.manifest["encoder"]["identity"]
        return identity

    def vectors(self, processing: str) -> ShardedArray:
        """The embeddings of all readable photos under one class, float32 [N, D], on disk."""
        return self.store.vectors(processing)


def refuse_other_photos(folder: Path, photos: Photos) -> None:
    """Refuse a folder whose stores were made from other photos: labels would be mixed up.

    Raises:
        LatentprintError: The folder records other ids or paths.
    """
    path = folder / PHOTOS
    if not path.exists():
        return
    try:
        recorded = read_rows([path], columns=["id", "path"])
    except DamagedFile as damage:
        # It is written anew at the end, and each store knows of itself which photos it holds.
        logger.warning("%s is damaged (%s) and is made anew.", path, damage.reason)
        return
    if not recorded.equals(photos.table.select("id", "path")):
        raise LatentprintError(
            f"{folder} holds embeddings of other photos: choose another --out, or delete it."
        )


def write_photos(folder: Path, photos: Photos, command: str = "") -> None:
    """Record the table of photos beside the stores, so that these can be read on their own.

    Args:
        folder: The folder of the stores.
        photos: The photos.
        command: The command line that embedded them, if one did.
    """
    write_table(folder / PHOTOS, photos.table)
    about = {
        "name": photos.name,
        "root": str(photos.root.absolute()),
        "command": command,
        "photos": digest_of((folder / PHOTOS).read_bytes()),
    }
    write_text(folder / DATASET, json.dumps(about) + "\n")


def read_dataset(folder: Path) -> dict[str, Any]:
    """What is recorded beside the stores: ``name``, ``root``, and in newer ones more.

    Raises:
        DamagedFile: It cannot be read.
    """
    path = folder / DATASET
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        about["name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(path, error) from error
    return about


def run_embeddings(folder: Path) -> list[Path]:
    """The folders of embeddings that a run folder holds, those of whole photos first.

    A folder of embeddings is one itself.
    """
    inside = [folder / WHOLE, folder / MASKED]
    return [each for each in inside if each.is_dir()] or [folder]


def open_collection(folder: Path | str, *, seed: int = 0) -> list[StoredEmbeddings]:
    """Open every store of a folder that ``embed`` or ``audit`` wrote.

    Args:
        folder: What ``--out`` named; for an audit, the folder inside is found that holds the
            embeddings of whole photos, else that of masked ones.
        seed: Seeds the train/val split of photos that come without one.

    Returns:
        One entry for every encoder, controls last.

    Raises:
        LatentprintError: There are no embeddings, or the table of photos is missing; or a file is
            damaged.
    """
    folder = run_embeddings(as_path(folder))[0]
    table = folder / PHOTOS
    stores = [open_store(path.parent) for path in sorted(folder.glob(f"*/{MANIFEST}"))]
    if not stores or not table.exists():
        raise LatentprintError(
            f"{folder} holds no embeddings: name what `latentprint embed PHOTOS --out FOLDER`"
            " wrote, or vectors of your own."
        )
    about = read_dataset(folder)
    root = Path(about["root"]) if about.get("root") else None
    photos = read_rows([table])
    found = [stored(store, photos, about["name"], seed=seed, root=root) for store in stores]
    return sorted(found, key=lambda each: each.family == CONTROL)


def stored(
    store: Store, table: pl.DataFrame, dataset: str, *, seed: int, root: Path | None = None
) -> StoredEmbeddings:
    """Join a store with the table of photos and give every readable photo its split."""
    facts = store.facts().filter(pl.col("status") != "broken")
    file_facts = facts.select(pl.col(name).alias(f"file_{name}") for name in FILE_FACTS)
    facts = pl.concat([facts, file_facts], how="horizontal").drop("status", "reason")
    alike = _alike(facts)
    facts = facts.drop("content", "appearance", strict=False)
    facts = facts.drop([name for name in facts.columns if name in table.columns and name != "id"])
    photos = facts.join(table, on="id", how="left", maintain_order="left")
    own = photos["group"].to_list() if "group" in photos.columns else alike
    photos = photos.with_columns(group=pl.Series(merge_groups(own, alike), dtype=pl.String))
    made = bool(photos["split"].is_null().all())
    photos = assign_splits(photos, seed=seed)
    first = ["id", "label", "split", "group"]
    photos = photos.select(*first, pl.exclude(*first))
    encoder = store.manifest["encoder"]
    copies = len(alike) - len(set(alike))
    return StoredEmbeddings(
        encoder["name"], encoder["family"], dataset, photos, store, made, root, copies
    )


def _alike(facts: pl.DataFrame) -> Sequence[str]:
    """A group for every photo that its copies and near-duplicates share: the smallest digest."""
    digests = tuple(facts["content"].to_list())
    if "appearance" not in facts.columns or facts["appearance"].null_count() or not digests:
        return digests
    return _grouped(digests, tuple(facts["appearance"].to_list()))


@lru_cache(maxsize=1)
def _grouped(digests: tuple[str, ...], appearances: tuple[str, ...]) -> Sequence[str]:
    """Near-duplicates joined, once for all encoders that saw the same photos.

    Where a large part of the photos would be one group, as scans of one kind are, they are alike
    by nature, and only equal pixels make a group.
    """
    roots = near_duplicate_groups(appearances)
    if np.bincount(roots).max() > max(_FEW_ALIKE, _SHARE_ALIKE * len(roots)):
        logger.warning(
            "Many photos look alike: only those with equal pixels are kept on one side of a split."
        )
        return digests
    return merge_groups(digests, [str(root) for root in roots])


def photos_table(photos: Photos, store: Store) -> pl.DataFrame:
    """Every file of a set with its status and reason, the ignored ones included."""
    facts = store.facts(store.damages()).rename({"content": "content_digest"})
    known = photos.table.select("id", "path", "split", "label")
    read = known.join(facts, on="id", how="left", maintain_order="left")
    ignored = photos.ignored.select(
        pl.col("path").alias("id"), "path", pl.lit("ignored").alias("status"), "reason"
    )
    return pl.concat([read, ignored], how="diagonal").with_columns(
        pl.col("status").fill_null("not reached")
    )
