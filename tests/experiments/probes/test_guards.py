"""Guards against shortcuts keep what they promise, whatever the order of photos."""

import numpy as np
import pytest

from latentprint.experiments.probes.guards import (
    balance,
    cap_per_group,
    grouped_folds,
    shuffle_labels,
    shuffle_order,
)

RNG = np.random.default_rng(0)
IDS = [f"photo{i}" for i in range(200)]
CODES = RNG.choice(4, 200, p=[0.6, 0.2, 0.15, 0.05])
GROUPS = [f"person{i}" for i in RNG.integers(40, size=200)]
ORDER = RNG.permutation(200)


def test_every_class_is_as_frequent_as_the_rarest() -> None:
    codes = np.where(np.arange(200) % 17 == 0, -1, CODES)
    kept = balance(codes, IDS, seed=0)
    counts = np.bincount(codes[kept])
    assert set(counts) == {np.bincount(codes[codes >= 0]).min()}
    assert not kept[codes < 0].any()
    assert (kept != balance(codes, IDS, seed=1)).any()


def test_a_group_has_no_more_photos_than_the_cap() -> None:
    kept = cap_per_group(IDS, GROUPS, 3, seed=0)
    sizes = {g: GROUPS.count(g) for g in set(GROUPS)}
    left = [GROUPS[i] for i in np.flatnonzero(kept)]
    assert all(left.count(g) == min(3, size) for g, size in sizes.items())


def test_folds_keep_groups_whole_and_classes_even() -> None:
    folds = grouped_folds(CODES, GROUPS, 5, seed=0)
    for group in set(GROUPS):
        assert len({folds[i] for i, g in enumerate(GROUPS) if g == group}) == 1
    shares = np.array([np.bincount(CODES[folds == f], minlength=4) for f in range(5)])
    assert shares.sum(axis=1).min() > 30
    assert (shares.min(axis=0) >= 1).all()
    alone = grouped_folds(CODES, IDS, 5, seed=0)
    counts = np.array([np.bincount(CODES[alone == f], minlength=4) for f in range(5)])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_a_large_group_leaves_folds_of_one_size() -> None:
    groups = ["crowd"] * 20 + [f"alone{at}" for at in range(80)]
    for seed in range(10):
        folds = grouped_folds(np.zeros(100, dtype=np.int64), groups, 5, seed)
        assert np.bincount(folds).tolist() == [20] * 5


@pytest.mark.parametrize("what", ["balance", "cap", "folds", "labels"])
def test_the_order_of_photos_does_not_matter(what: str) -> None:
    ids, groups = [IDS[i] for i in ORDER], [GROUPS[i] for i in ORDER]
    straight, turned = {
        "balance": lambda: (balance(CODES, IDS, 0), balance(CODES[ORDER], ids, 0)),
        "cap": lambda: (cap_per_group(IDS, GROUPS, 2, 0), cap_per_group(ids, groups, 2, 0)),
        "folds": lambda: (
            grouped_folds(CODES, GROUPS, 5, 0),
            grouped_folds(CODES[ORDER], groups, 5, 0),
        ),
        "labels": lambda: (shuffle_labels(CODES, IDS, 0), shuffle_labels(CODES[ORDER], ids, 0)),
    }[what]()
    np.testing.assert_array_equal(straight[ORDER], turned)


def test_shuffled_labels_keep_counts_and_lose_meaning() -> None:
    shuffled = shuffle_labels(CODES, GROUPS, seed=0)
    assert np.bincount(shuffled).tolist() == np.bincount(CODES).tolist()
    by_group = np.array([int(g[6:]) % 4 for g in GROUPS])
    constant = shuffle_labels(by_group, GROUPS, seed=0)
    assert (constant == by_group).mean() < 0.6
    kinds = [
        len({constant[i] for i, g in enumerate(GROUPS) if g == group}) for group in set(GROUPS)
    ]
    assert np.mean(kinds) < 2


def test_orders_of_different_purposes_differ() -> None:
    assert sorted(shuffle_order(IDS, 0, "a")) == list(range(200))
    assert (shuffle_order(IDS, 0, "a") != shuffle_order(IDS, 0, "b")).any()
