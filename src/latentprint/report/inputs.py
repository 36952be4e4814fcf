"""What a report is made from: the files of a run folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import NoDataError

from latentprint.results import SCHEMA, read_results

_NUMBERS = ("width", "height", "jpeg_quality")
_TEXTS = ("id", "path", "status", "reason", "format", "jpeg_subsampling", "split", "label")

Row = dict[str, Any]
"""One row of the result table, by column."""


@dataclass(frozen=True)
class Run:
    """The files of a run folder.

    Attributes:
        table: The result table, the only source of measured figures.
        photos: Every file with its status; None where the run did not record them.
        settings: How the run was made; empty where that was not recorded.
    """

    table: pl.DataFrame
    photos: pl.DataFrame | None
    settings: dict[str, Any]

    @property
    def rows(self) -> list[Row]:
        """The rows of the user's encoders, without the untrained controls."""
        return self.table.filter(pl.col("family") != "control").to_dicts()

    @property
    def probes(self) -> list[Row]:
        """The probe rows of the user's encoders."""
        return [row for row in self.rows if row["experiment"] == "processing_probe"]

    @property
    def neighbours(self) -> list[Row]:
        """The kNN rows of the user's encoders, influence included."""
        return [row for row in self.rows if row["experiment"] == "knn_influence"]


def read_run(folder: Path) -> Run:
    """Read the run folder.

    Raises:
        LatentprintError: The folder holds no result table.
    """
    table = read_results(folder).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    settings = folder / "settings.json"
    return Run(
        table=table,
        photos=_read_photos(folder / "photos.csv"),
        settings=json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {},
    )


def _read_photos(path: Path) -> pl.DataFrame | None:
    if not path.exists():
        return None
    try:
        # Names are anything at all, such as "0012" or "null": no type may be guessed from them.
        table = pl.read_csv(path, infer_schema=False)
    except NoDataError:
        return None
    missing = [name for name in (*_TEXTS, *_NUMBERS) if name not in table.columns]
    return table.with_columns(pl.lit(None, pl.String).alias(name) for name in missing).with_columns(
        pl.col(_NUMBERS).cast(pl.Float64, strict=False)
    )
