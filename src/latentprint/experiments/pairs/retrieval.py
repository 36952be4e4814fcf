"""Where a query's target comes among distractors, in blocks of similarities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from latentprint.experiments.pairs.design import PairDirection
    from latentprint.solvers import VectorArray

STEP = 2.0**-40
"""The grid of cosines."""
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
    target, similarity = _best_targets(vectors, subjects, direction, block)
    found = [
        _among(vectors, subjects, direction.queries, side, target, similarity, block)
        for side in (direction.query_side, direction.target_side)
    ]
    return found[0], found[1]


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
        pair = [unit_rows(vectors, rows) for rows in (direction.queries[query[part]], target[part])]
        similarity[part] = rounded((pair[0] * pair[1]).sum(dim=1)).numpy()
    best = np.lexsort((target, -similarity, query))[begin]
    return target[best], similarity[best]


def _among(
    vectors: VectorArray,
    subjects: np.ndarray,
    queries: np.ndarray,
    distractors: np.ndarray,
    target: np.ndarray,
    similarity: np.ndarray,
    block: int,
) -> Retrieved:
    n = len(queries)
    ahead, others = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    best, best_similarity = np.zeros(n, dtype=np.int64), np.full(n, -np.inf)
    for start in range(0, n, block):
        part = slice(start, start + block)
        units, least = unit_rows(vectors, queries[part]), torch.from_numpy(similarity[part]) - STEP
        for begin in range(0, len(distractors), block):
            rows = distractors[begin : begin + block]
            own = torch.from_numpy(subjects[queries[part], None] == subjects[rows])
            found = rounded(units @ unit_rows(vectors, rows).T).masked_fill_(own, -torch.inf)
            ahead[part] += (found >= least[:, None]).sum(dim=1).numpy()
            others[part] += (~own).sum(dim=1).numpy()
            at = found.argmax(dim=1, keepdim=True)
            value = found.gather(1, at)[:, 0].numpy()
            better = value > best_similarity[part]
            best_similarity[part][better] = value[better]
            best[part][better] = rows[at[:, 0].numpy()][better]
    return Retrieved(target, similarity, best, best_similarity, 1 + ahead, 1 + others)


def rounded(cosines: Tensor) -> Tensor:
    """Cosines on the grid of ``STEP``, in place."""
    return cosines.div_(STEP).round_().mul_(STEP)


def unit_rows(vectors: VectorArray, rows: np.ndarray) -> Tensor:
    """Some vectors at length one, float64 [m, D]."""
    chosen = torch.from_numpy(np.asarray(vectors[rows], dtype=np.float64))
    units: Tensor = chosen / torch.linalg.vector_norm(chosen, dim=1, keepdim=True)
    return units
