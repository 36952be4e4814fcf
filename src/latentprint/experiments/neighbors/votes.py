"""What neighbours vote for."""

from __future__ import annotations

import torch
from torch import Tensor

_VOTES_AT_ONCE = 2**22


def vote(labels: Tensor) -> Tensor:
    """The most frequent label of each row; of several such the lowest.

    Args:
        labels: Labels of the neighbours, int64 [t, k].

    Returns:
        int64 [t].
    """
    size = max(1, _VOTES_AT_ONCE // labels.shape[1] ** 2)
    pieces = [_vote(labels[at : at + size]) for at in range(0, len(labels), size)]
    return torch.cat(pieces) if pieces else labels[:, 0]


def _vote(labels: Tensor) -> Tensor:
    counts = (labels[:, :, None] == labels[:, None, :]).sum(2)
    # One number orders by count first and by falling label second.
    winner = (counts * (int(labels.max()) + 1) - labels).argmax(dim=1, keepdim=True)
    return labels.gather(1, winner)[:, 0]
