"""CSV files as bytes: what separates their columns, and their lines in blocks.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK = 1 << 22
"""Bytes of a CSV file that are read at once."""

_OTHER_SEPARATORS = (";", "\t")
_COMPRESSED = b"\x1f\x8b"
_BLANK_STARTS = (b"\n\n", b"\n\r", b"\n ")
_BLANK_LINE = re.compile(rb"(?<=\n) *\r?\n")


def separator(opened: BinaryIO) -> str:
    """What separates the columns: of what may, the one that the line of their names has most of.

    Raises:
        ValueError: The file is no text in UTF-8, has lines as old Macs write them, or begins with a
            line for Excel.
    """
    line = b""
    while (more := opened.readline()) and not line.strip():
        line = more
    if not line.startswith(_COMPRESSED):
        if b"\0" in line:
            raise ValueError("it is no text in UTF-8, but perhaps in UTF-16")
        if b"\r" in line.rstrip(b"\r\n"):
            raise ValueError("its lines end in carriage returns alone: save it with line feeds")
    if line.lower().startswith(b"sep="):
        raise ValueError("its first line only names the separator: delete this line")
    names = b"".join(line.split(b'"')[::2]).decode("utf-8", "replace")
    return max((",", *_OTHER_SEPARATORS), key=names.count)


def without_blank_lines(block: bytes, mark: str) -> tuple[bytes, int]:
    """A block without its empty lines, and how many there were.

    Where there is one column only, an empty line is a row without a value. Lines inside quotes
    are part of a text.

    Args:
        block: Lines of a file after the one with the names.
        mark: What separates the columns.
    """
    names = block.lstrip().partition(b"\n")[0]
    # Much faster than to look for them by their pattern.
    none = not any(start in block for start in _BLANK_STARTS)
    if mark.encode() not in names or none:
        return block, 0
    count, parts = 0, block.split(b'"')
    for at in range(0, len(parts), 2):
        parts[at], found = _BLANK_LINE.subn(b"", parts[at])
        count += found
    return b'"'.join(parts), count


def csv_blocks(opened: BinaryIO) -> Iterator[bytes]:
    """A CSV file in blocks of whole lines, each with the header before it."""
    header = b""
    while (line := opened.readline()) and (not header.strip() or header.count(b'"') % 2):
        header += line
    parts, quotes = [line], line.count(b'"')
    while len(data := opened.read(_BLOCK)) == _BLOCK:
        if end := _end_of_lines(data, quotes):
            yield b"".join([header, *parts, data[:end]])
            parts, quotes = [], 0
        parts.append(data[end:])
        quotes += parts[-1].count(b'"')
    yield b"".join([header, *parts, data])


def _end_of_lines(data: bytes, quotes: int) -> int:
    """Where the last whole line ends, after so many quotes; 0 where none does.

    Line breaks in quotes end no line.
    """
    quotes, end = quotes + data.count(b'"'), len(data)
    while (start := data.rfind(b"\n", 0, end)) >= 0:
        quotes -= data.count(b'"', start, end)
        if quotes % 2 == 0:
            return start + 1
        end = start
    return 0
