"""The ten nearest photos, and which of them are there because of traces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentprint.erasure.eraser import LinearEraser
from latentprint.neighbours.nearest import Keyed, Neighbours, nearest_in_order

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

NEIGHBOURS = 10


@dataclass(frozen=True)
class Gallery:
    """The unprocessed photos of a store, as they are and erased.

    Attributes:
        vectors: Their vectors, of any length but zero [N, D].
        alike: A number that photos with equal pixels share: these are no neighbours of each other,
            int64 [N].
        eraser: What is erased; None where nothing is.
    """

    vectors: VectorArray
    alike: np.ndarray
    eraser: LinearEraser | None = None

    def nearest(self, units: np.ndarray, alike: np.ndarray) -> Neighbours:
        """The nearest photos of some queries, most similar first.

        Args:
            units: Vectors of unit length, float64 [t, D].
            alike: Photos with these numbers are left out, int64 [t].
        """
        gallery = self.vectors
        if self.eraser is not None:
            units = unit(self.eraser.transform(units))
            gallery = _Erased(self.vectors, self.eraser)
        same = np.zeros(len(units), dtype=np.int64)
        everyone = np.zeros(self.vectors.shape[0], dtype=np.int64)
        queries, searched = Keyed(units, same, alike), Keyed(gallery, everyone, self.alike)
        return nearest_in_order(queries, searched, NEIGHBOURS)[0]


@dataclass(frozen=True)
class Lists:
    """Neighbours of some photos [t].

    Attributes:
        before: As they are.
        after: With query and gallery erased; None where nothing is.
        stays: In how many of the other versions of the query each neighbour stays, int64 [t, 10].
        versions: How many other versions there are.
    """

    before: Neighbours
    after: Neighbours | None
    stays: np.ndarray
    versions: int

    @property
    def left_erased(self) -> np.ndarray:
        """Which neighbours leave when query and gallery are erased, bool [t, 10]."""
        if self.after is None:
            return np.zeros(self.before.rows.shape, dtype=bool)
        left: np.ndarray = self.there & ~is_among(self.before.rows, self.after.rows)
        return left

    @property
    def left_reencoded(self) -> np.ndarray:
        """Which neighbours stay in fewer than half of the other versions, bool [t, 10]."""
        left: np.ndarray = self.there & (2 * self.stays < self.versions)
        return left

    @property
    def because_of_traces(self) -> np.ndarray:
        """Which neighbours are there because of traces: they leave both ways, bool [t, 10]."""
        both: np.ndarray = self.left_erased & self.left_reencoded
        return both

    @property
    def there(self) -> np.ndarray:
        """Which places are taken: all, where the store has enough photos, bool [t, 10]."""
        taken: np.ndarray = np.isfinite(self.before.similarities)
        return taken


def list_neighbours(
    versions: np.ndarray, alike: np.ndarray, plain: Gallery, erased: Gallery
) -> Lists:
    """Find neighbours of some photos as they are, erased, and under other processing.

    The gallery is unprocessed all the time: the query alone is encoded again.

    Args:
        versions: Every photo as it is, then under the other classes of processing, of unit length,
            float64 [t, V, D].
        alike: Photos with these numbers are left out, int64 [t].
        plain: Where is looked.
        erased: The same with its eraser, or without one where nothing is erased.
    """
    count, width, dimension = versions.shape
    found = plain.nearest(versions.reshape(-1, dimension), np.repeat(alike, width))
    rows = np.where(np.isfinite(found.similarities), found.rows, -1).reshape(count, width, -1)
    similarities = found.similarities.reshape(count, width, -1)
    before = Neighbours(similarities[:, 0], rows[:, 0])
    stays = np.zeros(before.rows.shape, dtype=np.int64)
    for version in range(1, width):
        stays += is_among(before.rows, rows[:, version])
    after = erased.nearest(versions[:, 0], alike) if erased.eraser is not None else None
    return Lists(before, after, stays, width - 1)


def is_among(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which entries of each row are among those of the other, bool [t, k]."""
    found: np.ndarray = (rows[:, :, None] == others[:, None, :]).any(axis=2)
    return found


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors of unit length, float64; zero where everything was erased."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    found: np.ndarray = vectors / np.where(lengths > 0, lengths, 1.0)
    return found


@dataclass(frozen=True)
class _Erased:
    """Vectors of unit length, erased where they are indexed, float64 [N, D]."""

    array: VectorArray
    eraser: LinearEraser

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.array.shape[0]), int(self.array.shape[1])

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        found: np.ndarray = self.eraser.transform(unit(np.asarray(self.array[rows], np.float64)))
        return found
