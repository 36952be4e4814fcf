"""Data frames of other libraries as those of polars."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from latentprint.photos.manifest import FRAME
from latentprint.photos.tidying import require_different


def frame_of(given: Any) -> pl.DataFrame | None:
    """A data frame of polars or pandas as one of polars; None of all else.

    The named indexes of a data frame of pandas count as columns.

    Raises:
        LatentprintError: A data frame of pandas has a column twice.
    """
    if isinstance(given, pl.LazyFrame):
        return given.collect()
    if type(given).__module__.partition(".")[0] == "pandas" and hasattr(given, "columns"):
        return _from_pandas(given)
    return given if isinstance(given, pl.DataFrame) else None


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Value by value, as the other way needs pyarrow."""
    named = [name for name in frame.index.names if name is not None]
    frame = frame.reset_index(level=named) if named else frame
    require_different([str(name) for name in frame.columns], FRAME)
    blank = frame.isna()
    return pl.DataFrame(
        [
            _floats(str(name), values)
            if values.dtype.kind == "f"
            else pl.Series(
                str(name),
                [
                    None if empty else _plain(value)
                    for value, empty in zip(values.tolist(), blank[name], strict=True)
                ],
                strict=False,
            )
            for name, values in frame.items()
        ]
    )


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python, of which whole ones do not make others whole."""
    return value.item() if isinstance(value, np.number | np.bool_) else value


def _floats(name: str, values: Any) -> pl.Series:
    """Floats of as many bits as they have, which tell what decimals they stand for."""
    bits = f"f{values.dtype.itemsize}"
    return pl.Series(name, values.to_numpy(dtype=bits, na_value=float("nan")))
