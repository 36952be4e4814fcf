"""What neighbours vote for."""

from __future__ import annotations

from latentprint.arrays import Array, array_namespace, take_along

_VOTES_AT_ONCE = 2**22


def vote(labels: Array) -> Array:
    """The most frequent label of each row; of several such the lowest.

    Args:
        labels: Labels of the neighbours, int64 [t, k].

    Returns:
        int64 [t].
    """
    size = max(1, _VOTES_AT_ONCE // labels.shape[1] ** 2)
    pieces = [_vote(labels[at : at + size]) for at in range(0, len(labels), size)]
    return array_namespace(labels).concat(pieces) if pieces else labels[:, 0]


def _vote(labels: Array) -> Array:
    counts = (labels[:, :, None] == labels[:, None, :]).sum(2)
    # One number orders by count first and by falling label second.
    score = counts * (int(labels.max()) + 1) - labels
    winner = array_namespace(labels).argmax(score, axis=1, keepdims=True)
    return take_along(labels, winner, 1)[:, 0]
