"""The boxes of which files of HEIF and of JPEG 2000 are made.

ISO/IEC 14496-12, section 4.2; ISO/IEC 15444-1, annex I.4.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

_MOST_BYTES = 16 << 20
_MOST_BOXES = 10_000
_PIXELS = (b"mdat", b"idat", b"jp2c")


def boxes(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The boxes one after another, each with its kind and what it holds; of pixels nothing."""
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        begin = 8
        if size == 1:
            (size,), begin = struct.unpack(">Q", head[8:16]), 16
        if kind in _PIXELS:
            data = b""
        else:
            file.seek(at + begin)
            data = file.read(min(max(size - begin, 0), _MOST_BYTES) if size else _MOST_BYTES)
        yield kind, data
        if size < begin:
            return
        at += size
