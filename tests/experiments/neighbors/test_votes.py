"""Votes against counting."""

import numpy as np

from latentprint.arrays import to_array
from latentprint.experiments.neighbors.votes import vote


def test_the_lowest_of_the_most_frequent_labels_wins() -> None:
    labels = np.array([[3, 1, 3, 1, 2], [4, 2, 0, 5, 1], [7, 7, 7, 0, 0]])
    assert vote(labels).tolist() == [1, 0, 7]
    rng = np.random.default_rng(0)
    many = rng.integers(6, size=(3000, 10))
    assert vote(to_array(many)).tolist() == [np.bincount(row).argmax() for row in many]
