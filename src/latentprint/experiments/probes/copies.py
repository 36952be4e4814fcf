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

from latentprint.experiments.vectors import rows_at_once, units
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
    leader = _leaders(vectors)
    copies = _of_several_groups(leader, groups)
    return EqualVectors(_joined(groups, leader, np.flatnonzero(copies).tolist()), copies)


def _leaders(vectors: VectorArray) -> np.ndarray:
    """The first photo of those that have the vector of each, int64 [N]."""
    n = int(vectors.shape[0])
    first, mean, projected = _scan(vectors)
    spread = 1.0 - float(mean @ mean)
    if spread <= _ROUNDING:
        return np.arange(n)
    reach, leader = float(np.sqrt(_EQUAL * spread)), first
    while len(pairs := _near(vectors, projected, np.unique(leader), reach)):
        links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
        parts = connected_components(links, directed=False)[1]
        # The first photo of each part leads it.
        leads = np.full(parts.max() + 1, n)
        np.minimum.at(leads, parts, np.arange(n))
        leader = leads[parts][leader]
    return leader


def _of_several_groups(leader: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """Whether the photos that each is equal to came with several groups, bool [N]."""
    several = np.zeros(len(leader), dtype=bool)
    alike = np.flatnonzero(np.bincount(leader)[leader] > 1)
    if len(alike):
        given = np.unique([groups[at] for at in alike.tolist()], return_inverse=True)[1]
        together = np.unique(np.stack([leader[alike], given]), axis=1)
        several[np.flatnonzero(np.bincount(together[0]) > 1)] = True
    found: np.ndarray = several[leader]
    return found


def _joined(groups: Sequence[str], leader: np.ndarray, copies: Sequence[int]) -> tuple[str, ...]:
    """The groups with those joined that copies have; no other photo joins any."""
    own = [groups[at] for at in copies]
    joined = merge_groups(own, [f"{leader[at]}" for at in copies]) if own else []
    names = dict(zip(own, joined, strict=True))
    return tuple(names.get(each, each) for each in groups)


def _scan(vectors: VectorArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One pass over all vectors.

    Returns:
        The first row that is equal to each to the last bit, int64 [N]; the mean unit vector
        [D]; and unit vectors along random orthonormal axes [N, A].
    """
    n, dimensions = vectors.shape
    random = np.random.default_rng(0).normal(size=(dimensions, min(_AXES, dimensions)))
    axes = np.linalg.qr(random)[0]
    digests, total = np.empty((n, 2), dtype=np.uint64), np.zeros(dimensions)
    projected = np.empty((n, axes.shape[1]))
    step = rows_at_once(vectors.shape[1])
    for start in range(0, n, step):
        rows = np.ascontiguousarray(vectors[slice(start, start + step)])
        told = b"".join(blake2b(row.tobytes(), digest_size=16).digest() for row in rows)
        digests[start : start + len(rows)] = np.frombuffer(told, dtype=np.uint64).reshape(-1, 2)
        unit = units(rows, range(start, start + len(rows)), "copies")
        total += unit.sum(axis=0)
        projected[start : start + len(rows)] = unit @ axes
    return _first_of_equals(digests), total / n, projected


def _first_of_equals(digests: np.ndarray) -> np.ndarray:
    """The first row with the digest of each, int64 [N], of digests uint64 [N, 2]."""
    # Stable: equal digests stay in the order of their rows.
    order = np.lexsort(digests.T)
    ordered = digests[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    found = np.empty(len(order), dtype=np.int64)
    found[order] = order[begins][np.cumsum(begins) - 1]
    return found


def _near(
    vectors: VectorArray, projected: np.ndarray, rows: np.ndarray, reach: float
) -> np.ndarray:
    """Pairs of some rows that lie within reach of each other, int64 [M, 2]."""
    # Nearly always all rows are asked: a copy of them would be as large again.
    tree = KDTree(
        projected if len(rows) == len(projected) else projected[rows], balanced_tree=False
    )
    candidates = []
    for start in range(0, len(rows), _CHUNK):
        asked = projected[rows[start : start + _CHUNK]]
        _, found = tree.query(asked, k=_NEIGHBOURS, distance_upper_bound=reach)
        place, column = np.nonzero(found < len(rows))
        pair = np.stack([place + start, found[place, column]], axis=1)
        candidates.append(pair[pair[:, 0] < pair[:, 1]])
    pairs = rows[np.concatenate(candidates)]
    kept = [np.empty((0, 2), dtype=np.int64)]
    step = rows_at_once(vectors.shape[1])
    for start in range(0, len(pairs), step):
        some = pairs[start : start + step]
        one, other = (units(vectors[side], side, "copies") for side in some.T)
        kept.append(some[np.square(one - other).sum(axis=1) <= reach**2])
    return np.concatenate(kept)
