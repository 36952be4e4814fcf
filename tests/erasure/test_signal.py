from __future__ import annotations

import numpy as np
import pytest

from latentprint.erasure.signal import _Shuffle, signal_of


def test_labels_that_say_nothing_are_refused() -> None:
    shown = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rows = 3 + rng.normal(size=(48, 16)) * np.geomspace(3, 0.1, 16)
        labels = np.repeat(np.arange(4), 12)
        shown += signal_of(rows, labels, permutations=99, seed=seed).shown
    assert shown <= 10


def test_groups_that_share_a_class_are_not_taken_for_evidence() -> None:
    """Photos of a photographer look alike, and a photographer has one camera."""
    shown = {"groups": 0, "none": 0}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(12), 8)
        rows = rng.normal(size=(12, 16))[groups] + 0.5 * rng.normal(size=(96, 16))
        labels = np.repeat(np.arange(3), 4)[groups]
        shown["groups"] += signal_of(rows, labels, groups, permutations=99, seed=seed).shown
        shown["none"] += signal_of(rows, labels, permutations=99, seed=seed).shown
    assert shown["groups"] <= 3
    assert shown["none"] >= 50


def test_labels_within_groups_are_compared_within_them() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 8)
    labels = np.tile(np.arange(2), 48)
    rows = 5 * rng.normal(size=(12, 16))[groups] + 0.3 * rng.normal(size=(96, 16))
    rows += 0.3 * labels[:, None]
    assert signal_of(rows, labels, groups, seed=0).shown
    assert not signal_of(rows, labels, seed=0).shown


@pytest.mark.parametrize("photos", [10, 40, 160])
def test_the_share_of_signal_is_that_of_a_planted_one(photos: int) -> None:
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        planted = 0.5 * rng.normal(size=(4, 64))
        rows = planted[np.arange(4 * photos) % 4] + rng.normal(size=(4 * photos, 64))
        found.append(signal_of(rows, np.arange(4 * photos) % 4, permutations=49, seed=seed).share)
    # Squared differences a dimension: 3 of noise, and what four classes planted in all photos.
    planted_sum = 4 * photos * 0.25 * 3 / 4
    permuted = 3 * (1 + planted_sum / (4 * photos))
    assert np.mean(found) == pytest.approx(1 - permuted / (3 + planted_sum), abs=0.03)


def test_equal_rows_show_nothing() -> None:
    signal = signal_of(np.ones((8, 3)), np.arange(8) % 2)
    assert (signal.p, signal.share, signal.shown) == (1.0, 0.0, False)


def test_a_permutation_keeps_how_many_photos_each_class_has() -> None:
    # Groups of one class, and groups of several.
    classes = np.array([0, 0, 1, 1, 2, 2, 0, 1, 2, 1])
    members = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    shuffle = _Shuffle.of(classes, members)
    rng = np.random.default_rng(0)
    for _ in range(20):
        drawn = shuffle.draw(rng)
        assert np.bincount(drawn).tolist() == np.bincount(classes).tolist()
        assert sorted(drawn[6:8]) == [0, 1]
