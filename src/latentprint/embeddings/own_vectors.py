"""A user's own vectors, from any model: vectors and a table about the photos."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.matching import Matched, match_rows
from latentprint.embeddings.metadata_table import open_metadata
from latentprint.embeddings.stacked import StackedRows
from latentprint.embeddings.vector_files import FoundVectors, read_vectors, some
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.photos import assign_splits
from latentprint.photos.split import SPLIT_NAMES
from latentprint.processing import NONE

_ROWS_AT_ONCE = 4096
_UNNAMED = "vectors"


@dataclass(frozen=True)
class OwnVectors:
    """Vectors and what is known of their photos: an ``EmbeddingSource``.

    Attributes:
        encoder: Name of the vectors, by default that of their file.
        family: Always ``yours``.
        dataset: Name of the table, or of the file of vectors.
        photos: One row for every vector, in order: ``id, label, split, group`` and every other
            column of the table and beside the vectors. Where no column names the photos, the id is
            the number of the row, from 0; where there are no groups, every photo is one of its own.
        found: The vectors, which are read when they are first asked for.
        split_made: Whether the split was made here.
        named: Whether a column names the photos.
        notes: What was taken as the vectors and how rows were matched, as sentences.
    """

    encoder: str
    family: str
    dataset: str
    photos: pl.DataFrame = field(repr=False)
    found: FoundVectors = field(repr=False)
    split_made: bool
    named: bool
    notes: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> StackedRows:
        """The vectors, float32 [N, D], each of which has a direction.

        Raises:
            LatentprintError: The file is damaged, or a vector is zero or not finite; the message
                names the photos.
        """
        rows = self.found.rows
        _check(rows, self.found.name, self.photos["id"] if self.named else None)
        return rows

    @property
    def network(self) -> str:
        """The encoder itself: these are no embeddings of a known block."""
        return self.encoder

    @property
    def layer(self) -> None:
        """None, as for every final embedding."""
        return None

    def vectors(self, processing: str) -> StackedRows:
        """The vectors, float32 [N, D]; they are those of the one class ``none``.

        Raises:
            UsageError: Another class is asked for.
            LatentprintError: The file is damaged, or a vector is zero or not finite.
        """
        if processing != NONE.name:
            raise UsageError(
                f"{self.encoder} holds one vector for each photo, and none of a photo processed as"
                f" {processing}: ask `latentprint robustness` whether neighbours follow a column of"
                " the metadata, or embed processed photos with `latentprint embed`."
            )
        return self.rows


def open_own_vectors(
    vectors: Any,
    metadata: Any = None,
    *,
    id_column: str | None = None,
    vector_columns: tuple[str, ...] = (),
    name: str | None = None,
    seed: int = 0,
) -> OwnVectors:
    """Open vectors of any model with a table about the photos.

    Nothing is unpickled. Vectors are read when they are first asked for: they are mapped, or copied
    by ranges of rows into a temporary file that is mapped, so that they need not fit into memory.

    Args:
        vectors: A NumPy array or torch tensor of floats [N, D], or the path of a ``.npy``,
            ``.npz``, ``.parquet``, HDF5 or zarr file, or of an output folder of clip-retrieval.
            What stands beside the vectors, one value for each, is known of the photos.
        metadata: A ``.csv`` or ``.parquet`` table, or a data frame of polars or pandas. Its columns
            ``id``, ``label``, ``split`` and ``group`` have the meaning they have in a manifest. A
            column that is beside the vectors too is taken from here.
        id_column: Column by which rows of the table find their vectors: it is in both, or, for
            vectors with nothing beside them, holds the number of the row, from 0. By default the
            column that names the photos in both (``id``, ``path``, ``file``, ``filename``,
            ``file_name``, ``image_path``); where vectors have none, rows match by order. Every
            vector has one row and every row one vector.
        vector_columns: What the vectors are in a file that holds other things too: columns of a
            Parquet file, by name, stem (``emb_``) or pattern (``emb_*``), or the name of one array.
            By default the only column of lists of floats, the only numbered columns of floats, or
            the only matrix of floats.
        name: Name of the encoder; by default that of the file.
        seed: Seeds the split of photos whose table has none.

    Raises:
        UsageError: The file is of another kind, a column is not known, or it is not clear what the
            vectors are.
        LatentprintError: A file cannot be read, or the two do not fit.
    """
    path = Path(vectors) if isinstance(vectors, str | Path) else None
    stem = path.absolute().stem if path is not None else _UNNAMED
    found = read_vectors(vectors, vector_columns, name=name or _UNNAMED)
    table = None if metadata is None else open_metadata(metadata)
    matched = match_rows(found, table, id_column)
    photos = photos_of(matched, found.shape[0])
    made = bool(photos["split"].is_null().all())
    photos = assign_splits(photos, seed=seed)
    notes = (*found.notes, *matched.notes)
    dataset = stem if table is None else table.stem
    is_named = matched.id_column is not None
    return OwnVectors(name or stem, "yours", dataset, photos, found, made, is_named, notes)


def photos_of(matched: Matched, n: int) -> pl.DataFrame:
    """The photos of a table with the columns that every experiment needs first.

    Args:
        matched: What is known of the photos.
        n: How many there are.

    Raises:
        UsageError: A split is not known.
        LatentprintError: Ids are empty or not unique.
    """
    table, source = matched.frame, matched.name
    nothing = pl.lit(None, pl.String)
    have = table.columns
    named = matched.id_column
    filled = {
        "id": (pl.int_range(n) if named is None else pl.col(named)).cast(pl.String),
        "label": pl.col("label").cast(pl.String).replace("", None) if "label" in have else nothing,
        "split": _split(table, source) if "split" in have else nothing,
    }
    blank = table if len(have) else pl.DataFrame({"_": pl.int_range(n, eager=True)})
    photos = blank.with_columns(**filled)
    if photos["id"].null_count() or photos["id"].is_duplicated().any():
        twice = photos.filter(pl.col("id").is_duplicated() | pl.col("id").is_null())["id"].unique()
        raise LatentprintError(
            f"The ids of {source} are empty or not unique: {some(twice.sort().to_list())}."
        )
    own = pl.col("group").cast(pl.String).replace("", None) if "group" in have else nothing
    photos = photos.with_columns(group=pl.coalesce(own, pl.lit("photo ") + pl.col("id")))
    first = ("id", "label", "split", "group")
    return photos.select(*first, pl.exclude(*first, "_"))


def _check(rows: StackedRows, name: str, ids: pl.Series | None) -> None:
    bad: list[int] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[slice(start, start + _ROWS_AT_ONCE)]
        unusable = ~np.isfinite(part).all(axis=1) | ~part.any(axis=1)
        bad += (np.flatnonzero(unusable) + start).tolist()
    if bad:
        named = f"row {some(bad)}, counted from 0" if ids is None else some(ids[bad].to_list())
        raise LatentprintError(
            f"{name} holds vectors that are zero or not finite (a missing number counts as"
            f" such) and have no direction, {len(bad)} in all: {named}. Leave these photos out."
        )


def _split(table: pl.DataFrame, source: str) -> pl.Series:
    given = table["split"].cast(pl.String).str.strip_chars().str.to_lowercase().replace("", None)
    known = given.replace_strict(SPLIT_NAMES, default=None, return_dtype=pl.String)
    wrong = (given.is_not_null() & known.is_null()).arg_true()
    if len(wrong):
        raise unknown_name(
            f"split (row {wrong[0]} of {source}, counted from 0)",
            str(table["split"][int(wrong[0])]),
            SPLIT_NAMES,
        )
    return known
