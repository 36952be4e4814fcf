"""Small copies of photos that a figure carries inside itself."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from latentprint.photos.decode import decode_small
from latentprint.photos.file_bytes import BrokenPhoto
from latentprint.photos.location import Location
from latentprint.photos.tones import Tones
from latentprint.report.pictures import Photo, Pictures
from latentprint.report.wording import shortened

logger = logging.getLogger(__name__)

SIDE = 144
"""Pixels of the longer side."""

ROOM = 900_000
"""Characters of pictures that a figure has room for."""

_NOT_FOUND, _NOT_READ = "Picture not found", "Picture not read"
_QUALITY = 70
_NAMED = 40


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
    """The pictures of a figure, each once.

    Attributes:
        pictures: The pictures, and what stands where there is none.
        withheld: What is to be said of photos that must not be read; empty where there are none.
    """

    pictures: Mapping[Photo, Thumbnail]
    withheld: str = ""

    def __getitem__(self, photo: Photo) -> Thumbnail:
        return self.pictures[photo]

    def __iter__(self) -> Iterator[Thumbnail]:
        """The pictures that there are, without those that are missing."""
        return (each for each in self.pictures.values() if each.source)


def thumbnails(
    photos: Iterable[Photo],
    prefix: str,
    pictures: Pictures,
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
        pictures: Which photos may be read; of others it is said, here too, how many there are.
        wanted: Whether there are to be pictures at all.
        tones: How the deep pictures of a folder were scaled; by default each is judged by itself.
        room: Characters that all pictures together may take.
    """
    found: dict[Photo, Thumbnail] = {}
    withheld = 0
    for number, photo in enumerate(dict.fromkeys(photos)):
        name, title = f"{prefix}-picture-{number}", shortened(photo[1], _NAMED)
        if not wanted:
            found[photo] = Thumbnail(name, title)
            continue
        file = pictures.location(photo)
        if file is None:
            unknown = photo[0] is None
            withheld += not unknown
            found[photo] = Thumbnail(name, title, missing=_NOT_FOUND if unknown else _NOT_READ)
            continue
        scaled = tones.get(photo[0]) if tones and photo[0] else None
        made = _thumbnail(name, title, file, scaled) if room > 0 else None
        if made is None or len(made.source) > room:
            # What is left stays unused: otherwise large pictures would be left out, small ones not.
            room = 0
            made = Thumbnail(name, title, missing="No room for this picture")
        room -= len(made.source)
        found[photo] = made
    told = pictures.withheld(withheld)
    if told:
        logger.warning("%s", told)
    return Album(found, told)


def _thumbnail(name: str, title: str, file: Location, tones: Tones | None) -> Thumbnail:
    try:
        image = decode_small(file, SIDE, tones=tones)
    except BrokenPhoto:
        return Thumbnail(name, title, missing=_NOT_FOUND)
    # Made anew, as Pillow keeps metadata beside the pixels and would write it again.
    bare = Image.frombytes("RGB", image.size, image.tobytes())
    buffer = io.BytesIO()
    bare.save(buffer, "WEBP", quality=_QUALITY, method=4)
    text = base64.b64encode(buffer.getvalue()).decode()
    return Thumbnail(name, title, f"data:image/webp;base64,{text}", *image.size)
