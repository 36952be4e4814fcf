"""The values of a TIFF, put together from its strips or tiles, whatever their type and packing.

TIFF 6.0, sections 2 (strips, and bits that fill no whole bytes), 14 (differences) and 15 (tiles);
Adobe Photoshop TIFF Technical Note 3 for differences of floating-point numbers. Compressed bytes
are unpacked by zlib, or by libtiff, to which Pillow passes each piece as a picture of bytes.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

COMPRESSIONS = (1, 5, 8, 32773, 32946, 34925, 50000)
"""What can be unpacked: none, LZW, two names of deflate, PackBits, LZMA and Zstandard."""

WHOLE_BYTES = (8, 16, 32, 64)
"""Bits of values that fill whole bytes."""

MOST_PACKED = 15
"""Most bits of a value that does not; more could be packed in either byte order."""

_Array = np.ndarray[Any, Any]

_DEFLATE = (8, 32946)
_DIFFERENCES, _FLOAT_DIFFERENCES = 2, 3
_BITS_AT_ONCE = 1 << 24
# A tile may stand over the edge of its picture, but not fill the memory.
_LARGEST_TILE = 1 << 24
_TRUNCATED = "the image is truncated: the file ends before its pixels do"


def read_pieces(page: Any, data: bytes) -> _Array:
    """The values of a picture.

    Args:
        page: The picture, as tifffile describes it: compressed by one of ``COMPRESSIONS``, its
            values of ``WHOLE_BYTES`` or, unsigned and without differences, of at most
            ``MOST_PACKED`` bits.
        data: The file.

    Returns:
        As stored, in the machine's byte order [H, W, C].

    Raises:
        ValueError: The file is cut off or damaged.
        OSError: So is a compressed piece.
    """
    form = _Form.of(page)
    planes = page.samplesperpixel // form.channels
    height, width = page.imagelength, page.imagewidth
    across, down = -(-width // form.width), -(-height // form.height)
    places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if len(places) != planes * across * down:
        raise ValueError(f"it has {len(places)} pieces, and {planes * across * down} are needed")
    values = np.empty((height, width, page.samplesperpixel), form.dtype)
    for number, (start, size) in enumerate(places):
        if not size or start + size > len(data):
            raise ValueError(_TRUNCATED)
        plane, place = divmod(number, across * down)
        top, left = form.height * (place // across), form.width * (place % across)
        # The last strip has the rows that are left, the last tile is filled up.
        rows = form.height if page.is_tiled else min(form.height, height - top)
        piece = form.values(data[start : start + size], rows)
        first = plane * form.channels
        values[top : top + form.height, left : left + form.width, first : first + form.channels] = (
            piece[: height - top, : width - left]
        )
    return values


@dataclass(frozen=True)
class _Form:
    """How each piece of a picture is stored.

    Attributes:
        width: Values across, of each channel.
        height: Rows; the last strip may have fewer.
        channels: Channels that are stored together.
        bits: Bits of a value.
        stored: Type of the values in the file, with its byte order; of packed ones as unpacked.
        compression: Number of the method.
        predictor: 1 none, 2 differences, 3 of floating-point numbers.
        reversed_bits: Whether the lowest bit of a byte comes first.
    """

    width: int
    height: int
    channels: int
    bits: int
    stored: np.dtype[Any]
    compression: int
    predictor: int
    reversed_bits: bool

    @classmethod
    def of(cls, page: Any) -> _Form:
        """That of a picture, as tifffile describes it."""
        if page.is_tiled:
            width, height = page.tilewidth, page.tilelength
            if width * height > max(_LARGEST_TILE, 4 * page.imagewidth * page.imagelength):
                raise ValueError(f"its tiles of {width} x {height} are larger than the picture")
        else:
            width, height = page.imagewidth, min(page.rowsperstrip, page.imagelength)
        if min(width, height) < 1:
            raise ValueError("its pieces have no pixels")
        bits = page.bitspersample
        kind = {2: "i", 3: "f"}.get(int(page.sampleformat), "u")
        if bits in WHOLE_BYTES:
            stored = np.dtype(f"{page.parent.byteorder}{kind}{bits // 8}")
        else:
            stored = np.dtype(np.uint16)
        planar = page.planarconfig == 2
        return cls(
            width,
            height,
            1 if planar else page.samplesperpixel,
            bits,
            stored,
            int(page.compression),
            int(page.predictor) if page.compression != 1 else 1,
            page.fillorder == 2,
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values in memory."""
        return self.stored.newbyteorder("=")

    def values(self, piece: bytes, rows: int) -> _Array:
        """The values of a piece [rows, width, channels]."""
        across = self.width * self.channels
        row_size = -(-across * self.bits // 8)
        unpacked = self._unpacked(piece, row_size, rows)
        if len(unpacked) < rows * row_size:
            raise ValueError(_TRUNCATED)
        stored = np.frombuffer(unpacked, np.uint8, rows * row_size).reshape(rows, row_size)
        if self.reversed_bits:
            stored = np.packbits(np.unpackbits(stored, axis=1), axis=1, bitorder="little")
        if self.predictor == _FLOAT_DIFFERENCES:
            found = self._rearranged(stored)
        elif self.bits in WHOLE_BYTES:
            found = stored.view(self.stored).astype(self.dtype)
        else:
            found = _packed(stored, across, self.bits)
        found = found.reshape(rows, self.width, self.channels)
        if self.predictor == _DIFFERENCES:
            whole = found.view(f"u{self.bits // 8}")
            found = np.cumsum(whole, axis=1, dtype=whole.dtype).view(self.dtype)
        return found

    def _unpacked(self, piece: bytes, row_size: int, rows: int) -> bytes:
        if self.compression == 1:
            return piece
        if self.compression in _DEFLATE:
            return zlib.decompressobj().decompress(piece, row_size * rows)
        with Image.open(io.BytesIO(_bytes_tiff(piece, self.compression, row_size, rows))) as opened:
            return opened.tobytes()

    def _rearranged(self, stored: _Array) -> _Array:
        """Floating-point numbers from differences of bytes, all the highest ones of a row first."""
        rows, size = len(stored), self.bits // 8
        summed = np.cumsum(stored.reshape(rows, -1, self.channels), axis=1, dtype=np.uint8)
        highest_first = summed.reshape(rows, size, -1).swapaxes(1, 2)
        return np.ascontiguousarray(highest_first).view(f">f{size}").astype(self.dtype)


def _packed(stored: _Array, across: int, bits: int) -> _Array:
    """Rows of bytes as rows of values, the highest bits first, uint16 [H, across]."""
    weights = 1 << np.arange(bits - 1, -1, -1, dtype=np.uint16)
    values = np.empty((len(stored), across), np.uint16)
    rows = max(1, _BITS_AT_ONCE // max(1, across * bits))
    for start in range(0, len(stored), rows):
        each = np.unpackbits(stored[start : start + rows], axis=1)[:, : across * bits]
        values[start : start + rows] = each.reshape(len(each), across, bits) @ weights
    return values


def _bytes_tiff(piece: bytes, compression: int, width: int, height: int) -> bytes:
    """A TIFF of one strip whose pixels are the bytes that a piece unpacks to."""
    fields = (
        (256, width), (257, height), (258, 8), (259, compression), (262, 1), (273, 122),
        (277, 1), (278, height), (279, len(piece)),
    )  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields)
    return struct.pack("<4sIH", b"II*\0", 8, len(fields)) + entries + bytes(4) + piece
