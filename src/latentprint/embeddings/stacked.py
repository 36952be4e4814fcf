"""Matrices of floats one below the other, which are read where they are indexed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class StackedRows:
    """Matrices that may be mapped from disk, stacked and read as float32 [N, D].

    Attributes:
        parts: NumPy arrays or torch tensors of any floats, all of D columns.
        starts: First row of every part, then N, int64 [parts + 1].
    """

    parts: tuple[Any, ...]
    starts: np.ndarray

    dtype = np.dtype(np.float32)

    @classmethod
    def of(cls, parts: Sequence[Any]) -> StackedRows:
        """Stack some matrices."""
        return cls(tuple(parts), np.cumsum([0, *map(len, parts)], dtype=np.int64))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows N, dimensions D."""
        return int(self.starts[-1]), int(self.parts[0].shape[1])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        if len(self.parts) == 1:
            return _floats(self.parts[0][rows])
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        found = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        parts = np.searchsorted(self.starts, rows, side="right") - 1
        for part in np.unique(parts):
            inside = parts == part
            found[inside] = _floats(self.parts[part][rows[inside] - self.starts[part]])
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:] if dtype is None else self[:].astype(dtype)


def _floats(rows: Any) -> np.ndarray:
    # NumPy knows no bfloat16, so tensors are widened by torch.
    plain = rows if isinstance(rows, np.ndarray) else rows.float().numpy()
    # Numbers that float32 cannot hold become infinite, which is looked for where files are opened.
    with np.errstate(over="ignore"):
        return np.asarray(plain, dtype=np.float32)
