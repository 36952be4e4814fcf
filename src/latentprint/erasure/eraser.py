"""The map itself: it reads k numbers of a vector and takes what they stand for away."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from latentprint.erasure.arrays import as_matrix, is_tensor
from latentprint.errors import LatentprintError

_ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class LinearEraser:
    """An affine map of rank k: ``x - (x @ read.T - offset) @ write``.

    It needs no label, and it does nothing to a vector that it was applied to before.

    Attributes:
        read: What is read of a vector, floats [k, D]; ``read @ write.T`` is the identity.
        write: What is taken away for it, orthonormal floats [k, D].
        offset: What is read of the mean vector, floats [k].
        about: How it was made, as JSON values; see ``artefact``.
    """

    read: np.ndarray = field(repr=False)
    write: np.ndarray = field(repr=False)
    offset: np.ndarray = field(repr=False)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        """Number k of directions."""
        return len(self.offset)

    @property
    def dimension(self) -> int:
        """Length D of the vectors."""
        return int(self.read.shape[1])

    @property
    def digest(self) -> str:
        """A digest of its numbers and their precision, which tells it from every other."""
        found = hashlib.blake2b(digest_size=16)
        for each in map(as_written, (self.read, self.write, self.offset)):
            found.update(f"{each.dtype.str}{each.shape}".encode())
            found.update(each.tobytes())
        return found.hexdigest()

    def rounded(self) -> LinearEraser:
        """The same in float32, as erasers are kept unless double precision is asked for."""
        read, write, offset = (
            each.astype(np.float32) for each in (self.read, self.write, self.offset)
        )
        return replace(self, read=read, write=write, offset=offset)

    def transform(self, rows: Any) -> Any:
        """Erase.

        Args:
            rows: Vectors [N, D], NumPy or torch (on any device).

        Returns:
            The same kind of array, [N, D]: float64 for float64, else float32, since half
            precision would lose the guarantee.

        Raises:
            UsageError: They are no matrix of numbers.
            LatentprintError: They have another length.
        """
        if is_tensor(rows):
            return self._of_tensor(rows)
        matrix = as_matrix(rows)
        self.refuse_length(matrix.shape[1])
        read, write, offset = (
            np.asarray(each, dtype=matrix.dtype) for each in (self.read, self.write, self.offset)
        )
        erased = np.empty(matrix.shape, dtype=matrix.dtype)
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            np.subtract(matrix[part], (matrix[part] @ read.T - offset) @ write, out=erased[part])
        return erased

    def refuse_length(self, dimension: int) -> None:
        """Refuse vectors of another length.

        Raises:
            LatentprintError: They have one.
        """
        if dimension != self.dimension:
            raise LatentprintError(
                f"The eraser is for vectors of {self.dimension} dimensions, and these have "
                f"{dimension}: fit one on vectors of this encoder."
            )

    def dense(self) -> tuple[np.ndarray, np.ndarray]:
        """The same map as ``A @ x + b``: float64 [D, D] and [D]."""
        read, write = self.read.astype(np.float64), self.write.astype(np.float64)
        return np.eye(self.dimension) - write.T @ read, self.offset.astype(np.float64) @ write

    def _of_tensor(self, rows: Any) -> Any:
        import torch

        kind = torch.float64 if rows.dtype == torch.float64 else torch.float32
        self.refuse_length(int(rows.shape[-1]))
        read, write, offset = (
            torch.as_tensor(np.ascontiguousarray(each)).to(rows.device, kind)
            for each in (self.read, self.write, self.offset)
        )
        rows = rows.to(kind)
        return rows - (rows @ read.T - offset) @ write


def as_written(array: np.ndarray) -> np.ndarray:
    """An array as it lies in a file: row by row, in little-endian order."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
