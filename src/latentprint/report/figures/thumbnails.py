"""Small copies of photos that a figure carries inside itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from latentprint.photos.decode import decode_small
from latentprint.photos.file_bytes import BrokenPhoto
from latentprint.photos.location import located
from latentprint.photos.tones import Tones
from latentprint.report.wording import shortened

SIDE = 144
"""Pixels of the longer side."""

ROOM = 900_000
"""Characters of pictures that a figure has room for."""

_QUALITY = 70
_NAMED = 40

Photo = tuple[Path | None, str]
"""The folder that relative paths start from, None where that is not known; and the path."""


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of a photo.

    Attributes:
        name: Id of the picture on the page.
        title: The path of the photo, short: what stands in its place where there is no picture.
        source: A ``data:`` URI; empty where there is no picture.
        width: In pixels.
        height: In pixels.
        missing: Why there is no picture; empty where none was wanted.
    """

    name: str
    title: str
    source: str = ""
    width: int = SIDE
    height: int = SIDE
    missing: str = ""


@dataclass(frozen=True)
class Album:
    """The pictures of a figure, each once."""

    pictures: Mapping[Photo, Thumbnail]

    def __getitem__(self, photo: Photo) -> Thumbnail:
        return self.pictures[photo]

    def __iter__(self) -> Iterator[Thumbnail]:
        """The pictures that there are, without those that are missing."""
        return (each for each in self.pictures.values() if each.source)


def thumbnails(
    photos: Iterable[Photo],
    prefix: str,
    *,
    wanted: bool = True,
    tones: Mapping[Path, Tones] | None = None,
    room: int = ROOM,
) -> Album:
    """Make a small copy of every photo, each once.

    The copies are WebP files made from pixels alone, turned as the photo's orientation says: they
    carry no EXIF, comment or profile.

    Args:
        photos: The photos, the most important first. A path may name the member of a tar archive:
            see ``photos.location``.
        prefix: What ids of pictures begin with: the key of the figure.
        wanted: Whether there are to be pictures at all.
        tones: How the deep pictures of a folder were scaled; by default each is judged by itself.
        room: Characters that all pictures together may take.
    """
    found: dict[Photo, Thumbnail] = {}
    for number, photo in enumerate(dict.fromkeys(photos)):
        name, title = f"{prefix}-picture-{number}", shortened(photo[1], _NAMED)
        if not wanted:
            found[photo] = Thumbnail(name, title)
            continue
        made = _thumbnail(name, title, photo, tones or {}) if room > 0 else None
        if made is None or len(made.source) > room:
            # What is left stays unused: otherwise large pictures would be left out, small ones not.
            room = 0
            made = Thumbnail(name, title, missing="No room for this picture")
        room -= len(made.source)
        found[photo] = made
    return Album(found)


def _thumbnail(name: str, title: str, photo: Photo, tones: Mapping[Path, Tones]) -> Thumbnail:
    root, path = photo
    if root is None:
        return Thumbnail(name, title, missing="Picture not found")
    try:
        image = decode_small(located(path, root), SIDE, tones=tones.get(root))
    except BrokenPhoto:
        return Thumbnail(name, title, missing="Picture not found")
    # Made anew, as Pillow keeps metadata beside the pixels and would write it again.
    bare = Image.frombytes("RGB", image.size, image.tobytes())
    buffer = io.BytesIO()
    bare.save(buffer, "WEBP", quality=_QUALITY, method=4)
    text = base64.b64encode(buffer.getvalue()).decode()
    return Thumbnail(name, title, f"data:image/webp;base64,{text}", *image.size)
