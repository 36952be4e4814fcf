"""Accuracy, interval and what could have been shown, against plain loops."""

import numpy as np
import pytest
from scipy.stats import norm, t

from latentprint.experiments.probes.scores import Predictions, Said, score
from latentprint.stats import ClusterBootstrap


def gathered(
    groups: list[str], right: np.ndarray, k: int, tested: np.ndarray | None = None
) -> Predictions:
    """What fits said of photos under every class; whether each was right, [fits, photos, K].

    Args:
        tested: Which photos each fit was tested on, bool [fits, photos].
    """
    parts = []
    for fit, each in enumerate(right):
        photos = np.arange(len(each)) if tested is None else np.flatnonzero(tested[fit])
        truth = np.tile(np.arange(k), len(photos))
        said = np.where(each[photos].ravel(), truth, (truth + 1) % k)
        parts.append(Said(fit, np.repeat(photos, k), truth, said))
    return Predictions(k, groups, parts)


def joined(p: Predictions, name: str) -> np.ndarray:
    """One entry for every fit, photo and version."""
    return np.concatenate([getattr(each, name) for each in p.said])


def predictions(rng: np.random.Generator, fits: int, photos: int, k: int) -> Predictions:
    """A photo's difficulty is shared by its fits."""
    skill = rng.random(photos)[:, None] < 0.5 + 0.2 * (np.arange(fits) % 2)[:, None, None]
    right = skill | (rng.random((fits, photos, k)) < 1 / k)
    return gathered([f"g{i % 17}" for i in range(photos)], right, k)


def plain_macro(p: Predictions, weight: np.ndarray) -> float:
    shares = []
    truth, predicted = joined(p, "truth"), joined(p, "predicted")
    for each in range(p.n_classes):
        mine = truth == each
        if weight[mine].sum() > 0:
            right = (predicted == truth)[mine]
            shares.append((weight[mine] * right).sum() / weight[mine].sum())
    return 100 * float(np.mean(shares))


def test_equals_a_loop_over_resamples() -> None:
    p = predictions(np.random.default_rng(0), fits=4, photos=50, k=3)
    found = score(p, bootstrap=30, seed=5)
    clusters = ClusterBootstrap.of(p.groups, 30, 5)
    member = clusters.members[joined(p, "photo")]
    drawn = [plain_macro(p, counts[member]) for counts in clusters.resamples()]
    expected = (np.array(drawn) - np.mean(drawn)) / np.std(drawn)
    wide = found.spread * t.ppf(0.975, found.degrees) / norm.ppf(0.975)
    np.testing.assert_allclose((found.samples - found.value) / wide, expected, atol=1e-9)
    assert found.value == pytest.approx(plain_macro(p, np.ones(len(member))))
    right = joined(p, "predicted") == joined(p, "truth")
    assert found.micro == pytest.approx(100 * right.mean())
    np.testing.assert_allclose(found.confusion.sum(axis=1), 1.0)
    assert found.per_class.mean() == pytest.approx(found.value)


def test_groups_are_one_piece_of_evidence() -> None:
    right = np.repeat(np.random.default_rng(0).random((1, 60, 1)) < 0.6, 2, axis=2)
    alone = score(gathered([f"g{i}" for i in range(60)], right, 2), bootstrap=50, seed=0)
    # Ten copies of every photo in its group say nothing more.
    copies = np.repeat(right, 10, axis=1)
    together = score(gathered([f"g{i // 10}" for i in range(600)], copies, 2), bootstrap=50, seed=0)
    assert together.spread == pytest.approx(alone.spread)
    share = right.mean()
    assert alone.spread == pytest.approx(100 * np.sqrt(share * (1 - share) / 59), rel=1e-6)


def test_an_unbalanced_test_set_is_scored_by_class() -> None:
    truth = np.array([0] * 90 + [1] * 10)
    said = np.where(np.arange(100) % 30 == 0, 1, 0)
    p = Predictions(2, [f"g{i}" for i in range(100)], [Said(0, np.arange(100), truth, said)])
    found = score(p, bootstrap=100, seed=0)
    assert found.value == pytest.approx(100 * (87 / 90 + 1 / 10) / 2)
    assert found.micro == 88
    assert found.sd is None


def test_fits_that_differ_by_themselves_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    groups = [f"g{i}" for i in range(400)]
    ability = np.linspace(0.3, 0.7, 10)[:, None, None]
    apart = score(gathered(groups, rng.random((10, 400, 3)) < ability, 3), bootstrap=50, seed=0)
    alike = score(gathered(groups, rng.random((10, 400, 3)) < 0.5, 3), bootstrap=50, seed=0)
    assert apart.spread == pytest.approx(100 * ability.std(ddof=1) / np.sqrt(10), rel=0.1)
    assert alike.spread < 1.2 * 100 * 0.5 / np.sqrt(10 * 400 * 3)


def test_halves_that_lie_apart_widen_the_interval_and_leave_the_value() -> None:
    rng = np.random.default_rng(0)
    groups = [f"g{i}" for i in range(400)]
    ability = np.array([0.5, 0.4, 0.6, 0.45, 0.55, 0.35, 0.65, 0.5, 0.5])[:, None, None]
    right = rng.random((9, 400, 3)) < ability
    one = score(gathered(groups, right[:1], 3), bootstrap=50, seed=0)
    many = score(gathered(groups, right, 3), bootstrap=50, seed=0, halves=8)
    assert many.value == one.value
    assert many.accuracies.tolist() == one.accuracies.tolist()
    # Pairs lie 20, 10, 30 and 0 points apart: of half the photos, which doubles the variance.
    fresh = (20**2 + 10**2 + 30**2 + 0) / 4 / 2 / 2
    assert many.spread**2 == pytest.approx(one.spread**2 + fresh, rel=0.15)
    alike = score(
        gathered(groups, rng.random((9, 400, 3)) < 0.5, 3), bootstrap=50, seed=0, halves=8
    )
    assert alike.spread < 1.2 * one.spread


def test_what_repeats_scatter_by_is_not_counted_again_in_halves() -> None:
    rng = np.random.default_rng(2)
    groups = [f"g{i}" for i in range(400)]
    # Halves lie apart by no more than repeats of twice the photos would.
    ability = np.array([0.4, 0.6, 0.4, 0.6, *([0.385, 0.615] * 4)])[:, None, None]
    right = rng.random((12, 400, 3)) < ability
    one = score(gathered(groups, right[:4], 3), bootstrap=50, seed=0)
    many = score(gathered(groups, right, 3), bootstrap=50, seed=0, halves=8)
    assert one.spread <= many.spread < 1.3 * one.spread


def test_halves_are_measured_against_their_own_test_photos() -> None:
    """Halves that are tested on other photos lie apart by chance alone: no reason to widen."""
    rng = np.random.default_rng(1)
    groups = [f"g{i}" for i in range(200)]
    tested = np.stack([np.ones(200, bool), *([np.arange(200) % 2 == s for s in (0, 1)] * 100)])
    right = np.repeat(rng.random((201, 200, 1)) < 0.5, 2, axis=2)
    one = score(gathered(groups, right[:1], 2), bootstrap=50, seed=0)
    many = score(gathered(groups, right, 2, tested), bootstrap=50, seed=0, halves=200)
    assert one.spread <= many.spread < 1.15 * one.spread


def test_a_predictor_that_names_one_class_reads_nothing() -> None:
    groups, truth = [f"g{i}" for i in range(60)], np.tile(np.arange(3), 60)
    photo = np.repeat(np.arange(60), 3)
    same = [Said(fit, photo, truth, np.full(180, fit % 3)) for fit in range(4)]
    found = score(Predictions(3, groups, same), bootstrap=500, seed=0)
    assert found.constant
    assert found.value == pytest.approx(100 / 3)
    # The exact interval of 20 of 60.
    assert (found.low, found.high) == (
        pytest.approx(21.69, abs=0.01),
        pytest.approx(46.69, abs=0.01),
    )
    assert found.p_value(100 / 3) == 1.0
    assert found.samples.std() == pytest.approx(100 * np.sqrt(2 / 9 / 60), rel=0.1)
    other = [Said(0, photo, truth, truth), *same[1:]]
    assert not score(Predictions(3, groups, other), bootstrap=50, seed=0).constant


def test_photos_that_are_all_alike_leave_no_interval_of_width_zero() -> None:
    """Rounding in the sums over groups is no spread, and faultless fits are not certain ones."""
    groups = [f"g{i}" for i in range(40)]
    for k in (3, 7):
        alike = np.broadcast_to(np.arange(k) == 1, (5, 40, k))
        found = score(gathered(groups, alike, k), bootstrap=200, seed=0)
        assert found.spread == 0
        assert found.low < 100 / k - 5 < 100 / k + 5 < found.high
        assert found.p_value(100 / k) > 0.3
    # One in 49, times 49, is less than one to the last digit.
    rare = np.broadcast_to((np.arange(49) == 0)[:, None, None], (49, 40, 2))
    assert score(gathered(groups, rare, 2), bootstrap=200, seed=0).spread == 0
    perfect = score(gathered(groups, np.ones((5, 40, 2), bool), 2), bootstrap=200, seed=0)
    assert (perfect.value, perfect.high) == (100, 100)
    assert perfect.low == pytest.approx(100 * 0.025 ** (1 / 40))
    assert perfect.p_value(50.0) == pytest.approx(0.5**40)


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
        found = score(gathered([f"g{i}" for i in range(photos)], right, k), bootstrap=200, seed=0)
        covered += found.low <= 50 <= found.high
        narrow += found.low <= 50 - 15
    assert covered >= 0.9 * 150
    assert narrow < 0.2 * 150


def test_p_and_smallest_effect() -> None:
    p = predictions(np.random.default_rng(0), fits=5, photos=300, k=3)
    found = score(p, bootstrap=300, seed=0)
    assert found.p_value(100 / 3) < 1e-4
    assert found.p_value(found.value) == pytest.approx(0.5)
    assert found.smallest_effect == pytest.approx(1 + 2.8 * found.samples.std())


def test_where_photos_have_one_class_the_fitted_ones_matter_as_much_as_the_tested_ones() -> None:
    rng = np.random.default_rng(0)
    groups = [f"g{i}" for i in range(400)]
    p = gathered(groups, rng.random((9, 400, 3)) < 0.5, 3)
    versions = score(p, bootstrap=50, seed=0, halves=8)
    labels = score(p, bootstrap=50, seed=0, halves=8, between_photos=True)
    right = (joined(p, "truth") == joined(p, "predicted")).reshape(9, 400, 3)
    tested = score(gathered(groups, right[:1], 3), bootstrap=50, seed=0)
    assert labels.value == versions.value
    assert labels.spread**2 == pytest.approx(2 * tested.spread**2)
    # Halves of one set of photos are two degrees of freedom, however many there are.
    assert labels.degrees == pytest.approx(4 / (1 / 399 + 1 / 2), rel=0.01)
    assert versions.spread < labels.spread
