"""What the file tells of a label, without a look at its pixels: the container control."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from latentprint.experiments.probes.items import Items
from latentprint.solvers import Features

COMMON_SIZES = 64
"""Pixel sizes that get an indicator of their own, the most frequent ones."""

_TEXTS = ("file_format", "file_jpeg_subsampling", "file_jpeg_quality")


def container_items(items: Items, photos: pl.DataFrame, *, leave_out: str) -> Items | None:
    """Features of the file in place of embeddings, float32 [M, F].

    Pixel size, aspect and bytes on a logarithmic scale, and indicators for format, JPEG quality,
    chroma subsampling and the most frequent pixel sizes, which give many cameras away.

    Args:
        items: One item for every photo.
        photos: The same photos, with the columns ``file_width``, ``file_height``, … [M].
        leave_out: The label that is probed, which must not be its own feature.

    Returns:
        The items with other features; None where no facts of the files are known.
    """
    numbers = _numbers(photos, leave_out)
    texts = [name for name in _TEXTS if name in photos.columns and name != f"file_{leave_out}"]
    indicators = [_indicators(photos[name].cast(pl.String).fill_null("?")) for name in texts]
    if {"file_width", "file_height"} <= set(photos.columns):
        longer, shorter = (
            pl.max_horizontal("file_width", "file_height"),
            pl.min_horizontal("file_width", "file_height"),
        )
        sizes = photos.select(pl.format("{}x{}", longer, shorter)).to_series().fill_null("?")
        indicators.append(_indicators(sizes))
    columns = [*numbers, *indicators]
    if not columns:
        return None
    return replace(items, features=Features.of(np.hstack(columns).astype(np.float32)))


def _numbers(photos: pl.DataFrame, leave_out: str) -> list[np.ndarray]:
    """Logarithms of sizes, missing ones at the mean, each float64 [M, 1]."""
    known = {"file_width", "file_height", "file_bytes"} & set(photos.columns)
    # A table of one's own may have columns of these names, whatever they hold.
    photos = photos.select(pl.col(*known).cast(pl.Float64, strict=False)) if known else photos
    expressions = {name: pl.col(name) for name in sorted(known)}
    if {"file_width", "file_height"} <= known:
        expressions["aspect"] = pl.col("file_width") / pl.col("file_height")
    if len(known) == 3:
        area = pl.col("file_width") * pl.col("file_height")
        expressions["bytes_per_pixel"] = pl.col("file_bytes") / area
    expressions.pop(f"file_{leave_out}", None)
    table = photos.select(
        pl.when(value > 0).then(value.log()).alias(name) for name, value in expressions.items()
    )
    table = table.with_columns(pl.all().fill_null(pl.all().mean()).fill_null(0.0))
    return [table[name].to_numpy()[:, None] for name in table.columns]


def _indicators(values: pl.Series) -> np.ndarray:
    """One column for each of the most frequent values, float64 [M, at most 64]."""
    counts = values.value_counts().sort("count", values.name, descending=[True, False])
    common = counts[values.name].head(COMMON_SIZES).to_list()
    found: np.ndarray = np.stack([(values == each).to_numpy() for each in common], axis=1)
    return found.astype(np.float64)
