"""Embeddings on disk: one folder for each encoder, in shards that appear whole or not at all.

Layout of an encoder's folder::

    manifest.json                 who made these vectors, how, and which index is valid
    plan.json                     what several processes make, until all is made: see ``shares``
    reference.safetensors         what the encoder said of made-up pictures: see ``reference``
    shard-00000.safetensors       one float32 tensor [n, D] for every processing class, and a seal
    shard-00000.parquet           one row for every photo of the shard, broken ones included
    index-0123456789ab.parquet    the rows of all shards: see ``index``

A store grows by shards: those of further photos hold all classes, those of further classes hold
photos that are there already. A shard is never changed. It counts for those who write once its
Parquet file exists, which is written last, and for those who read once the manifest names an index
that has it: a run that was interrupted changes no figure. Nothing in a store depends on the time or
the order of work, so that a resumed run ends bit-identical to an undisturbed one.

Stores of formats 2 and 3 hold all photos in every class, and have no index; those of format 2 no
seals either: they are read, and ``upgrade`` adds what they lack.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.index import STEM, Index, ListedShard
from latentprint.embeddings.shard import Shard, digest_of_file, read_rows
from latentprint.embeddings.sharded import DamagedFile, ShardedArray
from latentprint.embeddings.shares import planned, unmade
from latentprint.embeddings.worker import BROKEN, Facts
from latentprint.errors import LatentprintError
from latentprint.files import write_text, writing
from latentprint.mapped_tables import by_ranges, distinct, positions, repeated, same, taken
from latentprint.photos.exif_labels import EXIF_SCHEMA, FILE_SCHEMA

FORMAT_VERSION = 4
_WITHOUT_SEALS, _WITHOUT_INDEX = 2, 3
ABOUT_FORMAT = ("format_version", "identity", "digest", "index", "photos")
"""What a manifest says of its own store, and not of encoder, classes and settings."""

MANIFEST = "manifest.json"
_ORDER = "\0order"

_DTYPES: dict[str, pl.DataType] = {**FILE_SCHEMA, **EXIF_SCHEMA, "modified": pl.Int64()}
FACTS_SCHEMA: dict[str, pl.DataType] = {
    each.name: _DTYPES.get(each.name, pl.String()) for each in fields(Facts)
}


@dataclass(frozen=True)
class Store:
    """The embeddings of one encoder, or of some photos and classes among them.

    Attributes:
        folder: The encoder's folder.
        manifest: The contents of manifest.json.
        index: Which photos lie where.
        ids: The photos that are asked for, in the order of rows; None for all.
        names: The classes that are asked for; None for all that are complete.
    """

    folder: Path
    manifest: dict[str, Any]
    index: Index = field(compare=False)
    ids: pl.Series | None = field(default=None, compare=False)
    names: tuple[str, ...] | None = None

    def asked(self, ids: pl.Series, names: Sequence[str] | None = None) -> Store:
        """The same store, asked for some photos and classes.

        Args:
            ids: The ids of the photos, in the order in which rows are wanted.
            names: The classes; by default those that the most of these photos have.
        """
        return replace(self, ids=ids, names=None if names is None else tuple(names))

    @property
    def identity(self) -> str | None:
        """A digest of what the store was begun with; None in a store without seals."""
        identity: str | None = self.manifest.get("identity")
        return identity

    def shard(self, number: int) -> Shard:
        """A shard by its number, whether it is there or not."""
        return Shard(self.folder, number)

    @property
    def on_disk(self) -> list[int]:
        """The shards that are there, sound or damaged."""
        return sorted(self._sizes)

    @property
    def missing(self) -> list[int]:
        """The shards that belong to the store and are not there."""
        return sorted(set(self.index.shards) - set(self._sizes))

    @property
    def unlisted(self) -> list[int]:
        """The shards that are there and not in the index, as a run leaves them that was killed."""
        return sorted(set(self._sizes) - set(self.index.shards))

    @cached_property
    def _sizes(self) -> dict[int, tuple[int | None, int]]:
        """The sizes of both files of every shard that counts: of vectors, and of rows."""
        found: dict[str, int] = {}
        with suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith("shard-"):
                    found[entry.name] = entry.stat().st_size
        return {
            int(name[6:-8]): (found.get(f"{name[:-8]}.safetensors"), size)
            for name, size in found.items()
            if name.endswith(".parquet") and name[6:-8].isdigit()
        }

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the processing classes that are asked for, or that the most photos have."""
        if self.names is not None:
            return self.names
        counts = {name: self.places(name).height for name in self.manifest["processing"]}
        return tuple(name for name in counts if counts[name] == max(counts.values()))

    @property
    def partial(self) -> dict[str, int]:
        """The classes that only some of the photos have, with their number."""
        offered = set(self.classes)
        counts = {name: self.places(name).height for name in self.manifest["processing"]}
        return {name: n for name, n in counts.items() if n and name not in offered}

    def damages(self, *, wholly: bool = False) -> dict[int, DamagedFile]:
        """What is wrong with the shards that are there, by number; empty if nothing.

        Args:
            wholly: Read every byte; otherwise headers and sizes tell, and ids of shards that are
                not in the index.
        """
        found = {}
        for number in sorted(self._sizes):
            shard, listed = self.shard(number), self.index.shards.get(number)
            try:
                if listed is not None:
                    listed.check(shard, self.identity)
                    self._check_size(listed)
                if listed is None or wholly or self.index.file is None:
                    shard.check(self.identity, wholly=wholly)
            except DamagedFile as damage:
                found[number] = damage
        return found

    def _check_size(self, listed: ListedShard) -> None:
        vectors, rows = self._sizes[listed.number]
        shard = self.shard(listed.number)
        if vectors is None:
            raise DamagedFile(shard.tensors, "it is missing")
        for file, size, written in (
            (shard.tensors, vectors, listed.bytes),
            (shard.rows, rows, listed.rows_bytes),
        ):
            if size != written:
                raise DamagedFile(file, f"it has {size} bytes; {written} were written")

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
        self.shard(shard).write(self.identity or "", rows, vectors)

    def facts(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """One row for every photo that was read, in the order in which photos are asked for.

        A photo counts as broken where it is under any of the classes.

        Args:
            columns: Names of columns, ``id`` and ``status`` among them; all by default.

        Raises:
            DamagedFile: A shard is damaged.
        """
        for number, listed in self.index.shards.items():
            if number in self._sizes:
                self._check_size(listed)
        rows = self.index.rows(None if columns is None else [*columns, "shard", "row"])
        if not rows.width:
            return pl.DataFrame(schema=FACTS_SCHEMA)
        if len(repeated(rows["id"])):
            rows = self._one_row_each(rows)
        rows = rows.drop("shard", "row")
        return rows if self.ids is None else _in_order(self.ids, rows)

    def _one_row_each(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row for every photo, that of the shard in which it is broken, or else the last."""
        places = {self.index.with_class(name): self.places(name) for name in self.classes}
        used = pl.concat([each.select("id", "shard") for each in places.values()]).unique()
        chosen = rows.with_row_index(_ORDER).join(used, on=["id", "shard"], how="semi")
        chosen = chosen.sort(pl.col("status") != BROKEN, -pl.col("shard"))
        return chosen.unique("id", keep="first", maintain_order=True).sort(_ORDER).drop(_ORDER)

    def places(self, name: str) -> pl.DataFrame:
        """Where the photos that are asked for lie under a class: ``id, shard, row``."""
        shards = self.index.with_class(name)
        if shards not in self._found_places:
            self._found_places[shards] = self._find_places(shards)
        return self._found_places[shards]

    @cached_property
    def _found_places(self) -> dict[frozenset[int], pl.DataFrame]:
        return {}

    def _find_places(self, shards: frozenset[int]) -> pl.DataFrame:
        rows = self.index.places.drop("status")
        if len(shards) < len(self.index.shards):
            rows = by_ranges(rows, lambda part: part.filter(pl.col("shard").is_in(list(shards))))
        if len(repeated(rows["id"])):
            rows = rows.sort("shard", maintain_order=True).unique(
                "id", keep="last", maintain_order=True
            )
        return rows if self.ids is None else _in_order(self.ids, rows)

    @cached_property
    def _readable(self) -> pl.Series:
        """The ids of the photos that have vectors, in order."""
        facts = self.facts(["id", "status"])
        return by_ranges(facts, lambda part: part.filter(pl.col("status") != BROKEN))["id"]

    def vectors(self, processing: str) -> ShardedArray:
        """The embeddings of all readable photos under one class, float32 [N, D], on disk.

        Raises:
            LatentprintError: The store is incomplete, or was made without this class.
            DamagedFile: A shard is damaged.
        """
        if processing not in self.manifest["processing"] or (
            self.index.shards and not self.index.with_class(processing)
        ):
            there = ", ".join(name for name in self.classes if self.index.with_class(name))
            raise LatentprintError(
                f"{self.folder} has no embeddings of {processing}, only of {there}: run "
                "`latentprint embed` again with its attribute (-a) or its name (--processing), "
                "which adds it."
            )
        places = self.places(processing)
        asked = places.height if self.ids is None else len(self.ids)
        lost = places.filter(pl.col("shard").is_in(self.missing)).height
        if asked > places.height or lost or self.missing or not self.index.shards:
            if (said := unmade(self.folder, self.on_disk)) is not None:
                raise LatentprintError(said)
            raise LatentprintError(
                f"{self.folder} is incomplete (of {asked} photos, {asked - places.height + lost} "
                f"have no embeddings of {processing}): run the same `latentprint embed` again to "
                "finish it."
            )
        return self._array(processing, places)

    def _array(self, processing: str, places: pl.DataFrame) -> ShardedArray:
        places = _in_order(self._readable, places)
        numbers = np.sort(places["shard"].unique().to_numpy())
        headers = tuple(
            partial(self.index.shards[int(each)].check, self.shard(int(each)), self.identity)
            for each in numbers
        )
        for each in numbers:
            self._check_size(self.index.shards[int(each)])
        return ShardedArray(
            headers,
            processing,
            np.searchsorted(numbers, places["shard"].to_numpy()).astype(np.int32),
            places["row"].to_numpy(),
            int(self.manifest["encoder"]["dimension"]),
        )


def _in_order(ids: pl.Series, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of some photos, in their order; photos without a row are left out."""
    if same(ids, rows["id"]):
        return rows
    found = positions(ids, rows["id"])
    return taken(rows, found[found >= 0])


def folder_name(encoder: str) -> str:
    """A folder name for an encoder: readable, and different for different names."""
    readable = re.sub(r"[^a-z0-9]+", "-", encoder.lower()).strip("-")[:60]
    return f"{readable}-{hashlib.blake2b(encoder.encode(), digest_size=3).hexdigest()}"


def open_store(folder: Path) -> Store:
    """Open an existing encoder folder to read it.

    Raises:
        DamagedFile: There is no readable manifest, or the index is damaged, or, where there is
            none, a shard.
        LatentprintError: A newer latentprint wrote it.
    """
    manifest = read_manifest(folder)
    if (about := manifest.get("index")) is not None:
        return Store(folder, manifest, Index.read(folder / about["file"]))
    empty = Store(folder, manifest, Index({}))
    index = Index.of_shards(map(empty.shard, empty.unlisted), empty.identity)
    lacking = _expected(manifest) - set(index.shards)
    listed = {number: ListedShard(number, (), 0, 0, None) for number in sorted(lacking)}
    return Store(folder, manifest, replace(index, shards={**index.shards, **listed}))


@dataclass(frozen=True)
class Stock:
    """What of a store can be used, for those who add to it or mend it.

    Attributes:
        store: The store with the shards that are sound, those that a killed run left among them.
        damages: What is wrong with the others that are there, by number.
        index_damage: What is wrong with the index; its shards are then read one by one.
        missing: Shards that should be there and are not.
        listed: The index as it is recorded.
    """

    store: Store
    damages: dict[int, DamagedFile] = field(default_factory=dict)
    index_damage: DamagedFile | None = None
    missing: list[int] = field(default_factory=list)
    listed: Index = field(default_factory=lambda: Index({}))

    def count(self) -> tuple[int, int]:
        """How many photos the store should have, and of how many something is lost."""
        sound = self.store.index
        ids = sound.rows(["id"])["id"] if sound.shards else pl.Series(dtype=pl.String)
        if "photos" in self.store.manifest:
            count = int(self.store.manifest["photos"]["count"])
            return count, count - distinct(ids)
        if not self.listed.shards:
            return distinct(ids), 0
        rows = self.listed.rows(["id", "shard"])
        lost = by_ranges(rows, lambda part: part.filter(~pl.col("shard").is_in(list(sound.shards))))
        new = ids.filter(pl.Series(positions(ids, rows["id"]) < 0))
        return distinct(rows["id"]) + distinct(new), distinct(lost["id"])


def take_stock(folder: Path, *, wholly: bool = False) -> Stock:
    """Look at every shard of a store.

    Args:
        folder: The encoder's folder.
        wholly: Read every byte; otherwise headers and sizes tell.

    Raises:
        DamagedFile: There is no readable manifest.
        LatentprintError: A newer latentprint wrote it.
    """
    manifest = read_manifest(folder)
    index, index_damage = Index({}), None
    if (about := manifest.get("index")) is not None:
        try:
            index = Index.read(folder / about["file"])
            if wholly and digest_of_file(folder / about["file"]) != about["digest"]:
                reason = "its bytes are not those that were written"
                raise DamagedFile(folder / about["file"], reason)
        except DamagedFile as damage:
            index, index_damage = Index({}), damage
    listed = Store(folder, manifest, index)
    damages = listed.damages(wholly=wholly)
    expected = _expected(manifest) | planned(folder)
    missing = sorted({*listed.missing, *(expected - set(listed.on_disk))})
    unlisted = [listed.shard(each) for each in listed.unlisted if each not in damages]
    sound = index.only(set(index.shards) - set(damages) - set(missing))
    if unlisted:
        sound = sound.joined(Index.of_shards(unlisted, listed.identity))
    return Stock(Store(folder, manifest, sound), damages, index_damage, missing, index)


def begin(folder: Path, asked: dict[str, Any], *, tones_stated: bool = False) -> Stock:
    """Start a store, or take stock of the one that is there if it can hold what is asked for.

    A store of an earlier format is upgraded.

    Args:
        folder: The encoder's folder.
        asked: What the manifest is to say: ``encoder``, ``processing`` and ``settings``.
        tones_stated: Whether the user, and not the set of photos, says how deep pictures are
            scaled.

    Raises:
        LatentprintError: The folder holds embeddings of something else; the message says what
            differs. Nothing is changed then.
    """
    asked = json.loads(json.dumps(asked))
    if not (folder / MANIFEST).exists():
        store = _write_manifest(folder, {"identity": _identity(asked), **asked, "index": None})
        return Stock(store)
    _refuse_other(folder, asked, tones_stated=tones_stated)
    upgrade(folder)
    return take_stock(folder)


def foresee(folder: Path, asked: dict[str, Any], *, tones_stated: bool = False) -> Stock:
    """What ``begin`` would find there, with nothing written.

    Args:
        folder: The encoder's folder.
        asked: See ``begin``.
        tones_stated: See ``begin``.

    Raises:
        LatentprintError: The folder holds embeddings of something else.
    """
    asked = json.loads(json.dumps(asked))
    if not (folder / MANIFEST).exists():
        return Stock(Store(folder, asked, Index({})))
    _refuse_other(folder, asked, tones_stated=tones_stated)
    return take_stock(folder)


def _refuse_other(folder: Path, asked: dict[str, Any], *, tones_stated: bool) -> None:
    there = _content(read_manifest(folder))
    refuse_differences(folder, there, _content(asked))
    if tones_stated and (differing := list(_other_tones(there, asked))):
        raise LatentprintError(f"{folder} already holds other embeddings: {_said(differing)}")


def commit(stock: Stock) -> Store:
    """Let readers see all sound shards of a store; what was replaced in them is left out.

    Args:
        stock: The store as it was found before shards were added.

    Returns:
        The store as readers find it.
    """
    folder, manifest = stock.store.folder, read_manifest(stock.store.folder)
    # What was damaged may have been made anew with other photos: it is new, too.
    now = Store(folder, manifest, stock.store.index)
    new = Index.of_shards(map(now.shard, now.unlisted), now.identity)
    index = now.index.joined(new) if new.shards else now.index
    if index.file is None and index.shards:
        name, digest = index.write(folder)
        _write_manifest(folder, {**manifest, "index": {"file": name, "digest": digest}})
        with writing(folder):
            for old in folder.glob(f"{STEM}*.parquet"):
                if old.name != name:
                    old.unlink(missing_ok=True)
    return open_store(folder)


def upgrade(folder: Path) -> Store:
    """Give a store of an earlier format what it lacks; its vectors and rows stay as they are.

    A shard that is damaged gets no seal, so that it is found. It can be repeated where it was
    interrupted.

    Args:
        folder: The encoder's folder.
    """
    manifest = read_manifest(folder)
    version = manifest["format_version"]
    if version == FORMAT_VERSION:
        return Store(folder, manifest, Index({}))
    stock = take_stock(folder)
    identity = manifest.get("identity") or _identity(manifest)
    if version == _WITHOUT_SEALS:
        for number in stock.store.index.shards:
            shard = stock.store.shard(number)
            header, rows = shard.header(), shard.rows.read_bytes()
            vectors = {name: np.array(header.mapped(name)) for name in header.tensors}
            shard.seal(identity, read_rows([shard.rows]), rows, vectors)
    content = {key: manifest[key] for key in manifest if key not in ABOUT_FORMAT}
    store = _write_manifest(folder, {"identity": identity, **content, "index": None})
    return store if stock.damages or stock.missing else commit(replace(stock, store=store))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a store.

    Raises:
        DamagedFile: It cannot be read, or is not as it was written.
        LatentprintError: A newer latentprint wrote it.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = int(manifest["format_version"])
    except FileNotFoundError as error:
        raise DamagedFile(path, "it is missing") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(
            path, f"it is no manifest of embeddings: {error}", repair=folder
        ) from error
    if version > FORMAT_VERSION:
        raise LatentprintError(f"{folder} was written by a newer latentprint: please upgrade.")
    stated, found = manifest.get("digest"), _digest(manifest)
    if version == _WITHOUT_INDEX:
        early = {
            key: manifest[key] for key in manifest if key not in ("format_version", "identity")
        }
        stated, found = manifest.get("identity"), _digest(early)
    if version > _WITHOUT_SEALS and stated != found:
        raise DamagedFile(path, "it does not say what was written", repair=folder)
    return manifest


def _expected(manifest: dict[str, Any]) -> set[int]:
    """Numbers of the shards that a store of an early format should have."""
    if "photos" not in manifest:
        return set()
    size = int(manifest["settings"]["shard_size"])
    return set(range(-(-int(manifest["photos"]["count"]) // size)))


def _content(manifest: dict[str, Any]) -> dict[str, Any]:
    """What a manifest says of its encoder, classes and settings."""
    content = {key: manifest[key] for key in manifest if key not in ABOUT_FORMAT}
    settings = dict(content["settings"])
    # Early stores recorded it; nothing depends on it.
    settings.pop("shard_size", None)
    return {**content, "settings": settings}


def _identity(manifest: dict[str, Any]) -> str:
    content = _content(manifest)
    return _digest({key: content[key] for key in ("encoder", "settings")})


def _digest(manifest: dict[str, Any]) -> str:
    content = {key: manifest[key] for key in manifest if key != "digest"}
    text = json.dumps(content, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> Store:
    content = {**manifest, "format_version": FORMAT_VERSION}
    content.pop("digest", None)
    content = {"format_version": FORMAT_VERSION, "digest": _digest(content), **content}
    write_text(folder / MANIFEST, json.dumps(content, indent=1) + "\n")
    return Store(folder, content, Index({}))


_VERSIONS = ("torch", "pillow", "libjpeg_turbo", "machine")


def refuse_differences(folder: Path, there: dict[str, Any], asked: dict[str, Any]) -> None:
    """Refuse to use a store of another encoder, or one made in another way.

    The versions of libraries are left out, which matter only to what is added: see ``open_up``.
    Classes are compared where both have them.

    Raises:
        LatentprintError: Something differs.
    """
    shared = set(there["processing"]) & set(asked["processing"])
    before, now = (
        {
            "encoder": each["encoder"],
            "processing": {name: each["processing"][name] for name in sorted(shared)},
            "settings": {
                name: value
                for name, value in each["settings"].items()
                if name not in (*_VERSIONS, "tones")
            },
        }
        for each in (there, asked)
    )
    if differing := list(differences(before, now)):
        raise LatentprintError(f"{folder} already holds other embeddings: {_said(differing)}")


def open_up(store: Store, asked: dict[str, Any]) -> None:
    """Let a store get what it lacks: record the classes that are new to it.

    Args:
        store: The store, locked.
        asked: See ``begin``.

    Raises:
        LatentprintError: Other versions of libraries made it, or deep pictures were scaled
            otherwise. Nothing is changed then.
    """
    asked = json.loads(json.dumps(asked))
    before, now = (
        {"settings": {name: each["settings"].get(name) for name in _VERSIONS}}
        for each in (store.manifest, asked)
    )
    differing = [*differences(before, now), *_other_tones(store.manifest, asked)]
    if differing:
        raise LatentprintError(f"{store.folder} cannot be added to: {_said(differing)}")
    there = store.manifest
    grown = {**there, "processing": {**there["processing"], **asked["processing"]}}
    if tones := {**_tones(asked), **_tones(there)}:
        scales = [tones[kind] for kind in sorted(tones)]
        grown["settings"] = {**there["settings"], "tones": scales}
    if grown != there:
        _write_manifest(store.folder, grown)


def _other_tones(there: dict[str, Any], asked: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The kinds of deep pictures that are scaled otherwise, as ``differences`` gives them."""
    before, now = _tones(there), _tones(asked)
    for kind in sorted(set(before) & set(now)):
        one, other = (f"{each[kind]['low']:g}:{each[kind]['high']:g}" for each in (before, now))
        yield from differences(one, other, f"tones.{kind}")


def _tones(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The scales of deep pictures, by their kinds."""
    return {each["kind"]: each for each in manifest["settings"].get("tones", [])}


def _said(differing: Sequence[tuple[str, Any, Any]]) -> str:
    """The first difference, and what to do."""
    name, before, now = differing[0]
    more = f" ({len(differing)} differences in all)" if len(differing) > 1 else ""
    return (
        f"{name} is {in_short(before)} there and {in_short(now)} now{more}. Choose another --out, "
        f"or {_way_out(name, before)}."
    )


def _way_out(name: str, before: Any) -> str:
    """What to do, beside another folder, where a value of the manifest differs."""
    kind, _, rest = name.partition(".")
    if kind == "encoder":
        return "give this encoder a name of its own (-e NAME=SPEC)"
    if kind == "tones":
        return f"scale them as then (--window {before})"
    if kind == "processing":
        return "use the --seed of then, or name the class otherwise"
    if rest in _VERSIONS:
        return "go back to what was"
    options = {"batch_size": "--batch-size", "mask": "--mask", "orient": "--no-orient or --orient",
               "max_pixels": "--max-megapixels"}  # fmt: skip
    return f"use the {options.get(rest, 'settings')} of then"


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
