"""Accuracy, interval and what could have been shown, against plain loops."""

import numpy as np
import pytest

from latentprint.experiments.probes.scores import Predictions, score
from latentprint.stats import cluster_bootstrap_counts, resample_counts


def predictions(rng: np.random.Generator, fits: int, photos: int, k: int) -> Predictions:
    """Every photo under every class; a photo's difficulty is shared by its fits."""
    fit, photo, truth = (each.ravel() for each in np.indices((fits, photos, k)))
    skill = rng.random(photos)[photo] < 0.5 + 0.2 * (fit % 2)
    said = np.where(skill, truth, rng.integers(k, size=len(truth)))
    return Predictions(k, tuple(f"g{i % 17}" for i in range(photos)), fit, photo, truth, said)


def plain_macro(p: Predictions, weight: np.ndarray) -> float:
    shares = []
    for each in range(p.n_classes):
        mine = p.truth == each
        if weight[mine].sum() > 0:
            right = (p.predicted == p.truth)[mine]
            shares.append((weight[mine] * right).sum() / weight[mine].sum())
    return 100 * float(np.mean(shares))


def test_equals_a_loop_over_resamples() -> None:
    p = predictions(np.random.default_rng(0), fits=4, photos=50, k=3)
    found = score(p, bootstrap=30, seed=5)
    clusters = cluster_bootstrap_counts(p.groups, 30, 5)
    repeats = resample_counts(4, 30, 6)
    for b in range(30):
        weight = clusters.counts[b, clusters.members[p.photo]] * repeats[b, p.fit]
        assert found.samples[b] == pytest.approx(plain_macro(p, weight))
    assert found.value == pytest.approx(plain_macro(p, np.ones(len(p.truth))))
    assert found.micro == pytest.approx(100 * (p.predicted == p.truth).mean())
    np.testing.assert_allclose(found.confusion.sum(axis=1), 1.0)
    assert found.per_class.mean() == pytest.approx(found.value)


def test_an_unbalanced_test_set_is_scored_by_class() -> None:
    truth = np.array([0] * 90 + [1] * 10)
    said = np.zeros(100, dtype=np.int64)
    p = Predictions(2, tuple(map(str, range(100))), np.zeros(100, int), np.arange(100), truth, said)
    found = score(p, bootstrap=100, seed=0)
    assert found.value == 50
    assert found.micro == 90
    assert found.sd is None


def test_replicates_widen_the_interval_and_leave_the_value() -> None:
    p = predictions(np.random.default_rng(0), fits=10, photos=200, k=3)
    first = p.fit == 0
    parts = (x[first] for x in (p.fit, p.photo, p.truth, p.predicted))
    one = score(Predictions(3, p.groups, *parts), bootstrap=500, seed=0)
    many = score(p, bootstrap=500, seed=0, replicates=9)
    assert many.value == one.value
    assert many.accuracies.tolist() == one.accuracies.tolist()
    spread = np.std([plain_macro(p, (p.fit == f).astype(float)) for f in range(1, 10)], ddof=1)
    assert many.samples.std() == pytest.approx(np.hypot(one.samples.std(), spread))
    # Among several repeats the replicates had other test photos, too: theirs is the whole spread,
    # less what repeats on the same photos differ by.
    macro = [plain_macro(p, (p.fit == f).astype(float)) for f in range(10)]
    few = score(p, bootstrap=500, seed=0, replicates=5)
    fresh = np.var(macro[5:], ddof=1) - np.var(macro[:5], ddof=1)
    kept = Predictions(3, p.groups, *(x[p.fit < 5] for x in (p.fit, p.photo, p.truth, p.predicted)))
    own = score(kept, bootstrap=500, seed=0).samples.std()
    assert few.samples.std() == pytest.approx(max(own, np.sqrt(max(fresh, 0))))
    assert few.samples.mean() == pytest.approx(few.value)


def test_replicates_that_differ_widen_a_cross_validation() -> None:
    fit, photo, truth = (each.ravel() for each in np.indices((8, 50, 2)))
    # Four repeats read half of the photos, the replicates anything between none and all.
    share = np.array([0.5, 0.5, 0.5, 0.5, 0.0, 0.3, 0.7, 1.0])
    said = np.where(photo < 50 * share[fit], truth, 1 - truth)
    p = Predictions(2, tuple(map(str, range(50))), fit, photo, truth, said)
    found = score(p, bootstrap=500, seed=0, replicates=4)
    assert found.value == 50
    assert found.samples.std() == pytest.approx(np.std(100 * share[4:], ddof=1))
    assert (found.low, found.high) == (0, 100)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Photos and fits both vary; the interval must cover the mean over both."""
    rng = np.random.default_rng(0)
    covered, narrow = 0, 0
    for _ in range(150):
        photos, fits, k = 60, 10, 4
        ability = (
            0.5 + 0.08 * rng.normal(size=(fits, 1, 1)) + 0.25 * rng.normal(size=(1, photos, 1))
        )
        right = rng.random((fits, photos, k)) < ability
        fit, photo, truth = (each.ravel() for each in np.indices((fits, photos, k)))
        said = np.where(right.ravel(), truth, (truth + 1) % k)
        p = Predictions(k, tuple(map(str, range(photos))), fit, photo, truth, said)
        found = score(p, bootstrap=200, seed=0)
        covered += found.low <= 50 <= found.high
        narrow += found.low <= 50 - 15
    assert covered >= 0.9 * 150
    assert narrow < 0.2 * 150


def test_p_and_smallest_effect() -> None:
    p = predictions(np.random.default_rng(0), fits=5, photos=300, k=3)
    found = score(p, bootstrap=300, seed=0)
    assert found.p_value(100 / 3) < 1e-6
    assert found.p_value(found.value) == pytest.approx(0.5)
    assert found.smallest_effect == pytest.approx(1 + 2.8 * found.samples.std())
