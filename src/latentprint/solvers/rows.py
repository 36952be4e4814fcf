"""Normalised rows on a device: kept there if memory allows, read anew in every pass if not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from latentprint.errors import LatentprintError
from latentprint.solvers.features import Features
from latentprint.solvers.normaliser import Normaliser

_ON_CPU = 2**19
"""Numbers in a chunk: it stays in the cache between the product forth and the product back."""

_ON_DEVICE = 2**25
_SMALL = 2**26


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
    centre: Tensor
    kept: Tensor | None = None

    @classmethod
    def open(
        cls, features: Features, normaliser: Normaliser, centre: Tensor, memory: float
    ) -> Rows:
        """Keep the rows if they take no more than ``memory`` bytes."""
        rows = cls(features, normaliser, centre)
        n, dimensions = features.shape
        if n * dimensions * centre.element_size() > memory:
            return rows
        kept = torch.empty(n, dimensions, dtype=centre.dtype, device=centre.device)
        for start, chunk in rows:
            kept[start : start + len(chunk)] = chunk
        return cls(features, normaliser, centre, kept)

    def __iter__(self) -> Iterator[tuple[int, Tensor]]:
        """The number of every chunk's first row, and the chunk [n, D].

        Raises:
            LatentprintError: A row is not finite, or zero where it should get unit length.
        """
        numbers = _ON_CPU if self.centre.device.type == "cpu" else _ON_DEVICE
        step = max(1, numbers // max(1, len(self.centre)))
        for start in range(0, len(self.features), step):
            if self.kept is not None:
                yield start, self.kept[start : start + step]
            else:
                yield start, self._read(slice(start, start + step))

    def turned(self, axes: Tensor) -> Rows:
        """The rows in other axes [D, R], kept [N, R]."""
        axes = axes.to(self.centre)
        kept = torch.cat([chunk @ axes for _, chunk in self])
        return replace(self, centre=kept.new_zeros(axes.shape[1]), kept=kept)

    def take(self, index: np.ndarray) -> Tensor:
        """Some rows, by number int64 [n]."""
        if self.kept is not None:
            return self.kept.index_select(0, torch.from_numpy(index).to(self.kept.device))
        return self._read(index)

    def _read(self, index: np.ndarray | slice) -> Tensor:
        wanted = self.features.take(index)
        rows = torch.from_numpy(wanted.read()).to(self.centre)
        bad = self.normaliser.first_unusable(rows)
        if bad is not None:
            what = "not finite" if rows[bad].any() else "zero"
            where = f" of array {wanted.part[bad]}" if len(wanted.parts) > 1 else ""
            raise LatentprintError(
                f"Row {wanted.row[bad]}{where} of the features is {what}: leave this photo out, or"
                " embed it again."
            )
        return self.normaliser(rows) - self.centre


@contextmanager
def few_threads(multiplications: int) -> Iterator[None]:
    """Keep small products on one thread.

    Where cores are shared, threads that wait for each other after each of many small steps made a
    fit 40 times slower.
    """
    before = torch.get_num_threads()
    if multiplications < _SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
