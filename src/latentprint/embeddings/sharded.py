"""An array in shards on disk that is read where it is indexed."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from latentprint.errors import LatentprintError

_OPEN_FILES = 64
_TYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}


@dataclass(frozen=True)
class ShardedArray:
    """One tensor of several safetensors files, stacked along its first axis [N, D].

    Indexing with a slice, a row or int64 rows gives a NumPy array and reads nothing else: the store
    may be larger than memory. ``numpy.asarray`` reads it whole.

    Attributes:
        files: The shards, in order.
        name: Name of the tensor in each.
        starts: First row of every shard, then N, int64 [shards + 1].
        dimension: Length D of a vector.
    """

    files: tuple[Path, ...]
    name: str
    starts: np.ndarray
    dimension: int
    _open: OrderedDict[int, np.ndarray] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def of(cls, files: tuple[Path, ...], name: str, dimension: int) -> ShardedArray:
        """Read the headers of the shards.

        Raises:
            LatentprintError: A shard is damaged.
        """
        counts = [map_tensor(file, name).shape[0] for file in files]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(files, name, starts, dimension)

    @property
    def shape(self) -> tuple[int, int]:
        """N rows, D dimensions."""
        return int(self.starts[-1]), self.dimension

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)

    def __getitem__(self, rows: np.ndarray | slice | int) -> np.ndarray:
        if isinstance(rows, int):
            one: np.ndarray = self[np.array([rows])][0]
            return one
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        rows = np.asarray(rows, dtype=np.int64)
        rows = np.where(rows < 0, rows + len(self), rows)
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"rows lie between 0 and {len(self) - 1}")
        found = np.empty((len(rows), self.dimension), dtype=np.float32)
        shards = np.searchsorted(self.starts, rows, side="right") - 1
        for shard in np.unique(shards):
            inside = shards == shard
            found[inside] = self._mapped(int(shard))[rows[inside] - self.starts[shard]]
        return found

    def _mapped(self, shard: int) -> np.ndarray:
        if shard not in self._open:
            self._open[shard] = map_tensor(self.files[shard], self.name)
            if len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)
        self._open.move_to_end(shard)
        return self._open[shard]


def map_tensor(file: Path, name: str) -> np.ndarray:
    """Map one tensor of a safetensors file into memory, read-only.

    The format: eight bytes that hold the header's length, a JSON header with type, shape and
    offsets of every tensor, then the bytes of the tensors.

    Raises:
        LatentprintError: The file is damaged.
    """
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            size = file.stat().st_size
            if length > size:
                raise ValueError("the header is longer than the file")
            entry = json.loads(opened.read(length))[name]
        start, end = (8 + length + int(offset) for offset in entry["data_offsets"])
        shape, kind = tuple(entry["shape"]), np.dtype(_TYPES[entry["dtype"]])
        if end > size or end - start != kind.itemsize * int(np.prod(shape)):
            raise ValueError("the file is cut off")
        if not np.prod(shape):
            return np.zeros(shape, dtype=kind)
        return np.memmap(file, dtype=kind, mode="r", offset=start, shape=shape)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LatentprintError(
            f"{file} is damaged ({error}): delete it together with its .parquet file and run the "
            "same `latentprint embed` again."
        ) from error
