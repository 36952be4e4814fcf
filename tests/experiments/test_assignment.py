import numpy as np
import pytest

from latentprint.errors import UsageError
from latentprint.experiments.assignment import assign_classes


def test_a_photo_keeps_its_class_among_other_photos() -> None:
    ids = [f"photo{i}" for i in range(600)]
    drawn = assign_classes("photo", 0, "jpeg", ids, 6)
    np.testing.assert_array_equal(drawn[::-1], assign_classes("photo", 0, "jpeg", ids[::-1], 6))
    assert np.bincount(drawn, minlength=6).min() > 70
    assert (drawn != assign_classes("photo", 1, "jpeg", ids, 6)).mean() > 0.7
    assert (drawn != assign_classes("photo", 0, "other", ids, 6)).mean() > 0.7


def test_the_published_draw() -> None:
    expected = np.random.default_rng(4).choice(3, 50)
    np.testing.assert_array_equal(assign_classes("published", 4, "jpeg", ["a"] * 50, 3), expected)


def test_an_unknown_draw() -> None:
    with pytest.raises(UsageError, match="Did you mean 'photo'"):
        assign_classes("photos", 0, "jpeg", ["a"], 3)  # type: ignore[arg-type]
