import numpy as np
import pytest
from scipy.stats import binomtest

from latentprint.errors import UsageError
from latentprint.stats import (
    ClusterBootstrap,
    binomial_interval,
    crossed_means,
    interval,
    permutation_p,
    resample_counts,
    two_sided_p,
)


def test_means_are_those_of_the_resampled_rows() -> None:
    groups = ["b", "a", "b", "c"]
    values = np.array([1.0, 2.0, 3.0, 10.0])
    photos = ClusterBootstrap.of(groups, 50, seed=3)
    assert photos.clusters == 3
    for counts, mean in zip(photos.resamples(), photos.means(values), strict=True):
        weights = counts[photos.members]
        assert weights[0] == weights[2]
        assert mean == pytest.approx(np.repeat(values, weights).mean())


def test_several_series_share_their_resamples() -> None:
    rng = np.random.default_rng(2)
    photos = ClusterBootstrap.of(rng.integers(9, size=30).astype(str).tolist(), 20, seed=1)
    values = rng.normal(size=(3, 30))
    for several in (photos.means, photos.sums):
        one_by_one = np.stack([several(each) for each in values], axis=1)
        np.testing.assert_allclose(several(values), one_by_one)


def test_one_at_a_time_or_all_at_once() -> None:
    photos = ClusterBootstrap(np.arange(12), 40, seed=5)
    counts = np.array(list(photos.resamples()))
    np.testing.assert_array_equal(counts, resample_counts(12, 40, seed=5))
    assert (counts.sum(axis=1) == 12).all()
    by_cluster = np.random.default_rng(1).integers(9, size=(12, 3)).astype(float)
    np.testing.assert_array_equal(photos.sums_of(by_cluster), counts @ by_cluster)


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    groups, values = rng.integers(30, size=100).astype(str), rng.normal(size=100)
    order = rng.permutation(100)
    one = ClusterBootstrap.of(list(groups), 20, 0).means(values)
    other = ClusterBootstrap.of(list(groups[order]), 20, 0).means(values[order])
    np.testing.assert_allclose(one, other)


def test_no_photos_are_refused() -> None:
    with pytest.raises(UsageError, match="at least one photo"):
        ClusterBootstrap.of([], 10, 0)
    with pytest.raises(UsageError, match="one draw"):
        ClusterBootstrap.of(["a"], 0, 0)


def test_interval_covers_both_sources_of_error() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for trial in range(200):
        clusters = np.repeat(rng.normal(size=40), 2)
        values = clusters + 0.3 * rng.normal(size=(10, 1)) + 0.1 * rng.normal(size=(10, 80))
        photos = ClusterBootstrap.of([str(i // 2) for i in range(80)], 300, trial)
        samples = crossed_means(photos, resample_counts(10, 300, trial + 1), values)
        low, high = interval(samples)
        hits += low <= 0 <= high
    assert 0.88 <= hits / 200 <= 0.99


@pytest.mark.parametrize(("hits", "n"), [(0, 8), (8, 8), (3, 20), (1, 400)])
def test_binomial_interval_is_the_exact_one(hits: int, n: int) -> None:
    exact = binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert binomial_interval(hits / n, n) == pytest.approx((exact.low, exact.high))


def test_fewer_independent_observations_mean_a_wider_interval() -> None:
    (low, high), (lower, higher) = (binomial_interval(0.3, n) for n in (40.5, 20.25))
    assert lower < low < 0.3 < high < higher


def test_two_sided_p_is_that_of_the_normal_distribution() -> None:
    samples = np.array([-1.0, 1.0] * 500)
    assert two_sided_p(1.96, samples) == pytest.approx(0.05, abs=1e-3)
    assert two_sided_p(-1.96, samples) == two_sided_p(1.96, samples)
    assert two_sided_p(3.0, np.full(10, 3.0)) == 1.0


def test_equal_values_of_all_groups_are_judged_by_their_number() -> None:
    # Whatever resamples differ by is the order in which the same values were added.
    samples = 3.0 + 1e-15 * np.arange(10)
    assert two_sided_p(3.0, samples, 2) == two_sided_p(-3.0, samples, 2) == 0.5
    assert two_sided_p(3.0, samples, 20) == pytest.approx(2 * 0.5**20)
    assert two_sided_p(0.0, np.zeros(10), 20) == 1.0


def test_permutation_p_counts_the_data_once() -> None:
    permuted = np.array([-3.0, 0.5, 2.0, 3.0 + 1e-13])
    assert permutation_p(3.0, permuted) == 3 / 5
    assert permutation_p(-3.0, permuted) == 3 / 5
    assert permutation_p(4.0, permuted) == 1 / 5
    assert permutation_p(3.0, permuted, complete=True) == 2 / 4
