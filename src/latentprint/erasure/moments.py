"""First and second moments of rows that stream by, exact to rounding however they are cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from latentprint.erasure.arrays import as_matrix, refuse_not_finite, some
from latentprint.errors import LatentprintError, UsageError

_ROWS_AT_ONCE = 2048


class Moments:
    """What an eraser is fitted on: sums of classes, and second moments of photos.

    Rows are centred at the mean of the first chunk, since embeddings lie close together and far
    from zero, where sums of squares lose their digits (Chan, Golub and LeVeque, American
    Statistician 1983). Sums are float64 whatever the rows are; products of float32 rows are float32
    within a chunk. Memory: 2 D² numbers, and the ids of the photos.

    Paired rows are versions of the same photos: the sums of a class are of what its rows differ by
    from the mean of their photo, so that content cancels. Without pairs every row is a photo.

    Attributes:
        paired: Whether rows are versions of the same photos.
        rows: Number of rows.
        photos: Number of photos.
    """

    def __init__(self, *, paired: bool) -> None:
        self.paired = paired
        self.rows = 0
        self.photos = 0
        self._origin = np.zeros(0)
        self._sums: dict[str, np.ndarray] = {}
        self._counts: dict[str, int] = {}
        self._content = np.zeros(0)
        self._content_second = np.zeros((0, 0))
        self._within_second = np.zeros((0, 0))
        self._seen: set[str] = set()

    @property
    def dimension(self) -> int:
        """Length D of a row; 0 before the first."""
        return len(self._origin)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that were seen, sorted."""
        return tuple(sorted(self._counts))

    @property
    def counts(self) -> np.ndarray:
        """Rows of every class, int64 [V], in the order of ``classes``."""
        return np.array([self._counts[name] for name in self.classes], dtype=np.int64)

    @property
    def mean(self) -> np.ndarray:
        """Mean over the photos, float64 [D]."""
        found: np.ndarray = self._origin + self._content / max(1, self.photos)
        return found

    @property
    def cross(self) -> np.ndarray:
        """How every class's mean differs from that of all, float64 [V, D].

        Paired: the mean difference of its rows from the mean of their photo.
        """
        counts = self.counts[:, None].astype(np.float64)
        sums = np.array([self._sums[name] for name in self.classes])
        if not self.paired:
            sums = sums - counts * (sums.sum(axis=0) / max(1, self.rows))
        found: np.ndarray = sums / counts
        return found

    @property
    def content(self) -> np.ndarray:
        """Covariance between photos (of their means over versions), float64 [D, D]."""
        n, total = max(1, self.photos), self._content
        return _mirrored(self._content_second / n - np.outer(total, total) / n**2)

    @property
    def within(self) -> np.ndarray:
        """Covariance within photos, about the mean of each, float64 [D, D]; zero without pairs."""
        return _mirrored(self._within_second / max(1, self.rows))

    def add(
        self,
        rows: Any,
        nuisance: Sequence[object] | np.ndarray,
        photo: Sequence[object] | np.ndarray | None = None,
    ) -> None:
        """Add a chunk.

        Args:
            rows: Vectors [n, D], NumPy or torch.
            nuisance: Class of every row [n].
            photo: Photo of every row [n]; all versions of a photo come in one chunk.

        Raises:
            UsageError: Shapes do not fit, a class is missing, pairs lack their photos, or a photo
                came in an earlier chunk.
            LatentprintError: A row is not finite.
        """
        matrix = as_matrix(rows)
        if self.paired and photo is None:
            raise UsageError("Paired rows need the photo of every row.")
        self._refuse_shapes(matrix, nuisance, photo)
        refuse_not_finite(matrix, photo)
        labels = _named(nuisance)
        if not len(matrix):
            return
        if not self.dimension:
            self._start(matrix.mean(axis=0, dtype=np.float64))
        names, classes = np.unique(labels, return_inverse=True)
        if photo is None:
            self._add_rows(matrix, names, classes)
        else:
            self._add_photos(matrix, names, classes, np.asarray(photo).astype(str))

    def merge(self, other: Moments) -> None:
        """Add the moments of other rows, as if all had come to this one.

        Raises:
            UsageError: The two are of different kinds, or share photos.
        """
        if other.paired != self.paired:
            raise UsageError("Moments of pairs and of labels cannot be merged.")
        if not other.dimension:
            return
        if not self.dimension:
            self._start(other._origin)
        if other.dimension != self.dimension:
            raise UsageError(f"Vectors of {other.dimension} and {self.dimension} dimensions.")
        self._meet(other._seen)
        shift = other._origin - self._origin
        for name, total in other._sums.items():
            count = other._counts[name]
            self._count(name, total if self.paired else total + count * shift, count)
        crossed = np.outer(other._content, shift)
        self._content_second += other._content_second + crossed + crossed.T
        self._content_second += other.photos * np.outer(shift, shift)
        self._content += other._content + other.photos * shift
        self._within_second += other._within_second
        self.rows += other.rows
        self.photos += other.photos

    def _start(self, origin: np.ndarray) -> None:
        n = len(origin)
        self._origin = origin.copy()
        self._content = np.zeros(n)
        self._content_second = np.zeros((n, n))
        self._within_second = np.zeros((n, n))

    def _add_rows(self, matrix: np.ndarray, names: np.ndarray, classes: np.ndarray) -> None:
        """Rows that are photos of their own."""
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            centred = matrix[part].astype(np.float64) - self._origin
            self._count_all(centred, names, classes[part])
            self._add_content(centred, matrix.dtype)

    def _add_photos(
        self, matrix: np.ndarray, names: np.ndarray, classes: np.ndarray, photo: np.ndarray
    ) -> None:
        """Rows of photos that are all here."""
        ids, member = np.unique(photo, return_inverse=True)
        self._meet(set(ids.tolist()))
        order = np.argsort(member, kind="stable")
        ends = np.cumsum(np.bincount(member))
        begin = 0
        while begin < len(ids):
            # As many whole photos as fit, and one at the least.
            start = ends[begin - 1] if begin else 0
            end = max(begin + 1, int(np.searchsorted(ends, start + _ROWS_AT_ONCE, side="right")))
            rows = order[start : ends[end - 1]]
            centred = matrix[rows].astype(np.float64) - self._origin
            inside = member[rows] - begin
            sizes = np.bincount(inside)
            starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
            means = np.add.reduceat(centred, starts, axis=0) / sizes[:, None]
            self._add_content(means, matrix.dtype)
            if self.paired:
                centred -= means[inside]
                self._within_second += _second(centred, matrix.dtype)
            self._count_all(centred, names, classes[rows])
            begin = end

    def _add_content(self, means: np.ndarray, kind: np.dtype[Any]) -> None:
        self._content += means.sum(axis=0)
        self._content_second += _second(means, kind)
        self.photos += len(means)

    def _count_all(self, centred: np.ndarray, names: np.ndarray, classes: np.ndarray) -> None:
        for each, name in enumerate(names.tolist()):
            chosen = classes == each
            if chosen.any():
                self._count(name, centred[chosen].sum(axis=0), int(chosen.sum()))
        self.rows += len(centred)

    def _count(self, name: str, total: np.ndarray, count: int) -> None:
        self._sums[name] = self._sums.get(name, 0.0) + total
        self._counts[name] = self._counts.get(name, 0) + count

    def _meet(self, photos: set[str]) -> None:
        if again := sorted(self._seen & photos):
            raise UsageError(
                f"Photos came in an earlier chunk already: {some(again)}. Give all versions of a "
                "photo in one chunk."
            )
        self._seen |= photos

    def _refuse_shapes(self, matrix: np.ndarray, *labels: Any) -> None:
        for each in labels:
            if each is not None and len(each) != len(matrix):
                raise UsageError(f"{len(matrix)} vectors have {len(each)} labels or photos.")
        if self.dimension and matrix.shape[1] != self.dimension:
            raise LatentprintError(
                f"Vectors have {matrix.shape[1]} dimensions; those before had {self.dimension}."
            )


def _named(nuisance: Sequence[object] | np.ndarray) -> np.ndarray:
    """Names of classes as text; a missing one would be a class of its own without a word."""
    given = np.asarray(nuisance)
    missing = [
        row
        for row, each in enumerate(given.tolist())
        if each is None or (isinstance(each, float) and math.isnan(each))
    ]
    if missing:
        raise UsageError(f"Rows have no class: {some(missing)}. Leave them out.")
    return given.astype(str)


def _second(centred: np.ndarray, kind: np.dtype[Any]) -> np.ndarray:
    """Products in the precision of the rows: they decide the metric, and any metric will do."""
    narrow = centred.astype(kind, copy=False)
    found: np.ndarray = narrow.T @ narrow
    return found


def _mirrored(second: np.ndarray) -> np.ndarray:
    found: np.ndarray = (second + second.T) / 2
    return found
