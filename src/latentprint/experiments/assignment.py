"""Which processing class each training photo is shown under."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

import numpy as np

from latentprint.errors import unknown_name

DRAWS_PER_SEED = 1000
"""Draws that one seed may take, so that the draws of two seeds never meet."""

Draw = Literal["photo", "published"]
"""``photo``: by the photo's id, whatever the order of files; ``published``: by its row."""


def assign_classes(
    draw: Draw, seed: int, attribute: str, ids: Sequence[str], n_classes: int
) -> np.ndarray:
    """Draw a processing class for every training photo, uniformly at random.

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
    """Draw classes from a hash of each photo's id: adding or sorting photos moves no other one.

    Returns:
        int64 [N].
    """
    hashes = (blake2b(f"{seed}:{attribute}:{each}".encode(), digest_size=8) for each in ids)
    drawn = [int.from_bytes(each.digest(), "big") % n_classes for each in hashes]
    return np.array(drawn, dtype=np.int64)


def published_draw(seed: int, n_photos: int, n_classes: int) -> np.ndarray:
    """Draw classes as the study does: one draw of NumPy's generator over the rows.

    The study takes seeds 0 to 9, the same for its probes and its neighbours (ICCV 2025,
    arXiv 2508.10637, and its public code).

    Returns:
        int64 [N].
    """
    return np.random.default_rng(seed).choice(n_classes, n_photos).astype(np.int64)
