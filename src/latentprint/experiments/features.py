"""Rows and unit vectors of an embedding source, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError

if TYPE_CHECKING:
    from latentprint.experiments.assignment import Draw
    from latentprint.experiments.source import EmbeddingSource


def split_photos(photos: pl.DataFrame, split: str, draw: Draw) -> pl.DataFrame:
    """The photos of one split, with their ``row`` in the source.

    They are sorted by id, so that no result depends on the order of files; under the published
    draw, which goes by row, they keep the order of the source.
    """
    part = photos.with_row_index("row").filter(pl.col("split") == split)
    return part if draw == "published" else part.sort("id")


def unit_vectors(
    source: EmbeddingSource, classes: Sequence[str], *parts: pl.DataFrame
) -> list[np.ndarray]:
    """L2-normalised vectors of some photos under some processing classes.

    Each class is read once for all parts.

    Args:
        source: Where the vectors come from.
        classes: Names of the processing classes [P].
        *parts: Photos with their ``row`` and ``id``, such as the training and the test photos.

    Returns:
        For every part, float32 [P, n, D].

    Raises:
        LatentprintError: A vector is zero or not finite; the message names the photo.
    """
    found: list[list[np.ndarray]] = [[] for _ in parts]
    for name in classes:
        vectors = source.vectors(name)
        for part, into in zip(parts, found, strict=True):
            chosen = np.asarray(vectors[part["row"].to_numpy()], dtype=np.float64)
            into.append(_normalised(chosen, part["id"], f"{source.encoder}, {name}"))
    return [np.stack(each) for each in found]


def _normalised(vectors: np.ndarray, ids: pl.Series, where: str) -> np.ndarray:
    """Divide vectors by their length, float64 [n, D] to float32."""
    lengths = np.linalg.norm(vectors, axis=1)
    bad = ~np.isfinite(lengths) | (lengths == 0)
    if bad.any():
        first = int(bad.argmax())
        what = "zero" if lengths[first] == 0 else "not finite"
        raise LatentprintError(
            f"The embedding of photo {ids[first]!r} is {what} ({where}; {int(bad.sum())} such"
            " photos): leave these photos out, or embed them again."
        )
    unit: np.ndarray = (vectors / lengths[:, None]).astype(np.float32)
    return unit
