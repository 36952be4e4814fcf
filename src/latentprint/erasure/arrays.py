"""Rows of numbers as they come: NumPy or torch, any float type, byte order and layout."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.errors import LatentprintError, UsageError

if TYPE_CHECKING:
    import polars as pl

_UNIT = 0.01

SHOWN = 3
"""How many ids a message names."""


def is_tensor(rows: Any) -> bool:
    """Whether these are a torch tensor; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(rows, torch.Tensor)


def as_matrix(rows: Any) -> np.ndarray:
    """Rows as a NumPy matrix of floats [N, D] in the machine's byte order; float16 as float32.

    Args:
        rows: A NumPy array, a torch tensor on any device, or what ``numpy.asarray`` takes.

    Raises:
        UsageError: They are no matrix of real numbers.
    """
    if is_tensor(rows):
        rows = rows.detach().cpu()
        rows = (rows if rows.element_size() > 2 else rows.float()).numpy()
    matrix = np.asarray(rows)
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise UsageError(
            f"Vectors are a matrix of numbers [N, D], not {matrix.dtype} of shape "
            f"{list(matrix.shape)}."
        )
    wide = matrix.dtype.kind != "f" or matrix.dtype.itemsize > 4
    return matrix.astype(np.float64 if wide else np.float32, copy=False)


def not_unit(rows: np.ndarray) -> np.ndarray:
    """The rows whose length is not 1, within what half precision rounds away, int64."""
    lengths = np.linalg.norm(rows.astype(np.float32, copy=False), axis=1)
    return np.flatnonzero(np.abs(lengths - 1) > _UNIT)


def some(names: Sequence[object] | np.ndarray | pl.Series) -> str:
    """The first few names and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(str(each) for each in names[:SHOWN]) + more


def refuse_not_finite(rows: np.ndarray, ids: Sequence[object] | np.ndarray | None) -> None:
    """Refuse rows with NaN or infinity.

    Args:
        rows: Floats [n, D].
        ids: Their names [n]; None to count them from 0.

    Raises:
        LatentprintError: A row is not finite; the message names the first three.
    """
    # One sum tells of a bad number nearly always, and overflows only where rows are absurd.
    if np.isfinite(rows.sum(dtype=np.float64)):
        return
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        names = bad if ids is None else [ids[int(row)] for row in bad]
        raise LatentprintError(
            f"{len(bad)} rows are not finite: {some(names)}. Leave them out, or embed them again."
        )
