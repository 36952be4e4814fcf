"""What a worker process does: one photo in, the pixels of every class out.

Imports neither torch nor an encoder library, so that workers start fast and stay small.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

import numpy as np

from latentprint.embeddings.extraction import Extraction
from latentprint.encoders.preparation import Preparation
from latentprint.photos.decode import Decoded, decode
from latentprint.photos.file_bytes import BrokenPhoto, UnreachablePhoto
from latentprint.photos.formats import status_of
from latentprint.photos.location import Address, Location, as_location, member_at
from latentprint.photos.near_duplicates import difference_hash
from latentprint.processing import Processing, mask_centre

BROKEN = "broken"
"""The status of a photo that cannot be used: it has a row in the store, and no vectors."""

UNREACHABLE = "unreachable"
"""The status of a photo that cannot be found or read at present, which no store keeps."""


# A network takes longer to come back than a disk.
_OF_A_NETWORK = 5


@dataclass(frozen=True)
class Recipe:
    """What to make from every photo.

    Attributes:
        classes: Processing classes, applied to the full-size image.
        preprocesses: The different preparations of the encoders.
        how: How the photos are read and masked; no mask where a preparation makes something other
            than a crop.
    """

    classes: tuple[Processing, ...]
    preprocesses: tuple[Preparation, ...]
    how: Extraction = field(default_factory=Extraction)


@dataclass(frozen=True)
class PhotoTask:
    """One photo to read: its row in the table, id and file."""

    row: int
    photo_id: str
    file: Location


@dataclass(frozen=True)
class Facts:
    """What is known of a photo after reading it; a row of the store's tables.

    The last fields are those of ``Exif``, under the same names.
    """

    id: str
    status: str
    reason: str
    format: str | None = None
    width: int | None = None
    height: int | None = None
    jpeg_quality: int | None = None
    jpeg_ijg: bool | None = None
    jpeg_subsampling: str | None = None
    content: str | None = None
    appearance: str | None = None
    bytes: int | None = None
    modified: int | None = None
    make: str | None = None
    model: str | None = None
    smartphone_model: str | None = None
    smartphone: bool | None = None
    device_type: str | None = None
    exposure_time: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    focal_length_35mm: float | None = None
    flash: bool | None = None
    year: int | None = None
    taken_month: str | None = None
    software: str | None = None
    orientation: int | None = None
    exif_width: int | None = None
    exif_height: int | None = None
    station: str | None = None
    protocol: str | None = None
    tube_voltage: float | None = None
    field_strength: float | None = None
    has_exif: bool | None = None
    exif_problems: str | None = None
    exif_raw: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A photo's facts and, for each preparation, an array of every class [classes, ...].

    Of a crop these are uint8 pixels [classes, H, W, 3].
    """

    row: int
    facts: Facts
    pixels: tuple[np.ndarray, ...] = field(default=(), repr=False)


def prepare(task: PhotoTask, recipe: Recipe) -> Prepared:
    """Decode a photo once and make every class for every preparation from those pixels.

    A photo that cannot be decoded or processed comes back with status "broken" and the reason, one
    that cannot be found or read, after a few tries, with status "unreachable".
    """
    try:
        decoded, (size, modified) = _patiently(task, recipe.how)
    except UnreachablePhoto as error:
        return broken(task, str(error), BROKEN if recipe.how.skip_missing else UNREACHABLE)
    except BrokenPhoto as error:
        return broken(task, str(error))
    versions: list[list[np.ndarray]] = [[] for _ in recipe.preprocesses]
    for processing in recipe.classes:
        try:
            image = processing(decoded.image, task.photo_id)
            for made, preprocess in zip(versions, recipe.preprocesses, strict=True):
                made.append(mask_centre(preprocess.pixels(image), recipe.how.mask))
        except (OSError, ValueError, MemoryError) as error:
            return broken(task, f"cannot be processed as {processing.name}: {error}")
    facts = Facts(
        id=task.photo_id,
        status=status_of(decoded.note),
        reason=decoded.note,
        format=decoded.format,
        width=decoded.width,
        height=decoded.height,
        jpeg_quality=decoded.jpeg_quality,
        jpeg_ijg=decoded.jpeg_ijg,
        jpeg_subsampling=decoded.jpeg_subsampling,
        content=decoded.content,
        appearance=difference_hash(decoded.image),
        bytes=size,
        modified=modified,
        **decoded.exif.columns(),
    )
    return Prepared(task.row, facts, tuple(np.stack(made) for made in versions))


def broken(task: PhotoTask, reason: str, status: str = BROKEN) -> Prepared:
    """The outcome for a photo that could not be used."""
    size, modified = stamp(task.file)
    facts = Facts(task.photo_id, status, reason, bytes=size, modified=modified)
    return Prepared(task.row, facts)


def _patiently(task: PhotoTask, how: Extraction) -> tuple[Decoded, tuple[int | None, int | None]]:
    """Decode a photo and say of which file; what may pass is tried again."""
    for pause in how.pauses:
        try:
            return _read(task, how)
        except UnreachablePhoto as error:
            longer = _OF_A_NETWORK if isinstance(task.file, Address) else 1
            time.sleep(max(longer * pause, error.wait))
    return _read(task, how)


def _read(task: PhotoTask, how: Extraction) -> tuple[Decoded, tuple[int | None, int | None]]:
    # The stamp comes first: a file that is changed while it is read is then found to have changed.
    before = stamp(task.file)
    decoded = decode(task.file, orient=how.orient, max_pixels=how.max_pixels, tones=how.tones)
    if before[1] is None and not isinstance(task.file, Address):
        raise UnreachablePhoto("the file was away for a moment")
    return decoded, before


def stamp(file: Location | str) -> tuple[int | None, int | None]:
    """Size in bytes and time of the last change in ns; None where there is no file.

    A member of an archive has its own size and the archive's time; the size of a photo in a Parquet
    file is not known, and None. What lies at an address counts as unchanged while the address is
    the same: a look at each would take a request.
    """
    member = member_at(file)
    place = as_location(file) if member is None else member.archive
    if isinstance(place, Address):
        return None, None
    try:
        stat = os.stat(place)  # noqa: PTH116 - of millions
    except OSError:
        return None, None
    return (stat.st_size if member is None else member.bytes), stat.st_mtime_ns
