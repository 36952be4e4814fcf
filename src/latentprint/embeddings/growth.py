"""What a store lacks of what is asked for, and in which shards it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, pairwise

import numpy as np
import polars as pl

from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.shares import Chunk, Part, compact
from latentprint.embeddings.store import Stock, Store
from latentprint.mapped_tables import positions, ranges

SHARD_BYTES = 64 * 2**20
"""Most bytes of vectors in a shard."""

FEWEST, MOST, SHARE = 128, 8192, 256
"""Photos in a shard: a 256th of all, at least 128 and at most 8,192."""


def lacking(store: Store, ids: pl.Series, names: Sequence[str]) -> np.ndarray:
    """Which photos have no embeddings under which class, bool [photos, classes].

    Args:
        store: The store.
        ids: The photos that are asked for.
        names: The classes that are asked for.
    """
    found: dict[frozenset[int], np.ndarray] = {}
    columns = []
    for name in names:
        shards = store.index.with_class(name)
        if shards not in found:
            found[shards] = positions(ids, store.places(name)["id"]) < 0
        columns.append(found[shards])
    return np.stack(columns, axis=1) if columns else np.zeros((len(ids), 0), bool)


def plan(
    stocks: Sequence[Stock], lacks: Sequence[np.ndarray], anew: np.ndarray, how: Extraction
) -> list[Chunk]:
    """Divide what is to be made into shards.

    Photos that lack the same are made together, in the order of their table. What is missing takes
    the lowest free numbers, so that a run that goes on ends like one that was not disturbed; what
    replaces other embeddings of a photo takes numbers above theirs, since the last one counts.

    Args:
        stocks: The stores.
        lacks: For each store, what it lacks, bool [photos, classes].
        anew: Photos whose embeddings are replaced, bool [photos].
        how: How it is done.
    """
    widths = np.cumsum([0, *(each.shape[1] for each in lacks)])
    numbers = [_Numbers(each) for each in stocks]
    chunks = []
    for pattern, members in _alike(anew, lacks):
        wanted = [
            (store, tuple(np.flatnonzero(pattern[1 + start : 1 + end]).tolist()))
            for store, (start, end) in enumerate(pairwise(widths))
        ]
        wanted = [(store, classes) for store, classes in wanted if classes]
        size = how.shard_size or _shard_size(stocks, wanted, len(anew))
        replaces = bool(pattern[0])
        for start in range(0, len(members), size):
            parts = tuple(Part(each, names, numbers[each].next(replaces)) for each, names in wanted)
            chunks.append(Chunk(compact(members[start : start + size]), parts))
    return chunks


def _alike(
    anew: np.ndarray, lacks: Sequence[np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Photos that lack the same, by what it is: whether they are replaced, then what each lacks.

    Sorted: the order does not depend on what an earlier run has done of them.
    """
    found: dict[bytes, list[np.ndarray]] = {}
    for part in ranges(len(anew)):
        flags = np.concatenate([anew[part, None], *(each[part] for each in lacks)], axis=1)
        rows = np.flatnonzero(flags[:, 1:].any(axis=1))
        if not len(rows):
            continue
        patterns, which = np.unique(flags[rows], axis=0, return_inverse=True)
        for at, pattern in enumerate(patterns):
            members = part.start + rows[which.reshape(-1) == at]
            found.setdefault(pattern.tobytes(), []).append(members.astype(np.int32))
    for pattern in sorted(found):
        yield np.frombuffer(pattern, bool), np.concatenate(found.pop(pattern))


def _shard_size(
    stocks: Sequence[Stock], wanted: Sequence[tuple[int, tuple[int, ...]]], photos: int
) -> int:
    """How many photos a shard holds.

    It grows with the set, so that of a small one little is lost when a run is killed, and of a
    large one there are not too many files.
    """
    largest = max(
        4 * int(stocks[store].store.manifest["encoder"]["dimension"]) * len(classes)
        for store, classes in wanted
    )
    usual = min(max(photos // SHARE, FEWEST), MOST)
    return max(1, min(usual, SHARD_BYTES // largest))


class _Numbers:
    """The numbers of the shards that a store gets."""

    def __init__(self, stock: Stock) -> None:
        self._used = set(stock.store.index.shards)
        self._last = max({*self._used, *stock.damages, *stock.missing}, default=-1)
        self._free = (number for number in count() if number not in self._used)

    def next(self, replaces: bool) -> int:
        """The lowest that is free, or one above all others."""
        number = self._last + 1 if replaces else next(self._free)
        self._last = max(self._last, number)
        return number
