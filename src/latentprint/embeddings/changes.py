"""Which stored photos are no longer the pictures that they were."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

import numpy as np
import polars as pl

from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.vector_files import some
from latentprint.embeddings.worker import BROKEN, stamp
from latentprint.mapped_tables import positions
from latentprint.photos import Photos, decode
from latentprint.photos.file_bytes import BrokenPhoto, UnreachablePhoto
from latentprint.photos.location import Location, is_address

logger = logging.getLogger(__name__)

_UNSEEN, _NONE = np.iinfo(np.int64).min, np.iinfo(np.int64).min + 1


class Stamps:
    """Sizes and times of the files of one set of photos, each of which is looked at once."""

    def __init__(self) -> None:
        """Begin with no file."""
        self._said = np.zeros((0, 2), np.int64)

    def of(self, photos: Photos, row: int, path: str) -> tuple[int | None, int | None]:
        """What ``stamp`` says of a photo's file, now or when it was first asked.

        Args:
            photos: The photos, the same at every call.
            row: The photo's row in their table.
            path: Its path there.
        """
        if not len(self._said):
            self._said = np.full((len(photos), 2), _UNSEEN)
        if self._said[row, 0] == _UNSEEN:
            place = path if is_address(path) else os.path.join(photos.root, path)  # noqa: PTH118
            self._said[row] = [_NONE if each is None else each for each in stamp(place)]
        size, modified = self._said[row].tolist()
        return None if size == _NONE else size, None if modified == _NONE else modified


def changed_photos(
    photos: Photos, stated: Sequence[pl.DataFrame], how: Extraction, stamps: Stamps
) -> list[list[str]]:
    """For each store, the photos that are no longer the pictures that they were.

    A file of the same size and time is taken as unchanged; any other is decoded and compared. One
    that is away is not changed: what was made of it is kept, and that is said.

    Args:
        photos: The photos.
        stated: What each store says of those that it has: ``id, bytes, modified, content, status``.
        how: How they are read.
        stamps: See ``extract``.
    """
    away, found = set[str](), list[list[str]]()
    # The stores of several encoders state the same of most photos: each is looked at once.
    contents: dict[str, str | UnreachablePhoto | None] = {}
    for facts in stated:
        found.append([])
        rows = positions(facts["id"], photos.table["id"])
        said = facts.select("bytes", "modified", "content", "status")
        for row, (photo, path), each in zip(rows, photos.at(rows), said.iter_rows(), strict=True):
            size, modified, content, status = each
            if stamps.of(photos, row, path) == (size, modified):
                continue
            if photo not in contents:
                contents[photo] = _content(photos.file(path), how)
            now = contents[photo]
            if isinstance(now, UnreachablePhoto):
                if status != BROKEN:
                    away.add(photo)
            elif now != content:
                found[-1].append(photo)
    if away:
        logger.warning(
            "%d stored photos cannot be found or read now (%s): their embeddings are kept.",
            len(away),
            some(sorted(away)),
        )
    return found


def _content(file: Location, how: Extraction) -> str | UnreachablePhoto | None:
    """The digest of a photo's pixels; None if it is broken, and why if it is away."""
    try:
        decoded = decode(file, orient=how.orient, max_pixels=how.max_pixels, tones=how.tones)
        return decoded.content
    except UnreachablePhoto as failure:
        return failure
    except BrokenPhoto:
        return None
