"""The bytes of photos in cells of Parquet files, read page by page.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from latentprint.photos.addresses import open_address
from latentprint.photos.formats import install, installed
from latentprint.photos.location import Address, Location, Member

_ROWS = 16
_BUFFER = 1 << 20

_State = tuple[Location, int, int, str, int]


def read_cell(member: Member) -> bytes:
    """The bytes in one cell.

    A row group is read as a stream: where photos are asked for in the order of their rows, each
    page is read once by a process. What it takes is the memory of the largest pages, which writers
    by default fill with up to 1,024 rows.

    Args:
        member: The row group and the row in it; the name begins with the column and a slash.

    Raises:
        OSError: The file cannot be read.
        ValueError: There is no such cell, it holds nothing, or pyarrow is not installed.
    """
    if not installed("arrow"):
        raise ValueError(f"it needs an extra: {install('arrow')}")
    column = member.name.partition("/")[0]
    size = modified = 0
    if not isinstance(member.archive, Address):
        stat = member.archive.stat()
        size, modified = stat.st_size, stat.st_mtime_ns
    state = member.archive, size, modified, column, member.offset
    return _CELLS.read(state, member.size)


class _Cells:
    """A row group that is being read."""

    def __init__(self) -> None:
        self._state: _State | None = None
        self._batches: Iterator[Any] = iter(())
        self._cells: Any = ()
        self._start = 0

    def read(self, state: _State, row: int) -> bytes:
        if state != self._state or row < self._start:
            self._state = None  # stays so if what follows fails
            self._batches, self._cells, self._start = _batches(state), (), 0
            self._state = state
        while row >= self._start + len(self._cells):
            self._start += len(self._cells)
            self._cells = ()
            try:
                self._cells = next(self._batches)
            except StopIteration:
                self._state = None
                raise ValueError("there is no such row in its table") from None
            except Exception:
                self._state = None
                raise
        data = self._cells[row - self._start].as_py()
        if data is None:
            raise ValueError("its row holds no picture")
        return bytes(data)


_CELLS = _Cells()


def _batches(state: _State) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import parquet

    file, _, _, column, group = state
    source = open_address(file, patient=False) if isinstance(file, Address) else file
    with parquet.ParquetFile(source, pre_buffer=False, buffer_size=_BUFFER) as opened:
        if group >= opened.num_row_groups:
            raise ValueError("there is no such row group in its table")
        for batch in opened.iter_batches(
            _ROWS, row_groups=[group], columns=[column], use_threads=False
        ):
            if batch.num_columns != 1:
                raise ValueError(f"there is no column {column!r} in its table")
            cells = batch.column(0)
            while pa.types.is_struct(cells.type):
                cells = cells.flatten()[0]
            yield cells
