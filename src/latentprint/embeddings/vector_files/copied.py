"""Vectors that cannot be mapped where they are, copied by ranges of rows into a mapped file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from latentprint.files import writing


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
    with _saving():
        opened = tempfile.TemporaryFile()  # noqa: SIM115 - closed below; this may fail by itself
    with opened as file:
        for chunk in chunks:
            # Numbers that float32 cannot hold become infinite, and are looked for later.
            with np.errstate(over="ignore"):
                content = np.ascontiguousarray(chunk, dtype=np.float32)
            with _saving():
                file.write(content.data)
        with _saving():
            file.flush()
        return np.memmap(file, dtype=np.float32, mode="r", shape=shape)


def _saving() -> AbstractContextManager[None]:
    return writing(Path(tempfile.gettempdir()), instead="name another folder by TMPDIR")
