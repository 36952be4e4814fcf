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
from latentprint.embeddings.store import ABOUT_FORMAT, Store, create_or_resume, folder_name
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
        made = create_or_resume(folder, {**manifest, "encoder": encoder})
        for number in sorted({*made.missing, *made.damages()}):
            shard = Shard(store.folder, number)
            header, facts = shard.header(), read_rows([shard.rows])
            ids = facts.filter(pl.col("status") != BROKEN)["id"].to_list()
            vectors = {
                name: np.ascontiguousarray(
                    change(np.array(header.mapped(name)), ids), dtype=np.float32
                )
                for name in store.classes
            }
            made.write_table_shard(number, facts, vectors)
    with writing(out):
        for name in (PHOTOS, DATASET):
            shutil.copyfile(store.folder.parent / name, out / name)
    return made
