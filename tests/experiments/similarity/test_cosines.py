"""Histograms of cosines, against single pairs."""

import numpy as np

from latentprint.experiments.similarity.cosines import (
    BINS_PER_UNIT,
    exact_cosines,
    rounded_cosines,
)


def test_bins_are_those_of_single_pairs() -> None:
    # Multiples of half a bin lie on the edges, where the last bit of a product decides.
    angles = np.arccos((np.arange(-40, 41) + 0.5) / BINS_PER_UNIT)
    vectors = np.stack([np.cos(angles), np.sin(angles), np.zeros(81)], axis=1)
    queries = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [-1.0, 0.0, 0.0]])
    together = rounded_cosines(queries, vectors)
    for row, query in zip(together, queries, strict=True):
        alone = [int(rounded_cosines(query[None], each[None])[0, 0]) for each in vectors]
        assert row.tolist() == alone
        exact = [float(exact_cosines(query, each)) for each in vectors]
        np.testing.assert_allclose(row / BINS_PER_UNIT - 1, exact, atol=0.5001 / BINS_PER_UNIT)
