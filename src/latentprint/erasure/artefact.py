"""An eraser in a folder: ``eraser.safetensors`` and ``eraser.json``.

safetensors 0.8.0 writes arrays in Fortran's order wrongly and without a word (huggingface/
safetensors, issue 825), so arrays are made contiguous, and what was written is read and compared.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from latentprint.erasure.eraser import LinearEraser, as_written
from latentprint.errors import LatentprintError
from latentprint.files import as_path, write_bytes, write_json

FORMAT_VERSION = 1
TENSORS, RECORD = "eraser.safetensors", "eraser.json"
"""Names of the two files."""

_OWN = ("format_version", "digest")
_NAMES = ("read", "write", "offset")
_LARGEST_RECORD = 2**26
_FAR = 1e-3


def save_eraser(eraser: LinearEraser, folder: Path | str) -> Path:
    """Write an eraser, and read it back to see that it is the same.

    Args:
        eraser: The eraser; its arrays are written in the precision that they have.
        folder: Folder for the two files, made if need be.

    Returns:
        The folder.

    Raises:
        LatentprintError: The files cannot be written, or hold something else when they are read.
    """
    from safetensors.numpy import save

    folder = as_path(folder)
    tensors = {name: as_written(getattr(eraser, name)) for name in _NAMES}
    write_bytes(folder / TENSORS, save(tensors))
    again = _tensors(folder / TENSORS)
    if not all(map(np.array_equal, again, tensors.values())):
        raise LatentprintError(
            f"{folder / TENSORS} does not hold what was written to it: this version of safetensors "
            "cannot be used; install another one."
        )
    record = {**eraser.about, "format_version": FORMAT_VERSION, "digest": eraser.digest}
    write_json(folder / RECORD, record)
    return folder


def load_eraser(folder: Path | str) -> LinearEraser:
    """Read an eraser; nothing in it is run.

    Args:
        folder: What ``latentprint erase fit --out`` or ``save`` wrote.

    Raises:
        LatentprintError: There is none, it is damaged, its two files do not belong together, or a
            newer latentprint wrote it.
    """
    folder = as_path(folder)
    record = _record(folder / RECORD)
    read, write, offset = _tensors(folder / TENSORS)
    eraser = LinearEraser(read, write, offset, record)
    if record["digest"] != eraser.digest:
        raise LatentprintError(
            f"{folder / TENSORS} and {RECORD} do not belong together: fit the eraser again."
        )
    about = {name: value for name, value in record.items() if name not in _OWN}
    return replace(eraser, about=about)


def _record(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_RECORD:
            raise ValueError("it is larger than any record")
        record = json.loads(path.read_text(encoding="utf-8"))
        version, digest = record["format_version"], record["digest"]
        if not isinstance(version, int) or not isinstance(digest, str):
            raise TypeError("its version or digest is of another type")
    except FileNotFoundError as error:
        raise LatentprintError(
            f"{path.parent} holds no eraser: make one with `latentprint erase fit`."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise LatentprintError(f"{path} is no record of an eraser ({error}).") from error
    if version > FORMAT_VERSION:
        raise LatentprintError(f"{path.parent} was written by a newer latentprint: please upgrade.")
    return dict(record)


def _tensors(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        found = load(path.read_bytes())
        read, write, offset = (found[name] for name in _NAMES)
        _refuse_shapes(read, write, offset)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise LatentprintError(f"{path} is damaged ({error}): fit the eraser again.") from error
    return read, write, offset


def _refuse_shapes(read: np.ndarray, write: np.ndarray, offset: np.ndarray) -> None:
    if read.ndim != 2 or read.shape != write.shape or offset.shape != read.shape[:1]:
        raise ValueError(f"shapes {read.shape}, {write.shape} and {offset.shape} do not fit")
    if not 0 < len(read) <= read.shape[1]:
        raise ValueError(f"{len(read)} directions of {read.shape[1]} dimensions")
    if {read.dtype, write.dtype, offset.dtype} - {np.dtype("f4"), np.dtype("f8")}:
        raise ValueError("it holds no floats of 32 or 64 bits")
    if not all(np.isfinite(each).all() for each in (read, write, offset)):
        raise ValueError("it holds numbers that are not finite")
    if np.abs(read @ write.T - np.eye(len(read))).max() > _FAR:
        raise ValueError("read and write do not fit each other, so that it is no projection")
