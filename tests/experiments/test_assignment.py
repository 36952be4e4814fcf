import numpy as np
import pytest

from latentprint.errors import UsageError
from latentprint.experiments.assignment import assign_classes

IDS = [f"photo{i}" for i in range(601)]


def test_every_class_is_drawn_as_often() -> None:
    for n, n_classes in ((601, 6), (10, 3), (7, 6), (2, 3)):
        counts = np.bincount(assign_classes("photo", 0, "jpeg", IDS[:n], n_classes))
        assert counts.max() - counts.min() <= 1
        assert counts.sum() == n


def test_the_draw_follows_the_photo() -> None:
    drawn = assign_classes("photo", 0, "jpeg", IDS, 6)
    np.testing.assert_array_equal(drawn[::-1], assign_classes("photo", 0, "jpeg", IDS[::-1], 6))
    assert (drawn != assign_classes("photo", 1, "jpeg", IDS, 6)).mean() > 0.7
    assert (drawn != assign_classes("photo", 0, "other", IDS, 6)).mean() > 0.7


def test_an_added_photo_moves_few_others() -> None:
    moved = []
    for n in range(300, 600, 10):
        before, after = (assign_classes("photo", 0, "jpeg", IDS[:m], 6) for m in (n, n + 1))
        moved.append(int((before != after[:n]).sum()))
    assert max(moved) <= 2 * 6
    assert np.mean(moved) < 6


def test_every_photo_is_as_likely_under_each_class() -> None:
    """The last to choose takes what is left, but over seeds it is left anything alike."""
    draws = np.stack([assign_classes("photo", seed, "jpeg", IDS[:20], 3) for seed in range(600)])
    shares = np.stack([(draws == each).mean(axis=0) for each in range(3)])
    np.testing.assert_allclose(shares, 1 / 3, atol=0.08)
    # Two photos share a class less often than by chance, since each takes a place.
    together = (draws[:, :10] == draws[:, 10:]).mean()
    assert together == pytest.approx((20 / 3 - 1) / 19, abs=0.03)


def test_the_published_draw() -> None:
    expected = np.random.default_rng(4).choice(3, 50)
    np.testing.assert_array_equal(assign_classes("published", 4, "jpeg", ["a"] * 50, 3), expected)


def test_an_unknown_draw() -> None:
    with pytest.raises(UsageError, match="Did you mean 'photo'"):
        assign_classes("photos", 0, "jpeg", ["a"], 3)  # type: ignore[arg-type]
