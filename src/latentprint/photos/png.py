"""The EXIF of a PNG file, wherever and however it is kept.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import re
import zlib
from typing import IO

_MAX_CHUNKS = 100_000
# ImageMagick writes profiles out as hexadecimal text, before and after there was a chunk for EXIF;
# some programs write its words in small letters or capitals.
_PROFILES = (b"raw profile type exif", b"raw profile type app1")
# A line with the name, one with the number of bytes, then these in hexadecimal digits.
_WRITTEN = re.compile(rb"[^\r\n]+[\r\n]\s*(-?\d+)\s+(.*)", re.DOTALL)


def png_exif(file: IO[bytes], most: int) -> bytes | None:
    """The EXIF block of a PNG file; where there are several, the one with a chunk of its own.

    Args:
        file: The file; its position is kept.
        most: No more than this many bytes and one are returned.

    Raises:
        ValueError: There is a block in text that is none, or is compressed and damaged.
    """
    here = file.tell()
    profile: bytes | None = None
    try:
        file.seek(8)
        for _ in range(_MAX_CHUNKS):
            head = file.read(8)
            if len(head) < 8 or head.endswith(b"IEND"):
                break
            length, kind = int.from_bytes(head[:4]), head[4:]
            begin = file.tell()
            if kind == b"eXIf":
                return file.read(min(length, most + 1))
            if kind in (b"tEXt", b"zTXt", b"iTXt") and profile is None:
                # Every byte is two digits.
                profile = _profile(kind, file.read(min(length, 3 * most)), most)
            file.seek(begin + length + 4, io.SEEK_SET)
    finally:
        file.seek(here)
    return profile


def _profile(kind: bytes, chunk: bytes, most: int) -> bytes | None:
    """The EXIF block in a chunk of text; None if it holds something else."""
    keyword, _, text = chunk.partition(b"\0")
    if keyword.lower() not in _PROFILES:
        return None
    compressed = kind == b"zTXt"
    if kind == b"iTXt":
        # Whether it is compressed and how, a language and the keyword in that.
        compressed, (_, _, text) = text[:1] == b"\1", text[2:].split(b"\0", 2)
    elif compressed:
        text = text[1:]
    if compressed:
        text = zlib.decompressobj().decompress(text, 3 * most)
    written = _WRITTEN.match(text.lstrip())
    if written is None:
        raise ValueError("it is not written out as a profile")
    size, digits = written.groups()
    wanted = min(int(size), most + 1)
    if wanted < 0:
        raise ValueError("its length is negative")
    block = bytes.fromhex(b"".join(digits.split())[: 2 * wanted].decode("ascii"))
    # An APP1 segment may also hold XMP.
    return None if block.startswith(b"http:") else block
