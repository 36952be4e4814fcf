"""All stores of one set of photos, and the view of them that experiments read."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.embeddings.alike import SEEN, alike
from latentprint.embeddings.shard import digest_of_file, read_long
from latentprint.embeddings.sharded import DamagedFile, ShardedArray
from latentprint.embeddings.shares import unmade
from latentprint.embeddings.store import MANIFEST, Store, open_store
from latentprint.embeddings.vector_files import some
from latentprint.embeddings.worker import BROKEN
from latentprint.errors import LatentprintError
from latentprint.files import as_path, write_table, write_text
from latentprint.mapped_tables import by_ranges, distinct, equal, mapped, positions, ranges
from latentprint.photos import Photos, assign_splits, merge_groups
from latentprint.words import CONTROL

logger = logging.getLogger(__name__)

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
    photos: pl.DataFrame = field(repr=False)
    store: Store = field(repr=False)
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


def compare_photos(folder: Path, photos: Photos) -> None:
    """Tell which photos of a folder of stores are not asked for any more, and which are new.

    Raises:
        LatentprintError: None of those that it holds is asked for, which is a mistake most likely.
    """
    path = folder / PHOTOS
    if not path.exists():
        return
    try:
        recorded = read_long(path, ["id"])["id"]
    except DamagedFile as damage:
        # It is written anew at the end, and each store knows of itself which photos it holds.
        logger.warning("%s is damaged (%s) and is made anew.", path, damage.reason)
        return
    asked = photos.table["id"]
    kept = positions(recorded, asked) >= 0
    if len(recorded) and not kept.any():
        raise LatentprintError(
            f"{folder} holds embeddings of other photos, none of which is among those asked for "
            f"({some(recorded.to_list())}): choose another --out, or name a folder or table that "
            "has both."
        )
    gone = recorded.filter(pl.Series(~kept))
    if len(gone):
        logger.warning(
            "%s: %d photos are not among those asked for any more (%s): their embeddings are kept, "
            "and left out of what is measured.",
            folder,
            len(gone),
            some(gone.to_list()),
        )
    new = asked.filter(pl.Series(positions(asked, recorded) < 0))
    if len(new):
        logger.warning("%s: %d photos are new (%s).", folder, len(new), some(new.to_list()))


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
        "photos": digest_of_file(folder / PHOTOS),
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
    for store in [] if table.exists() else stores:
        if (said := unmade(store.folder, store.on_disk)) is not None:
            raise LatentprintError(said)
    if not stores or not table.exists():
        raise LatentprintError(
            f"{folder} holds no embeddings: name what `latentprint embed PHOTOS --out FOLDER`"
            " wrote, or vectors of your own."
        )
    about = read_dataset(folder)
    root = Path(about["root"]) if about.get("root") else None
    photos = read_long(table)
    asked = [store.asked(photos["id"]) for store in stores]
    for store in asked:
        _tell_left_out(store, photos["id"])
    found = stored(asked, photos, about["name"], seed=seed, root=root)
    return sorted(found, key=lambda each: each.family == CONTROL)


def stored(
    stores: Sequence[Store],
    table: pl.DataFrame,
    dataset: str,
    *,
    seed: int,
    root: Path | None = None,
) -> list[StoredEmbeddings]:
    """Join stores with the table of photos and give every readable photo its split.

    Args:
        stores: The stores, asked for the photos of the table.
        table: The table of photos.
        dataset: Name of the set.
        seed: Seeds the train/val split of photos that come without one.
        root: Folder that relative paths of photos start from.
    """
    found = []
    facts = labelled = None
    for store in stores:
        now = store.facts()
        # Encoders mostly saw the same photos, of which the table is made once.
        if labelled is None or facts is None or not equal(facts, now):
            facts, labelled = now, _labelled(now, table, seed, store.folder.parent)
        encoder = store.manifest["encoder"]
        found.append(
            StoredEmbeddings(
                encoder["name"],
                encoder["family"],
                dataset,
                labelled.photos,
                store,
                labelled.split_made,
                root,
                labelled.copies,
            )
        )
    return found


@dataclass(frozen=True)
class _Labelled:
    """The readable photos of a store with their labels; see ``StoredEmbeddings``."""

    photos: pl.DataFrame
    split_made: bool
    copies: int


def _labelled(facts: pl.DataFrame, table: pl.DataFrame, seed: int, folder: Path) -> _Labelled:
    facts = by_ranges(facts, lambda part: part.filter(pl.col("status") != BROKEN))
    groups = alike(facts, folder)
    copies = len(groups) - distinct(groups)
    places = positions(facts["id"], table["id"])

    def beside(own: pl.DataFrame, part: slice, columns: list[str]) -> pl.DataFrame:
        rows = places[part]
        known = table.select(columns)[rows[rows >= 0]]
        return own.join(known, on="id", how="left", maintain_order="left")

    first = ["id", "label", "split", "group"]
    asked = [name for name in first if name in table.columns]
    ids, parts = facts.select("id"), [*ranges(facts.height)]
    photos = mapped(beside(ids[part], part, asked) for part in parts)
    if "group" in asked:
        merged = merge_groups(photos["group"].to_list(), groups.to_list())
        groups = pl.Series("group", merged, dtype=pl.String)
    made = bool(photos["split"].is_null().all())
    splits = assign_splits(photos.with_columns(group=groups), seed=seed)["split"]
    file_facts = [pl.col(name).alias(f"file_{name}") for name in FILE_FACTS]
    left = {"status", "reason", *SEEN, *table.columns} - {"id"}

    def described(part: slice) -> pl.DataFrame:
        own = facts[part].with_columns(file_facts).drop(left, strict=False)
        own = beside(own, part, table.columns)
        own = own.with_columns(split=splits[part], group=groups[part])
        return own.select(*first, pl.exclude(*first))

    return _Labelled(mapped(map(described, parts)), made, copies)


def _tell_left_out(store: Store, asked: pl.Series) -> None:
    """Say which photos and classes of a store are not used."""
    ids = store.index.places["id"]
    left = ids.filter(pl.Series(positions(ids, asked) < 0)).unique(maintain_order=True)
    if len(left):
        logger.warning(
            "%s: %d of its %d photos were not among those that were last asked for (%s): they are "
            "left out.",
            store.folder,
            len(left),
            distinct(ids),
            some(left.to_list()),
        )
    for name, photos in store.partial.items():
        logger.warning(
            "%s: only %d photos have embeddings of %s, which is left out: embed again with it to "
            "complete it.",
            store.folder,
            photos,
            name,
        )


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
