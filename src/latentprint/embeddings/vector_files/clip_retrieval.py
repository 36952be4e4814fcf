"""The output of clip-retrieval: vectors and what is known of the photos in numbered shards."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from latentprint.embeddings.stacked import StackedRows
from latentprint.embeddings.vector_files.arrays import map_npy
from latentprint.embeddings.vector_files.found import FoundVectors, some, taken
from latentprint.errors import LatentprintError
from latentprint.photos import read_table

VECTORS = "img_emb"
"""The folder with the vectors of the photos."""

_METADATA, _TEXT = "metadata", "text_emb"


def is_clip_retrieval(folder: Path) -> bool:
    """Whether a folder is the output of clip-retrieval."""
    return (folder / VECTORS).is_dir()


def read_clip_retrieval(folder: Path) -> FoundVectors:
    """Vectors ``img_emb/img_emb_*.npy``, mapped, with ``metadata/metadata_*.parquet`` beside.

    Shards are joined in the order of their numbers.

    Raises:
        LatentprintError: A shard is damaged, lacks its counterpart or has another number of rows or
            dimensions.
    """
    shards = _numbered(folder / VECTORS, ".npy")
    if not shards:
        raise LatentprintError(f"{folder / VECTORS} holds no shards img_emb_0.npy, img_emb_1.npy….")
    missing = [number for number in range(max(shards)) if number not in shards]
    if missing:
        raise LatentprintError(
            f"{folder / VECTORS} has shards to number {max(shards)} and lacks number"
            f" {some(missing)}: finish the job that wrote it."
        )
    parts = {number: map_npy(file) for number, file in shards.items()}
    dimension = parts[0].shape[1]
    for number, part in parts.items():
        if part.shape[1] != dimension:
            raise LatentprintError(
                f"{shards[number]} has vectors of {part.shape[1]} numbers, and {shards[0]} of"
                f" {dimension}."
            )
    counts = {number: len(part) for number, part in parts.items()}
    rows = StackedRows.of(list(parts.values()))
    beside = _beside(folder, counts)
    what = f"{len(parts)} shards of {VECTORS}, joined by their numbers"
    notes = [taken(str(folder), what, beside.columns)]
    if (folder / _TEXT).is_dir():
        notes.append(f"{folder}: {_TEXT} holds the vectors of texts, which are not read.")
    return FoundVectors(str(folder), rows.shape, lambda: rows, beside, tuple(notes))


def _beside(folder: Path, counts: dict[int, int]) -> pl.DataFrame:
    """What is known of the photos; no columns where there is no metadata."""
    tables = _numbered(folder / _METADATA, ".parquet")
    if not tables:
        return pl.DataFrame()
    if lonely := sorted(tables.keys() ^ counts.keys()):
        raise LatentprintError(
            f"{folder} has {VECTORS} or {_METADATA} without the other for shard {some(lonely)}."
        )
    frames = {number: read_table(file) for number, file in tables.items()}
    for number, frame in frames.items():
        if len(frame) != counts[number]:
            raise LatentprintError(
                f"{tables[number]} has {len(frame)} rows for {counts[number]} vectors."
            )
        if set(frame.columns) != set(frames[0].columns):
            odd = sorted(set(frame.columns) ^ set(frames[0].columns))
            raise LatentprintError(
                f"{tables[number]} and {tables[0]} differ in the columns {some(odd)}."
            )
    try:
        ordered = [frame.select(frames[0].columns) for frame in frames.values()]
        return pl.concat(ordered, how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().partition("\n")[0]
        raise LatentprintError(f"The tables in {folder / _METADATA} differ: {reason}") from error


def _numbered(folder: Path, suffix: str) -> dict[int, Path]:
    """The shards of a folder by their numbers, in order.

    Raises:
        LatentprintError: Two have one number.
    """
    name = re.compile(rf"{re.escape(folder.name)}_(\d+){re.escape(suffix)}")
    found: dict[int, Path] = {}
    for file in sorted(folder.glob(f"*{suffix}")):
        if match := name.fullmatch(file.name):
            number = int(match[1])
            if number in found:
                raise LatentprintError(f"{file} and {found[number]} have one number.")
            found[number] = file
    return dict(sorted(found.items()))
