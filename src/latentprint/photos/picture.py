"""A photo's file, opened: its facts, and how to get its pixels, from the same picture in it.

This module is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import IO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from latentprint.photos.exif import read_exif, read_tiff_exif
from latentprint.photos.file_bytes import BrokenPhoto
from latentprint.photos.formats import (
    FORMATS,
    START,
    install,
    installed,
    is_camera_raw,
    is_dicom,
    is_heif,
    misnamed,
)
from latentprint.photos.header import Header
from latentprint.photos.heif import heif_orientation
from latentprint.photos.jpeg2000 import unreadable_jpeg2000
from latentprint.photos.jpeg_tables import jpeg_quality, jpeg_subsampling, luminance_table
from latentprint.photos.pixels import rgb_of, to_rgb
from latentprint.photos.samples import Samples, png_depth, read_png
from latentprint.photos.tiff import (
    beginning_at,
    camera_raw,
    is_tiff,
    main_directory,
    read_directories,
)
from latentprint.photos.tiff_values import (
    is_for_pillow,
    pillow_turn,
    read_tiff,
    take_colours_of_bytes,
    tiff_depth,
    unreadable,
)
from latentprint.photos.tones import Tones, scaled
from latentprint.photos.turning import stored_size


@dataclass(frozen=True)
class Picture:
    """The main picture of a file.

    Attributes:
        header: What is known of it.
        rgb: Decodes it to 8-bit RGB and says by which orientation it is turned already; given a
            number of pixels, a JPEG may come at a fraction of its size that has as many a side.
        samples: Decodes its values instead, where 8 bits do not hold them; None elsewhere.
    """

    header: Header
    rgb: Callable[[int | None], tuple[Image.Image, int]]
    samples: Callable[[], Samples] | None = None


def open_picture(file: IO[bytes], suffix: str) -> Picture:
    """Open the main picture of a file.

    Args:
        file: To read from; it has to stay open until the pixels are decoded.
        suffix: The suffix of the file's name, with its dot.

    Raises:
        BrokenPhoto: It cannot be read faithfully, or needs an extra that is not installed.
        Exception: Whatever decoders raise at files that are damaged.
    """
    start = file.read(START)
    file.seek(0)
    if is_dicom(start):
        _require("dicom", "a DICOM file")
        from latentprint.photos.dicom import open_dicom

        header, rgb, samples = open_dicom(file)
        return Picture(_named(header, suffix), rgb, samples)
    if is_camera_raw(start):
        return _camera_raw(file, suffix)
    if is_tiff(start):
        return _tiff(file, suffix)
    return _by_pillow(file, suffix, is_heif(start))


def _require(extra: str, what: str) -> None:
    if not installed(extra):
        raise BrokenPhoto(f"{what}, which is not opened without: {install(extra)}")


def _named(header: Header, suffix: str) -> Header:
    """The header with a note on a wrong suffix, which comes first."""
    wrong = misnamed(suffix, header.format)
    return replace(header, note="; ".join(filter(None, [wrong, header.note])))


def _camera_raw(file: IO[bytes], suffix: str) -> Picture:
    _require("raw", "a camera raw file, not developed yet")
    from latentprint.photos.raw import open_raw

    header, rgb = open_raw(file)
    return Picture(_named(header, suffix), rgb)


def _tiff(file: IO[bytes], suffix: str) -> Picture:
    directories = read_directories(file)
    if camera_raw(file, directories):
        return _camera_raw(file, suffix)
    main = main_directory(directories)
    if why := unreadable(main):
        raise BrokenPhoto(
            f"a TIFF with {why}, which is not read faithfully: save it with 8 or 16 bits a channel"
        )
    depth = tiff_depth(main)
    note = "several pictures: the main one used" if len(directories) > 1 else ""
    exif = read_tiff_exif(file, main, directories[0])
    header = Header("TIFF", main.width, main.height, note, None, None, None, exif, depth)

    def data() -> bytes:
        file.seek(0)
        return beginning_at(file.read(), main)

    def rgb(_: int | None) -> tuple[Image.Image, int]:
        if not is_for_pillow(main):
            return rgb_of(scaled(read_tiff(data(), main), Tones())[0]), 1
        with _opened(io.BytesIO(data())) as opened:
            take_colours_of_bytes(opened)
            turn = pillow_turn(opened)
            opened.load()
            return to_rgb(opened), turn

    samples = None if depth is None else lambda: read_tiff(data(), main)
    return Picture(_named(header, suffix), rgb, samples)


def _by_pillow(file: IO[bytes], suffix: str, heif: bool) -> Picture:
    if heif:
        _register_heif()
    opened = _opened(file)
    kind = "JPEG" if opened.format == "MPO" else str(opened.format)
    if kind == "JPEG2000" and (why := unreadable_jpeg2000(file)):
        raise BrokenPhoto(
            f"a JPEG 2000 picture with {why}, which is not read faithfully: save it as TIFF or PNG"
        )
    exif, size, done = read_exif(opened), opened.size, 1
    if kind == "HEIF":
        done = heif_orientation(file)
        exif, size = exif.turned_by_boxes(done), stored_size(size, done)
    depth = png_depth(opened) if isinstance(opened, PngImageFile) else None
    quality, exact, subsampling = _jpeg_facts(opened)
    several = _several(opened)
    header = Header(
        kind, *size, several, quality, exact, subsampling, exif, depth, mode=opened.mode
    )

    def rgb(least_side: int | None) -> tuple[Image.Image, int]:
        if least_side is not None:
            opened.draft(None, (least_side, least_side))
        opened.load()
        return to_rgb(opened), done

    def again() -> Image.Image:
        file.seek(0)
        return _opened(io.BytesIO(file.read()))

    samples = None if depth is None else partial(read_png, again, depth)
    return Picture(_named(header, suffix), rgb, samples)


def _opened(file: IO[bytes]) -> Image.Image:
    # Pillow's limit is a global of its module and follows no setting of ours; the size is checked
    # against the caller's limit before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    Image.init()
    file.seek(0)
    return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])


@cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()


def _several(opened: Image.Image) -> str:
    if not getattr(opened, "is_animated", False):
        return ""
    if opened.format in ("MPO", "HEIF"):
        return "several pictures: the main one used"
    return "animated: first frame used"


def _jpeg_facts(opened: Image.Image) -> tuple[int | None, bool | None, str | None]:
    if not isinstance(opened, JpegImageFile):
        return None, None, None
    table = luminance_table(opened)
    quality, exact = (None, None) if table is None else jpeg_quality({0: table})
    return quality, exact, jpeg_subsampling(opened)
