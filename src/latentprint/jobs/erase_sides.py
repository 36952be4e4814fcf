"""Which photos an eraser was fitted on, as the folder of the eraser records it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError
from latentprint.photos.manifest import reading_table

SIDES = "sides.parquet"
"""Table beside an eraser: the ``id`` and ``side`` of every photo: fit, held out or unused."""


def photos_it_saw(folder: Path, eraser: LinearEraser) -> pl.Series:
    """Ids of the photos that the eraser was fitted on.

    Raises:
        LatentprintError: The folder does not record them, or the record is damaged.
    """
    path = folder / SIDES
    if not path.exists():
        raise LatentprintError(
            f"{folder} does not record which photos the eraser saw ({SIDES}), so that it cannot be "
            "proven: fit it again."
        )
    with reading_table(path):
        sides = pl.read_parquet(path)
        if eraser.about.get("refit_all"):
            return sides["id"]
        return sides.filter(pl.col("side") == "fit")["id"]
