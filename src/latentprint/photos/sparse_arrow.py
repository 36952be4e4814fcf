"""Arrow files at addresses, of which what says where pictures lie is fetched, and no picture.

A batch of rows is one piece of such a file: what describes it, then the buffers of its columns,
which are pictures for the most part. Of a large piece only the beginning is fetched; the rest are
zeros, in memory that takes no room until it is written to. Where the buffers lie is then said by
their addresses, and those that are read are fetched.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from latentprint.photos.addresses import BLOCK, open_address, patiently, size_of
from latentprint.photos.location import Address

if TYPE_CHECKING:
    import pyarrow as pa

PACKED = "its batches are compressed: write it without compression"
"""Why what was read of a batch does not lie in the file."""

JOINED = (
    "a column of classes gets some of its values later (delta dictionaries), or its values are "
    "compressed: write it with all values at once, or name a copy of the file on a disk"
)
"""Why the values of a column of classes do not lie in the file: pyarrow joins such parts."""

_DESCRIBED = 1 << 18
"""Bytes at the beginning of a large piece: more than thousands of columns need."""


class SparseFile:
    """A file as far as it was fetched, as pyarrow reads from Python's files.

    Attributes:
        whole: Its bytes; zeros where nothing was fetched.
        closed: Whether it is closed: never.
    """

    closed = False

    def __init__(self, file: Address) -> None:
        """Find out how long it is.

        Raises:
            OSError: It cannot be had at present.
            ValueError: There is no such file, or nothing in it.
        """
        import pyarrow as pa

        self._size, self._at = patiently(lambda: size_of(file)), 0
        if not self._size:
            raise ValueError("it is empty")
        self._opened = open_address(file)
        self._there = set[tuple[int, int]]()
        self._memory = mmap.mmap(-1, self._size)
        self.whole: pa.Buffer = pa.py_buffer(self._memory)

    def read(self, size: int = -1) -> pa.Buffer:
        """The next bytes, which share the file's memory; of many the first are fetched."""
        start, left = self._at, max(0, self._size - self._at)
        size = left if size < 0 else min(size, left)
        self._fetch(start, size if size <= BLOCK else _DESCRIBED)
        self._at += size
        return self.whole.slice(start, size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place of the file."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Where it is read next."""
        return self._at

    def fetch(self, buffers: Iterable[Any], elsewhere: str) -> None:
        """Fetch some that point into the file; None for one that is not there.

        Args:
            buffers: The buffers.
            elsewhere: Why they would not lie in the file, and what to do.

        Raises:
            OSError: They cannot be had at present.
            ValueError: They lie elsewhere.
        """
        first = self.whole.address
        places = sorted((each.address - first, each.size) for each in buffers if each is not None)
        for start, size in places:
            if size and not 0 <= start <= start + size <= self._size:
                raise ValueError(elsewhere)
            # Batches share the values of columns of classes.
            if (start, size) not in self._there:
                self._there.add((start, size))
                self._fetch(start, size)

    def _fetch(self, start: int, size: int) -> None:
        if size:
            self._opened.seek(start)
            data = self._opened.read(size)
            if len(data) < size:
                raise ValueError("it is shorter than its server said")
            self._memory[start : start + size] = data
