import numpy as np
import pytest

from latentprint.errors import UsageError
from latentprint.stats import cluster_bootstrap_counts, crossed_means, interval, resample_counts


def test_means_are_those_of_the_resampled_rows() -> None:
    groups = ["b", "a", "b", "c"]
    values = np.array([1.0, 2.0, 3.0, 10.0])
    resamples = cluster_bootstrap_counts(groups, 50, seed=3)
    for counts, mean in zip(resamples.counts, resamples.means(values), strict=True):
        rows = np.repeat(values, counts[resamples.members].astype(int))
        assert mean == pytest.approx(rows.mean())


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    groups, values = rng.integers(30, size=100).astype(str), rng.normal(size=100)
    order = rng.permutation(100)
    one = cluster_bootstrap_counts(list(groups), 20, 0).means(values)
    other = cluster_bootstrap_counts(list(groups[order]), 20, 0).means(values[order])
    np.testing.assert_allclose(one, other)


def test_no_photos_are_refused() -> None:
    with pytest.raises(UsageError, match="at least one photo"):
        cluster_bootstrap_counts([], 10, 0)


def test_interval_covers_both_sources_of_error() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for trial in range(200):
        clusters = np.repeat(rng.normal(size=40), 2)
        values = clusters + 0.3 * rng.normal(size=(10, 1)) + 0.1 * rng.normal(size=(10, 80))
        photos = cluster_bootstrap_counts([str(i // 2) for i in range(80)], 300, trial)
        samples = crossed_means(photos, resample_counts(10, 300, trial + 1), values)
        low, high = interval(samples)
        hits += low <= 0 <= high
    assert 0.88 <= hits / 200 <= 0.99
