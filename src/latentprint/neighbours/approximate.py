"""Approximate nearest neighbours: an inverted file of faiss, where exact search takes long.

The gallery is dealt to lists, each around a centre, and a query looks into the lists whose centres
are nearest (Jégou, Douze and Schmid, IEEE PAMI 2011, without their compression). What that misses
has to be measured against ``nearest_photos``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.errors import LatentprintError
from latentprint.neighbours.nearest import nearest_photos

if TYPE_CHECKING:
    from latentprint.neighbours.candidates import Searched

_PROBED = 16
_A_CENTRE = 40
_SPARE = 64
_ROWS_AT_ONCE = 16_384
_QUERIES_AT_ONCE = 1024


@dataclass(frozen=True)
class ApproximateIndex:
    """Photos in lists.

    Attributes:
        photos: The photos [n].
        index: The index of faiss.
        lists: Number of lists.
        probed: How many of them a query looks into.
    """

    photos: Searched
    index: Any
    lists: int
    probed: int

    @classmethod
    def of(cls, photos: Searched, seed: int = 0) -> ApproximateIndex:
        """Deal photos to lists, as many as the root of their number.

        Args:
            photos: All photos; their vectors are kept in memory, 4 bytes a number.
            seed: Seeds which photos the centres of the lists are found from.

        Raises:
            LatentprintError: faiss is not installed.
        """
        faiss = require_faiss()
        n, dimensions = photos.vectors.shape
        lists = max(1, math.isqrt(n))
        index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(dimensions), dimensions, lists, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.seed = seed
        index.nprobe = probed = min(lists, _PROBED)
        drawn = np.random.default_rng(seed).permutation(n)[: _A_CENTRE * lists]
        index.train(np.asarray(photos.vectors[np.sort(drawn)], dtype=np.float32))
        for start in range(0, n, _ROWS_AT_ONCE):
            rows = photos.order[start : start + _ROWS_AT_ONCE]
            index.add_with_ids(np.asarray(photos.vectors[rows], dtype=np.float32), rows)
        return cls(photos, index, lists, probed)

    def nearest(
        self, ks: Sequence[int], asked: np.ndarray, *, memory_mb: float, device: str = "cpu"
    ) -> dict[int, np.ndarray]:
        """Nearly the nearest neighbours of some photos among the photos with another key.

        Photos of which too few neighbours are in the lists are searched exactly.

        Args:
            ks: Numbers of neighbours.
            asked: Rows of the photos, int64 [m].
            memory_mb: Memory of an exact search.
            device: Where products of an exact search are computed.

        Returns:
            By k, int64 [m, k].
        """
        most, keys = max(ks), self.photos.keys
        found = np.empty((len(asked), most), dtype=np.int64)
        few = np.zeros(len(asked), dtype=bool)
        for start in range(0, len(asked), _QUERIES_AT_ONCE):
            part = slice(start, start + _QUERIES_AT_ONCE)
            queries = np.asarray(self.photos.vectors[asked[part]], dtype=np.float32)
            _, rows = self.index.search(queries, most + _SPARE)
            allowed = (rows >= 0) & (keys[rows] != keys[asked[part], None])
            order = np.argsort(~allowed, axis=1, kind="stable")[:, :most]
            found[part] = np.take_along_axis(rows, order, axis=1)
            few[part] = allowed.sum(axis=1) < most
        exact = {k: found[:, :k].copy() for k in ks}
        if few.any():
            again = nearest_photos(
                self.photos, ks, memory_mb=memory_mb, device=device, asked=asked[few]
            )
            for k in ks:
                exact[k][few] = again[k]
        return exact


def require_faiss() -> Any:
    """The library.

    Raises:
        LatentprintError: It is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise LatentprintError(
            "Approximate neighbours need faiss: pip install 'latentprint[faiss]'."
        ) from error
    return faiss
