"""Samples of a TIFF that fill no whole bytes, such as 12 bits, packed one after the other.

TIFF 6.0, section 2: each row begins a byte, and within it the bits follow one another, the highest
first, in files of either byte order.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

_BITS_AT_ONCE = 1 << 24


def unpacked(page: Any, data: bytes) -> np.ndarray[Any, Any]:
    """The values of a picture of at most 16 bits that is not tiled.

    Args:
        page: The picture, as tifffile describes it, not compressed or by deflate.
        data: The file.

    Returns:
        uint16 [H, W], or [H, W, C] of several channels.

    Raises:
        ValueError: The file ends before its pixels do.
    """
    width, height, bits = page.imagewidth, page.imagelength, page.bitspersample
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    across = width * page.samplesperpixel // planes
    row_size = -(-across * bits // 8)
    strips = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    each = len(strips) // planes
    found = []
    for plane in range(planes):
        rows = b"".join(
            _decompressed(data[start : start + size], page.compression, row_size * height)
            for start, size in strips[plane * each : (plane + 1) * each]
        )
        if len(rows) < row_size * height:
            raise ValueError("the image is truncated: the file ends before its pixels do")
        stored = np.frombuffer(rows, np.uint8, row_size * height).reshape(height, row_size)
        found.append(_values(stored, across, bits))
    values = np.stack(found, axis=-1) if planes > 1 else found[0]
    return values.reshape(height, width, -1).squeeze(-1 if page.samplesperpixel == 1 else ())


def _decompressed(piece: bytes, compression: int, most: int) -> bytes:
    return piece if compression == 1 else zlib.decompressobj().decompress(piece, most)


def _values(stored: np.ndarray[Any, Any], across: int, bits: int) -> np.ndarray[Any, Any]:
    """Rows of bytes as rows of values, uint16 [H, across]."""
    weights = 1 << np.arange(bits - 1, -1, -1, dtype=np.uint16)
    values = np.empty((len(stored), across), np.uint16)
    rows = max(1, _BITS_AT_ONCE // max(1, across * bits))
    for start in range(0, len(stored), rows):
        each = np.unpackbits(stored[start : start + rows], axis=1)[:, : across * bits]
        values[start : start + rows] = each.reshape(len(each), across, bits) @ weights
    return values
