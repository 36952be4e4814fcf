"""Embeddings on disk: one folder for each encoder, in shards that appear whole or not at all.

Layout of an encoder's folder::

    manifest.json                 who made these vectors, from what, and how
    shard-00000.safetensors       one float32 tensor [n, D] for every processing class
    shard-00000.parquet           one row for every photo of the shard, broken ones included

A shard counts once its Parquet file exists, which is written last. Nothing in a store depends on
the time or the order of work, so that a resumed run ends bit-identical to an undisturbed one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.sharded import ShardedArray
from latentprint.embeddings.worker import Facts
from latentprint.errors import LatentprintError
from latentprint.files import write_bytes, write_table, write_text
from latentprint.photos.exif_labels import EXIF_SCHEMA, FILE_SCHEMA

FORMAT_VERSION = 2

_DTYPES: dict[str, pl.DataType] = {**FILE_SCHEMA, **EXIF_SCHEMA, "modified": pl.Int64()}
FACTS_SCHEMA: dict[str, pl.DataType] = {
    each.name: _DTYPES.get(each.name, pl.String()) for each in fields(Facts)
}


@dataclass(frozen=True)
class Store:
    """The embeddings of one encoder.

    Attributes:
        folder: The encoder's folder.
        manifest: The contents of manifest.json.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def shards(self) -> int:
        """How many shards a complete store has."""
        count, size = self.manifest["photos"]["count"], self.manifest["settings"]["shard_size"]
        return -(-int(count) // int(size))

    @property
    def missing(self) -> list[int]:
        """The shards that are not there yet."""
        return [shard for shard in range(self.shards) if not self.rows_file(shard).exists()]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the processing classes."""
        return tuple(self.manifest["processing"])

    def write_shard(self, shard: int, facts: list[Facts], vectors: dict[str, np.ndarray]) -> None:
        """Write a shard atomically: vectors first, then the rows that make it count.

        Args:
            shard: Number of the shard.
            facts: One for every photo of the shard, in the order of the table.
            vectors: float32 [n, D] for every class, n photos that are not broken.
        """
        rows = pl.DataFrame([asdict(each) for each in facts], schema=FACTS_SCHEMA)
        self.write_table_shard(shard, rows, vectors)

    def write_table_shard(
        self, shard: int, rows: pl.DataFrame, vectors: dict[str, np.ndarray]
    ) -> None:
        """The same as ``write_shard``, with the facts as a table."""
        from safetensors.numpy import save

        write_bytes(self.tensors_file(shard), save(vectors))
        write_table(self.rows_file(shard), rows)

    def facts(self) -> pl.DataFrame:
        """One row for every photo that was read, in the order of the photo table."""
        done = [shard for shard in range(self.shards) if self.rows_file(shard).exists()]
        tables = [pl.read_parquet(self.rows_file(shard)) for shard in done]
        return pl.concat(tables, how="diagonal") if tables else pl.DataFrame(schema=FACTS_SCHEMA)

    def vectors(self, processing: str) -> ShardedArray:
        """The embeddings of all readable photos under one class, float32 [N, D], on disk.

        Raises:
            LatentprintError: The store is incomplete or damaged, or was made without this class.
        """
        if processing not in self.classes:
            raise LatentprintError(
                f"{self.folder} has no embeddings of {processing}, only of "
                f"{', '.join(self.classes)}: embed again with its attribute into another folder."
            )
        if self.missing:
            raise LatentprintError(
                f"{self.folder} is incomplete ({len(self.missing)} of {self.shards} shards are "
                "missing): run the same `latentprint embed` again to finish it."
            )
        files = tuple(self.tensors_file(shard) for shard in range(self.shards))
        return ShardedArray.of(files, processing, int(self.manifest["encoder"]["dimension"]))

    def tensors_file(self, shard: int) -> Path:
        """The file with the vectors of a shard."""
        return self.folder / f"shard-{shard:05d}.safetensors"

    def rows_file(self, shard: int) -> Path:
        """The table with a row for every photo of a shard."""
        return self.folder / f"shard-{shard:05d}.parquet"


def folder_name(encoder: str) -> str:
    """A folder name for an encoder: readable, and different for different names."""
    readable = re.sub(r"[^a-z0-9]+", "-", encoder.lower()).strip("-")[:60]
    return f"{readable}-{hashlib.blake2b(encoder.encode(), digest_size=3).hexdigest()}"


def open_store(folder: Path) -> Store:
    """Open an existing encoder folder.

    Raises:
        LatentprintError: There is no readable manifest, or a newer latentprint wrote it.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text())
        version = manifest["format_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LatentprintError(f"{path} is not a manifest of embeddings ({error}).") from error
    if version > FORMAT_VERSION:
        raise LatentprintError(f"{folder} was written by a newer latentprint: please upgrade.")
    return Store(folder, manifest)


def create_or_resume(folder: Path, manifest: dict[str, Any]) -> Store:
    """Start a store, or open the one that is there if it was made from the very same things.

    Raises:
        LatentprintError: The folder holds embeddings of something else; the message says what
            differs. Nothing is changed then.
    """
    manifest = {"format_version": FORMAT_VERSION, **json.loads(json.dumps(manifest))}
    if (folder / "manifest.json").exists():
        store = open_store(folder)
        differing = list(differences(store.manifest, manifest))
        if differing:
            name, there, asked = differing[0]
            more = f" ({len(differing)} differences in all)" if len(differing) > 1 else ""
            raise LatentprintError(
                f"{folder} already holds other embeddings: {name} is {in_short(there)} there and "
                f"{in_short(asked)} now{more}. Choose another --out, or delete that folder."
            )
        return store
    write_text(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    return Store(folder, manifest)


def differences(there: Any, asked: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two records of JSON values differ: the name of each value, and both; None is absent."""
    if isinstance(there, dict) and isinstance(asked, dict):
        for key in dict.fromkeys([*there, *asked]):
            inner = f"{name}.{key}" if name else str(key)
            yield from differences(there.get(key), asked.get(key), inner)
    elif there != asked:
        yield name, there, asked


def in_short(value: Any) -> str:
    """A JSON value in at most 60 characters; None is absent."""
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
