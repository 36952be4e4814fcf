"""An array in shards on disk that is read where it is indexed."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
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
    """Rows of one tensor in several safetensors files [N, D], in any order.

    Indexing with a slice, a row or int64 rows gives a NumPy array and reads nothing else: the store
    may be larger than memory. ``numpy.asarray`` reads it whole.

    Attributes:
        headers: Reads the header of each shard, when it is needed.
        name: Name of the tensor in each.
        shards: The shard of every row, int [N].
        places: Its row in that shard, int [N].
        dimension: Length D of a vector.
    """

    headers: tuple[Callable[[], TensorHeader], ...]
    name: str
    shards: np.ndarray
    places: np.ndarray
    dimension: int
    _open: OrderedDict[int, np.ndarray] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def of(cls, files: tuple[Path, ...], name: str, dimension: int) -> ShardedArray:
        """All rows of all files, one below the other.

        Raises:
            DamagedFile: A file is damaged, or has no such tensor.
        """
        counts = [read_header(file).tensor(name).shape[0] for file in files]
        places = [np.arange(count) for count in counts]
        return cls(
            tuple(partial(read_header, file) for file in files),
            name,
            np.repeat(np.arange(len(files)), counts),
            np.concatenate(places) if places else np.zeros(0, np.int64),
            dimension,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """N rows, D dimensions."""
        return len(self), self.dimension

    def __len__(self) -> int:
        return len(self.places)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)

    def __getitem__(self, rows: np.ndarray | slice | int) -> np.ndarray:
        if isinstance(rows, int):
            one: np.ndarray = self[np.array([rows])][0]
            return one
        if not isinstance(rows, slice):
            rows = np.asarray(rows, dtype=np.int64)
            if len(rows) and not -len(self) <= rows.min() <= rows.max() < len(self):
                raise IndexError(f"rows lie between 0 and {len(self) - 1}")
        shards, places = self.shards[rows], self.places[rows]
        found = np.empty((len(places), self.dimension), dtype=np.float32)
        order = np.argsort(shards, kind="stable")
        ends = np.flatnonzero(np.diff(shards[order])) + 1
        for inside in np.split(order, ends) if len(order) else ():
            found[inside] = self._mapped(int(shards[inside[0]]))[places[inside]]
        return found

    def _mapped(self, shard: int) -> np.ndarray:
        if shard not in self._open:
            self._open[shard] = self.headers[shard]().mapped(self.name)
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
        bytes: Its size.
        tensors: Its tensors by their names.
        metadata: The words that were written beside them.
    """

    file: Path
    bytes: int
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
            size = os.fstat(opened.fileno()).st_size
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
        return TensorHeader(file, size, tensors, metadata)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedFile(file, error) from error
