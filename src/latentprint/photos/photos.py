"""The table of photos: what is audited, before any pixel is read."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import polars as pl

from latentprint.photos.location import Location, located

COLUMNS = ("id", "path", "split", "label")

# Rows of a table of millions that are made Python's.
_AT_ONCE = 50_000

NO_SUFFIX, OTHER_SUFFIX = "no suffix", "not a photo suffix"
"""Reasons to ignore a file that is no photo; the second is followed by the suffix."""


@dataclass(frozen=True)
class Photos:
    """An immutable table of photos.

    Attributes:
        name: Name of the set, for tables and reports.
        root: Folder that relative paths start from.
        table: One row for every photo, sorted as found, with the text columns ``id`` (unique; the
            path below ``root`` unless a manifest says otherwise, so that moving the folder changes
            nothing), ``path`` (relative to ``root``, absolute or an address), ``split`` ("train",
            "val" or null), ``label`` (the semantic label, or null) and any further label columns.
        ignored: Files that are not photos, with the columns ``path`` and ``reason``.
        notes: Sentences on how the table was read, for those who use it.
    """

    name: str
    root: Path
    table: pl.DataFrame = field(repr=False)
    ignored: pl.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.table.height

    def file(self, path: str) -> Location:
        """Where the photo of a value of the ``path`` column lies."""
        return located(path, self.root)

    def at(self, rows: Sequence[int] | np.ndarray) -> Iterator[tuple[str, str]]:
        """Ids and paths of some photos, which are looked up and made Python's by ranges.

        Args:
            rows: Their rows in the table, int64 [n].
        """
        table = self.table.select("id", "path")
        for start in range(0, len(rows), _AT_ONCE):
            yield from table[np.asarray(rows[start : start + _AT_ONCE])].rows()

    def ignored_by_suffix(self) -> dict[str, int]:
        """How many files are no photos, by suffix with its dot, the most frequent first.

        Files without a suffix count under an empty text; hidden files do not count.
        """
        suffixes = [
            PurePosixPath(path).suffix.lower()
            for path, reason in self.ignored.rows()
            if reason.startswith((NO_SUFFIX, OTHER_SUFFIX))
        ]
        return dict(sorted(Counter(suffixes).items(), key=lambda each: (-each[1], each[0])))

    def ignored_by_reason(self) -> dict[str, int]:
        """How many files and folders were ignored for other reasons, hidden ones aside."""
        told = (NO_SUFFIX, OTHER_SUFFIX, "hidden")
        return dict(Counter(each for each in self.ignored["reason"] if not each.startswith(told)))

    def digest(self) -> str:
        """A digest of ids and paths; labels and splits may change without new embeddings."""
        return digest_of_photos(self.table)


def digest_of_photos(table: pl.DataFrame) -> str:
    """The digest of a table of photos; see ``Photos.digest``."""
    digest, mark = hashlib.blake2b(digest_size=16), ""
    for rows in table.select("id", "path").iter_slices(_AT_ONCE):
        digest.update((mark + "\n".join(f"{row[0]}\0{row[1]}" for row in rows.rows())).encode())
        mark = "\n"
    return digest.hexdigest()
