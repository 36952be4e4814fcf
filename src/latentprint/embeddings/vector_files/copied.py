"""Vectors that cannot be mapped where they are, copied by ranges of rows into a mapped file."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from latentprint.mapped_tables import mapped_array


def copied(chunks: Iterable[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Copy rows into a temporary file without a name, which is mapped and goes with the array.

    Compressed files cannot be indexed without being unpacked again and again, and need not fit into
    memory; the copy is read where it is indexed.

    Args:
        chunks: Floats [n, D], in order.
        shape: N rows, D columns, as all chunks have together.

    Returns:
        float32 [N, D], mapped.

    Raises:
        LatentprintError: There is no space for the copy.
    """
    return mapped_array(map(_as_float32, chunks), np.dtype(np.float32), shape)


def _as_float32(chunk: np.ndarray) -> np.ndarray:
    # Numbers that float32 cannot hold become infinite, and are looked for later.
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(chunk, dtype=np.float32)
