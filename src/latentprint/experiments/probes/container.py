"""What the file tells of a label, without a look at its pixels: the container control."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    if not numbers and not indicators:
        return None
    return replace(items, features=Features.of(_Facts(tuple(numbers), tuple(indicators))))


@dataclass(frozen=True)
class _Facts:
    """Facts of files as vectors, made where they are indexed: they may be hundreds of numbers.

    Attributes:
        numbers: Values, float64 [M] each.
        indicators: Which of the most frequent values each has and how many of these there are; one
            beyond for any other, int64 [M] each.
    """

    numbers: tuple[np.ndarray, ...]
    indicators: tuple[tuple[np.ndarray, int], ...]

    @property
    def shape(self) -> tuple[int, int]:
        """M items, F numbers."""
        first = self.numbers[0] if self.numbers else self.indicators[0][0]
        return len(first), len(self.numbers) + sum(count for _, count in self.indicators)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        columns = [each[rows, None] for each in self.numbers]
        columns += [places[rows, None] == np.arange(count) for places, count in self.indicators]
        found: np.ndarray = np.hstack(columns).astype(np.float32)
        return found


def _numbers(photos: pl.DataFrame, leave_out: str) -> list[np.ndarray]:
    """Logarithms of sizes, missing ones at the mean, each float64 [M]."""
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
    return [table[name].to_numpy() for name in table.columns]


def _indicators(values: pl.Series) -> tuple[np.ndarray, int]:
    """The place of each value among the most frequent ones, and how many these are."""
    counts = values.value_counts().sort("count", values.name, descending=[True, False])
    common = counts[values.name].head(COMMON_SIZES)
    places = values.replace_strict(
        common, pl.int_range(len(common), eager=True), default=len(common), return_dtype=pl.Int64
    )
    return places.to_numpy(), len(common)
