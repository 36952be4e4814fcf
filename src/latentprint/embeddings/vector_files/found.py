"""What a file of vectors holds, and words about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from latentprint.embeddings.stacked import StackedRows
from latentprint.errors import LatentprintError

BYTES_AT_ONCE = 2**26
"""How much of a file is in memory while it is read by ranges of rows."""

SAVE = "save the vectors as floats in a new .npy file with numpy.save"
"""What to do with vectors that cannot be read."""

_SHOWN = 5


@dataclass(frozen=True)
class FoundVectors:
    """The vectors of a file, which are read when they are asked for, and what stands beside them.

    Attributes:
        name: Name of the file, as messages have it.
        shape: N vectors of D numbers.
        load: Reads the vectors.
        beside: The other columns of the file, one row for every vector; without columns where there
            are none.
        notes: What was taken as the vectors and what was not read, as sentences; none where the
            file holds nothing else.
    """

    name: str
    shape: tuple[int, int]
    load: Callable[[], StackedRows]
    beside: pl.DataFrame = field(default_factory=pl.DataFrame)
    notes: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> StackedRows:
        """The vectors, float32 [N, D].

        Raises:
            LatentprintError: The file is damaged.
        """
        return self.load()


def taken(file: str, what: str, beside: Sequence[str]) -> str:
    """A note that says what was taken as the vectors, and which columns stand beside them."""
    known = f"; what is known of the photos: {', '.join(beside)}" if beside else ""
    return f"{file}: the vectors are {what}{known}."


def check_matrix(shape: tuple[int, ...], dtype: np.dtype, name: str) -> None:
    """Refuse what is no matrix of floats.

    Raises:
        LatentprintError: It has another shape or type.
    """
    if len(shape) != 2 or not all(shape) or dtype.kind != "f":
        raise LatentprintError(
            f"{name} holds {dtype} of shape {list(shape)}: vectors are a matrix of floats, one row"
            " for every photo."
        )


def rows_at_once(dimension: int) -> int:
    """How many vectors of this length are read at once."""
    return max(1, BYTES_AT_ONCE // (4 * dimension))


def some(things: Sequence[object]) -> str:
    """The first few things and how many more there are."""
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return ", ".join(str(each) for each in things[:_SHOWN]) + more
