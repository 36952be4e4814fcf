"""The nearest training photos of each test photo, always in the same order.

The last bits of a matrix product depend on its shape and on the machine, so that photos which are
equally near would come in any order. Similarities are therefore computed in float64 and rounded to
a grid far coarser than their error, and equal ones are ordered by the row of the training photo.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_MARGIN = 6
_GRID = 2.0**40


@dataclass(frozen=True)
class Neighbors:
    """The k most similar training photos of some test photos, most similar first.

    Attributes:
        similarities: Cosines, float64 [t, k]; minus infinity where there are fewer than k.
        rows: Rows of the training photos, int64 [t, k].
    """

    similarities: Tensor
    rows: Tensor

    def merged(self, other: Neighbors) -> Neighbors:
        """Both lists as one, as long as the two together."""
        similarities = torch.cat([self.similarities, other.similarities], 1)
        return _ordered(similarities, torch.cat([self.rows, other.rows], 1), similarities.shape[1])


def cosines(test: Tensor, train: Tensor) -> Tensor:
    """Cosine similarities of unit vectors, on a grid of 2^-40.

    Args:
        test: float64 [t, D].
        train: float64 [N, D].

    Returns:
        float64 [t, N].
    """
    return (test @ train.T).mul_(_GRID).round_().div_(_GRID)


def nearest(similarities: Tensor, k: int) -> Neighbors:
    """Find the nearest training photos.

    Equal similarities are ordered by row, the lowest first.

    Args:
        similarities: Cosines, float64 [t, N]; minus infinity where a pair is not allowed.
        k: Number of neighbours, at most N.
    """
    # A partial sort picks any of several equals: the margin holds those of most rows.
    values, rows = similarities.topk(min(k + _MARGIN, similarities.shape[1]))
    found = _ordered(values, rows, k)
    last = values[:, -1]
    tied = (last == found.similarities[:, -1]) & (last > -torch.inf)
    for row in torch.split(tied.nonzero()[:, 0], 64):
        order = similarities[row].sort(dim=1, descending=True, stable=True)
        found.similarities[row], found.rows[row] = order.values[:, :k], order.indices[:, :k]
    return found


def _ordered(similarities: Tensor, rows: Tensor, k: int) -> Neighbors:
    """The first k by falling similarity, then by rising row."""
    by_row = rows.argsort(dim=1, stable=True)
    similarities, rows = similarities.gather(1, by_row), rows.gather(1, by_row)
    order = similarities.argsort(dim=1, descending=True, stable=True)[:, :k]
    return Neighbors(similarities.gather(1, order), rows.gather(1, order))


def vote(labels: Tensor) -> Tensor:
    """The most frequent label of each row; of several such the lowest.

    Args:
        labels: Labels of the neighbours, int64 [t, k].

    Returns:
        int64 [t].
    """
    counts = (labels[:, :, None] == labels[:, None, :]).sum(2)
    # One number orders by count first and by falling label second.
    winner = (counts * (int(labels.max()) + 1) - labels).argmax(dim=1, keepdim=True)
    return labels.gather(1, winner)[:, 0]
