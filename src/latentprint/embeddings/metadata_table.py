"""A table about photos, as a file or as a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.errors import UsageError
from latentprint.photos import read_table, tidy_table
from latentprint.photos.frames import frame_of
from latentprint.photos.listing import PATH_COLUMNS
from latentprint.photos.manifest import FRAME

IDS = ("id", *PATH_COLUMNS, "image_path")
"""Columns that name photos, the first of them first."""


@dataclass(frozen=True)
class MetadataTable:
    """What is known of photos.

    Attributes:
        frame: One row for every photo.
        name: Name of the table, as messages have it.
        stem: The same without folder and suffix.
    """

    frame: pl.DataFrame
    name: str
    stem: str

    @property
    def id_column(self) -> str | None:
        """The column that names the photos, if there is one."""
        return first_id(self.frame.columns)


def first_id(columns: Sequence[str]) -> str | None:
    """The first column that names photos, if there is one."""
    return next((name for name in IDS if name in columns), None)


def open_metadata(given: Any) -> MetadataTable:
    """Open a table about photos.

    Args:
        given: The path of a ``.csv`` or ``.parquet`` file, or a data frame of polars or pandas; the
            named indexes of a data frame of pandas count as columns. A table that is open stays.

    Raises:
        UsageError: It is neither.
        LatentprintError: The file cannot be read.
    """
    if isinstance(given, MetadataTable):
        return given
    if isinstance(given, str | Path):
        file = Path(given)
        return MetadataTable(read_table(file), str(file), file.stem)
    frame = frame_of(given)
    if frame is None:
        raise UsageError(
            f"{type(given).__name__} is no table: give a path or a data frame of polars or pandas."
        )
    return MetadataTable(tidy_table(frame, FRAME), FRAME, "photos")
