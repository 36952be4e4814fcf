"""Camera raw files, developed by LibRaw; the extra ``raw``.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import IO

import rawpy
from PIL import Image

from latentprint.photos.exif import Exif, read_tiff_exif
from latentprint.photos.header import Header
from latentprint.photos.tiff import is_tiff, main_directory, read_directories

# How LibRaw says that a sensor was held, as EXIF numbers it.
_FLIPS = {0: 1, 3: 3, 5: 8, 6: 6}
# By default LibRaw takes the brightest value of a photo for white where it is above three quarters
# of what the sensor can state, which would brighten each photo by itself.
_DEVELOPED = {
    "use_camera_wb": True,
    "no_auto_bright": True,
    "adjust_maximum_thr": 0.0,
    "user_flip": 0,
}


def open_raw(file: IO[bytes]) -> tuple[Header, Callable[[int | None], tuple[Image.Image, int]]]:
    """Open a camera raw file.

    It is developed with the camera's white balance, without brightening, in sRGB with 8 bits a
    channel, by LibRaw's default demosaicing; the note says by which version.

    Args:
        file: To read from; it has to stay open until the pixels are decoded.

    Returns:
        The header, and what develops the pixels; see ``Picture``.

    Raises:
        rawpy.LibRawError: It is none, or of a camera that LibRaw does not know.
    """
    file.seek(0)
    with rawpy.imread(file) as raw:
        sizes = raw.sizes
    # Pixels of some sensors are no squares, and LibRaw gives them the size of the finished picture.
    width, height = sizes.width, sizes.height
    if sizes.pixel_aspect < 1:
        height = round(height / sizes.pixel_aspect)
    elif sizes.pixel_aspect > 1:
        width = round(width * sizes.pixel_aspect)
    version = ".".join(map(str, rawpy.libraw_version))
    note = f"camera raw, developed by LibRaw {version}"
    exif = replace(_exif(file), orientation=_FLIPS.get(sizes.flip, 1))

    def rgb(_: int | None) -> tuple[Image.Image, int]:
        file.seek(0)
        with rawpy.imread(file) as opened:
            pixels = opened.postprocess(**_DEVELOPED)
        return Image.fromarray(pixels), 1

    return Header("RAW", width, height, note, None, None, None, exif), rgb


def _exif(file: IO[bytes]) -> Exif:
    """The labels of those raw files that are TIFFs in their own way, as most are."""
    file.seek(0)
    if not is_tiff(file.read(4)):
        return Exif()
    directories = read_directories(file)
    main = main_directory(directories)
    return read_tiff_exif(file, main, directories[0])
