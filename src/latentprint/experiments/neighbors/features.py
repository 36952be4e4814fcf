"""Rows and unit vectors of an embedding source, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.experiments.source import ROW, EmbeddingSource
from latentprint.experiments.vectors import rows_at_once, units

if TYPE_CHECKING:
    from latentprint.experiments.asking import Draw
    from latentprint.solvers import VectorArray


def split_photos(photos: pl.DataFrame, split: str, draw: Draw) -> pl.DataFrame:
    """The photos of one split, with their ``row`` in the source.

    They are sorted by id, so that no result depends on the order of files; under the published
    draw, which goes by row, they keep the order of the source.
    """
    part = photos.with_row_index(ROW).filter(pl.col("split") == split)
    return part if draw == "published" else part.sort("id")


@dataclass(frozen=True)
class UnitVectors:
    """L2-normalised vectors of some photos, read where they are indexed [n, D].

    Attributes:
        array: The vectors of all photos, in memory or on disk.
        rows: Rows of the photos in it, int64 [n].
        ids: Ids of the photos [n].
        where: Encoder and processing class, for messages.
    """

    array: VectorArray
    rows: np.ndarray
    ids: pl.Series
    where: str

    @property
    def shape(self) -> tuple[int, int]:
        """Photos n, dimensions D."""
        return len(self.rows), int(self.array.shape[1])

    def __getitem__(self, photos: np.ndarray | slice) -> np.ndarray:
        """Unit vectors of some photos, float32 [m, D].

        Raises:
            LatentprintError: A vector is zero or not finite; the message names the photo.
        """
        if isinstance(photos, slice):
            photos = np.arange(*photos.indices(len(self.rows)))
        found = np.empty((len(photos), self.shape[1]), dtype=np.float32)
        step = rows_at_once(self.shape[1])
        for start in range(0, len(photos), step):
            part = photos[start : start + step]
            vectors = self.array[self.rows[part]]
            found[start : start + len(part)] = units(vectors, self.ids[part], self.where)
        return found


def unit_vectors(
    source: EmbeddingSource, classes: Sequence[str], photos: pl.DataFrame, memory_mb: float
) -> list[VectorArray]:
    """L2-normalised vectors of some photos under some processing classes.

    Args:
        source: Where the vectors come from.
        classes: Names of the processing classes [P].
        photos: Photos with their ``row`` and ``id`` [n].
        memory_mb: Vectors that fit into it are read once and kept; others whenever they are needed.

    Returns:
        For every class, float32 [n, D].

    Raises:
        LatentprintError: A vector is zero or not finite; the message names the photo.
    """
    rows = photos[ROW].to_numpy().astype(np.int64)
    found: list[VectorArray] = []
    for name in classes:
        where = f"{source.encoder}, {name}"
        unit = UnitVectors(source.vectors(name), rows, photos["id"], where)
        size = 4 * len(classes) * unit.shape[0] * unit.shape[1] / 2**20
        found.append(unit[:] if size <= memory_mb else unit)
    return found
