"""One photo file in, RGB pixels out, or a short reason why not.

This module is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image, UnidentifiedImageError

from latentprint.photos.exif import Exif
from latentprint.photos.file_bytes import BrokenPhoto, open_beginning, read_bytes
from latentprint.photos.formats import START, unknown
from latentprint.photos.header import Header
from latentprint.photos.location import Location, as_location
from latentprint.photos.picture import open_picture
from latentprint.photos.pixels import content_digest, rgb_of
from latentprint.photos.samples import Samples
from latentprint.photos.tones import Tones, scaled
from latentprint.photos.turning import turned, turned_back

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


def decode(
    path: Location | str,
    *,
    orient: bool = True,
    max_pixels: int = 100_000_000,
    tones: Tones | None = None,
) -> Decoded:
    """Read a photo once and decode it to 8-bit RGB.

    The rules: grey is repeated in three channels; palettes are resolved; alpha is dropped, not
    blended, as the study and torchvision do; CMYK, YCbCr and HSV are converted by Pillow and LAB
    to sRGB, embedded colour profiles are not applied; deeper samples than 8 bits and other kinds
    of numbers are scaled as ``tones`` says, and white-is-zero is inverted; of an animation the
    first picture is used, of a TIFF the largest that is no reduced version of another, of HEIF the
    main one. What cannot be had faithfully is refused by name.

    Args:
        path: The file, or its address.
        orient: Turn and mirror the pixels as the label ``orientation`` says: the EXIF (not XMP),
            of HEIF and AVIF the boxes that count there.
        max_pixels: Refuse a larger photo, judged by its header, before any pixel is decoded.
        tones: How deep pictures are scaled; see ``decide_tones``. By default each is judged by
            itself, which the note then says.

    Raises:
        BrokenPhoto: If there are no pixels to be had, for whatever reason.
    """
    path = as_location(path)
    data = read_bytes(path)
    return guarded(
        data[:START], lambda: _decode(data, path.suffix, orient, max_pixels, tones or Tones())
    )


def decode_small(
    path: Location, side: int, *, max_pixels: int = 100_000_000, tones: Tones | None = None
) -> Image.Image:
    """Read a photo as a small RGB picture, turned as its label ``orientation`` says.

    A JPEG is decoded at a fraction of its size, many times faster than by ``decode``: for pictures
    that are looked at, not for pixels that are measured.

    Args:
        path: The file.
        side: Pixels of the longer side; a smaller photo keeps its size.
        max_pixels: Refuse a larger photo; see ``decode``.
        tones: How deep pictures are scaled; see ``decode``.

    Raises:
        BrokenPhoto: If there are no pixels to be had, for whatever reason.
    """
    data = read_bytes(path)

    def small() -> Image.Image:
        # Twice the size is left, so that the last step is one of good quality.
        _, image, _ = _pixels(data, path.suffix, max_pixels, tones or Tones(), 2 * side)
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        return image

    return guarded(data[:START], small)


def read_header(path: Location) -> Header:
    """Read what a photo's file says of it, EXIF included, without decoding a pixel.

    Of a plain file only the beginning is read, of a PNG the places of its chunks and of a TIFF its
    directories.

    Raises:
        BrokenPhoto: If it is no photo. One whose pixels are damaged may still have a header.
    """
    with open_beginning(path) as file:
        start = file.read(START)
        file.seek(0)
        return guarded(start, lambda: open_picture(file, path.suffix).header)


def read_samples(path: Location, max_pixels: int = 100_000_000) -> Samples | None:
    """Read the values of a photo that 8 bits do not hold; None for all other photos.

    Raises:
        BrokenPhoto: If there are none to be had, for whatever reason.
    """
    data = read_bytes(path)

    def samples() -> Samples | None:
        picture = open_picture(io.BytesIO(data), path.suffix)
        if picture.samples is None:
            return None
        _check_size(picture.header, max_pixels)
        return picture.samples()

    return guarded(data[:START], samples)


def guarded(start: bytes, work: Callable[[], _T]) -> _T:
    """Do some work, and turn whatever decoders raise into a short reason.

    Raises:
        BrokenPhoto: The work failed.
    """
    # Pillow's warnings are about metadata the pixels do not depend on. The filter is global to the
    # process, which is fine where one thread decodes, as in the engine's workers.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return work()
        except BrokenPhoto:
            raise
        except UnidentifiedImageError:
            raise BrokenPhoto(unknown(start)) from None
        except Exception as error:  # decoders raise anything: OSError, SyntaxError, struct.error …
            raise BrokenPhoto(_failure(error)) from error


def _decode(data: bytes, suffix: str, orient: bool, max_pixels: int, tones: Tones) -> Decoded:
    header, image, note = _pixels(data, suffix, max_pixels, tones, orient=orient)
    return Decoded(
        image,
        header.format,
        image.width,
        image.height,
        "; ".join(filter(None, [header.note, note])),
        header.jpeg_quality,
        header.jpeg_ijg,
        header.jpeg_subsampling,
        content_digest(image),
        header.exif,
    )


def _pixels(
    data: bytes,
    suffix: str,
    max_pixels: int,
    tones: Tones,
    least_side: int | None = None,
    *,
    orient: bool = True,
) -> tuple[Header, Image.Image, str]:
    """The header, the RGB pixels and what a reader should know of how they were scaled."""
    picture = open_picture(io.BytesIO(data), suffix)
    _check_size(picture.header, max_pixels)
    note = ""
    if picture.samples is not None:
        samples = picture.samples()
        values, note = scaled(samples, tones)
        image, done = rgb_of(values), 1
    else:
        image, done = picture.rgb(least_side)
    wanted = (picture.header.exif.orientation or 1) if orient else 1
    if wanted != done:
        image = turned(turned_back(image, done), wanted)
    return picture.header, image, note


def _check_size(header: Header, max_pixels: int) -> None:
    width, height = header.width, header.height
    if width * height > max_pixels:
        raise BrokenPhoto(
            f"too large: {width} x {height} = {width * height / 1e6:.4g} megapixels, "
            f"the limit is {max_pixels / 1e6:.4g} (--max-megapixels)"
        )


def _failure(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "the image does not fit into memory"
    text = (str(error) or type(error).__name__).splitlines()[0]
    if text.startswith("the image is "):
        return text
    words = ("truncated", "premature", "end of file", "eof", "not enough data")
    cut_off = isinstance(error, EOFError) or any(word in text.lower() for word in words)
    return f"the image is {'truncated' if cut_off else 'damaged'}: {text}"
