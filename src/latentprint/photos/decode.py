"""One photo file in, RGB pixels out, or a short reason why not.

This module is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TypeVar

from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from latentprint.photos.exif import Exif, read_exif
from latentprint.photos.file_bytes import BrokenPhoto, open_beginning, read_bytes
from latentprint.photos.jpeg_tables import jpeg_quality, jpeg_subsampling
from latentprint.photos.pixels import content_digest, to_rgb

# Only these decoders may see a file: Pillow's others include some that
# start programs (EPS).
FORMATS = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "PNG": ("png",),
    "WEBP": ("webp",),
    "TIFF": ("tif", "tiff"),
    "BMP": ("bmp",),
    "GIF": ("gif",),
    "HEIF": ("heic", "heif"),
    "AVIF": ("avif", "heif"),
}
SUFFIXES = tuple(dict.fromkeys(suffix for suffixes in FORMATS.values() for suffix in suffixes))

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"RIFF")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
_T = TypeVar("_T")


@dataclass(frozen=True)
class Decoded:
    """A decoded photo.

    Attributes:
        image: The pixels, a Pillow image of mode RGB.
        format: Format found in the file's bytes, such as "JPEG", whatever the file is called.
        width: Width in pixels, after orientation.
        height: Height in pixels, after orientation.
        note: What a reader should know, such as "named .jpg but holds PNG"; empty if nothing.
        jpeg_quality: Nearest IJG quality from 1 to 100; null for other formats.
        jpeg_ijg: Whether the table is exactly the one of this quality; null for other formats.
        jpeg_subsampling: Chroma subsampling such as "4:2:0"; null for other formats.
        content: Digest of size and RGB pixels: copies that differ in metadata only share it.
        exif: The acquisition labels.
    """

    image: Image.Image
    format: str
    width: int
    height: int
    note: str
    jpeg_quality: int | None
    jpeg_ijg: bool | None
    jpeg_subsampling: str | None
    content: str
    exif: Exif


@dataclass(frozen=True)
class Header:
    """What is known of a photo before any pixel is decoded.

    Attributes:
        format: Format found in the file's bytes.
        width: Width in pixels, as stored, before orientation.
        height: Height in pixels, as stored, before orientation.
        note: What a reader should know, such as "named .jpg but holds PNG"; empty if nothing.
        jpeg_quality: Nearest IJG quality from 1 to 100; null for other formats.
        jpeg_ijg: Whether the table is exactly the one of this quality; null for other formats.
        jpeg_subsampling: Chroma subsampling such as "4:2:0"; null for other formats.
        exif: The acquisition labels.
    """

    format: str
    width: int
    height: int
    note: str
    jpeg_quality: int | None
    jpeg_ijg: bool | None
    jpeg_subsampling: str | None
    exif: Exif


def decode(path: Path, *, orient: bool = True, max_pixels: int = 100_000_000) -> Decoded:
    """Read a photo once and decode it to 8-bit RGB.

    The rules: grey is repeated in three channels; palettes are resolved; alpha is dropped, not
    blended, as the study and torchvision do; CMYK, YCbCr and HSV are converted by Pillow and LAB
    to sRGB, embedded colour profiles are not applied; 16-bit grey is scaled by 255/65535 and
    rounded; floating point is scaled by 255 if no value is above 1, else clipped to 0..255; of an
    animation or a file of several pictures the first (HEIF: the main) one is used.

    Args:
        path: The file.
        orient: Turn and mirror the pixels as the EXIF orientation says. TIFF and HEIF decoders do
            so in any case.
        max_pixels: Refuse a larger photo, judged by its header, before any pixel is decoded.

    Raises:
        BrokenPhoto: If there are no pixels to be had, for whatever reason.
    """
    data = read_bytes(path)
    return _guarded(data[:9], lambda: _decode(data, path.suffix, orient, max_pixels))


def decode_small(path: Path, side: int, *, max_pixels: int = 100_000_000) -> Image.Image:
    """Read a photo as a small RGB picture, turned as its EXIF says.

    A JPEG is decoded at a fraction of its size, many times faster than by ``decode``: for pictures
    that are looked at, not for pixels that are measured.

    Args:
        path: The file.
        side: Pixels of the longer side; a smaller photo keeps its size.
        max_pixels: Refuse a larger photo; see ``decode``.

    Raises:
        BrokenPhoto: If there are no pixels to be had, for whatever reason.
    """
    data = read_bytes(path)
    return _guarded(data[:9], lambda: _small(data, side, max_pixels))


def read_header(path: Path) -> Header:
    """Read what a photo's file says of it, EXIF included, without decoding a pixel.

    Of a plain file only the beginning is read, and of a PNG the places of its chunks.

    Raises:
        BrokenPhoto: If it is no photo. One whose pixels are damaged may still have a header.
    """
    with open_beginning(path) as file:
        start = file.read(9)
        file.seek(0)
        return _guarded(start, lambda: _header(file, path.suffix))


def _guarded(start: bytes, work: Callable[[], _T]) -> _T:
    """Turn whatever Pillow raises into a short reason."""
    # Pillow's warnings are about metadata the pixels do not depend on. The filter is global to the
    # process, which is fine where one thread decodes, as in the engine's workers.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return work()
        except BrokenPhoto:
            raise
        except UnidentifiedImageError:
            raise BrokenPhoto(_unknown(start)) from None
        except Exception as error:  # decoders raise anything: OSError, SyntaxError, struct.error …
            raise BrokenPhoto(_failure(error)) from error


def _decode(data: bytes, suffix: str, orient: bool, max_pixels: int) -> Decoded:
    with _open(io.BytesIO(data)) as opened:
        _check_size(opened.size, max_pixels)
        # Before the pixels: a TIFF forgets its orientation when it is loaded.
        header = _describe(opened, suffix)
        notes = [header.note]
        opened.load()
        image = to_rgb(opened)
        if orient:
            image, trouble = _oriented(image, opened)
            notes.append(trouble)
    return Decoded(
        image,
        header.format,
        image.width,
        image.height,
        "; ".join(filter(None, notes)),
        header.jpeg_quality,
        header.jpeg_ijg,
        header.jpeg_subsampling,
        content_digest(image),
        header.exif,
    )


def _small(data: bytes, side: int, max_pixels: int) -> Image.Image:
    with _open(io.BytesIO(data)) as opened:
        _check_size(opened.size, max_pixels)
        # Twice the size is left, so that the last step is one of good quality.
        opened.draft(None, (2 * side, 2 * side))
        image, _ = _oriented(to_rgb(opened), opened)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def _header(file: IO[bytes], suffix: str) -> Header:
    with _open(file) as opened:
        return _describe(opened, suffix)


def _describe(opened: Image.Image, suffix: str) -> Header:
    kind = "JPEG" if opened.format == "MPO" else str(opened.format)
    note = "; ".join(filter(None, [_misnamed(suffix, kind), _several(opened)]))
    width, height = opened.size
    quality, exact, subsampling = _jpeg_facts(opened)
    return Header(kind, width, height, note, quality, exact, subsampling, read_exif(opened))


def _open(file: IO[bytes]) -> Image.Image:
    # Pillow's limit is a global of its module and follows no setting of ours; the size is checked
    # against the caller's limit before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    Image.init()
    if file.read(8)[4:] == b"ftyp":
        _register_heif()
    file.seek(0)
    formats = [name for name in FORMATS if name in Image.OPEN]
    return Image.open(file, formats=formats)


@cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise BrokenPhoto(
            f"too large: {width} x {height} = {width * height / 1e6:.4g} megapixels, "
            f"the limit is {max_pixels / 1e6:.4g} (--max-megapixels)"
        )


def _misnamed(suffix: str, kind: str) -> str:
    name = suffix.lower().removeprefix(".")
    wrong = name in SUFFIXES and name not in FORMATS[kind]
    return f"named {suffix.lower()} but holds {kind}" if wrong else ""


def _several(opened: Image.Image) -> str:
    if not getattr(opened, "is_animated", False):
        return ""
    if opened.format in ("MPO", "TIFF", "HEIF"):
        return "several pictures: the main one used"
    return "animated: first frame used"


def _jpeg_facts(opened: Image.Image) -> tuple[int | None, bool | None, str | None]:
    if not isinstance(opened, JpegImageFile):
        return None, None, None
    has_table = len(opened.quantization.get(0, ())) == 64
    quality, exact = jpeg_quality(opened.quantization) if has_table else (None, None)
    return quality, exact, jpeg_subsampling(opened)


def _oriented(image: Image.Image, opened: Image.Image) -> tuple[Image.Image, str]:
    """Turn the pixels as the file's EXIF says; a broken EXIF block costs no photo."""
    try:
        turn = _TURNS.get(opened.getexif().get(_ORIENTATION, 1))
    except Exception:  # malformed EXIF makes Pillow raise anything
        return image, "broken EXIF: orientation ignored"
    return (image if turn is None else image.transpose(turn)), ""


def _unknown(data: bytes) -> str:
    start = f"starts with {data[:8]!r}{'…' if len(data) > 8 else ''}"
    if data.startswith(_MAGIC) or data[4:8] == b"ftyp":
        return f"the image header is damaged, cut off or of an unknown kind ({start})"
    return f"not an image: no known image format ({start})"


def _failure(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "the image does not fit into memory"
    text = (str(error) or type(error).__name__).splitlines()[0]
    words = ("truncated", "premature", "end of file", "eof", "not enough data")
    cut_off = isinstance(error, EOFError) or any(word in text.lower() for word in words)
    return f"the image is {'truncated' if cut_off else 'damaged'}: {text}"
