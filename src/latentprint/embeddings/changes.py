"""Which stored photos are no longer the pictures that they were."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence

import polars as pl

from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.vector_files import some
from latentprint.embeddings.worker import BROKEN, stamp
from latentprint.photos import Photos, decode
from latentprint.photos.file_bytes import BrokenPhoto, UnreachablePhoto
from latentprint.photos.location import Location, is_address

logger = logging.getLogger(__name__)

Stamps = dict[str, tuple[int | None, int | None]]
"""Size and time of the files of photos, by id, as ``stamp`` has them."""


def changed_photos(
    photos: Photos, stated: Sequence[pl.DataFrame], how: Extraction, stamps: Stamps
) -> Iterator[list[str]]:
    """For each store, the photos that are no longer the pictures that they were.

    A file of the same size and time is taken as unchanged; any other is decoded and compared. One
    that is away is not changed: what was made of it is kept, and that is said.
    """
    # The stores of several encoders state the same of most photos: each is looked at once.
    known = pl.concat(stated).unique(maintain_order=True)
    paths = known.join(
        photos.table.select("id", "path"), on="id", how="left", maintain_order="left"
    )
    away, changed, root = set[str](), [], str(photos.root)
    for photo, size, modified, content, status, path in paths.iter_rows():
        if photo not in stamps:
            place = path if is_address(path) else os.path.join(root, path)  # noqa: PTH118
            stamps[photo] = stamp(place)
        same = stamps[photo] == (size, modified)
        if not same:
            try:
                same = _content(photos.file(path), how) == content
            except UnreachablePhoto:
                same = True
                if status != BROKEN:
                    away.add(photo)
        changed.append(not same)
    if away:
        logger.warning(
            "%d stored photos cannot be found or read now (%s): their embeddings are kept.",
            len(away),
            some(sorted(away)),
        )
    outdated = known.filter(pl.Series(changed, dtype=pl.Boolean))
    for each in stated:
        yield each.join(outdated, on=each.columns, how="semi", nulls_equal=True)["id"].to_list()


def _content(file: Location, how: Extraction) -> str | None:
    """The digest of a photo's pixels; None if it is broken."""
    try:
        decoded = decode(file, orient=how.orient, max_pixels=how.max_pixels, tones=how.tones)
        return decoded.content
    except UnreachablePhoto:
        raise
    except BrokenPhoto:
        return None
