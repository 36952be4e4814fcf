"""The nearest training photos of each test photo, exactly and always in the same order.

Similarities are computed in chunks in float32, whose last bits depend on the shape of the chunk and
on the machine. So a few more candidates than needed are kept, their similarities are computed again
in float64 and rounded to a grid far coarser than the error of that, and equal ones are ordered by
the row of the training photo. Where the candidates do not surely hold the nearest photos, all
similarities of that test photo are computed again.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_MARGIN = 6
_FLOAT32_ERROR = 2.0**-18
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


def nearest(
    similarities: Tensor, test: Tensor, train: Tensor, columns: Tensor, k: int
) -> Neighbors:
    """Find the nearest training photos.

    Equal similarities are ordered by row, the lowest first.

    Args:
        similarities: Cosines in float32 [t, N]; minus infinity where a pair is not allowed.
        test: Unit vectors of the test photos, float32 [t, D].
        train: Unit vectors under all classes, float32 [M, D].
        columns: Where ``train`` holds the vector of each training photo, int64 [N].
        k: Number of neighbours, at most N.
    """
    n = similarities.shape[1]
    values, candidates = similarities.topk(min(k + _MARGIN, n), sorted=True)
    vectors = train[columns[candidates]].double()
    exact = _rounded((vectors @ test.double()[:, :, None])[:, :, 0])
    exact = exact.masked_fill(values == -torch.inf, -torch.inf)
    found = _ordered(exact, candidates, k)
    if values.shape[1] < n:
        unsure = values[:, -1] > found.similarities[:, -1] - _FLOAT32_ERROR
        # Where even the last candidate is not allowed, all allowed photos are candidates.
        unsure &= values[:, -1] > -torch.inf
        for row in torch.split(unsure.nonzero()[:, 0], 64):
            allowed = similarities[row] > -torch.inf
            sure = _all_exact(allowed, test[row], train, columns, k)
            found.similarities[row], found.rows[row] = sure.similarities, sure.rows
    return found


def _all_exact(allowed: Tensor, test: Tensor, train: Tensor, columns: Tensor, k: int) -> Neighbors:
    """The same from all similarities in float64."""
    exact = _rounded(test.double() @ train[columns].double().T).masked_fill(~allowed, -torch.inf)
    order = exact.sort(dim=1, descending=True, stable=True)
    return Neighbors(order.values[:, :k], order.indices[:, :k])


def _rounded(similarities: Tensor) -> Tensor:
    """Round to a grid of 2^-40, so that identical photos have identical similarities."""
    return (similarities * _GRID).round() / _GRID


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
