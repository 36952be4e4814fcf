"""The directories of a TIFF file: which of its pictures is the photo, and how it is stored.

Pillow opens the first directory, which in many files is a preview. This module looks at all of
them before Pillow does (TIFF 6.0, sections 2 and 8; BigTIFF; Adobe's TIFF Technical Note 1 for
directories inside others).

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

MAX_DIRECTORIES = 1_000
_MAX_ENTRIES = 4_096
_MAX_VALUES = 64

_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = (
    254, 255, 256, 257, 258, 259, 262,
)  # fmt: skip
_FILL_ORDER, _ORIENTATION, _TILE_WIDTH = 266, 274, 322
_SAMPLES, _PLANAR, _PREDICTOR, _SUB_DIRECTORIES, _INK_SET, _EXTRA, _FORMAT, _SUBSAMPLING = (
    277, 284, 317, 330, 332, 338, 339, 530,
)  # fmt: skip
_READ = {
    _SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR,
    _FILL_ORDER, _ORIENTATION, _TILE_WIDTH, _PREDICTOR, _SUB_DIRECTORIES, _INK_SET, _EXTRA, _FORMAT,
    _SUBSAMPLING,
}  # fmt: skip
_SIZES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}

_RAW_PHOTOMETRIC = (32803, 34892)
# Compressions that only camera raw files have: NEF, ARW, PEF, Kodak's, lossy DNG.
_RAW_COMPRESSION = (34713, 32767, 32769, 32867, 65000, 65535, 34892, 52546)


@dataclass(frozen=True)
class Directory:
    """One picture of a TIFF file, as its directory describes it.

    Attributes:
        offset: Where the directory begins.
        inner: Whether it is named by another directory and not by the chain of the file.
        little_endian: Byte order of the file.
        big: Whether the file is a BigTIFF.
        width: Width in pixels, as stored.
        height: Height in pixels, as stored.
        bits: Bits of each sample of a pixel.
        sample_format: 1 unsigned, 2 signed, 3 floating point, 4 not said.
        photometric: 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr, 8 LAB; -1
            not said.
        compression: The number of the method; 1 is none.
        planar: Whether each channel is stored on its own.
        tiled: Whether it is stored in tiles and not in strips.
        fill_order: 2 if the lowest bit of a byte comes first.
        reduced: Whether it is a smaller version of another picture, or a mask.
        extra_samples: What the samples are that are no colours: 1 alpha by which colours are
            multiplied, 2 alpha by which they are not, 0 not said.
        predictor: 1 none, 2 differences, 3 of floating-point numbers; 1 of what is not compressed,
            whatever stands there.
        ink_set: 1 for CMYK.
        subsampling: Subsampling of the chroma across and down.
        orientation: How it is to be turned, 1 (not at all) to 8, or whatever stands there.
    """

    offset: int
    inner: bool
    little_endian: bool
    big: bool
    width: int
    height: int
    bits: tuple[int, ...]
    sample_format: int
    photometric: int
    compression: int
    planar: bool
    tiled: bool
    fill_order: int
    reduced: bool
    extra_samples: tuple[int, ...]
    predictor: int
    ink_set: int
    subsampling: tuple[int, ...]
    orientation: int

    @property
    def for_us_alone(self) -> bool:
        """Whether Pillow reads none of its fields: those of a BigTIFF with the high bytes first."""
        return self.big and not self.little_endian

    @property
    def raw(self) -> bool:
        """Whether it holds values of a sensor that are not developed yet."""
        return self.photometric in _RAW_PHOTOMETRIC or self.compression in _RAW_COMPRESSION

    @property
    def depth(self) -> int:
        """Bits of the deepest sample."""
        return max(self.bits)


def is_tiff(start: bytes) -> bool:
    """Whether a file that begins so is a TIFF."""
    return start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def camera_raw(file: IO[bytes], directories: tuple[Directory, ...]) -> bool:
    """Whether a TIFF holds the values of a camera's sensor, whatever it is called."""
    file.seek(8)
    canon = file.read(2) == b"CR"
    return canon or any(each.raw for each in directories if not each.reduced)


def main_directory(directories: tuple[Directory, ...]) -> Directory:
    """The photo: the largest picture that is no smaller version of another; of equals the first.

    Raises:
        ValueError: There is no picture.
    """
    if not directories:
        raise ValueError("the file has no picture")
    full = [each for each in directories if not each.reduced] or list(directories)
    return max(full, key=lambda each: each.width * each.height)


def beginning_at(data: bytes, directory: Directory) -> bytes:
    """The same file with this directory as its first, the one that Pillow opens."""
    order = "<" if directory.little_endian else ">"
    if directory.big:
        return data[:8] + struct.pack(f"{order}Q", directory.offset) + data[16:]
    return data[:4] + struct.pack(f"{order}I", directory.offset) + data[8:]


def read_directories(file: IO[bytes]) -> tuple[Directory, ...]:
    """Read the directories of pictures of a TIFF file, those inside others included.

    At most 1,000 are read, each once, and of each only what this module needs.

    Raises:
        ValueError: The file is cut off inside its first directory, or has none.
    """
    return tuple(_Reader(file).pictures())


class _Reader:
    """Reads directories; hostile offsets and counts cost no more than a few reads."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        file.seek(0)
        start = file.read(16)
        self._little = start[:2] == b"II"
        self._order = "<" if self._little else ">"
        self._big = start[2:4] in (b"+\0", b"\0+")
        place, size, kind = (8, 8, "Q") if self._big else (4, 4, "I")
        self._offset, self._count = ("Q", "Q") if self._big else ("I", "H")
        self._entry = 20 if self._big else 12
        if len(start) < place + size:
            raise ValueError("the image is truncated: the file ends inside its header")
        self._first = int(struct.unpack(self._order + kind, start[place : place + size])[0])

    def pictures(self) -> Iterator[Directory]:
        seen: set[int] = set()
        waiting = [(self._first, False)]
        while waiting and len(seen) < MAX_DIRECTORIES:
            offset, inner = waiting.pop(0)
            if offset in seen or not offset:
                continue
            first = not seen
            seen.add(offset)
            try:
                fields, following = self._directory(offset)
            except (struct.error, OSError, OverflowError) as error:
                if first:
                    raise ValueError(
                        "the image is truncated: its first directory is not there"
                    ) from error
                continue
            if fields.get(_WIDTH) and fields.get(_HEIGHT):
                yield self._described(offset, inner, fields)
            if not inner:
                waiting.append((following, False))
            waiting.extend((each, True) for each in fields.get(_SUB_DIRECTORIES, ()))

    def _directory(self, offset: int) -> tuple[dict[int, tuple[int, ...]], int]:
        self._file.seek(offset)
        count = self._number(self._count)
        entries = self._file.read(self._entry * min(count, _MAX_ENTRIES))
        following = self._number(self._offset) if count <= _MAX_ENTRIES else 0
        fields: dict[int, tuple[int, ...]] = {}
        for at in range(0, len(entries) - self._entry + 1, self._entry):
            entry = entries[at : at + self._entry]
            tag, kind = struct.unpack(self._order + "HH", entry[:4])
            if tag in _READ and kind in _SIZES and tag not in fields:
                fields[tag] = self._values(kind, entry[4:])
        return fields, following

    def _values(self, kind: int, rest: bytes) -> tuple[int, ...]:
        size = struct.calcsize(self._offset)
        (count,) = struct.unpack(self._order + self._offset, rest[:size])
        form = f"{self._order}{min(count, _MAX_VALUES)}{_SIZES[kind]}"
        length = struct.calcsize(form)
        if count * struct.calcsize(self._order + _SIZES[kind]) <= size:
            return struct.unpack(form, rest[size : size + length])
        self._file.seek(struct.unpack(self._order + self._offset, rest[size:])[0])
        data = self._file.read(length)
        return struct.unpack(form, data) if len(data) == length else ()

    def _number(self, kind: str) -> int:
        form = self._order + kind
        return int(struct.unpack(form, self._file.read(struct.calcsize(form)))[0])

    def _described(self, offset: int, inner: bool, fields: dict[int, tuple[int, ...]]) -> Directory:
        def first(tag: int, default: int) -> int:
            return (fields.get(tag) or (default,))[0]

        photometric, compression = first(_PHOTOMETRIC, -1), first(_COMPRESSION, 1)
        samples = first(_SAMPLES, 1)
        bits = fields.get(_BITS) or (1,)
        count = min(max(samples, 1), _MAX_VALUES)
        # One number stands for all samples; what else is missing is 0, which nobody reads.
        bits = bits * count if len(bits) == 1 else (*bits, *(0,) * count)[:count]
        formats = fields.get(_FORMAT) or (1,)
        # Bit 0 of NewSubfileType: a reduced version; bit 2: a mask. Of the old field, 2: reduced.
        reduced = bool(first(_SUBFILE, 0) & 5) or first(_OLD_SUBFILE, 0) == 2 or photometric == 4
        return Directory(
            offset,
            inner,
            self._little,
            self._big,
            first(_WIDTH, 0),
            first(_HEIGHT, 0),
            bits,
            formats[0] if len(set(formats)) == 1 else 5,
            photometric,
            compression,
            first(_PLANAR, 1) == 2,
            _TILE_WIDTH in fields,
            first(_FILL_ORDER, 1),
            reduced,
            fields.get(_EXTRA, ()),
            first(_PREDICTOR, 1) if compression != 1 else 1,
            first(_INK_SET, 1),
            fields.get(_SUBSAMPLING) or (2, 2),
            first(_ORIENTATION, 1),
        )
