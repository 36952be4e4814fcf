"""Near-duplicates: photos that look alike but for size, compression and small edits.

On both sides of a split they make a probe look better than it is, so that they are kept together.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import polars as pl
from PIL import Image

from latentprint import mapped_tables
from latentprint.mapped_tables import mapped_array, ranges

MOST_BITS = 16
"""Bits of 256 in which the hashes of near-duplicates may differ."""

_SIDE = 16
_LARGE, _WINDOW = 4096, 64
_MANY = 50_000
"""Photos from which it takes longer to compare those of an equal band than to sort them by two."""


def difference_hash(image: Image.Image) -> str:
    """Hash what a photo looks like: whether each of 16 x 16 places is darker than its neighbour.

    Args:
        image: Pixels of mode RGB.

    Returns:
        256 bits as 64 hexadecimal characters.
    """
    small = image.resize((_SIDE + 1, _SIDE), Image.Resampling.BILINEAR, reducing_gap=3.0)
    grey = np.asarray(small.convert("L"), dtype=np.int16)
    return np.packbits(grey[:, :-1] < grey[:, 1:]).tobytes().hex()


def near_duplicate_groups(hashes: Sequence[str] | pl.Series) -> np.ndarray:
    """Number the groups of near-duplicates, int64 [N].

    Two photos whose hashes differ in at most 16 bits are near-duplicates, and so is what is linked
    through others. Of 17 bands of such hashes at least one is equal, so that only photos with an
    equal band are compared; of 18 bands two are, which leaves nearly nothing to be compared among
    millions. Where more than 4,096 photos share what is equal, each is compared with the 64 that
    follow it in the order of their hashes.

    Args:
        hashes: The hash of every photo [N].

    Returns:
        For every photo the row of the first of its group.
    """
    words = _words(hashes)
    links = Links(np.arange(len(words)))
    equal = 1 if len(words) <= _MANY else 2
    edges = np.linspace(0, 256, MOST_BITS + equal + 1).astype(int).tolist()
    for bands in combinations(pairwise(edges), equal):
        band = _bands(words, bands)
        order = np.argsort(band)
        band = band[order]
        ends = np.flatnonzero(np.append(band[1:] != band[:-1], len(band) > 0)) + 1
        sizes = np.diff(ends, prepend=0)
        for end, size in zip(ends[sizes > _LARGE], sizes[sizes > _LARGE], strict=True):
            members = order[end - size : end]
            links.join(_near(words, members[np.lexsort(words[members].T)], _WINDOW))
        few = np.repeat(sizes <= _LARGE, sizes)
        order, band = order[few], band[few]
        # Blocks of whole bands: what is compared at once does not grow with the set.
        ends = np.cumsum(sizes[sizes <= _LARGE])
        at = 0
        while at < len(order):
            end = int(ends[np.searchsorted(ends, min(at + mapped_tables.ROWS, len(order)))])
            links.join(_near(words, order[at:end], _LARGE, band[at:end]))
            at = end
    return links.roots()


def _words(hashes: Sequence[str] | pl.Series) -> np.ndarray:
    """The bits of hashes, uint64 [N, 4]; of many in a file that has no name."""
    parts = (
        np.frombuffer(bytes.fromhex("".join(hashes[part])), np.uint64).reshape(-1, 4)
        for part in ranges(len(hashes))
    )
    if len(hashes) <= mapped_tables.ROWS:
        return next(parts)
    return mapped_array(parts, np.dtype(np.uint64), (len(hashes), 4))


def _bands(words: np.ndarray, bands: Sequence[tuple[int, int]]) -> np.ndarray:
    """Bits start to stop of every hash, of two bands at the most, as a number, uint32 [N]."""
    found = np.zeros(len(words), np.uint32)
    for part in ranges(len(words)):
        octets = words[part].view(np.uint8).reshape(-1, 32)
        for start, stop in bands:
            value = np.zeros(len(octets), np.uint32)
            for column in octets[:, start // 8 : (stop - 1) // 8 + 1].T:
                value = value << 8 | column
            value >>= -stop % 8
            found[part] = found[part] << (stop - start) | value & ((1 << (stop - start)) - 1)
    return found


def _near(
    words: np.ndarray, members: np.ndarray, most: int, band: np.ndarray | None = None
) -> np.ndarray:
    """The near-duplicates among photos that follow each other, int64 [pairs, 2].

    Args:
        words: The hashes, uint64 [N, 4].
        members: Rows of photos.
        most: Each is compared with so many that follow it…
        band: …while these have the same value as it, if values are given.
    """
    found = []
    at = np.arange(len(members))
    for shift in range(1, most + 1):
        at = at[at + shift < len(members)]
        if band is not None:
            at = at[band[at] == band[at + shift]]
        if not len(at):
            break
        one, other = members[at], members[at + shift]
        near = np.bitwise_count(words[one] ^ words[other]).sum(axis=1) <= MOST_BITS
        found.append(np.stack([one[near], other[near]], axis=1))
    return np.concatenate(found) if found else np.zeros((0, 2), np.int64)


class Links:
    """Which photos are linked (union-find)."""

    def __init__(self, roots: np.ndarray) -> None:
        """Begin with groups.

        Args:
            roots: The first photo of every photo's group [N]; its own row where it has no links.
        """
        self._parent = array("q", roots.astype(np.int64).tobytes())

    def root(self, at: int) -> int:
        """The first photo of a photo's group."""
        while self._parent[at] != at:
            self._parent[at] = self._parent[self._parent[at]]
            at = self._parent[at]
        return at

    def join(self, pairs: np.ndarray) -> None:
        """Link photos, int64 [pairs, 2]."""
        for one, other in pairs.tolist():
            first, second = sorted((self.root(one), self.root(other)))
            self._parent[second] = first

    def roots(self) -> np.ndarray:
        """The first photo of every photo's group, int64 [N]."""
        parent = np.array(self._parent, dtype=np.int64)
        for part in ranges(len(parent)):
            # What stands before has its root already, and parents stand before.
            while (further := parent[parent[part]]).tobytes() != parent[part].tobytes():
                parent[part] = further
        return parent


def merge_groups(*columns: Sequence[str | None]) -> list[str]:
    """Join photos that share a value in any column, such as a photographer or near-duplicates.

    Args:
        columns: A group of every photo, or None [N] each.

    Returns:
        The group of every photo: the smallest value that its photos have in the first column that
        they have any in [N].
    """
    links = Links(np.arange(len(columns[0])))
    for column in columns:
        first: dict[str, int] = {}
        together = [
            (first.setdefault(value, at), at)
            for at, value in enumerate(column)
            if value is not None
        ]
        links.join(np.array(together, dtype=np.int64).reshape(-1, 2))
    roots = links.roots().tolist()
    names: dict[int, tuple[int, str]] = {}
    for rank, column in enumerate(columns):
        for root, value in zip(roots, column, strict=True):
            if value is not None:
                # The smallest name: that of the first row would depend on the order of photos.
                names[root] = min((rank, value), names.get(root, (rank, value)))
    return [names[root][1] if root in names else f"row {root}" for root in roots]
