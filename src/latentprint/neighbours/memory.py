"""How many photos are compared at once, so that memory is bounded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from latentprint.neighbours.candidates import QUERIES_AT_ONCE

_LEAST_QUERIES = 16
_LONGER = 16
_SHARE = 4


def list_lengths(first: int, n: int) -> list[int]:
    """Lengths of lists of candidates: the first, then a longer one for rows that it leaves unsure.

    The denser a gallery, the more photos are too close to the k-th nearest to tell apart, and the
    longer the lists have to be. Beyond a share of the gallery full products take no longer.
    """
    longer = _LONGER * first
    return [first, longer] if longer * _SHARE <= n else [first]


@dataclass(frozen=True)
class Portions:
    """How much is done at once.

    Attributes:
        queries: Photos whose candidates are kept at once, at least 16.
        block: Photos of the gallery that they are compared with at once.
        full_queries: Photos whose full float64 similarities are kept at once.
    """

    queries: int
    block: int
    full_queries: int

    @classmethod
    def of(
        cls,
        memory_mb: float,
        *,
        classes: int,
        n: int,
        dimensions: int,
        depth: int,
        threads: int = 1,
    ) -> Portions:
        """Half of the memory is for candidates, the other for similarities and vectors.

        Args:
            memory_mb: Memory in MiB.
            classes: Processing classes P of queries and galleries.
            n: Photos of a gallery.
            dimensions: Length of a vector.
            depth: Length of the lists of candidates.
            threads: Threads that compare at the same time.
        """
        half = memory_mb * 2**19
        # Values, rows and the copies that sorting and choosing make.
        a_query = classes * (8 * dimensions + 24 * classes * depth + 60 * depth)
        # Similarities of all queries at once with what selection adds, and vectors with copies.
        a_column = 6 * QUERIES_AT_ONCE * threads + 10 * dimensions
        return cls(
            queries=max(_LEAST_QUERIES, int(half / a_query)),
            block=max(2 * depth, int(half / a_column)),
            full_queries=max(1, int(half / (8 * n * (classes + 3)))),
        )


def parts(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Cut rows into equal parts of at most a size: a short last one would take long for little."""
    count = max(1, math.ceil(len(rows) / min(size, 2 * QUERIES_AT_ONCE)))
    return (each for each in np.array_split(rows, count) if len(each))
