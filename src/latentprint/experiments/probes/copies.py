"""Photos whose vectors are equal: copies that no list of ids or file names shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from latentprint.experiments.vectors import units
from latentprint.photos import merge_groups

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_CHUNK = 4096
_AXES = 16
_NEIGHBOURS = 8
_EQUAL = 2e-6
"""Squared distance of copies over the spread of all: of unit vectors that point anywhere, a cosine
above 1 - 1e-6."""

_ROUNDING = 1e-12
"""Spread of unit vectors, their mean squared distance from the mean, that is rounding alone."""


@dataclass(frozen=True)
class EqualVectors:
    """Groups that keep photos with equal vectors together.

    Attributes:
        groups: Group of every photo [N].
        copies: Whether a photo's vector equals that of a photo of another given group, bool [N].
    """

    groups: tuple[str, ...]
    copies: np.ndarray


def group_equal_vectors(vectors: VectorArray, groups: Sequence[str]) -> EqualVectors:
    """Join groups whose photos have equal or nearly equal vectors.

    The distance of unit vectors is measured against the spread of all of them: untrained networks
    place all photos within a narrow cone, where a small angle is no sign of a copy. Where vectors
    differ by no more than rounding, none is a copy of another, and all groups stay.

    Vectors are compared in 16 random axes first, along which no distance grows; neighbours there
    are compared in full. Of more than seven copies that are not equal to the last bit, one stands
    for those joined to it already.

    Args:
        vectors: One vector for every photo, not zero, floats [N, D].
        groups: Group of every photo [N].
    """
    n = len(groups)
    first, mean, projected = _scan(vectors)
    spread = 1.0 - float(mean @ mean)
    if spread <= _ROUNDING:
        return EqualVectors(tuple(groups), np.zeros(n, dtype=bool))
    reach, leader = float(np.sqrt(_EQUAL * spread)), first
    while len(pairs := _near(vectors, projected, np.unique(leader), reach)):
        links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
        parts = connected_components(links, directed=False)[1]
        # The first photo of each part leads it.
        leads = np.full(parts.max() + 1, n)
        np.minimum.at(leads, parts, np.arange(n))
        leader = leads[parts][leader]
    given = np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1]
    together = np.unique(np.stack([leader, given]), axis=1)
    several = np.bincount(together[0], minlength=n) > 1
    copies: np.ndarray = several[leader]
    joined = [f"{at}" if shared else None for at, shared in zip(leader, copies, strict=True)]
    return EqualVectors(tuple(merge_groups(list(groups), joined)), copies)


def _scan(vectors: VectorArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One pass over all vectors.

    Returns:
        The first row that is equal to each to the last bit, int64 [N]; the mean unit vector
        [D]; and unit vectors along random orthonormal axes [N, A].
    """
    n, dimensions = vectors.shape
    random = np.random.default_rng(0).normal(size=(dimensions, min(_AXES, dimensions)))
    axes = np.linalg.qr(random)[0]
    seen: dict[bytes, int] = {}
    first, total = np.empty(n, dtype=np.int64), np.zeros(dimensions)
    projected = np.empty((n, axes.shape[1]))
    for start in range(0, n, _CHUNK):
        rows = np.ascontiguousarray(vectors[slice(start, start + _CHUNK)])
        for at, row in enumerate(rows, start):
            first[at] = seen.setdefault(blake2b(row.tobytes(), digest_size=16).digest(), at)
        unit = units(rows, range(start, start + len(rows)), "copies")
        total += unit.sum(axis=0)
        projected[start : start + len(rows)] = unit @ axes
    return first, total / n, projected


def _near(
    vectors: VectorArray, projected: np.ndarray, rows: np.ndarray, reach: float
) -> np.ndarray:
    """Pairs of some rows that lie within reach of each other, int64 [M, 2]."""
    tree = KDTree(projected[rows], balanced_tree=False)
    candidates = []
    for start in range(0, len(rows), _CHUNK):
        asked = projected[rows[start : start + _CHUNK]]
        _, found = tree.query(asked, k=_NEIGHBOURS, distance_upper_bound=reach)
        place, column = np.nonzero(found < len(rows))
        pair = np.stack([place + start, found[place, column]], axis=1)
        candidates.append(pair[pair[:, 0] < pair[:, 1]])
    pairs = rows[np.concatenate(candidates)]
    kept = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(pairs), _CHUNK):
        some = pairs[start : start + _CHUNK]
        one, other = (units(vectors[side], side, "copies") for side in some.T)
        kept.append(some[np.square(one - other).sum(axis=1) <= reach**2])
    return np.concatenate(kept)
