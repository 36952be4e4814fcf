"""A store whose vectors are those of another store, changed row by row."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.collection import DATASET, PHOTOS
from latentprint.embeddings.lock import locked
from latentprint.embeddings.shard import Shard, read_rows
from latentprint.embeddings.store import ABOUT_FORMAT, Store, begin, commit, folder_name
from latentprint.embeddings.worker import BROKEN
from latentprint.errors import LatentprintError
from latentprint.files import writing


def map_store(
    store: Store,
    out: Path,
    encoder: dict[str, Any],
    change: Callable[[np.ndarray, list[str]], np.ndarray],
) -> Store:
    """Write the vectors of a complete store anew, shard by shard.

    A run that was killed goes on where it was.

    Args:
        store: The store.
        out: Folder that gets the new encoder's folder, and the table of photos.
        encoder: What the new manifest says of the encoder; its name names the folder.
        change: Called with the vectors of a shard, float32 [n, D], and the ids of their photos;
            gives [n, D].

    Raises:
        LatentprintError: The store is incomplete or damaged, or ``out`` holds something else.
    """
    for damage in store.damages().values():
        raise damage
    if store.missing:
        raise LatentprintError(
            f"{store.folder} is incomplete: run the same `latentprint embed` again to finish it."
        )
    manifest = {name: store.manifest[name] for name in store.manifest if name not in ABOUT_FORMAT}
    folder = out / folder_name(str(encoder["name"]))
    with locked(folder):
        stock = begin(folder, {**manifest, "encoder": encoder})
        for number, listed in store.index.shards.items():
            shard = store.shard(number)
            facts = read_rows([shard.rows])
            if number in stock.store.index.shards and _same_rows(shard, stock.store.shard(number)):
                continue
            header = listed.check(shard, store.identity)
            ids = facts.filter(pl.col("status") != BROKEN)["id"].to_list()
            vectors = {
                name: np.ascontiguousarray(
                    change(np.array(header.mapped(name)), ids), dtype=np.float32
                )
                for name in listed.classes
            }
            stock.store.write_table_shard(number, facts, vectors)
        made = commit(stock)
    with writing(out):
        for name in (PHOTOS, DATASET):
            shutil.copyfile(store.folder.parent / name, out / name)
    return made


def _same_rows(one: Shard, other: Shard) -> bool:
    """Whether two shards are of the same photos and classes."""
    if set(one.header().tensors) != set(other.header().tensors):
        return False
    return read_rows([one.rows]).equals(read_rows([other.rows]))
