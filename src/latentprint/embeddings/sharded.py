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
_METADATA = "__metadata__"


class DamagedFile(LatentprintError):  # noqa: N818 - a finding about a file, also listed
    """A file of a store that is not as it was written.

    Attributes:
        file: The file.
        reason: What is wrong with it, in a few words.
    """

    def __init__(self, file: Path, reason: object, *, repair: Path | None = None) -> None:
        """Say it in one sentence.

        Args:
            file: The file.
            reason: What is wrong with it.
            repair: The folder to repair first, where embedding again would be refused.
        """
        self.file = file
        self.reason = str(getattr(reason, "strerror", None) or reason)
        first = f"`latentprint store repair {repair}`, and then " if repair else ""
        super().__init__(
            f"{file} is damaged ({self.reason}): run {first}the same `latentprint embed` again, "
            "which makes anew what is damaged."
        )


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
            DamagedFile: A shard is damaged.
        """
        return cls.under([read_header(file) for file in files], name, dimension)

    @classmethod
    def under(cls, headers: list[TensorHeader], name: str, dimension: int) -> ShardedArray:
        """The array of shards whose headers were read already.

        Raises:
            DamagedFile: A shard has no such tensor.
        """
        counts = [header.tensor(name).shape[0] for header in headers]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(tuple(header.file for header in headers), name, starts, dimension)

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
            self._open[shard] = read_header(self.files[shard]).mapped(self.name)
            if len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)
        self._open.move_to_end(shard)
        return self._open[shard]


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in its file.

    Attributes:
        kind: Its type, as the file names it: F16, F32 or F64.
        shape: Its shape.
        start: Where its bytes begin, from the beginning of the file.
    """

    kind: str
    shape: tuple[int, ...]
    start: int

    @property
    def bytes(self) -> int:
        """How many bytes it takes."""
        return np.dtype(_TYPES[self.kind]).itemsize * int(np.prod(self.shape))


@dataclass(frozen=True)
class TensorHeader:
    """What a safetensors file says of itself, found to fit the size of the file.

    Attributes:
        file: The file.
        tensors: Its tensors by their names.
        metadata: The words that were written beside them.
    """

    file: Path
    tensors: dict[str, Tensor]
    metadata: dict[str, str]

    def tensor(self, name: str) -> Tensor:
        """The tensor of a name.

        Raises:
            DamagedFile: There is none.
        """
        if name not in self.tensors:
            raise DamagedFile(self.file, f"it has no tensor {name!r}")
        return self.tensors[name]

    def mapped(self, name: str) -> np.ndarray:
        """Map a tensor into memory, read-only.

        Raises:
            DamagedFile: There is none, or the file was changed or taken away.
        """
        found = self.tensor(name)
        kind = np.dtype(_TYPES[found.kind])
        if not found.bytes:
            return np.zeros(found.shape, dtype=kind)
        try:
            return np.memmap(self.file, kind, mode="r", offset=found.start, shape=found.shape)
        except (OSError, ValueError) as error:
            raise DamagedFile(self.file, error) from error


def read_header(file: Path) -> TensorHeader:
    """Read the header of a safetensors file.

    The format: eight bytes that hold the header's length, a JSON header with type, shape and
    offsets of every tensor, then the bytes of the tensors, and nothing else.

    Raises:
        DamagedFile: The file is missing, or not as it was written.
    """
    try:
        with file.open("rb") as opened:
            size = file.stat().st_size
            length = int.from_bytes(opened.read(8), "little")
            if length > size:
                raise ValueError("the header is longer than the file")
            entries = json.loads(opened.read(length))
        metadata = entries.pop(_METADATA, {})
        start = end = 8 + length
        tensors = {}
        for name, entry in entries.items():
            first, last = (start + int(offset) for offset in entry["data_offsets"])
            tensor = Tensor(entry["dtype"], tuple(map(int, entry["shape"])), first)
            if last - first != tensor.bytes:
                raise ValueError(f"the tensor {name!r} is not as long as its shape says")
            tensors[name], end = tensor, max(end, last)
        if end != size:
            raise ValueError("the file is cut off" if end > size else "the file is too long")
        return TensorHeader(file, tensors, metadata)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedFile(file, error) from error
