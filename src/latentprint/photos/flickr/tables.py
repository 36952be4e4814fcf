"""The tables beside the photos, each of which appears whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from latentprint.files import write_table
from latentprint.photos.flickr.answers import EXIF_COLUMNS
from latentprint.photos.flickr.journal import Journal

PHOTOS = "photos"
"""Folder of the pictures."""

_INTEGERS = ("width", "height", "bytes")
_FACTS = (
    *("id", "path", "owner", "owner_name", "page", "licence_id", "licence", "licence_url"),
    *("taken", "month", "size", "width", "height", "bytes", "sha256"),
)
SCHEMA: dict[str, pl.DataType] = {
    name: pl.Int64() if name in _INTEGERS else pl.String() for name in (*_FACTS, *EXIF_COLUMNS)
}
"""Columns of photos.csv and photos.parquet; the EXIF columns are text as Flickr gives it."""


def kept_rows(journal: Journal) -> dict[str, dict[str, Any]]:
    """The rows of the kept photos by id, sorted."""
    outcomes = {key: value["row"] for key, value in journal.items("photo") if "row" in value}
    return dict(sorted(outcomes.items()))


def write_tables(folder: Path, rows: Mapping[str, Mapping[str, Any]], journal: Journal) -> None:
    """Write photos.csv, photos.parquet and skipped.csv (id, reason, detail)."""
    photos = pl.DataFrame(list(rows.values()), schema=SCHEMA)
    skipped = [
        {"id": key, **value} for key, value in sorted(journal.items("photo")) if "reason" in value
    ]
    names = {name: pl.String() for name in ("id", "reason", "detail")}
    write_table(folder / "photos.csv", photos)
    write_table(folder / "photos.parquet", photos)
    write_table(folder / "skipped.csv", pl.DataFrame(skipped, schema=names))
