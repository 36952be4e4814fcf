"""Embeddings on disk: one folder for each encoder, in shards that appear whole or not at all.

Layout of an encoder's folder::

    manifest.json                 who made these vectors, from what, and how
    reference.safetensors         what the encoder said of made-up pictures: see ``reference``
    shard-00000.safetensors       one float32 tensor [n, D] for every processing class, and a seal
    shard-00000.parquet           one row for every photo of the shard, broken ones included

A shard counts once its Parquet file exists, which is written last. Nothing in a store depends on
the time or the order of work, so that a resumed run ends bit-identical to an undisturbed one.
Stores of format 2 have neither seals nor an identity: they are read, and ``upgrade`` adds both.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.shard import Shard, read_rows
from latentprint.embeddings.sharded import DamagedFile, ShardedArray, TensorHeader
from latentprint.embeddings.worker import Facts
from latentprint.errors import LatentprintError
from latentprint.files import write_text
from latentprint.photos.exif_labels import EXIF_SCHEMA, FILE_SCHEMA

FORMAT_VERSION = 3
_WITHOUT_SEALS = 2
ABOUT_FORMAT = ("format_version", "identity")
MANIFEST = "manifest.json"

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
    def identity(self) -> str | None:
        """A digest of what the store was made from and how; None in a store without seals."""
        identity: str | None = self.manifest.get("identity")
        return identity

    @property
    def shards(self) -> int:
        """How many shards a complete store has."""
        count, size = self.manifest["photos"]["count"], self.manifest["settings"]["shard_size"]
        return -(-int(count) // int(size))

    @property
    def done(self) -> list[Shard]:
        """The shards that are there, sound or damaged."""
        shards = (Shard(self.folder, number) for number in range(self.shards))
        return [shard for shard in shards if shard.rows.exists()]

    @property
    def missing(self) -> list[int]:
        """The shards that are not there yet."""
        done = {shard.number for shard in self.done}
        return [number for number in range(self.shards) if number not in done]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the processing classes."""
        return tuple(self.manifest["processing"])

    def photos_of(self, shard: int) -> range:
        """The rows of the table of photos that a shard holds."""
        size, count = self.manifest["settings"]["shard_size"], self.manifest["photos"]["count"]
        return range(shard * size, min((shard + 1) * size, count))

    def damages(self, *, wholly: bool = False) -> dict[int, DamagedFile]:
        """What is wrong with the shards that are there, by number; empty if nothing.

        Args:
            wholly: Read every byte; otherwise headers, sizes and ids tell.
        """
        found = {}
        for shard in self.done:
            try:
                shard.check(self.identity, wholly=wholly)
            except DamagedFile as damage:
                found[shard.number] = damage
        return found

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
        Shard(self.folder, shard).write(self.identity or "", rows, vectors)

    def facts(self, leave_out: Iterable[int] = ()) -> pl.DataFrame:
        """One row for every photo that was read, in the order of the photo table.

        Args:
            leave_out: Numbers of shards that are not read, such as damaged ones.

        Raises:
            DamagedFile: A shard holds other photos than it should, or cannot be read.
        """
        shards = [shard for shard in self.done if shard.number not in set(leave_out)]
        if not shards:
            return pl.DataFrame(schema=FACTS_SCHEMA)
        table = read_rows([shard.rows for shard in shards])
        if self.identity is not None:
            ids, start = table["id"], 0
            for shard in shards:
                _, seal = shard.check_sizes(self.identity)
                if seal is not None:
                    shard.check_ids(seal, ids[start : start + seal.photos])
                    start += seal.photos
        return table

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
        dimension = int(self.manifest["encoder"]["dimension"])
        return ShardedArray.under(self._headers, processing, dimension)

    @cached_property
    def _headers(self) -> list[TensorHeader]:
        """The headers of a complete store, read once for all classes."""
        return [shard.check_sizes(self.identity)[0] for shard in self.done]


def folder_name(encoder: str) -> str:
    """A folder name for an encoder: readable, and different for different names."""
    readable = re.sub(r"[^a-z0-9]+", "-", encoder.lower()).strip("-")[:60]
    return f"{readable}-{hashlib.blake2b(encoder.encode(), digest_size=3).hexdigest()}"


def open_store(folder: Path) -> Store:
    """Open an existing encoder folder.

    Raises:
        DamagedFile: There is no readable manifest.
        LatentprintError: A newer latentprint wrote it.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version = int(manifest["format_version"])
    except FileNotFoundError as error:
        raise DamagedFile(path, "it is missing") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(
            path, f"it is no manifest of embeddings: {error}", repair=folder
        ) from error
    if version > FORMAT_VERSION:
        raise LatentprintError(f"{folder} was written by a newer latentprint: please upgrade.")
    if version > _WITHOUT_SEALS and manifest.get("identity") != _identity(manifest):
        raise DamagedFile(path, "it does not say what was written", repair=folder)
    return Store(folder, manifest)


def create_or_resume(folder: Path, manifest: dict[str, Any]) -> Store:
    """Start a store, or open the one that is there if it was made from the very same things.

    A store without seals is given them.

    Raises:
        LatentprintError: The folder holds embeddings of something else; the message says what
            differs. Nothing is changed then.
    """
    asked = _sealed(json.loads(json.dumps(manifest)))
    if not (folder / MANIFEST).exists():
        return _write_manifest(folder, asked)
    store = open_store(folder)
    there = store.manifest
    if there["format_version"] == _WITHOUT_SEALS:
        there = _sealed(there)
    differing = list(differences(_without_identity(there), _without_identity(asked)))
    if differing:
        name, before, now = differing[0]
        more = f" ({len(differing)} differences in all)" if len(differing) > 1 else ""
        raise LatentprintError(
            f"{folder} already holds other embeddings: {name} is {in_short(before)} there and "
            f"{in_short(now)} now{more}. Choose another --out, or delete that folder."
        )
    return upgrade(store)


def upgrade(store: Store) -> Store:
    """Give a store of format 2 seals and an identity; its vectors and rows stay as they are.

    A shard that is damaged gets no seal, so that it is found. It can be repeated where it was
    interrupted.
    """
    if store.manifest["format_version"] != _WITHOUT_SEALS:
        return store
    manifest = _sealed(store.manifest)
    damaged = store.damages()
    for shard in store.done:
        if shard.number not in damaged:
            header, content = shard.header(), shard.rows.read_bytes()
            vectors = {name: np.array(header.mapped(name)) for name in header.tensors}
            shard.seal(manifest["identity"], read_rows([shard.rows]), content, vectors)
    return _write_manifest(store.folder, manifest)


def _without_identity(manifest: dict[str, Any]) -> dict[str, Any]:
    return {key: manifest[key] for key in manifest if key != "identity"}


def _sealed(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest of this format."""
    content = {key: manifest[key] for key in manifest if key not in ABOUT_FORMAT}
    return {"format_version": FORMAT_VERSION, "identity": _identity(content), **content}


def _identity(manifest: dict[str, Any]) -> str:
    content = {key: manifest[key] for key in manifest if key not in ABOUT_FORMAT}
    text = json.dumps(content, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> Store:
    write_text(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")
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
