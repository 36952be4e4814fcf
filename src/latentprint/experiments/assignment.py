"""Which processing class each training photo is shown under."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from latentprint.errors import unknown_name

if TYPE_CHECKING:
    from latentprint.experiments.asking import Draw

DRAWS_PER_SEED = 1000
"""Draws that one seed may take, so that the draws of two seeds never meet."""


def assign_classes(
    draw: Draw, seed: int, attribute: str, ids: Sequence[str], n_classes: int
) -> np.ndarray:
    """Draw a processing class for every training photo, each as probable as any other.

    Args:
        draw: ``photo`` or ``published``.
        seed: Seeds the draw.
        attribute: Name of the attribute, so that attributes have independent draws (``photo``).
        ids: Ids of the training photos, in the order of their rows [N].
        n_classes: Number of processing classes.

    Returns:
        Index of the class of every photo, int64 [N].

    Raises:
        UsageError: There is no such draw.
    """
    if draw == "photo":
        return draw_by_photo(seed, attribute, ids, n_classes)
    if draw == "published":
        return published_draw(seed, len(ids), n_classes)
    raise unknown_name("draw", draw, ("photo", "published"))


def draw_by_photo(seed: int, attribute: str, ids: Sequence[str], n_classes: int) -> np.ndarray:
    """Draw every class as often as any other, by a hash of each photo's id.

    Photos choose in the order of a hash, each by an order of preference that follows from its id as
    well, among the classes with room left. A class has room for its share of the photos; which
    classes have one more than others, where the numbers do not come out even, is drawn, too. The
    order of files does not matter. A photo that is added takes one place and pushes out at most one
    photo, which takes another place, and so on: a class that fills up has no place left for the
    next one, so that about as many photos move as there are classes, however many there are.

    Returns:
        int64 [N].
    """
    digests = [
        blake2b(f"{seed}:{attribute}:{each}".encode(), digest_size=16).digest() for each in ids
    ]
    name = f"{seed}:{attribute}".encode()
    larger = sorted(range(n_classes), key=lambda each: _digest(name, each))
    share, rest = divmod(len(ids), n_classes)
    room = np.full(n_classes, share)
    room[larger[:rest]] += 1
    found = np.empty(len(ids), dtype=np.int64)
    for at in sorted(range(len(ids)), key=digests.__getitem__):
        # A photo's first choice needs no others where there is room, as there nearly always is.
        wanted = int.from_bytes(digests[at], "little") % n_classes
        if not room[wanted]:
            left = np.flatnonzero(room).tolist()
            wanted = min(left, key=lambda each: _digest(digests[at], each))
        room[wanted] -= 1
        found[at] = wanted
    return found


def _digest(name: bytes, number: int) -> bytes:
    return blake2b(name + b":%d" % number, digest_size=8).digest()


def published_draw(seed: int, n_photos: int, n_classes: int) -> np.ndarray:
    """Draw classes as the study does: one draw of NumPy's generator over the rows.

    The study takes seeds 0 to 9, the same for its probes and its neighbours (ICCV 2025,
    arXiv 2508.10637, and its public code).

    Returns:
        int64 [N].
    """
    return np.random.default_rng(seed).choice(n_classes, n_photos).astype(np.int64)
