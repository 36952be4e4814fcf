"""How the deep pictures of a set are scaled: decided once, before any of them is embedded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from heapq import nsmallest

from latentprint.errors import LatentprintError
from latentprint.photos.decode import read_header, read_samples
from latentprint.photos.file_bytes import BrokenPhoto, UnreachablePhoto, reached
from latentprint.photos.formats import EXTRAS
from latentprint.photos.location import Address, Location
from latentprint.photos.photos import Photos
from latentprint.photos.samples import Depth
from latentprint.photos.tones import Scale, Summary, Tones, decide, summary

MOST_HEADERS = 4_096
MOST_AWAY = 5
MOST_PICTURES = 64

# Formats whose values 8 bits may not hold; the others are not opened.
_DEEP_SUFFIXES = ("png", "tif", "tiff", *EXTRAS["dicom"][1])


def decide_tones(
    photos: Photos, tones: Tones | None = None, *, max_pixels: int = 100_000_000
) -> Tones:
    """Decide one scale for each kind of deep picture in a set.

    Photos are looked at in an order by digests of their ids, so that neither their order nor the
    machine changes what is found: the headers of at most 4,096 whose suffix is one of PNG, TIFF or
    DICOM, and the values of at most 64 of each kind. Time is bounded by that, whatever the size of
    the set; a set of JPEGs costs none.

    Args:
        photos: The set.
        tones: What the user asked for; a window or bits leave nothing to decide.
        max_pixels: Larger photos are left out, as everywhere.

    Returns:
        The same options with the scales, in the order of their kinds: for ``decode``, for the
        manifest (``as_list``) and to tell (``notes``).
    """
    asked = tones or Tones()
    depths: dict[str, Depth] = {}
    summaries: dict[str, list[Summary]] = {}
    away = 0
    for path in _candidates(photos):
        try:
            depth = _depth(path)
        except UnreachablePhoto as failure:
            away += 1
            if isinstance(path, Address) and away >= MOST_AWAY:
                raise LatentprintError(
                    f"{photos.name}: the headers of {away} photos one after the other could not "
                    f"be read ({path}: {failure}): their server seems to be away."
                ) from None
            continue
        away = 0
        if depth is None:
            continue
        found = summaries.setdefault(depth.kind, [])
        depths[depth.kind] = depth
        if asked.stated(depth) is None and len(found) < MOST_PICTURES:
            found.extend(_summaries(path, max_pixels))
    return replace(asked, scales=tuple(_scales(asked, depths, summaries)))


def _candidates(photos: Photos) -> list[Location]:
    """The files to look at, in an order that depends on ids alone."""
    rows = (
        (hashlib.blake2b(photo.encode(), digest_size=16).digest(), path)
        for photo, path in photos.table.select("id", "path").iter_rows()
        if path.rpartition(".")[2].lower() in _DEEP_SUFFIXES
    )
    return [photos.file(path) for _, path in nsmallest(MOST_HEADERS, rows)]


def _depth(path: Location) -> Depth | None:
    """How deep a photo is; None where 8 bits hold it, or it is broken.

    Raises:
        UnreachablePhoto: It cannot be read at present; at an address after a few tries.
    """
    try:
        return reached(path, read_header).depth
    except UnreachablePhoto:
        raise
    except BrokenPhoto:
        return None


def _summaries(path: Location, max_pixels: int) -> list[Summary]:
    try:
        samples = reached(path, lambda place: read_samples(place, max_pixels))
    except BrokenPhoto:
        return []
    return [] if samples is None else [summary(samples)]


def _scales(
    asked: Tones, depths: dict[str, Depth], summaries: dict[str, list[Summary]]
) -> Iterator[Scale]:
    for kind in sorted(depths):
        stated = asked.stated(depths[kind])
        if stated is not None:
            yield stated
        elif summaries[kind]:
            yield decide(depths[kind], summaries[kind])
