"""Normalised rows on a device: kept there if memory allows, read anew in every pass if not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latentprint.arrays import (
    Array,
    array_namespace,
    is_on_cpu,
    like,
    namespace,
    on_threads,
    plain_namespace,
    thread_count,
)
from latentprint.errors import LatentprintError
from latentprint.solvers.features import Features
from latentprint.solvers.normaliser import Normaliser

_ON_CPU = 2**19
"""Numbers in a chunk: it stays in the cache between the product forth and the product back."""

_ON_DEVICE = 2**25
_SMALL = 2**26
"""Multiplications in a step that are not worth threads."""


@dataclass(frozen=True)
class Rows:
    """Normalised rows minus a centre [N, D].

    Chunks are the same whether rows are kept or not, and so are all sums over them.

    Attributes:
        features: Where they are read.
        normaliser: What is done to them.
        centre: What is subtracted then [D]; its precision and device are those of the rows.
        kept: All of them, if they fit into memory.
    """

    features: Features
    normaliser: Normaliser
    centre: Array
    kept: Array | None = None

    @classmethod
    def open(cls, features: Features, normaliser: Normaliser, centre: Array, memory: float) -> Rows:
        """Keep the rows if they take no more than ``memory`` bytes."""
        rows = cls(features, normaliser, centre)
        n, dimensions = features.shape
        xp = array_namespace(centre)
        if n * dimensions * centre.dtype.itemsize > memory:
            return rows
        kept = xp.empty((n, dimensions), dtype=centre.dtype, device=centre.device)
        for start, chunk in rows:
            kept[start : start + len(chunk)] = chunk
        return cls(features, normaliser, centre, kept)

    def __iter__(self) -> Iterator[tuple[int, Array]]:
        """The number of every chunk's first row, and the chunk [n, D].

        Raises:
            LatentprintError: A row is not finite, or zero where it should get unit length.
        """
        numbers = _ON_CPU if is_on_cpu(self.centre) else _ON_DEVICE
        step = max(1, numbers // max(1, len(self.centre)))
        for start in range(0, len(self.features), step):
            if self.kept is not None:
                yield start, self.kept[start : start + step]
            else:
                yield start, self._read(slice(start, start + step))

    def beside(self, array: np.ndarray) -> Array:
        """An array on the device of the rows."""
        return array_namespace(self.centre).asarray(array, device=self.centre.device)

    def turned(self, axes: Array) -> Rows:
        """The rows in other axes [D, R], kept [N, R]."""
        axes, xp = like(axes, self.centre), array_namespace(axes)
        kept = xp.concat([chunk @ axes for _, chunk in self])
        return replace(self, centre=xp.zeros_like(kept[0]), kept=kept)

    def take(self, index: np.ndarray) -> Array:
        """Some rows, by number int64 [n]."""
        if self.kept is not None:
            xp = array_namespace(self.kept)
            return xp.take(self.kept, xp.asarray(index, device=self.kept.device), axis=0)
        return self._read(index)

    def _read(self, index: np.ndarray | slice) -> Array:
        wanted = self.features.take(index)
        rows = like(array_namespace(self.centre).asarray(wanted.read()), self.centre)
        bad = self.normaliser.first_unusable(rows)
        if bad is not None:
            what = "not finite" if rows[bad].any() else "zero"
            where = f" of array {wanted.part[bad]}" if len(wanted.parts) > 1 else ""
            raise LatentprintError(
                f"Row {wanted.row[bad]}{where} of the features is {what}: leave this photo out, or"
                " embed it again."
            )
        return self.normaliser(rows) - self.centre


def namespace_of(multiplications: int, device: str) -> Any:
    """What computes a step of so many multiplications on a device.

    Where they are few, a step is as long as its calls, and NumPy's cost a third of torch's.
    """
    return plain_namespace() if device == "cpu" and multiplications < _SMALL else namespace(device)


@contextmanager
def few_threads(multiplications: int) -> Iterator[None]:
    """Keep small products on one thread.

    Where cores are shared, threads that wait for each other after each of many small steps made a
    fit 40 times slower.
    """
    with on_threads(1 if multiplications < _SMALL else thread_count()):
        yield
