"""A user's own vectors, from any model: a file of vectors and a table about the photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.photos import assign_splits, read_table
from latentprint.photos.split import SPLIT_NAMES
from latentprint.processing import NONE

SUFFIXES = (".npy", ".npz", ".parquet")
"""Endings of files that are read as vectors."""

_ROWS_AT_ONCE = 4096
_SHOWN = 5


@dataclass(frozen=True)
class Float32Rows:
    """An array of floats that may be mapped from disk, read as float32 where it is indexed [N, D].

    Attributes:
        array: The floats.
    """

    array: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows N, dimensions D."""
        return len(self.array), int(self.array.shape[1])

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        return np.asarray(self.array[rows], dtype=np.float32)


@dataclass(frozen=True)
class OwnVectors:
    """Vectors and what is known of their photos: an ``EmbeddingSource``.

    Attributes:
        encoder: Name of the file of vectors.
        family: Always ``yours``.
        dataset: Name of the table, or of the file of vectors.
        photos: One row for every vector, in order: ``id, label, split, group`` and every other
            column of the table. Where the table has none, the id is the number of the row, from 0,
            and every photo is a group of its own.
        rows: The vectors, float32 [N, D].
        split_made: Whether the split was made here.
    """

    encoder: str
    family: str
    dataset: str
    photos: pl.DataFrame
    rows: Float32Rows
    split_made: bool

    @property
    def network(self) -> str:
        """The encoder itself: these are no embeddings of a known block."""
        return self.encoder

    @property
    def layer(self) -> None:
        """None, as for every final embedding."""
        return None

    def vectors(self, processing: str) -> Float32Rows:
        """The vectors, float32 [N, D]; they are those of the one class ``none``.

        Raises:
            UsageError: Another class is asked for.
        """
        if processing != NONE.name:
            raise unknown_name("processing class", processing, (NONE.name,))
        return self.rows


def open_own_vectors(
    file: str | Path,
    metadata: str | Path | None = None,
    *,
    id_column: str | None = None,
    name: str | None = None,
    seed: int = 0,
) -> OwnVectors:
    """Open a file of vectors with a table about the photos.

    Args:
        file: A ``.npy`` file with a matrix of floats [N, D], which is mapped and not read; a
            ``.npz`` file with one such matrix, whose arrays of N values are further columns; or a
            ``.parquet`` file with the numbers in columns of floats, or in one column of lists.
        metadata: A ``.csv`` or ``.parquet`` table. Its columns ``id``, ``label``, ``split`` and
            ``group`` have the meaning they have in a manifest. Without it the other columns of a
            file of vectors are taken.
        id_column: Column by which rows of the table find their vectors: it is in both files, or,
            for a ``.npy`` file, holds the number of the row, from 0. Without it rows match by
            order, and there must be equally many.
        name: Name of the encoder; by default that of the file.
        seed: Seeds the split of photos whose table has none.

    Raises:
        UsageError: The file is of another kind, or a column is not known.
        LatentprintError: A file cannot be read, the two do not fit, or a vector is zero or not
            finite; the message names the rows.
    """
    file = Path(file)
    vectors, beside = _read(file)
    rows = Float32Rows(vectors)
    _check(rows, file)
    table, source = beside, file
    if metadata is not None:
        source = Path(metadata)
        table = read_table(source)
        table = _matched(table, source, beside, file, len(rows), id_column)
    photos = _photos(table, source, len(rows))
    made = bool(photos["split"].is_null().all())
    photos = assign_splits(photos, seed=seed)
    return OwnVectors(name or file.stem, "yours", source.stem, photos, rows, made)


def _read(file: Path) -> tuple[np.ndarray, pl.DataFrame]:
    """The vectors [N, D] and the other columns of their file."""
    if file.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{file} is no file of vectors: a .npy, .npz or .parquet file is needed.")
    if not file.is_file():
        raise LatentprintError(f"There is no file {file}.")
    readers = {".npy": _read_npy, ".npz": _read_npz, ".parquet": _read_parquet}
    vectors, beside = readers[file.suffix.lower()](file)
    if vectors.ndim != 2 or not all(vectors.shape) or vectors.dtype.kind != "f":
        raise LatentprintError(
            f"{file} holds {vectors.dtype} of shape {list(vectors.shape)}: vectors are a matrix of"
            " floats, one row for every photo."
        )
    return vectors, beside


def _read_npy(file: Path) -> tuple[np.ndarray, pl.DataFrame]:
    array = _loaded(file, file)
    if not isinstance(array, np.ndarray):
        array.close()
        raise LatentprintError(f"{file} is an archive of arrays: name it .npz.")
    return array, pl.DataFrame()


def _read_npz(file: Path) -> tuple[np.ndarray, pl.DataFrame]:
    archive = _loaded(file, file)
    if isinstance(archive, np.ndarray):
        raise LatentprintError(f"{file} is one array and no archive: name it .npy.")
    with archive:
        arrays = {name: _loaded(file, archive, name) for name in archive.files}
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    if len(matrices) != 1:
        names = ", ".join(matrices) or "none"
        raise LatentprintError(
            f"{file} must hold one matrix of vectors, and holds {len(matrices)} ({names})."
        )
    vectors = arrays.pop(matrices[0])
    columns = {name: array for name, array in arrays.items() if array.shape == vectors.shape[:1]}
    return vectors, pl.DataFrame(columns)


def _loaded(file: Path, where: Any, name: str | None = None) -> Any:
    """A file as NumPy reads it, or an array of an archive.

    Raises:
        LatentprintError: It holds no arrays of plain values.
    """
    try:
        return np.load(where, mmap_mode="r", allow_pickle=False) if name is None else where[name]
    except Exception as error:  # a damaged file makes NumPy and zipfile raise anything
        hint = " (Python objects are refused, as they may run code)" if _is_objects(error) else ""
        raise LatentprintError(
            f"{file} cannot be read as an array of floats{hint}: save it with"
            " numpy.save(file, vectors.astype('float32'))."
        ) from error


def _is_objects(error: Exception) -> bool:
    return "pickle" in str(error) or "Python objects" in str(error) or "object" in str(error)


def _read_parquet(file: Path) -> tuple[np.ndarray, pl.DataFrame]:
    table = read_table(file)
    lists = [name for name, kind in table.schema.items() if kind in (pl.List, pl.Array)]
    floats = [name for name, kind in table.schema.items() if kind.is_float()]
    if len(lists) > 1 or not lists + floats:
        what = f"several columns of lists ({', '.join(lists)})" if lists else "no floats"
        raise LatentprintError(
            f"{file} has {what}: vectors are columns of floats, or one column of lists."
        )
    if not lists:
        if missing := [name for name in floats if table[name].null_count()]:
            rows = table[missing[0]].is_null().arg_true().to_list()
            raise LatentprintError(f"{file} lacks numbers in {missing[0]!r}, row {_some(rows)}.")
        return table.select(floats).to_numpy(), table.drop(floats)
    lengths = table[lists[0]].cast(pl.List(pl.Float64)).list.len()
    if lengths.n_unique() != 1 or lengths.null_count():
        stated = lengths.drop_nulls().first()
        if stated is None:
            raise LatentprintError(f"{file} holds no vectors: {lists[0]!r} is empty.")
        odd = (lengths != stated).fill_null(value=True).arg_true().to_list()
        raise LatentprintError(
            f"The lists of {lists[0]!r} in {file} are not equally long: row {_some(odd)}, counted"
            " from 0."
        )
    # Arrays of a fixed length become a matrix; missing numbers become NaN and are named later.
    fixed = table[lists[0]].cast(pl.Array(pl.Float32, int(lengths[0])))
    return fixed.to_numpy(), table.drop(lists)


def _check(rows: Float32Rows, file: Path) -> None:
    bad: list[int] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[slice(start, start + _ROWS_AT_ONCE)]
        unusable = ~np.isfinite(part).all(axis=1) | ~part.any(axis=1)
        bad += (np.flatnonzero(unusable) + start).tolist()
    if bad:
        raise LatentprintError(
            f"{file} has {len(bad)} vectors that are zero or not finite and have no direction: row"
            f" {_some(bad)}, counted from 0."
        )


def _matched(
    table: pl.DataFrame,
    source: Path,
    beside: pl.DataFrame,
    file: Path,
    n: int,
    id_column: str | None,
) -> pl.DataFrame:
    """The rows of the table in the order of the vectors."""
    if id_column is None:
        if len(table) != n:
            raise LatentprintError(
                f"{file} has {n} vectors and {source} has {len(table)} rows: they match by order"
                " and must be equally many, or name a column of ids that both have."
            )
        return table
    if id_column not in table.columns:
        raise unknown_name(f"column of {source.name}", id_column, table.columns)
    if file.suffix.lower() == ".npy":
        ids = pl.Series(id_column, [str(row) for row in range(n)])
    elif id_column in beside.columns:
        ids = beside[id_column].cast(pl.String)
    else:
        raise unknown_name(f"column of {file.name}", id_column, beside.columns)
    table = table.with_columns(pl.col(id_column).cast(pl.String))
    for whole, where in ((table[id_column], source), (ids, file)):
        twice = whole.filter(whole.is_duplicated())
        if len(twice):
            raise LatentprintError(f"{where} has {id_column} {_some(twice.to_list())} repeatedly.")
    lacking = ids.filter(~ids.is_in(table[id_column].implode()))
    if len(lacking):
        raise LatentprintError(
            f"{source} has no row for {len(lacking)} vectors of {file}: {id_column}"
            f" {_some(lacking.to_list())}."
        )
    return (
        pl.DataFrame({id_column: ids})
        .join(table, on=id_column, how="left", maintain_order="left")
        .with_columns(id=pl.col(id_column))
    )


def _photos(table: pl.DataFrame, source: Path, n: int) -> pl.DataFrame:
    """The table with the columns that every experiment needs first."""
    nothing = pl.lit(None, pl.String)
    rows = pl.int_range(n).cast(pl.String)
    have = table.columns
    filled = {
        "id": pl.col("id").cast(pl.String) if "id" in have else rows,
        "label": pl.col("label").cast(pl.String).replace("", None) if "label" in have else nothing,
        "split": _split(table, source) if "split" in have else nothing,
    }
    blank = table if len(have) else pl.DataFrame({"_": pl.int_range(n, eager=True)})
    photos = blank.with_columns(**filled)
    if photos["id"].null_count() or photos["id"].is_duplicated().any():
        twice = photos.filter(pl.col("id").is_duplicated() | pl.col("id").is_null())["id"].unique()
        raise LatentprintError(
            f"The ids of {source} are empty or not unique: {_some(twice.sort().to_list())}."
        )
    own = pl.col("group").cast(pl.String).replace("", None) if "group" in have else nothing
    photos = photos.with_columns(group=pl.coalesce(own, pl.lit("photo ") + pl.col("id")))
    first = ("id", "label", "split", "group")
    return photos.select(*first, pl.exclude(*first, "_"))


def _split(table: pl.DataFrame, source: Path) -> pl.Series:
    given = table["split"].cast(pl.String).str.strip_chars().str.to_lowercase().replace("", None)
    known = given.replace_strict(SPLIT_NAMES, default=None, return_dtype=pl.String)
    wrong = (given.is_not_null() & known.is_null()).arg_true()
    if len(wrong):
        raise unknown_name(
            f"split (row {wrong[0]} of {source.name}, counted from 0)",
            str(table["split"][int(wrong[0])]),
            SPLIT_NAMES,
        )
    return known


def _some(things: list[int] | list[str]) -> str:
    """The first few things and how many more there are."""
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return ", ".join(str(each) for each in things[:_SHOWN]) + more
