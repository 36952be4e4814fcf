"""The paired-shift discriminant does what its definition says, and its p keeps its word."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.guards import grouped_folds
from latentprint.experiments.probes.items import Items, permuted_classes
from latentprint.experiments.probes.paired_shift import PairedShift, ShiftOptions, paired_shift
from latentprint.solvers import Features


def items_of(vectors: np.ndarray, groups: Sequence[str] | None = None) -> Items:
    """Every photo under every class, from versions [n, K, D]."""
    n, k, _ = vectors.shape
    part, photo = np.tile(np.arange(k), n), np.repeat(np.arange(n), k)
    ids = tuple(f"photo {at:04}" for at in range(n))
    parts = tuple(vectors[:, each].astype(np.float32) for each in range(k))
    classes = tuple(f"class {each}" for each in range(k))
    return Items(Features(parts, part, photo), part, photo, ids, tuple(groups or ids), classes)


def made(
    n: int, k: int, dimensions: int, *, trace: float = 0.0, noise: float = 0.3, seed: int = 0
) -> np.ndarray:
    """Content that differs more in some directions, noise of each version, shifts of classes."""
    rng = np.random.default_rng(seed)
    content = rng.normal(size=(n, 1, dimensions)) * np.linspace(2.0, 0.2, dimensions)
    shifts = trace * np.random.default_rng(99).normal(size=(k, dimensions))
    return content + shifts + noise * rng.normal(size=(n, k, dimensions))


def near_copies(groups: int, k: int, dimensions: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Three photos a group whose versions move alike, whatever their class."""
    vectors = np.repeat(made(groups, k, dimensions, seed=seed), 3, axis=0)
    vectors += 0.01 * np.random.default_rng(seed).normal(size=vectors.shape)
    return vectors, [f"group {at // 3:03}" for at in range(len(vectors))]


def by_definition(items: Items, names: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Accuracy and contrast, version by version; names [n, K] is what a version is called."""
    n, k = len(items.ids), len(items.classes)
    vectors = np.stack(
        [np.asarray(each, dtype=np.float64) for each in items.features.parts], axis=1
    )
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    fold = grouped_folds(np.zeros(n, dtype=np.int64), items.groups, 5, seed)
    right, contrast = [], []
    for each in range(5):
        fitted = np.flatnonzero(fold != each)
        means = vectors[fitted].mean(axis=1)
        covariance = np.cov(means.T, bias=True)
        ridge = np.linalg.eigvalsh(covariance).mean()
        inverse = np.linalg.inv(covariance + ridge * np.eye(len(covariance)))
        directions = np.zeros((k, vectors.shape[2]))
        for photo in fitted:
            for version in range(k):
                shift = vectors[photo, version] - vectors[photo].mean(axis=0)
                directions[names[photo, version]] += shift / len(fitted)
        for photo in np.flatnonzero(fold == each):
            for version in range(k):
                inside = vectors[photo, version] - means.mean(axis=0)
                scores = np.array([d @ inverse @ inside - d @ inverse @ d / 2 for d in directions])
                right.append(scores.argmax() == names[photo, version])
                contrast.append(scores[names[photo, version]] - scores.mean())
    return 100 * float(np.mean(right)), float(np.mean(contrast))


def own_names(items: Items) -> np.ndarray:
    return np.tile(np.arange(len(items.classes)), (len(items.ids), 1))


@pytest.mark.parametrize("dimensions", [6, 60])
@pytest.mark.parametrize("grouped", [False, True])
def test_both_figures_are_those_of_the_definition(dimensions: int, grouped: bool) -> None:
    groups = [f"group {at // 2}" for at in range(30)] if grouped else None
    items = items_of(made(30, 3, dimensions, trace=0.2), groups)
    found = paired_shift(items, ShiftOptions(permutations=9))
    accuracy, contrast = by_definition(items, own_names(items))
    assert found.accuracy == pytest.approx(accuracy)
    assert found.contrast == pytest.approx(contrast, rel=1e-5)
    assert (found.chance, found.folds) == (pytest.approx(100 / 3), 5)


def test_p_is_the_share_of_all_namings_that_reach_the_contrast() -> None:
    items = items_of(made(7, 2, 4, trace=0.15))
    swaps = [np.array([[at, 1 - at] for at in each]) for each in product((0, 1), repeat=7)]
    contrasts = np.array([by_definition(items, names)[1] for names in swaps])
    exact = float((contrasts >= contrasts[0] - 1e-6).mean())
    found = paired_shift(items, ShiftOptions(permutations=4000, enough=10**6))
    assert 0.03 < exact < 0.5
    assert found.permutations == 4000
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))


def test_a_naming_that_swaps_every_photo_ties_with_the_true_one() -> None:
    # Five photos of two classes: 2 of 32 namings give the contrast itself, rounding or not.
    found = paired_shift(
        items_of(made(5, 2, 40, trace=3.0)), ShiftOptions(permutations=4000, enough=10**6)
    )
    assert found.p == pytest.approx(2 / 32, abs=0.016)


@pytest.mark.parametrize("grouped", [False, True])
def test_p_is_uniform_where_classes_say_nothing(grouped: bool) -> None:
    found = []
    for seed in range(200):
        vectors, groups = near_copies(10, 3, 8, seed)
        items = items_of(vectors, groups) if grouped else items_of(vectors[::3])
        found.append(paired_shift(items, ShiftOptions(seed=seed, permutations=199)).p)
    for level in (0.05, 0.2, 0.5):
        low, high = binom.interval(0.998, 200, level)
        assert low <= np.sum(np.array(found) <= level) <= high


def test_near_copies_that_count_as_photos_of_their_own_would_be_found() -> None:
    # What joint permutation guards against: the same sets, every copy a group of its own.
    found = [
        paired_shift(items_of(near_copies(10, 3, 8, seed)[0]), ShiftOptions(permutations=99)).p
        for seed in range(20)
    ]
    assert np.mean(np.array(found) <= 0.05) > 0.5


def test_a_weak_trace_is_found_and_none_is_not() -> None:
    traced = [paired_shift(items_of(made(60, 3, 80, trace=0.05, seed=at))) for at in range(10)]
    assert np.mean([each.p <= 0.05 for each in traced]) >= 0.9
    assert all(each.p == 0.001 for each in traced if each.permutations == 999 and each.contrast > 1)
    permuted = permuted_classes(items_of(made(60, 3, 80, trace=1.0)), 0)
    assert paired_shift(permuted).p > 0.05


def test_a_strong_trace_has_the_smallest_p_and_is_read() -> None:
    found = paired_shift(items_of(made(60, 3, 20, trace=0.8)))
    assert (found.p, found.permutations) == (0.001, 999)
    assert found.accuracy > 80


def test_drawing_ends_where_p_is_large() -> None:
    items = items_of(made(40, 3, 10, seed=1))
    early, late = paired_shift(items), paired_shift(items, ShiftOptions(enough=10**6))
    assert early.permutations < 300 < late.permutations == 999
    assert early.p == 20 / early.permutations
    assert early.p == pytest.approx(late.p, abs=0.25)


def shuffled(items: Items, vectors: np.ndarray, seed: int) -> Items:
    """The same photos in another order, and the items of each in another, too."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(vectors))
    other = items_of(vectors[order])
    moved = rng.permutation(len(other.labels))
    return replace(
        other,
        features=other.features.take(moved),
        labels=other.labels[moved],
        photo=other.photo[moved],
        ids=tuple(items.ids[at] for at in order),
        groups=tuple(items.groups[at] for at in order),
    )


@pytest.mark.parametrize("dimensions", [10, 90])
def test_the_order_of_photos_does_not_matter(dimensions: int) -> None:
    vectors = made(50, 3, dimensions, trace=0.015)
    items = items_of(vectors, [f"group {at // 2}" for at in range(50)])
    found = paired_shift(items)
    assert 0.001 < found.p < 1
    assert paired_shift(shuffled(items, vectors, 1)) == found


def test_the_size_of_a_chunk_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    items = items_of(made(50, 3, 10, trace=0.015))
    found = paired_shift(items)
    assert found.permutations > 20
    module = "latentprint.experiments.probes.paired_shift"
    monkeypatch.setattr(f"{module}._DRAWS", 7)
    monkeypatch.setattr(f"{module}._PHOTOS", 3)
    other = paired_shift(items)
    assert (other.p, other.permutations, other.accuracy) == (
        found.p,
        found.permutations,
        found.accuracy,
    )
    assert other.contrast == pytest.approx(found.contrast)


def test_another_seed_draws_other_permutations() -> None:
    items = items_of(made(50, 3, 10))
    options = [ShiftOptions(seed=seed, permutations=499, enough=10**6) for seed in range(4)]
    assert len({paired_shift(items, each).p for each in options}) > 1


@pytest.mark.parametrize("same_content", [False, True])
def test_constant_vectors_show_nothing(same_content: bool) -> None:
    vectors = np.repeat(made(20, 1, 12), 3, axis=1)
    if same_content:
        vectors[:] = vectors[0]
    found = paired_shift(items_of(vectors))
    chance = 100 / 3
    assert found == PairedShift(chance, 0.0, 1.0, 0, chance, 5)


def test_photos_of_one_content_have_nothing_to_whiten() -> None:
    vectors = np.ones((20, 2, 6))
    vectors[:, 0, 0] += 0.5
    found = paired_shift(items_of(vectors))
    assert (found.accuracy, found.p) == (100.0, 0.001)


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(LatentprintError, match="at least 5 groups, and there are 2"):
        paired_shift(items_of(made(2, 3, 8)))
    with pytest.raises(LatentprintError, match="and there are 4"):
        paired_shift(items_of(made(20, 3, 8), [f"group {at % 4}" for at in range(20)]))


def test_a_photo_without_a_class_is_refused() -> None:
    items = items_of(made(20, 3, 8))
    kept = np.delete(np.arange(60), 10)
    fewer = replace(
        items,
        features=items.features.take(kept),
        labels=items.labels[kept],
        photo=items.photo[kept],
    )
    with pytest.raises(LatentprintError, match="'photo 0003' is there 0 times under 'class 1'"):
        paired_shift(fewer)


def test_a_zero_vector_is_refused() -> None:
    vectors = made(20, 3, 8)
    vectors[4, 2] = 0
    with pytest.raises(LatentprintError, match="photo 0004"):
        paired_shift(items_of(vectors))
