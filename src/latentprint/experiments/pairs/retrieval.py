"""Where a query's target comes among distractors, in blocks of similarities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentprint.neighbours.grid import GRID, on_grid, unit_rows

if TYPE_CHECKING:
    from latentprint.experiments.pairs.design import PairDirection
    from latentprint.solvers import VectorArray

_COPIES = 4


@dataclass(frozen=True)
class Retrieved:
    """What each query of a direction finds in one gallery, each [Q].

    Attributes:
        target: Row of the most similar target, int64.
        target_similarity: Its cosine to the query, float64.
        distractor: Row of the most similar distractor, int64.
        distractor_similarity: Its cosine to the query, float64.
        rank: Place of that target, 1 where no distractor is as similar, int64.
        size: Photos in the gallery, that target and the distractors, int64.
    """

    target: np.ndarray
    target_similarity: np.ndarray
    distractor: np.ndarray
    distractor_similarity: np.ndarray
    rank: np.ndarray
    size: np.ndarray

    @property
    def margin(self) -> np.ndarray:
        """How much more similar the target is than any distractor, float64 [Q]."""
        margin: np.ndarray = self.target_similarity - self.distractor_similarity
        return margin


def retrieve(
    vectors: VectorArray, subjects: np.ndarray, direction: PairDirection, memory_mb: int
) -> tuple[Retrieved, Retrieved]:
    """Rank the target of every query among the distractors of both galleries.

    A distractor as similar as the target comes before it, so that vectors which are all equal
    find nothing. The last bits of a product depend on its shape and on the machine: cosines are
    rounded to a grid of 2^-40, far coarser than their error, and those one step apart count as
    equal. So the ranks do not depend on the memory.

    Args:
        vectors: One vector for every photo [n, D]; read in blocks.
        subjects: Subject of every photo, int64 [n].
        direction: Queries, targets and distractors.
        memory_mb: Memory for one block.

    Returns:
        What is found among distractors that share the query's type of device, and among those that
        share the target's.
    """
    block = _block(memory_mb, vectors.shape[1])
    best = _best_targets(vectors, subjects, direction, block)
    of_query, of_target = (
        _among(vectors, subjects, direction.queries, side, best, block)
        for side in (direction.query_side, direction.target_side)
    )
    return of_query, of_target


def least_before(similarity: np.ndarray) -> np.ndarray:
    """The lowest cosine on the grid that comes before a target of some similarity."""
    least: np.ndarray = similarity - 1.0 / GRID
    return least


def _block(memory_mb: int, dimensions: int) -> int:
    """How many queries and distractors fit, whose vectors and similarities are held at once."""
    floats = memory_mb * 2**20 / 8 / _COPIES
    return max(1, int(math.sqrt(dimensions**2 + floats)) - dimensions)


def _best_targets(
    vectors: VectorArray, subjects: np.ndarray, direction: PairDirection, block: int
) -> tuple[np.ndarray, np.ndarray]:
    """The most similar target of every query, the first by id of several, int64 and float64 [Q]."""
    query_subjects = subjects[direction.queries]
    order = np.argsort(subjects[direction.targets], kind="stable")
    targets = direction.targets[order]
    first = np.searchsorted(subjects[targets], query_subjects)
    counts = np.searchsorted(subjects[targets], query_subjects, side="right") - first
    begin = np.cumsum(counts) - counts
    query = np.repeat(np.arange(len(counts)), counts)
    target = targets[np.arange(len(query)) + np.repeat(first - begin, counts)]
    similarity = np.empty(len(query))
    for start in range(0, len(query), block):
        part = slice(start, start + block)
        one, other = (
            unit_rows(vectors[rows]) for rows in (direction.queries[query[part]], target[part])
        )
        similarity[part] = on_grid((one * other).sum(axis=1))
    best = np.lexsort((target, -similarity, query))[begin]
    return target[best], similarity[best]


def _among(
    vectors: VectorArray,
    subjects: np.ndarray,
    queries: np.ndarray,
    distractors: np.ndarray,
    best_targets: tuple[np.ndarray, np.ndarray],
    block: int,
) -> Retrieved:
    """What is found among distractors; the best targets come with their similarities."""
    n, (target, similarity) = len(queries), best_targets
    ahead, others = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    best, best_similarity = np.zeros(n, dtype=np.int64), np.full(n, -np.inf)
    for start in range(0, n, block):
        part = slice(start, start + block)
        units, least = unit_rows(vectors[queries[part]]), least_before(similarity[part])
        for begin in range(0, len(distractors), block):
            rows = distractors[begin : begin + block]
            own = subjects[queries[part], None] == subjects[rows]
            found = on_grid(units @ unit_rows(vectors[rows]).T)
            found[own] = -np.inf
            ahead[part] += (found >= least[:, None]).sum(axis=1)
            others[part] += (~own).sum(axis=1)
            at = found.argmax(axis=1)
            value = found[np.arange(len(found)), at]
            better = value > best_similarity[part]
            best_similarity[part][better] = value[better]
            best[part][better] = rows[at][better]
    return Retrieved(target, similarity, best, best_similarity, 1 + ahead, 1 + others)
