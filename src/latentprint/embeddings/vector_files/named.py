"""Files of several named arrays: which one holds the vectors, and what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from latentprint.embeddings.stacked import StackedRows
from latentprint.embeddings.vector_files.copied import copied
from latentprint.embeddings.vector_files.found import FoundVectors, check_matrix, some, taken
from latentprint.errors import LatentprintError, UsageError, unknown_name
from latentprint.photos import tidy_table

_PLAIN = "biufSUTMm"
_UNITS = ("D", "ms", "us", "ns")
UNDECODED = "backslashreplace"
"""What becomes of bytes that are no text in UTF-8, so that different ones stay different."""


@dataclass(frozen=True)
class NamedArray:
    """An array of a file, which is read when it is asked for.

    Attributes:
        name: Its name in the file.
        shape: Its shape.
        dtype: Its type.
        read: Reads its rows, some at a time.
        by_columns: Whether ``read`` gives its columns instead.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], Iterable[np.ndarray]]
    by_columns: bool = False

    @property
    def may_be_vectors(self) -> bool:
        """Whether it is a matrix of floats."""
        return len(self.shape) == 2 and all(self.shape) and self.dtype.kind == "f"

    def __str__(self) -> str:
        return f"{self.name} ({self.dtype} {list(self.shape)})"


def take_vectors(arrays: Sequence[NamedArray], asked: tuple[str, ...], file: str) -> FoundVectors:
    """Take the matrix that is asked for, or the only matrix of floats; arrays of N values beside.

    Args:
        arrays: All arrays of the file.
        asked: Name of the one with the vectors; none for the only matrix of floats.
        file: The file, as messages name it.

    Raises:
        UsageError: There is no array of that name, or there are several and none is named.
        LatentprintError: There is no matrix of floats.
    """
    chosen = _chosen(arrays, asked, file)
    n, dimension = chosen.shape
    others = [each for each in arrays if each is not chosen]
    names = {each.name for each in arrays}
    group = chosen.name.rpartition("/")[0]
    columns = {
        _short(each.name, f"{group}/", names): _column(each)
        for each in others
        if each.shape == (n,) and each.dtype.kind in _PLAIN
    }
    unread = [each for each in others if each.shape != (n,) or each.dtype.kind not in _PLAIN]
    notes = []
    if others:
        notes.append(taken(file, f"the array {chosen.name!r}", list(columns)))
    if unread:
        notes.append(f"{file}: not read, as they are no columns of {n} values: {some(unread)}.")
    beside = tidy_table(pl.DataFrame(columns), file)
    return FoundVectors(file, (n, dimension), partial(_stacked, chosen), beside, tuple(notes))


def _stacked(array: NamedArray) -> StackedRows:
    if array.by_columns:
        return StackedRows.of([copied(array.read(), array.shape[::-1]).T])
    return StackedRows.of([copied(array.read(), array.shape)])


def _chosen(arrays: Sequence[NamedArray], asked: tuple[str, ...], file: str) -> NamedArray:
    known = {each.name: each for each in arrays}
    if len(asked) > 1:
        raise UsageError(f"{file} has its vectors in one array: name one with --vector-columns.")
    if asked:
        if asked[0] not in known:
            raise unknown_name(f"array of {file}", asked[0], known)
        chosen = known[asked[0]]
        check_matrix(chosen.shape, chosen.dtype, f"The array {chosen.name!r} of {file}")
        return chosen
    matrices = [each for each in arrays if each.may_be_vectors]
    if not matrices:
        held = f"it holds {some(arrays)}" if arrays else "it is empty"
        raise LatentprintError(f"{file} has no matrix of floats [photos, dimensions]: {held}.")
    if len(matrices) > 1:
        raise UsageError(
            f"{file} has {len(matrices)} matrices of floats, {some(matrices)}: name that of the"
            " vectors with --vector-columns."
        )
    return matrices[0]


def _short(name: str, group: str, names: set[str]) -> str:
    """The name of an array as a column, without the group that it shares with the vectors."""
    short = name.removeprefix(group)
    return name if short in names else short


def _column(array: NamedArray) -> pl.Series:
    parts = list(array.read())
    values = np.concatenate(parts) if parts else np.empty(0, dtype=array.dtype)
    if values.dtype.kind in "Mm" and np.datetime_data(values.dtype)[0] not in _UNITS:
        # NumPy counts in years, hours and seconds, too, which polars does not.
        values = values.astype(f"{values.dtype.kind}8[ms]")
    if values.dtype.kind in "SO":
        return pl.Series([_text(value) for value in values.tolist()], dtype=pl.String)
    return pl.Series(values.tolist() if values.dtype.kind in "UT" else values)


def _text(value: object) -> str:
    return value.decode("utf-8", UNDECODED) if isinstance(value, bytes) else str(value)
