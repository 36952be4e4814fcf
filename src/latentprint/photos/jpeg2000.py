"""What a JPEG 2000 file says besides its pixels: whether they are read faithfully, and its EXIF.

The decoder cuts deeper values down to 8 bits without a word, and takes colours that it does not
know for RGB: such files are refused by name.

ISO/IEC 15444-1, annexes A.5.1 (SIZ) and I.5.3 (jp2h).

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import IO

from latentprint.photos.boxes import boxes

CODESTREAM = b"\xff\x4f\xff\x51"
"""How a codestream begins, alone in a file or in its box."""

SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
"""How a file with boxes begins."""

# As ExifTool and as Photoshop write it.
_EXIF = (b"JpgTiffExif->JP2", bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"))
_COLOURS = (16, 17, 18)  # sRGB, grey and sYCC.
_SPACES = (b"RGB ", b"GRAY")


def jpeg2000_exif(file: IO[bytes]) -> bytes | None:
    """The EXIF of a file, of which the standard says nothing; None where there is none."""
    for kind, data in _boxes(file):
        if kind == b"uuid" and data[:16] in _EXIF:
            return data[16:]
    return None


def unreadable_jpeg2000(file: IO[bytes]) -> str:
    """What a file holds that is not read faithfully; empty if nothing."""
    header = next((data for kind, data in _boxes(file) if kind == b"jp2h"), b"")
    for kind, data in boxes(io.BytesIO(header)):
        if kind == b"colr":
            return _unknown_colours(data) or _unknown_values(file)
    return _unknown_values(file)


def _boxes(file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a file; none of a codestream alone."""
    file.seek(0)
    return boxes(file) if file.read(len(SIGNATURE)) == SIGNATURE else iter(())


def _unknown_colours(colr: bytes) -> str:
    if colr[:1] == b"\1":
        number = int.from_bytes(colr[3:7], "big")
        return "" if number in _COLOURS else f"colours of kind {number}"
    space = colr[19:23]  # Of the profile, which begins at the fourth byte.
    return "" if space in _SPACES else f"a colour profile of {space.decode('latin-1').strip()!r}"


def _unknown_values(file: IO[bytes]) -> str:
    """What the head of the codestream says of the values of its channels."""
    file.seek(0)
    beginning = file.read(1 << 20)
    at = beginning.find(CODESTREAM)
    if at < 0:
        return "no pixels in its first megabyte"
    try:
        (channels,) = struct.unpack_from(">H", beginning, at + 40)
        values = struct.unpack_from(f">{3 * channels}B", beginning, at + 42)
    except struct.error:
        return ""  # The decoder says what is wrong.
    of_colours = slice(3 * (channels - 1 + channels % 2))
    kinds, across, down = (values[of_colours][each::3] for each in range(3))
    if any(kind & 0x80 for kind in kinds):
        return "signed values"
    if deep := [kind + 1 for kind in kinds if kind != 7]:
        return f"{deep[0]} bits a channel"
    return "channels of several sizes" if len({*across, *down}) > 1 else ""
