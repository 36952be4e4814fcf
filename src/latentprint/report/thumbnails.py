"""Small copies of photos that the page carries inside itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from latentprint.photos.decode import BrokenPhoto, decode

SIDE = 160
"""Pixels of the longer side."""

ROOM = 2_200_000
"""Characters of pictures that the page has room for."""

_QUALITY = 70


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of a photo.

    Attributes:
        name: Id of the picture on the page.
        source: A ``data:`` URI; empty where there is no picture.
        width: In pixels.
        height: In pixels.
        missing: Why there is no picture.
    """

    name: str
    source: str = ""
    width: int = SIDE
    height: int = SIDE
    missing: str = ""


def thumbnails(
    root: Path | None, paths: Iterable[str], *, room: int = ROOM
) -> dict[str, Thumbnail]:
    """Make a small copy of every photo, each once.

    The copies are JPEG files made from pixels alone: they carry no EXIF, comment or profile.

    Args:
        root: The folder that relative paths start from; None where that is not known.
        paths: Values of the column ``path`` of a table of photos, the most important first.
        room: Characters that all pictures together may take.

    Returns:
        A thumbnail for every path; one that cannot be read says so.
    """
    found: dict[str, Thumbnail] = {}
    for number, path in enumerate(dict.fromkeys(paths)):
        name = f"picture-{number}"
        made = _thumbnail(name, root, path) if room > 0 else None
        if made is None or len(made.source) > room:
            # What is left stays unused: otherwise large pictures would be left out, small ones not.
            room = 0
            made = Thumbnail(name, missing="No room for this picture")
        room -= len(made.source)
        found[path] = made
    return found


def _thumbnail(name: str, root: Path | None, path: str) -> Thumbnail:
    if root is None:
        return Thumbnail(name, missing="Picture not found")
    try:
        image = decode(root / path).image
    except BrokenPhoto:
        return Thumbnail(name, missing="Picture not found")
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    # A comment would be written again: Pillow keeps it beside the pixels.
    bare = Image.frombytes("RGB", image.size, image.tobytes())
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    text = base64.b64encode(buffer.getvalue()).decode()
    return Thumbnail(name, f"data:image/jpeg;base64,{text}", *image.size)
