"""The rows that an eraser is fitted on: versions of the same photos, or photos with labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latentprint.embeddings.own_vectors import OwnVectors, open_own_vectors
from latentprint.embeddings.vector_files import are_vectors
from latentprint.erasure.arrays import not_unit, some
from latentprint.erasure.moments import Moments
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.experiments.source import UNPROCESSED, Opened, asked_attributes, without_controls
from latentprint.experiments.vectors import units
from latentprint.jobs.source_options import Sources, named_vectors
from latentprint.jobs.sources import open_sources
from latentprint.options import option
from latentprint.photos import merge_groups
from latentprint.several import several

if TYPE_CHECKING:
    from latentprint.processing import Attribute
    from latentprint.solvers import VectorArray

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class EraseRows:
    """Vectors of photos under one or several classes.

    Attributes:
        versions: The vectors under every class; one array where photos have labels instead.
        at: Row of every photo in these arrays, int64 [N].
        photos: One row for every photo: ``id``, ``label``, ``group`` and further columns.
        labels: The class of every photo where these are its labels, else None.
        unit: Whether rows have, or are given, unit length.
        stored: Whether they come from a store, whose rows are given unit length here.
        name: Name of the encoder, or of the file.
        encoder: What a store records of its encoder.
        nuisance: What is erased: names of attributes, of a column, or of files.
    """

    versions: dict[str, VectorArray]
    at: np.ndarray
    photos: pl.DataFrame
    labels: np.ndarray | None
    unit: bool
    stored: bool
    name: str
    encoder: dict[str, Any] = field(default_factory=dict)
    nuisance: tuple[str, ...] = ()

    @property
    def paired(self) -> bool:
        """Whether every photo is there in several versions."""
        return self.labels is None

    def chunks(self, index: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Rows [n, D], their classes [n] and the ids of their photos [n], all versions together.

        Args:
            index: Which photos, int64.

        Raises:
            LatentprintError: A vector has no direction; the message names the photo.
        """
        ids = self.photos["id"].to_numpy()
        size = max(1, _ROWS_AT_ONCE // len(self.versions))
        for start in range(0, len(index), size):
            part = index[start : start + size]
            rows = [self._read(name, part, ids) for name in self.versions]
            names = np.array(list(self.versions))
            classes = np.repeat(names, len(part)) if self.labels is None else self.labels[part]
            yield np.concatenate(rows), classes, np.tile(ids[part], len(rows))

    def moments(self, index: np.ndarray) -> Moments:
        """The moments of some photos, by number int64 [n]."""
        found = Moments(paired=self.paired)
        for rows, classes, ids in self.chunks(index):
            found.add(rows, classes, ids)
        return found

    def _read(self, name: str, part: np.ndarray, ids: np.ndarray) -> np.ndarray:
        rows: np.ndarray = self.versions[name][self.at[part]]
        if self.stored:
            return units(rows, ids[part].tolist(), f"{self.name}, {name}")
        return rows


@dataclass(frozen=True)
class EraseSources:
    """What an eraser is to be fitted on.

    Attributes:
        paths: A store, vectors (a file, an array or a tensor), or with ``pairs`` vectors of every
            version: a list, or a dictionary by their names.
        attributes: Of a store: attributes whose classes are the versions, unprocessed photos beside
            them; none for all published ones that are there.
        encoder: Name of the encoder, where a store has several.
        pairs: Whether the files are versions of the same photos, rows aligned.
        nuisance: A column with classes, where photos are there in one version.
        group: A column whose values stay on one side of the split, beside near-duplicates.
        metadata: A table about the photos.
        id_column: Column by which vectors find their rows of the table.
        where: Only photos that fulfil this condition.
        vector_columns: What the vectors are in files that hold other things too; see ``Sources``.
    """

    paths: Any = option(None, argument=True)
    attributes: tuple[str, ...] = option((), "--attribute", "-a")
    encoder: str | None = option(None)
    pairs: bool = option(False)
    nuisance: str | None = option(None)
    group: str | None = option(None)
    metadata: Any = option(None)
    id_column: str | None = option(None)
    where: str | None = option(None)
    vector_columns: tuple[str, ...] = option(())

    def __post_init__(self) -> None:
        for name in ("attributes", "vector_columns"):
            object.__setattr__(self, name, several(getattr(self, name)))
        if not self.named:
            raise UsageError("Say what to fit an eraser on: a store, photos or vectors.")
        if self.pairs and self.nuisance:
            raise UsageError("--pairs and --nuisance exclude each other: files name the classes.")
        if self.attributes and (self.pairs or self.nuisance):
            raise UsageError("-a goes with a store or photos whose versions are processed photos.")
        if self.pairs and (self.encoder or self.where):
            raise UsageError("--pairs takes files of vectors alone, without -e and --where.")
        if self.are_photos and (self.id_column or self.vector_columns):
            raise UsageError("--id-column and --vector-columns are for files of vectors.")
        if len(self.named) > 1 and not self.pairs:
            raise UsageError("Several files are versions of the same photos: add --pairs.")

    @property
    def named(self) -> list[tuple[str, Any]]:
        """What to fit on, with names."""
        return named_vectors(self.paths)

    @property
    def first(self) -> Any:
        """The first, or the only one."""
        return self.named[0][1]

    @property
    def are_photos(self) -> bool:
        """Whether these are photos that have yet to be embedded."""
        path = self.first
        if not isinstance(path, Path):
            return False
        stored = any((path / name).exists() for name in ("photos.parquet", "embeddings"))
        return not self.pairs and not stored and not are_vectors(path)


def open_rows(asked: EraseSources, *, seed: int) -> EraseRows:
    """Open what an eraser is to be fitted on.

    Args:
        asked: What that is.
        seed: Seeds what a store or a table leaves open.

    Raises:
        UsageError: A name is not known, has to be given, or does not go with the others.
        LatentprintError: A file cannot be read, lacks classes or labels, or versions are not of the
            same photos.
    """
    if asked.pairs:
        rows = _of_files(asked, seed)
    else:
        sources = Sources(
            asked.first,
            metadata=asked.metadata,
            id_column=asked.id_column,
            vector_columns=asked.vector_columns,
            where=asked.where,
        )
        opened = _one_encoder(open_sources(sources, seed=seed), asked.encoder)
        if asked.nuisance:
            rows = _labelled(opened, sources, asked.nuisance)
        elif sources.are_vectors:
            raise UsageError(
                f"Say what to erase from {_said(*asked.named[0])}: --nuisance COLUMN of its table, "
                "or --pairs with one file for every version of the photos."
            )
        else:
            attributes = asked_attributes([opened], asked.attributes)
            rows = rows_of_store(opened, attributes, _said(*asked.named[0]))
    if asked.group is None:
        return rows
    if asked.group not in rows.photos.columns:
        raise unknown_name("column", asked.group, rows.photos.columns)
    own = rows.photos[asked.group].cast(pl.String).replace("", None)
    joined = merge_groups(own.to_list(), rows.photos["group"].to_list())
    return replace(rows, photos=rows.photos.with_columns(group=pl.Series(joined)))


def rows_of_store(opened: Opened, attributes: Sequence[Attribute], place: Path | str) -> EraseRows:
    """The classes of some attributes, and the unprocessed photos where they are there.

    Args:
        opened: The store.
        attributes: What is to be erased.
        place: The store, for messages.

    Raises:
        LatentprintError: The store lacks classes.
    """
    wanted = list(dict.fromkeys(name for each in attributes for name in each.classes))
    if lacking := [name for name in wanted if name not in opened.classes]:
        raise LatentprintError(
            f"{place} lacks the classes {some(lacking)}: embed again with their attribute "
            "into another folder."
        )
    # Photos as they were decoded are a version that every index holds.
    wanted += [name for name in opened.classes if name == UNPROCESSED and name not in wanted]
    photos = opened.source.photos
    return EraseRows(
        {name: opened.source.vectors(name) for name in wanted},
        np.arange(len(photos)),
        photos,
        None,
        unit=True,
        stored=True,
        name=opened.source.encoder,
        encoder=opened.encoder,
        nuisance=tuple(each.name for each in attributes),
    )


def _labelled(opened: Opened, sources: Sources, nuisance: str) -> EraseRows:
    """Photos with a label; those without it are left out."""
    photos = opened.source.photos
    if nuisance not in photos.columns:
        raise unknown_name("column", nuisance, photos.columns)
    classes = photos[nuisance].cast(pl.String).replace("", None)
    known = classes.is_not_null().arg_true().to_numpy().astype(np.int64)
    if not len(known):
        raise LatentprintError(f"No photo has a value of {nuisance!r}.")
    vectors = opened.source.vectors(UNPROCESSED)
    return EraseRows(
        {UNPROCESSED: vectors},
        known,
        photos[known],
        classes.to_numpy()[known].astype(str),
        unit=not sources.are_vectors or are_unit(vectors),
        stored=not sources.are_vectors,
        name=opened.source.encoder,
        encoder=opened.encoder,
        nuisance=(nuisance,),
    )


def _of_files(asked: EraseSources, seed: int) -> EraseRows:
    """Versions of photos that a user made: one file each, rows aligned."""
    if len(asked.named) < 2:
        raise UsageError("--pairs needs two files of vectors or more, one for every version.")
    names = [name for name, _ in asked.named]
    if len(set(names)) < len(names):
        raise UsageError(
            "Two files of versions have the same name, which names the class: give them names, as "
            "in resized=FILE, from Python in a dictionary."
        )
    opened = [
        open_own_vectors(
            each,
            asked.metadata,
            id_column=asked.id_column,
            vector_columns=asked.vector_columns,
            seed=seed,
        )
        for _, each in asked.named
    ]
    first, said = opened[0], [_said(*each) for each in asked.named]
    for file, each in zip(said[1:], opened[1:], strict=True):
        _refuse_unaligned(said[0], first, file, each)
    return EraseRows(
        {name: each.rows for name, each in zip(names, opened, strict=True)},
        np.arange(len(first.photos)),
        first.photos,
        None,
        unit=all(are_unit(each.rows) for each in opened),
        stored=False,
        name=first.dataset,
        nuisance=tuple(names),
    )


def are_unit(rows: Any) -> bool:
    """Whether all rows have unit length, within what half precision rounds away."""
    return all(
        not len(not_unit(rows[slice(start, start + _ROWS_AT_ONCE)]))
        for start in range(0, rows.shape[0], _ROWS_AT_ONCE)
    )


def _one_encoder(opened: Sequence[Opened], name: str | None) -> Opened:
    """The encoder of that name, or the only one that is no control."""
    known = {each.source.encoder: each for each in opened}
    if name is not None:
        if name not in known:
            raise unknown_name("encoder", name, known)
        return known[name]
    usable = without_controls(opened) or list(opened)
    if len(usable) > 1:
        raise UsageError(
            "An eraser is for one encoder: name it with -e. Known: "
            f"{', '.join(each.source.encoder for each in usable)}."
        )
    return usable[0]


def _said(name: str, given: Any) -> str:
    """What messages call it."""
    return str(given) if isinstance(given, Path) else name


def _refuse_unaligned(first: str, one: OwnVectors, second: str, other: OwnVectors) -> None:
    if one.rows.shape != other.rows.shape:
        raise LatentprintError(
            f"{first} has {' x '.join(map(str, one.rows.shape))} numbers and {second} has "
            f"{' x '.join(map(str, other.rows.shape))}: versions are of the same photos by the "
            "same encoder, in the same order."
        )
    ids = one.photos["id"]
    if apart := (ids != other.photos["id"]).arg_true().to_list():
        raise LatentprintError(
            f"{first} and {second} are not aligned: {len(apart)} ids differ, first "
            f"{some([ids[row] for row in apart])}. Sort both by id."
        )
