"""The input files: what could not be read, and how the JPEG files were compressed before."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

LIMIT = 200
"""Rows of a list of files; the rest is in photos.csv."""

TESTED = 95
"""The highest JPEG quality that the experiments use."""


@dataclass(frozen=True)
class JpegQuality:
    """How the JPEG files among the inputs were saved.

    Attributes:
        files: Number of JPEG files that could be read.
        known: Those whose quality could be told.
        below: Those saved below the highest tested quality.
        table: Number of files by ``jpeg_quality`` and ``jpeg_subsampling``.
    """

    files: int
    known: int
    below: int
    table: pl.DataFrame

    @property
    def share(self) -> float:
        """Share of the known files that were saved below the highest tested quality."""
        return self.below / self.known if self.known else 0.0


def jpeg_quality(photos: pl.DataFrame) -> JpegQuality:
    """Count JPEG files by quality and chroma subsampling."""
    readable = pl.col("status").is_in(["ok", "mislabelled"])
    jpeg = pl.col("format").str.to_uppercase().is_in(["JPEG", "JPG", "MPO"])
    files = photos.filter(readable & jpeg.fill_null(False))
    known = files.filter(pl.col("jpeg_quality").is_not_null())
    return JpegQuality(
        files=files.height,
        known=known.height,
        below=known.filter(pl.col("jpeg_quality") < TESTED).height,
        table=known.with_columns(
            pl.col("jpeg_quality").round().cast(pl.Int64),
            pl.col("jpeg_subsampling").fill_null("not known"),
        )
        .group_by("jpeg_quality", "jpeg_subsampling")
        .len("files")
        .sort("jpeg_quality", "jpeg_subsampling"),
    )


@dataclass(frozen=True)
class Troubled:
    """Files that need attention: the first rows and the number of all."""

    rows: list[dict[str, str | None]]
    total: int


def troubled(photos: pl.DataFrame) -> Troubled:
    """The files that could not be read, are named wrongly or were ignored, worst first."""
    order = ["broken", "mislabelled", "ignored"]
    found = photos.filter(pl.col("status").is_in(order)).sort(
        pl.col("status").replace_strict(order, list(range(len(order))), default=None),
        maintain_order=True,
    )
    named = found.select(
        pl.coalesce("id", "path").fill_null("(no name)").alias("name"),
        "status",
        pl.col("reason").fill_null("not recorded"),
    )
    return Troubled(rows=named.head(LIMIT).to_dicts(), total=found.height)
