"""The values of pictures with more than 8 bits a channel, or other than whole positive numbers.

Pillow holds such values in types that are too small, or of another kind, without a word. Of TIFF
they are read by tifffile, where they are compressed by a method that only libtiff knows by Pillow,
and of PNG by Pillow in two steps.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from latentprint.photos.packed import unpacked
from latentprint.photos.tiff import Directory
from latentprint.photos.turning import ORIENTATION

UNSIGNED, SIGNED, FLOAT = "unsigned", "signed", "floating-point"

# What tifffile reads on its own: no compression, and two names of deflate.
_TIFFFILE = (1, 8, 32946)
_WHOLE_BYTES = (8, 16, 32, 64)
# A pixel of more bits would make a small file fill the memory.
_MOST_CHANNELS, _MOST_BITS = 8, 256
# Raw modes of the file's byte order, where libtiff has put the bytes into the machine's.
_NATIVE = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}


@dataclass(frozen=True)
class Depth:
    """How the values of a picture are stored.

    Attributes:
        number: "unsigned", "signed" or "floating-point".
        bits: Bits of a value, as the file declares them.
        modality: Kind of a medical picture, such as "CT"; empty for other pictures.
    """

    number: str
    bits: int
    modality: str = ""

    @property
    def kind(self) -> str:
        """What pictures share that are scaled alike, such as "signed 16-bit"."""
        words = f"{self.bits}-bit" if self.number == UNSIGNED else f"{self.number} {self.bits}-bit"
        return f"{self.modality} ({words})" if self.modality else words


@dataclass(frozen=True)
class Samples:
    """A picture's values.

    Attributes:
        values: The values as stored: [H, W] of grey, [H, W, 3] of RGB or [H, W, 4] of CMYK.
        depth: How they are stored.
        inverted: Whether the lowest value is white.
        turned: The orientation by which the decoder has turned them already; 1 is not at all.
        window: The values that become black and white, where a medical file states them.
    """

    values: np.ndarray[Any, Any]
    depth: Depth
    inverted: bool = False
    turned: int = 1
    window: tuple[float, float] | None = None


def tiff_depth(directory: Directory) -> Depth | None:
    """How a picture of a TIFF stores its values; None if 8 bits hold them, as Pillow reads them."""
    number = {2: SIGNED, 3: FLOAT}.get(directory.sample_format, UNSIGNED)
    if directory.depth <= 8 and number == UNSIGNED:
        return None
    return Depth(number, directory.depth)


def png_depth(image: Image.Image) -> Depth | None:
    """How an opened PNG stores its values; None if 8 bits hold them."""
    return Depth(UNSIGNED, 16) if ";16" in _raw_mode(image) else None


def unreadable(directory: Directory) -> str:
    """Why the pixels of a TIFF cannot be had faithfully, in a few words; empty if they can."""
    kind = _kind(directory)
    colours = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3, 9: 3}.get(directory.photometric, 0)
    channels, depth = len(directory.bits), tiff_depth(directory)
    if channels > _MOST_CHANNELS or channels * directory.depth > _MOST_BITS:
        return f"more than {_MOST_CHANNELS} channels or {_MOST_BITS} bits a pixel"
    if len(set(directory.bits)) > 1:
        return f"samples of different depths: {directory.bits}"
    if directory.sample_format > 4:
        return "complex numbers or several kinds of samples"
    if directory.big and not directory.little_endian:
        return "the layout of a big-endian BigTIFF"
    if directory.photometric == 5 and directory.ink_set != 1:
        return "inks other than cyan, magenta, yellow and black"
    if directory.photometric == 6 and directory.compression == 1 and _subsampled(directory):
        return "YCbCr with subsampled chroma that is not compressed"
    if depth is None:
        planar_grey = directory.planar and colours == 1 and channels > 1
        return "grey with a further channel in a plane of its own" if planar_grey else ""
    if directory.photometric not in (0, 1, 2, 5) or channels < colours:
        return f"{kind} of photometric interpretation {directory.photometric}"
    if channels - colours > min(directory.extra_samples, 1 if colours == 1 else channels):
        return f"{channels} channels of {kind} that are no colours"
    if _tifffile_reads(directory) or _pillow_reads(directory):
        return ""
    return f"{kind}, compression {directory.compression}"


def _kind(directory: Directory) -> str:
    depth = tiff_depth(directory) or Depth(UNSIGNED, directory.depth)
    order = "" if directory.little_endian else " big-endian"
    return f"{depth.kind}{order} samples"


def _subsampled(directory: Directory) -> bool:
    return any(each != 1 for each in directory.subsampling)


def _tifffile_reads(directory: Directory) -> bool:
    """Whether tifffile has the values on its own, without a library of compression methods."""
    if directory.compression not in _TIFFFILE:
        return False
    if directory.depth in _WHOLE_BYTES:
        # Predictor 3 rearranges the bytes of floating-point numbers.
        return directory.predictor != 3
    packed = directory.depth < 16 and directory.sample_format in (1, 4)
    differences = directory.predictor != 1 and directory.compression != 1
    return packed and directory.fill_order == 1 and not directory.tiled and not differences


def _pillow_reads(directory: Directory) -> bool:
    """Whether Pillow has the values, for what tifffile cannot unpack."""
    planes = directory.planar and len(directory.bits) > 1
    if directory.compression in (6, 7, 50001) or planes or directory.fill_order != 1:
        return False
    black, little = directory.photometric == 1, directory.little_endian
    if directory.photometric in (2, 5):
        return directory.sample_format in (1, 4) and directory.depth == 16
    if len(directory.bits) > 1:
        return False
    if directory.sample_format == 3:
        return directory.depth == 32
    if directory.sample_format == 2:
        return black and directory.depth in (8, 16, 32)
    if directory.depth == 16:
        return black or little
    return black and little and directory.depth in (12, 32)


def read_tiff(data: bytes, directory: Directory, depth: Depth) -> Samples:
    """Read the values of a TIFF whose first directory this is, and which is not ``unreadable``.

    Channels that are no colours, such as alpha, are dropped.

    Raises:
        ValueError: The file is cut off or damaged.
    """
    inverted = directory.photometric == 0
    if not _tifffile_reads(directory):
        with Image.open(io.BytesIO(data)) as opened:
            turned = pillow_turn(opened)
        values = _by_pillow(lambda: Image.open(io.BytesIO(data)), depth)
        return Samples(values, depth, inverted, turned)
    import tifffile

    # What it logs it also raises, or it concerns metadata.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        page: Any = opened.pages[0]
        pieces = list(zip(page.dataoffsets, page.databytecounts, strict=True))
        if not pieces or any(not size or start + size > len(data) for start, size in pieces):
            raise ValueError("the image is truncated: the file ends before its pixels do")
        if directory.depth in _WHOLE_BYTES:
            values = page.asarray(maxworkers=1)
            if "S" in page.axes:
                values = np.moveaxis(values, page.axes.index("S"), -1)
        else:
            values = unpacked(page, data)
    if values.shape[:2] != (directory.height, directory.width) or values.ndim > 3:
        raise ValueError(f"the image is a block of {values.ndim} dimensions, no picture")
    colours = {2: 3, 5: 4}.get(directory.photometric, 1)
    if values.ndim == 3:
        values = values[..., 0] if colours == 1 else values[..., :colours]
    return Samples(values, depth, inverted)


def pillow_turn(image: Image.Image) -> int:
    """The orientation by which Pillow turns an opened TIFF when it loads it.

    Pillow takes it from EXIF or else from XMP.
    """
    turn = image.getexif().get(ORIENTATION, 1)
    return turn if turn in range(1, 9) else 1


def read_png(open_again: Callable[[], Image.Image], depth: Depth) -> Samples:
    """Read the values of a 16-bit PNG, its alpha channel dropped."""
    return Samples(_by_pillow(open_again, depth), depth)


def _by_pillow(open_again: Callable[[], Image.Image], depth: Depth) -> np.ndarray[Any, Any]:
    image = open_again()
    if image.mode in ("RGB", "RGBA", "CMYK"):
        return _colours(image, open_again())
    if _is_native(image):
        _set_raw_mode(image, lambda mode: _NATIVE.get(mode, mode))
    image.load()
    values: np.ndarray[Any, Any] = np.asarray(image)
    if depth.number == UNSIGNED and values.dtype == np.int32:
        return values.view(np.uint32)
    if depth.number == SIGNED and values.dtype == np.uint8:
        return values.view(np.int8)
    return values


def _colours(first: Image.Image, second: Image.Image) -> np.ndarray[Any, Any]:
    """16-bit channels from two readings: of the high bytes and of the low bytes, uint16 [H, W, C].

    Pillow has no picture of 16-bit channels. Its raw modes ``;16B`` and ``;16L`` keep the first
    and the last byte of each value, so that the wrong one of the two gives the low bytes.
    """
    raw_mode = _raw_mode(first)
    if raw_mode.startswith("LA"):
        # Grey and alpha: the two bytes of one, and the two of the other.
        _set_raw_mode(first, lambda _: "RGBA")
        pair = np.asarray(first).astype(np.uint16)
        return pair[..., 0] << 8 | pair[..., 1]
    little = raw_mode[-1] == "L" or (raw_mode[-1] == "N" and sys.byteorder == "little")
    _set_raw_mode(first, lambda mode: mode[:-1] + ("L" if little else "B"))
    _set_raw_mode(second, lambda mode: mode[:-1] + ("B" if little else "L"))
    channels = 4 if first.mode == "CMYK" else 3
    high = np.asarray(first)[..., :channels].astype(np.uint16)
    values: np.ndarray[Any, Any] = high << 8 | np.asarray(second)[..., :channels]
    return values


def _raw_mode(image: Image.Image) -> str:
    tiles: list[Any] = getattr(image, "tile", None) or []
    arguments = tiles[0][3] if tiles else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments or "")


def _is_native(image: Image.Image) -> bool:
    """Whether libtiff decodes the picture, which gives values in the machine's byte order."""
    tiles: list[Any] = getattr(image, "tile", None) or []
    return bool(tiles) and tiles[0][0] == "libtiff"


def _set_raw_mode(image: Image.Image, change: Callable[[str], str]) -> None:
    changed = []
    for tile in image.tile:  # type: ignore[attr-defined]
        arguments = tile[3]
        if isinstance(arguments, tuple):
            arguments = (change(str(arguments[0])), *arguments[1:])
        else:
            arguments = change(str(arguments))
        changed.append(type(tile)(*tile[:3], arguments))
    image.tile = changed  # type: ignore[attr-defined]
