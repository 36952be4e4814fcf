"""Rows of embeddings that are read only where they are needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np


class VectorArray(Protocol):
    """A matrix [N, D] that gives floats when it is indexed: in memory, mapped or in shards."""

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102 - as that of np.ndarray

    def __getitem__(self, rows: Any, /) -> Any: ...


@dataclass(frozen=True)
class Features:
    """Rows gathered from several arrays, such as one for every processing class [N, D].

    Nothing is read before it is needed, and no more than that.

    Attributes:
        parts: The arrays, each [n_p, D].
        part: Which array each row comes from, int64 [N].
        row: Which of its rows it is, int64 [N].
    """

    parts: tuple[VectorArray, ...]
    part: np.ndarray
    row: np.ndarray

    @classmethod
    def of(cls, array: VectorArray | Features) -> Features:
        """All rows of one array, in order."""
        if isinstance(array, Features):
            return array
        n = array.shape[0]
        return cls((array,), np.zeros(n, dtype=np.int64), np.arange(n))

    @property
    def shape(self) -> tuple[int, int]:
        """N rows, D dimensions."""
        return len(self.row), self.parts[0].shape[1]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, index: np.ndarray | slice) -> Features:
        """Some of the rows: a slice, a mask bool [N] or numbers int64 [n]."""
        return replace(self, part=self.part[index], row=self.row[index])

    def read(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Rows start to stop, float32 [n, D]; all of them by default."""
        part, row = self.part[start:stop], self.row[start:stop]
        if not len(row):
            return np.empty((0, self.shape[1]), dtype=np.float32)
        first = part[0]
        if (part == first).all():
            # Mapped files may be read-only, which torch warns of.
            return np.require(self.parts[first][_slice(row)], np.float32, "W")
        found = np.empty((len(row), self.shape[1]), dtype=np.float32)
        for each in np.unique(part):
            at = np.flatnonzero(part == each)
            found[at] = self.parts[each][row[at]]
        return found


def _slice(row: np.ndarray) -> np.ndarray | slice:
    """Neighbouring rows as a slice, which needs no copy."""
    if row[-1] - row[0] == len(row) - 1 and (np.diff(row) == 1).all():
        return slice(int(row[0]), int(row[-1]) + 1)
    return row
