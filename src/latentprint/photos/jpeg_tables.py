"""What the tables in a JPEG header say: the quality setting and the chroma subsampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.JpegImagePlugin import JpegImageFile

# Table K.1 of the JPEG standard (ITU-T T.81): luminance, in natural (row by row) order, which is
# also the order in which Pillow reports the tables of an opened file.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)

_SUBSAMPLING: dict[tuple[float, float], str] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
}


def jpeg_quality(tables: Mapping[int, Sequence[int]]) -> tuple[int, bool]:
    """Find the quality setting of the IJG library whose luminance table is nearest.

    Args:
        tables: Quantization tables by number, 64 values each in natural order, as in the
            ``quantization`` attribute of Pillow's JPEG images. Only table 0 is used.

    Returns:
        The quality from 1 to 100 with the smallest sum of absolute differences, and whether the
        table is exactly that quality's. Cameras and Photoshop use tables of their own: for them
        the quality is a likeness, not a setting.

    Raises:
        ValueError: If there is no table 0 of 64 values.
    """
    table = np.asarray(tables.get(0, ()), dtype=np.int64)
    if table.shape != (64,):
        raise ValueError("there is no luminance table of 64 values")
    distances = np.abs(_ijg_tables() - table).sum(axis=2)
    nearest = int(distances.min(axis=0).argmin())
    return nearest + 1, not distances[:, nearest].min()


def luminance_table(image: JpegImageFile) -> list[int] | None:
    """The quantization table of an opened JPEG's first channel, wherever the file keeps it.

    Returns:
        64 values in natural order; None if there is no such table.
    """
    layers: list[Any] = list(image.layer)
    table = image.quantization.get(int(layers[0][3]), ()) if layers else ()
    return list(table) if len(table) == 64 else None


def jpeg_subsampling(image: JpegImageFile) -> str:
    """Name the chroma subsampling of an opened JPEG.

    Returns:
        "grey" for a single channel, one of the usual names such as "4:4:4", "4:2:2" or "4:2:0",
        else "other" with the sampling factors of every channel, such as "other 2x2,1x1,1x2".
    """
    layers: list[Any] = list(image.layer)
    factors = [(int(layer[1]), int(layer[2])) for layer in layers]
    if len(factors) == 1:
        return "grey"
    (across, down), chroma = factors[0], factors[1:3]
    steps = {(across / wide, down / high) for wide, high in chroma}
    name = _SUBSAMPLING.get(steps.pop()) if len(steps) == 1 else None
    return name or "other " + ",".join(f"{wide}x{high}" for wide, high in factors)


@cache
def _ijg_tables() -> np.ndarray[Any, np.dtype[np.int64]]:
    """The luminance tables of qualities 1 to 100 by the IJG formula, shape (2, 100, 64).

    The library cuts entries at 255, or, where it is not held to baseline JPEG, at 32,767.
    """
    quality = np.arange(1, 101)
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    scaled = (np.asarray(LUMINANCE).reshape(1, 64) * percent[:, None] + 50) // 100
    tables: np.ndarray[Any, np.dtype[np.int64]] = np.stack(
        [scaled.clip(1, 255), scaled.clip(1, 32_767)]
    ).astype(np.int64)
    return tables
