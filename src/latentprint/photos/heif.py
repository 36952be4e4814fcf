"""How the pixels of a HEIF file are turned when they are shown: its boxes say, not its EXIF.

ISO/IEC 23008-12, sections 6.5.10 (irot) and 6.5.12 (imir), on ISO/IEC 14496-12, section 8.11. The
decoder turns the pixels itself and does not tell.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import struct
from typing import IO

from latentprint.photos.boxes import boxes
from latentprint.photos.turning import composed

_ROTATED = {1: 8, 2: 3, 3: 6}
_MIRRORED = {0: 4, 1: 2}


def heif_orientation(file: IO[bytes]) -> int:
    """The orientation from 1 (not at all) to 8 by which the main picture is turned and mirrored.

    A file whose boxes are damaged is not turned as far as this can tell: 1.
    """
    try:
        meta = next((data for kind, data in boxes(file) if kind == b"meta"), b"")[4:]
        found = dict(boxes(io.BytesIO(meta)))
        properties = dict(boxes(io.BytesIO(found.get(b"iprp", b""))))
        listed = list(boxes(io.BytesIO(properties.get(b"ipco", b""))))
        orientation = 1
        for index in _associated(properties.get(b"ipma", b""), _main_item(found[b"pitm"])):
            kind, data = listed[index - 1] if 0 < index <= len(listed) else (b"", b"")
            if kind == b"irot":
                orientation = composed(orientation, _ROTATED.get(data[0] & 3, 1))
            elif kind == b"imir":
                orientation = composed(orientation, _MIRRORED[data[0] & 1])
    except (KeyError, IndexError, struct.error):
        return 1
    return orientation


def _main_item(pitm: bytes) -> int:
    form = ">H" if pitm[0] == 0 else ">I"
    return int(struct.unpack_from(form, pitm, 4)[0])


def _associated(ipma: bytes, item: int) -> list[int]:
    """The numbers, from 1, of an item's properties in their order."""
    item_form = ">H" if ipma[0] < 1 else ">I"
    wide = ipma[3] & 1
    (entries,) = struct.unpack_from(">I", ipma, 4)
    at = 8
    for _ in range(min(entries, len(ipma))):
        (number,) = struct.unpack_from(item_form, ipma, at)
        at += struct.calcsize(item_form)
        count = ipma[at]
        at += 1
        form = f">{count}{'H' if wide else 'B'}"
        indices = struct.unpack_from(form, ipma, at)
        at += struct.calcsize(form)
        if number == item:
            return [each & (0x7FFF if wide else 0x7F) for each in indices]
    return []
