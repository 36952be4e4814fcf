"""Examples: which rows of which arrays, under which class and group."""

from __future__ import annotations

import numpy as np

from latentprint.inspection.examples import of_labels, of_versions
from latentprint.solvers import Features
from tests.inspection.made_up import made_vectors

NAMES = ("one", "two", "three")


def test_examples_take_rows_of_the_arrays() -> None:
    vectors = made_vectors(12, 3, trace=1.0)
    photos = np.array([3, 7, 9])
    asked = of_versions("x", dict(zip(NAMES, vectors, strict=True)), photos, list("abcdefghijkl"))
    assert isinstance(asked.features, Features)
    assert np.array_equal(asked.features.read(), vectors[:, photos].reshape(9, -1))
    assert asked.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert asked.groups[:3] == ["d", "h", "j"]


def test_photos_without_a_label_are_left_out() -> None:
    vectors = made_vectors(6, 1, trace=0.0)[0]
    codes = np.array([1, -1, 0, 0, -1, 1])
    asked = of_labels("make", ("A", "B"), vectors, codes, list("abcdef"))
    assert np.array_equal(asked.features.read(), vectors[[0, 2, 3, 5]])
    assert asked.labels.tolist() == [1, 0, 0, 1]
    assert asked.groups == ["a", "c", "d", "f"]
    assert not asked.versions
