"""The values of a TIFF that Pillow would hold in too small a type, or does not open at all.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import logging
from typing import Any

import numpy as np
from PIL import Image, ImagePalette, TiffImagePlugin

from latentprint.photos.pieces import COMPRESSIONS, MOST_PACKED, WHOLE_BYTES, read_pieces
from latentprint.photos.samples import FLOAT, SIGNED, UNSIGNED, Depth, Samples
from latentprint.photos.tiff import Directory
from latentprint.photos.turning import ORIENTATION

# Colour channels by photometric interpretation, of those that Pillow opens.
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3, 9: 3}
_PLAIN = (0, 1, 2, 5)
_PALETTE = 3
_PACK_BITS = 32773
_COLOUR_MAP, _NO_DATA = 320, 42113
_MULTIPLIED = 1
# A pixel of more bits would make a small file fill the memory.
_MOST_CHANNELS, _MOST_BITS = 8, 256


def tiff_depth(directory: Directory) -> Depth | None:
    """How a picture of a TIFF stores its values; None if 8 bits hold them."""
    number = {2: SIGNED, 3: FLOAT}.get(directory.sample_format, UNSIGNED)
    if directory.depth <= 8 and number == UNSIGNED:
        return None
    return Depth(number, directory.depth)


def is_for_pillow(directory: Directory) -> bool:
    """Whether Pillow opens a picture whose values 8 bits hold."""
    several = directory.planar and len(directory.bits) > 1
    if directory.for_us_alone or (several and _colours(directory) == 1):
        return False
    # It takes planes of some colours for others, and a plane of white-is-zero for its opposite.
    unpacked_here = directory.photometric != _PALETTE and directory.compression in COMPRESSIONS
    if directory.planar and unpacked_here:
        return False
    # Neither it nor libtiff sums differences of what PackBits packed.
    if directory.predictor != 1 and directory.compression == _PACK_BITS:
        return False
    key = (
        b"II" if directory.little_endian else b"MM",
        directory.photometric,
        (directory.sample_format,),
        directory.fill_order,
        directory.bits,
        directory.extra_samples,
    )
    mode, raw = TiffImagePlugin.OPEN_INFO.get(key, ("", ""))
    # Two kinds it knows by name alone: it does not convert the one or decode the other.
    return mode not in ("", "La") and raw != "L;IR"


def unreadable(directory: Directory) -> str:
    """Why the pixels of a TIFF cannot be had faithfully, in a few words; empty if they can."""
    colours, channels = _colours(directory), len(directory.bits)
    if channels > _MOST_CHANNELS or channels * directory.depth > _MOST_BITS:
        return f"more than {_MOST_CHANNELS} channels or {_MOST_BITS} bits a pixel"
    if directory.photometric < 0:
        return "samples of which it does not say whether the lowest is black or white"
    if len(set(directory.bits)) > 1:
        return f"samples of different depths: {directory.bits}"
    if directory.sample_format > 4:
        return "complex numbers or several kinds of samples"
    if directory.photometric == 5 and directory.ink_set != 1:
        return "inks other than cyan, magenta, yellow and black"
    if directory.photometric == 6 and directory.compression == 1 and _subsampled(directory):
        return "YCbCr with subsampled chroma that is not compressed"
    kind = _kind(directory)
    if tiff_depth(directory) is None and is_for_pillow(directory):
        known = directory.compression in TiffImagePlugin.COMPRESSION_INFO
        return "" if known else f"{kind}, compression {directory.compression}"
    if directory.photometric not in _PLAIN or channels < colours:
        return f"{kind} of photometric interpretation {directory.photometric}"
    # Pictures of 8 bits with a fourth channel that is not described are read as RGB, too.
    described = len(directory.extra_samples) or int(colours == 3)
    if channels - colours > min(described, 1 if colours == 1 else channels):
        return f"{channels} channels of {kind} that are no colours"
    if directory.compression not in COMPRESSIONS:
        return f"{kind}, compression {directory.compression}"
    if directory.fill_order != 1 and directory.compression != 1:
        return f"{kind}, compression {directory.compression} of bits in reverse"
    return "" if _is_unpacked(directory) else f"{kind}, which are packed in an unusual way"


def _colours(directory: Directory) -> int:
    return _COLOURS.get(directory.photometric, 0)


def _kind(directory: Directory) -> str:
    depth = tiff_depth(directory) or Depth(UNSIGNED, directory.depth)
    return f"{depth.kind} samples"


def _subsampled(directory: Directory) -> bool:
    return any(each != 1 for each in directory.subsampling)


def _is_unpacked(directory: Directory) -> bool:
    """Whether values of this size can be told apart, and their differences summed."""
    floats = directory.sample_format == 3
    if directory.depth in WHOLE_BYTES:
        return not floats if directory.predictor == 2 else directory.predictor == 1 or floats
    whole = directory.sample_format in (1, 4) and directory.depth <= MOST_PACKED
    return whole and directory.predictor == 1 and directory.fill_order == 1


def read_tiff(data: bytes, directory: Directory) -> Samples:
    """Read the values of a TIFF whose first directory this is, and which is not ``unreadable``.

    Channels that are no colours, such as alpha, are dropped; colours that are multiplied by alpha
    are divided by it, as Pillow does where 8 bits hold them.

    Raises:
        ValueError: The file is cut off or damaged.
    """
    import tifffile

    # What it logs it also raises, or it concerns metadata.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        page: Any = opened.pages[0]
        values = _without_unmeasured(page, read_pieces(page, data))
    if values.shape[:2] != (directory.height, directory.width):
        raise ValueError("the image is not of the size that it states")
    colours = {2: 3, 5: 4}.get(directory.photometric, 1)
    if directory.photometric in (1, 2) and directory.extra_samples[:1] == (_MULTIPLIED,):
        full = 1.0 if values.dtype.kind == "f" else 2.0**directory.depth - 1
        values = _divided(values, colours, full)
    values = values[..., 0] if colours == 1 else values[..., :colours]
    depth = tiff_depth(directory) or Depth(UNSIGNED, directory.depth)
    return Samples(values, depth, inverted=directory.photometric == 0)


def _without_unmeasured(page: Any, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The values, where the file says which stands for none (GDAL_NODATA) that as a mark.

    Marks are those of ``tones.summary``; of unsigned numbers the highest, or else 0, which
    changes no depth. Those of 8 bits have no depth to be found out, and stay.
    """
    stated = page.tags.get(_NO_DATA)
    if stated is None or values.dtype == np.uint8:
        return values
    try:
        none = float(str(stated.value).strip("\0 "))
    except ValueError:
        return values
    if values.dtype.kind == "u" and none == np.iinfo(values.dtype).max:
        return values
    mark = np.nan if values.dtype.kind == "f" else np.iinfo(values.dtype).min
    unmeasured = values == none if np.isfinite(none) else ~np.isfinite(values)
    return np.where(unmeasured, values.dtype.type(mark), values)


def _divided(values: np.ndarray[Any, Any], colours: int, full: float) -> np.ndarray[Any, Any]:
    """Colours that were multiplied by the channel after them; where that is 0 they stay."""
    alpha = values[..., colours : colours + 1].astype(np.float64)
    known = alpha > 0
    divided = values[..., :colours] * (full / np.where(known, alpha, full))
    if values.dtype.kind != "f":
        divided = np.minimum(np.floor(divided + 0.5), full)
    return np.where(known, divided, values[..., :colours]).astype(values.dtype)


def take_colours_of_bytes(image: Image.Image) -> None:
    """Take the colours of an opened TIFF's palette for bytes where none exceeds one.

    Old programs write them so in place of 16 bits, of which Pillow takes the higher ones: black.
    libtiff's tools judge as this does.
    """
    if image.palette is None or not isinstance(image, TiffImagePlugin.TiffImageFile):
        return
    colours = image.tag_v2.get(_COLOUR_MAP, ())
    if colours and max(colours) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(colours))


def pillow_turn(image: Image.Image) -> int:
    """The orientation by which Pillow turns an opened TIFF when it loads it.

    Pillow takes it from EXIF or else from XMP.
    """
    turn = image.getexif().get(ORIENTATION, 1)
    return turn if turn in range(1, 9) else 1
