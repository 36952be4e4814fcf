"""Erase files of vectors, chunk by chunk: they may be larger than memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latentprint.embeddings.vector_files.tables import table_schema, vector_columns
from latentprint.erasure.arrays import as_matrix, not_unit, refuse_not_finite, some
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError
from latentprint.files import writing_file

_ROWS_AT_ONCE = 2048
_ROW = "number of the row, counted from 0"


@dataclass(frozen=True)
class Application:
    """An eraser with what is done to rows before and after.

    Attributes:
        eraser: The eraser.
        normalise: Give rows unit length before, where the eraser was fitted on such rows.
        renormalise: Give rows unit length after; a little of what was erased comes back with it.
    """

    eraser: LinearEraser
    normalise: bool = False
    renormalise: bool = False

    def __call__(self, rows: Any, ids: Sequence[object] | np.ndarray) -> np.ndarray:
        """Erase a chunk.

        Args:
            rows: Vectors [n, D].
            ids: Their names [n], for messages.

        Returns:
            float64 [n, D] for float64, else float32.

        Raises:
            LatentprintError: A row is not finite or, where the eraser wants rows of unit length,
                has another one; or vectors have another length D.
        """
        matrix = as_matrix(rows)
        self.eraser.refuse_length(matrix.shape[1])
        refuse_not_finite(matrix, ids)
        if self.eraser.about.get("unit_rows"):
            matrix = self._units(matrix, ids)
        erased: np.ndarray = self.eraser.transform(matrix)
        return _divided(erased, ids) if self.renormalise else erased

    def _units(self, matrix: np.ndarray, ids: Sequence[object] | np.ndarray) -> np.ndarray:
        if self.normalise:
            return _divided(matrix, ids)
        if len(other := not_unit(matrix)):
            first = int(other[0])
            raise LatentprintError(
                f"The eraser was fitted on rows of unit length, and row {ids[first]} has length "
                f"{np.linalg.norm(matrix[first]):.3g}: add --normalise."
            )
        return matrix


def apply_to_npy(application: Application, file: Path, out: Path) -> int:
    """Erase the rows of a .npy file into another one.

    Returns:
        The number of rows.

    Raises:
        LatentprintError: The file holds no matrix of floats, rows do not fit the eraser, or ``out``
            cannot be written.
    """
    matrix = _mapped(file)
    kind = np.dtype("<f8" if matrix.dtype.itemsize > 4 else "<f4")
    header = {"descr": kind.str, "fortran_order": False, "shape": matrix.shape}
    with writing_file(out) as partial, partial.open("wb") as opened:
        np.lib.format.write_array_header_1_0(opened, header)
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            rows = matrix[start : start + _ROWS_AT_ONCE]
            erased = application(rows, np.arange(start, start + len(rows)))
            opened.write(np.ascontiguousarray(erased, dtype=kind).data)
    return len(matrix)


def apply_to_parquet(
    application: Application, file: Path, out: Path, asked: Sequence[str] = ()
) -> int:
    """Erase the vectors of a Parquet file into another one; other columns are kept.

    Args:
        application: The eraser.
        file: The file.
        out: The new file.
        asked: What the vectors are; see ``vector_columns``.

    Returns:
        The number of rows.

    Raises:
        UsageError: The file has no vectors, or it is not clear which they are.
        LatentprintError: The file is damaged, rows do not fit the eraser, or ``out`` cannot be
            written.
    """
    schema = table_schema(file)
    columns = vector_columns(schema, asked, str(file)).names
    frame = pl.scan_parquet(file, glob=False)
    is_list = isinstance(schema[columns[0]], pl.List | pl.Array)
    dimension = application.eraser.dimension
    failed: list[LatentprintError] = []

    def erase(part: pl.DataFrame) -> pl.DataFrame:
        # Parts come in any order, and are put in theirs again when they are written.
        ids = part["id" if "id" in schema else _ROW].to_list()
        part = part.drop(_ROW)
        try:
            matrix = (
                _lists(part[columns[0]], dimension, ids)
                if is_list
                else part.select(columns).to_numpy()
            )
            erased = application(matrix, ids)
        except LatentprintError as error:
            # Polars tells of what is raised here in words of its own.
            failed.append(error)
            raise
        if is_list:
            kind = pl.Float64 if erased.dtype == np.float64 else pl.Float32
            made = pl.Series(columns[0], erased, dtype=pl.Array(kind, dimension))
            return part.with_columns(made.cast(schema[columns[0]]))
        return part.with_columns(
            pl.Series(name, erased[:, at], dtype=schema[name]) for at, name in enumerate(columns)
        )

    with writing_file(out) as partial:
        try:
            numbered = frame.with_row_index(_ROW)
            numbered.map_batches(erase, streamable=True, schema=schema).sink_parquet(partial)
        except Exception as error:
            if failed:
                raise failed[0] from None
            raise LatentprintError(f"{file} cannot be erased into {out}: {error}") from error
    return int(frame.select(pl.len()).collect().item())


def _mapped(file: Path) -> np.ndarray:
    try:
        matrix = np.load(file, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise LatentprintError(f"There is no file {file}.") from error
    except Exception as error:  # a damaged file makes NumPy raise anything
        raise LatentprintError(f"{file} cannot be read as an array of floats.") from error
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.dtype.kind != "f":
        raise LatentprintError(f"{file} holds no matrix of floats, one row for every photo.")
    return matrix


def _lists(column: pl.Series, dimension: int, ids: Sequence[object]) -> np.ndarray:
    lengths = column.cast(pl.List(pl.Float64)).list.len()
    if odd := (lengths != dimension).fill_null(value=True).arg_true().to_list():
        raise LatentprintError(
            f"The eraser is for vectors of {dimension} dimensions, and {column.name!r} has "
            f"{lengths[odd[0]] or 0} in row {ids[odd[0]]}."
        )
    inner = pl.Float64 if getattr(column.dtype, "inner", None) == pl.Float64 else pl.Float32
    return column.cast(pl.Array(inner, dimension)).to_numpy()


def _divided(rows: np.ndarray, ids: Sequence[object] | np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        zero = np.flatnonzero(lengths[:, 0] == 0)
        names = [ids[int(row)] for row in zero]
        raise LatentprintError(f"Rows are zero and have no direction: {some(names)}.")
    divided: np.ndarray = rows / lengths
    return divided
