"""What a photo's file says before any pixel of it is decoded.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

from dataclasses import dataclass

from latentprint.photos.exif import Exif
from latentprint.photos.samples import Depth


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
        depth: How the values are stored; None where 8 bits hold them.
        mode: Pillow's name of the colours as stored, such as "CMYK"; empty where other code reads.
    """

    format: str
    width: int
    height: int
    note: str
    jpeg_quality: int | None
    jpeg_ijg: bool | None
    jpeg_subsampling: str | None
    exif: Exif
    depth: Depth | None = None
    mode: str = ""
