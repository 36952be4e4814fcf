"""Vectors in a Parquet file: which of its columns they are, and the others beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from latentprint.embeddings.stacked import StackedRows
from latentprint.embeddings.vector_files.copied import copied
from latentprint.embeddings.vector_files.found import FoundVectors, rows_at_once, some, taken
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.photos import read_table
from latentprint.photos.manifest import reading_table, tidy_table

_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d+)")

Schema = Mapping[str, pl.DataType]
"""The columns of a table, by name."""


@dataclass(frozen=True)
class Columns:
    """The columns that are the vectors: one of lists of floats, or floats.

    Attributes:
        names: Their names, in the order of the dimensions.
    """

    names: tuple[str, ...]

    def __str__(self) -> str:
        if len(self.names) == 1:
            return f"the column {self.names[0]!r}"
        return f"the {len(self.names)} columns {self.names[0]} to {self.names[-1]}"


def read_parquet(file: Path, asked: Sequence[str] = ()) -> FoundVectors:
    """The vectors of a Parquet file, which is read by ranges of rows, and its other columns.

    Args:
        file: The file.
        asked: What the vectors are; see ``vector_columns``.

    Raises:
        UsageError: There are no such columns, or it is not clear which they are.
        LatentprintError: The file is damaged, or its lists are not equally long.
    """
    columns = vector_columns(table_schema(file), asked, str(file))
    with reading_table(file):
        table = pl.scan_parquet(file, glob=False)
        n = int(table.select(pl.len()).collect().item())
        if not n:
            raise LatentprintError(f"{file} holds no vectors: it has no rows.")
        vectors = table.select(columns.names)
        dimension = _dimension(vectors)
        if not dimension:
            raise LatentprintError(f"{file} holds no vectors: {columns} is empty.")
    beside = read_table(file, leave=columns.names)
    notes = []
    if beside.columns:
        notes.append(taken(str(file), str(columns), beside.columns))
    load = partial(_stacked, vectors, (n, dimension), file)
    return FoundVectors(str(file), (n, dimension), load, beside, tuple(notes))


def read_frame(frame: pl.DataFrame, asked: Sequence[str], name: str) -> FoundVectors:
    """The vectors of a data frame, and its other columns.

    Args:
        frame: One row for every photo.
        asked: What the vectors are; see ``vector_columns``.
        name: What messages call it.

    Raises:
        UsageError: There are no such columns, or it is not clear which they are.
        LatentprintError: It is empty, or its lists are not equally long.
    """
    columns = vector_columns(frame.schema, asked, name)
    vectors = frame.lazy().select(columns.names)
    dimension = _dimension(vectors) if len(frame) else 0
    if not dimension:
        raise LatentprintError(f"{name} holds no vectors: it has no rows, or {columns} is empty.")
    shape = (len(frame), dimension)
    beside = frame.drop(columns.names)
    notes = (taken(name, str(columns), beside.columns),) if beside.columns else ()
    load = partial(_stacked, vectors, shape, Path(name))
    return FoundVectors(name, shape, load, tidy_table(beside, name), notes)


def tells_vectors(file: Path) -> bool:
    """Whether it is clear without being told which columns of a Parquet file are vectors.

    Raises:
        LatentprintError: The file is damaged.
    """
    try:
        vector_columns(table_schema(file), (), str(file))
    except UsageError:
        return False
    return True


def vector_columns(schema: Schema, asked: Sequence[str], file: str) -> Columns:
    """Which columns are the vectors.

    Without being told it is the only column of lists of floats, or the only numbered columns with
    floats (``emb_0`` to ``emb_511``), where there is no more than one of all these. Not every
    column of floats is a dimension: an aperture is a float too.

    Args:
        schema: The columns of the table.
        asked: Names, stems of numbered columns (``emb_``) or patterns (``emb_*``); none to find
            them.
        file: The file, as messages name it.

    Raises:
        UsageError: There are no such columns, they are no floats, a number is missing, or it is not
            clear which they are.
    """
    if asked:
        found = Columns(
            tuple(dict.fromkeys(name for each in asked for name in _named(schema, each)))
        )
    else:
        found = _only(schema, file)
    lists = [name for name in found.names if _holds_floats(schema[name])]
    wrong = [name for name in found.names if name not in lists and not schema[name].is_float()]
    if wrong:
        raise UsageError(
            f"{file}: {_typed(schema, wrong)} in {found} is no column of floats: save it as floats,"
            " or name the columns of the vectors with --vector-columns."
        )
    if lists and len(found.names) > 1:
        raise UsageError(
            f"{file}: {some(found.names)} cannot be one vector together, as {lists[0]} holds lists:"
            " name one column of lists, or columns of floats, with --vector-columns."
        )
    return found


def table_schema(file: Path) -> Schema:
    """The columns of a Parquet file, none of whose rows is read.

    Raises:
        LatentprintError: The file is damaged.
    """
    with reading_table(file):
        return dict(pl.scan_parquet(file, glob=False).collect_schema())


def _only(schema: Schema, file: str) -> Columns:
    """The only columns that can be the vectors."""
    lists = [Columns((name,)) for name, kind in schema.items() if _holds_floats(kind)]
    stems = dict.fromkeys(
        match["stem"]
        for name, kind in schema.items()
        if kind.is_float() and (match := _NUMBERED.fullmatch(name))
    )
    numbered = [each for stem in stems if len(each := _numbered(schema, stem)) > 1]
    candidates = [*lists, *(Columns(tuple(each.values())) for each in numbered)]
    advice = "name the columns of the vectors with --vector-columns, by name, stem or pattern"
    if not candidates:
        raise UsageError(
            f"{file} has no column of lists of floats and no numbered columns of floats: {advice}."
            f" It has {_typed(schema, list(schema))}."
        )
    if len(candidates) > 1:
        raise UsageError(
            f"{file} has several columns that can be the vectors, {some(candidates)}: {advice}."
        )
    if numbered:
        _refuse_gaps(numbered[0])
    return candidates[0]


def _numbered(schema: Schema, stem: str) -> dict[int, str]:
    """The columns of a stem by their numbers, in order.

    Raises:
        UsageError: Two have one number.
    """
    found = re.compile(re.escape(stem) + r"(\d+)")
    numbers = [(int(match[1]), name) for name in schema if (match := found.fullmatch(name))]
    if len({number for number, _ in numbers}) < len(numbers):
        number, _ = next(each for each in numbers if [n for n, _ in numbers].count(each[0]) > 1)
        same = [name for other, name in numbers if other == number]
        raise UsageError(
            f"The columns {' and '.join(same)} have one number: name the columns of the vectors"
            " with --vector-columns."
        )
    return dict(sorted(numbers))


def _refuse_gaps(numbered: Mapping[int, str]) -> None:
    """Numbers run from 0 or 1 without a gap, or a dimension is missing.

    Raises:
        UsageError: They do not.
    """
    first = 0 if 0 in numbered else 1
    missing = [number for number in range(first, max(numbered)) if number not in numbered]
    if missing:
        raise UsageError(
            f"Of {Columns(tuple(numbered.values()))} number {some(missing)} is missing, and with it"
            " a part of every vector: name the columns with --vector-columns, one by one or by a"
            " pattern."
        )


def _named(schema: Schema, asked: str) -> list[str]:
    """The columns of a name, a pattern or a stem."""
    if asked in schema:
        return [asked]
    if matching := [name for name in schema if fnmatchcase(name, asked)]:
        return sorted(matching, key=_by_number)
    numbered = _numbered(schema, asked)
    if not numbered:
        raise unknown_name("column, stem or pattern of columns", asked, schema)
    _refuse_gaps(numbered)
    return list(numbered.values())


def _by_number(name: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.*?)(\d*)", name)
    return (match[1], int(match[2] or 0)) if match else (name, 0)


def _holds_floats(kind: pl.DataType) -> bool:
    return isinstance(kind, pl.List | pl.Array) and _inner(kind).is_float()


def _inner(kind: pl.List | pl.Array) -> pl.DataType:
    inner = kind.inner
    return inner if isinstance(inner, pl.DataType) else inner()


def _typed(schema: Schema, names: Sequence[str]) -> str:
    return some([f"{name} ({schema[name]})" for name in names])


def _dimension(table: pl.LazyFrame) -> int:
    """How many columns of floats there are, or numbers in the first list; 0 where there is none."""
    schema = table.collect_schema()
    name, kind = next(iter(schema.items()))
    if isinstance(kind, pl.Array):
        return kind.size
    if not isinstance(kind, pl.List):
        return len(schema)
    first = table.filter(pl.col(name).is_not_null()).first().collect().to_series()
    return len(first[0]) if len(first) else 0


def _stacked(table: pl.LazyFrame, shape: tuple[int, int], file: Path) -> StackedRows:
    return StackedRows.of([copied(_matrices(table, shape, file), shape)])


def _matrices(table: pl.LazyFrame, shape: tuple[int, int], file: Path) -> Iterator[np.ndarray]:
    """Ranges of rows as matrices [n, D]; what is null becomes NaN."""
    n, dimension = shape
    step = rows_at_once(dimension)
    for start in range(0, n, step):
        with reading_table(file):
            part = table.slice(start, step).collect()
        lists = part.to_series()
        if lists.dtype.is_float():
            yield part.select(pl.all().cast(pl.Float32)).to_numpy()
            continue
        lists = lists.cast(pl.List(pl.Float32))
        odd = (lists.list.len() != dimension).fill_null(value=True).arg_true() + start
        if len(odd):
            raise LatentprintError(
                f"Not all lists of {lists.name!r} in {file} hold {dimension} numbers: row"
                f" {some(odd.to_list())}, counted from 0."
            )
        yield lists.cast(pl.Array(pl.Float32, dimension)).to_numpy()
