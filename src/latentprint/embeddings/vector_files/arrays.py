"""Vectors in memory, in ``.npy`` files and in ``.npz`` archives."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from latentprint.embeddings.stacked import StackedRows
from latentprint.embeddings.vector_files.found import (
    SAVE,
    FoundVectors,
    check_matrix,
    rows_at_once,
)
from latentprint.embeddings.vector_files.named import NamedArray, take_vectors
from latentprint.errors import LatentprintError, UsageError

_OBJECTS = "Python objects, which may run code and are not read"


def read_array(array: Any, name: str) -> FoundVectors:
    """Vectors in memory: a NumPy array or a torch tensor of floats [N, D], which is not copied.

    Raises:
        UsageError: It is neither.
        LatentprintError: It is no matrix of floats.
    """
    if hasattr(array, "detach"):
        import torch

        tensor = array.detach().cpu()
        array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    if isinstance(array, np.ma.MaskedArray):
        array = array.filled(np.nan)
    if not isinstance(array, np.ndarray):
        raise UsageError(
            f"{type(array).__name__} is neither a path nor a matrix: give vectors as a NumPy array,"
            " a torch tensor or a data frame."
        )
    check_matrix(array.shape, array.dtype, name)
    return FoundVectors(name, array.shape, partial(StackedRows.of, [array]))


def read_npy(file: Path) -> FoundVectors:
    """A ``.npy`` file with a matrix of floats [N, D], which is mapped.

    Raises:
        LatentprintError: It is damaged, or holds something else.
    """
    array = map_npy(file)
    return FoundVectors(str(file), array.shape, partial(StackedRows.of, [array]))


def map_npy(file: Path) -> np.ndarray:
    """Map the matrix of floats [N, D] of a ``.npy`` file.

    Raises:
        LatentprintError: It is damaged, or holds something else.
    """
    with _refused(file):
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray):
        array.close()
        raise LatentprintError(f"{file} is an archive of arrays: name it .npz.")
    check_matrix(array.shape, array.dtype, str(file))
    return array


def read_npz(file: Path, asked: tuple[str, ...] = ()) -> FoundVectors:
    """A ``.npz`` archive with a matrix of floats [N, D], whose arrays of N values are columns.

    Args:
        file: The archive.
        asked: Name of the matrix, where there are several.

    Raises:
        UsageError: There is no array of that name, or it is not said which one it is.
        LatentprintError: It is damaged, or holds no matrix of floats.
    """
    with _refused(file):
        with file.open("rb") as opened:
            is_array = opened.read(len(np.lib.format.MAGIC_PREFIX)) == np.lib.format.MAGIC_PREFIX
        if is_array:
            raise LatentprintError(f"{file} is one array and no archive: name it .npy.")
        with zipfile.ZipFile(file) as archive:
            arrays = [_member(file, archive, info) for info in archive.infolist()]
    return take_vectors(arrays, asked, str(file))


def _member(file: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NamedArray:
    name = info.filename.removesuffix(".npy")
    with archive.open(info) as opened:
        shape, fortran, dtype = _header(opened)
        start = opened.tell()
    if dtype.hasobject:
        raise LatentprintError(
            f"{file}: the array {name!r} holds {_OBJECTS}: save it as text or numbers,"
            " such as with numpy.array(values, dtype=str)."
        )
    if start + dtype.itemsize * math.prod(shape) != info.file_size:
        raise ValueError("an array is cut off")
    # Columns of a matrix that was saved by columns are rows of what is in the file.
    stored = shape[::-1] if fortran else shape
    read = partial(_rows, file, info.filename, start, dtype, stored)
    return NamedArray(name, shape, dtype, read, by_columns=fortran and len(shape) > 1)


def _header(opened: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    version = np.lib.format.read_magic(opened)
    if version not in readers:
        raise ValueError(f"version {version}")
    shape, fortran, dtype = readers[version](opened)
    return shape, fortran, dtype


def _rows(
    file: Path,
    member: str,
    start: int,
    dtype: np.dtype,
    stored: tuple[int, ...],
) -> Iterator[np.ndarray]:
    """The rows of a member as it is stored, some at a time."""
    width = math.prod(stored[1:])
    with _refused(file), zipfile.ZipFile(file) as archive, archive.open(member) as opened:
        opened.read(start)
        for first in range(0, stored[0], step := rows_at_once(max(1, width))):
            n = min(step, stored[0] - first)
            content = opened.read(n * width * dtype.itemsize)
            yield np.frombuffer(content, dtype=dtype).reshape(n, *stored[1:])


@contextmanager
def _refused(file: Path) -> Iterator[None]:
    """One sentence for everything that a damaged file makes NumPy and zipfile raise."""
    try:
        yield
    except LatentprintError:
        raise
    except Exception as error:  # a damaged file makes NumPy and zipfile raise anything
        said = str(error).lower()
        what = f" ({_OBJECTS})" if "pickle" in said or "object" in said else ""
        raise LatentprintError(
            f"{file} is damaged or holds no array of floats{what}: {SAVE}."
        ) from error
