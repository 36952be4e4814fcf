"""A store whose vectors are those of another store, changed row by row."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.sharded import map_tensor
from latentprint.embeddings.store import Store, create_or_resume, folder_name
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
    if store.missing:
        raise LatentprintError(
            f"{store.folder} is incomplete: run the same `latentprint embed` again to finish it."
        )
    manifest = {name: each for name, each in store.manifest.items() if name != "format_version"}
    made = create_or_resume(
        out / folder_name(str(encoder["name"])), {**manifest, "encoder": encoder}
    )
    for shard in made.missing:
        facts = pl.read_parquet(store.rows_file(shard))
        ids = facts.filter(pl.col("status") != "broken")["id"].to_list()
        vectors = {
            name: np.ascontiguousarray(
                change(np.array(map_tensor(store.tensors_file(shard), name)), ids),
                dtype=np.float32,
            )
            for name in store.classes
        }
        made.write_table_shard(shard, facts, vectors)
    with writing(out):
        for name in ("photos.parquet", "dataset.json"):
            shutil.copyfile(store.folder.parent / name, out / name)
    return made
