"""Vectors in HDF5 files and in zarr stores: named arrays in groups."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from latentprint.embeddings.vector_files.found import SAVE, FoundVectors, rows_at_once
from latentprint.embeddings.vector_files.named import UNDECODED, NamedArray, take_vectors
from latentprint.errors import LatentprintError, brief

ZARR_MARKS = ("zarr.json", ".zgroup", ".zarray")
"""Files that make a folder a zarr store."""


def read_hdf5(file: Path, asked: tuple[str, ...] = ()) -> FoundVectors:
    """An HDF5 file with a matrix of floats, whose arrays of N values are columns.

    Args:
        file: The file.
        asked: Path of the matrix in the file, where there are several.

    Raises:
        UsageError: There is no array of that name, or it is not said which one it is.
        LatentprintError: h5py is not installed, the file is damaged or holds no matrix of floats.
    """
    h5py = _library("h5py", "hdf5")
    with _refused(file, "HDF5"), h5py.File(file, "r") as opened:
        arrays: list[NamedArray] = []

        def visit(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                text = h5py.check_string_dtype(item.dtype) is not None
                dtype = np.dtypes.StringDType() if text else item.dtype
                read = partial(_hdf5_rows, file, name)
                arrays.append(NamedArray(name, item.shape or (), dtype, read))

        # Links to other files are not followed.
        opened.visititems(visit)
    return take_vectors(arrays, asked, str(file))


def read_zarr(folder: Path, asked: tuple[str, ...] = ()) -> FoundVectors:
    """A zarr store (version 2 or 3) with a matrix of floats; arrays of N values are columns.

    Args:
        folder: The store.
        asked: Path of the matrix in the store, where there are several.

    Raises:
        UsageError: There is no array of that name, or it is not said which one it is.
        LatentprintError: zarr is not installed, the store is damaged, would run code when it is
            read, or holds no matrix of floats.
    """
    zarr = _library("zarr", "zarr")
    with _refused(folder, "zarr"):
        opened = zarr.open(str(folder), mode="r")
        if isinstance(opened, zarr.Array):
            members = [("", opened)]
        else:
            found = sorted(opened.members(max_depth=None), key=itemgetter(0))
            members = [each for each in found if isinstance(each[1], zarr.Array)]
        arrays = []
        for name, array in members:
            _refuse_pickles(name, array, folder)
            read = partial(_zarr_rows, folder, array)
            arrays.append(NamedArray(name, array.shape, array.dtype, read))
    return take_vectors(arrays, asked, str(folder))


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a zarr store."""
    return any((folder / mark).is_file() for mark in ZARR_MARKS)


def _hdf5_rows(file: Path, name: str) -> Iterator[np.ndarray]:
    h5py = _library("h5py", "hdf5")
    with _refused(file, "HDF5"), h5py.File(file, "r") as opened:
        array = opened[name]
        is_text = h5py.check_string_dtype(array.dtype) is not None
        for rows in _ranges(array.shape, array.chunks):
            texts = array.asstr("utf-8", UNDECODED) if is_text else array
            yield np.asarray(texts[rows])


def _zarr_rows(folder: Path, array: Any) -> Iterator[np.ndarray]:
    with _refused(folder, "zarr"):
        for rows in _ranges(array.shape, array.chunks):
            yield np.asarray(array[rows])


def _ranges(shape: tuple[int, ...], chunks: tuple[int, ...] | None) -> Iterator[slice]:
    """Rows in ranges of whole chunks, so that none is unpacked twice."""
    chunk = chunks[0] if chunks else 1
    step = max(chunk, rows_at_once(max(1, math.prod(shape[1:]))) // chunk * chunk)
    for start in range(0, shape[0], step):
        yield slice(start, start + step)


def _refuse_pickles(name: str, array: Any, folder: Path) -> None:
    """A chunk of a zarr store may be a pickle, which is not undone.

    Raises:
        LatentprintError: Those of this array are.
    """
    kinds = ("filters", "compressor", "codecs")
    if "pickle" in str([getattr(array.metadata, kind, None) for kind in kinds]).lower():
        raise LatentprintError(
            f"The array {name!r} of {folder} holds pickled objects, which may run code and are not"
            f" read: {SAVE}."
        )


def _library(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise LatentprintError(
            f"Such files need the library {module}: pip install 'latentprint[{extra}]'."
        ) from error


@contextmanager
def _refused(place: Path, kind: str) -> Iterator[None]:
    """One sentence for everything that a damaged file makes a library raise."""
    try:
        yield
    except LatentprintError:
        raise
    except Exception as error:  # h5py, zarr and their codecs have errors of many kinds
        raise LatentprintError(
            f"{place} is damaged or no {kind} ({brief(error)}): {SAVE}."
        ) from error
