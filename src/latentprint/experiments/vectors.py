"""Vectors of unit length, and a clear word on those that have none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from latentprint.errors import LatentprintError

if TYPE_CHECKING:
    import polars as pl

_ROWS, _NUMBERS = 4096, 2**19


def rows_at_once(dimensions: int) -> int:
    """How many vectors of so many dimensions are worked on at a time, whatever memory there is."""
    return max(1, min(_ROWS, _NUMBERS // dimensions))


def units(vectors: np.ndarray, ids: Sequence[object] | pl.Series, where: str) -> np.ndarray:
    """Divide vectors by their length.

    Args:
        vectors: Floats [n, D].
        ids: The id of the photo of every row [n].
        where: Encoder and processing class, as the message names them.

    Returns:
        float64 [n, D].

    Raises:
        LatentprintError: A vector is zero or not finite; the message names the photo.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(vectors, axis=1)
    bad = ~np.isfinite(lengths) | (lengths == 0)
    if bad.any():
        first = int(bad.argmax())
        what = "zero" if lengths[first] == 0 else "not finite"
        raise LatentprintError(
            f"The embedding of photo {str(ids[first])!r} is {what} ({where}): leave this photo out,"
            " or embed it again."
        )
    found: np.ndarray = vectors / lengths[:, None]
    return found
