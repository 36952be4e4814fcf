"""Photos with equal vectors are found, whatever their number, order and neighbours."""

import numpy as np
import pytest

from latentprint.experiments.probes.copies import group_equal_vectors

RNG = np.random.default_rng(0)


def partition(groups: tuple[str, ...]) -> set[frozenset[int]]:
    return {
        frozenset(at for at, each in enumerate(groups) if each == group) for group in set(groups)
    }


def plain(vectors: np.ndarray, groups: list[str]) -> set[frozenset[int]]:
    """Every pair compared, parts joined one after another."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    part = list(range(len(unit)))
    for i in range(len(unit)):
        for j in range(i):
            if unit[i] @ unit[j] > 1 - 1e-6 or groups[i] == groups[j]:
                part = [part[j] if each == part[i] else each for each in part]
    return {frozenset(at for at, each in enumerate(part) if each == p) for p in set(part)}


def test_equal_and_nearly_equal_vectors_are_joined() -> None:
    vectors = RNG.normal(size=(120, 24)).astype(np.float32)
    vectors[40:60] = vectors[:20]
    vectors[60:70] = 3 * vectors[:10] * (1 + 1e-5 * RNG.normal(size=(10, 24)))
    groups = [f"g{i // 2}" if i > 100 else f"own{i}" for i in range(120)]
    found = group_equal_vectors(vectors, groups)
    assert partition(found.groups) == plain(vectors.astype(float), groups)
    expected = [*range(20), *range(40, 70)]
    assert np.flatnonzero(found.copies).tolist() == expected
    order = RNG.permutation(120)
    turned = group_equal_vectors(vectors[order], [groups[at] for at in order])
    assert [found.groups[at] for at in order] == list(turned.groups)


def test_many_copies_of_one_photo() -> None:
    vectors = RNG.normal(size=(3000, 32)).astype(np.float32)
    vectors[500:] = vectors[0] * (1 + 1e-7 * RNG.normal(size=(2500, 32)))
    found = group_equal_vectors(vectors, [f"g{i:04}" for i in range(3000)])
    assert set(found.groups[500:]) == {"g0000"}
    assert len(set(found.groups)) == 500
    assert found.copies.sum() == 2501


def test_photos_that_are_together_already_are_no_news() -> None:
    vectors = np.repeat(RNG.normal(size=(30, 8)), 2, axis=0)
    groups = [f"g{i // 2}" for i in range(60)]
    found = group_equal_vectors(vectors, groups)
    assert list(found.groups) == groups
    assert not found.copies.any()


@pytest.mark.parametrize("spread", [1e-4, 1e-2])
def test_a_narrow_cone_is_no_heap_of_copies(spread: float) -> None:
    vectors = 1.0 + spread * RNG.normal(size=(200, 16))
    vectors[1] = vectors[0]
    groups = [f"g{i}" for i in range(200)]
    assert group_equal_vectors(vectors, groups).copies.sum() == 2


@pytest.mark.parametrize("rounding", [0.0, 1e-7])
def test_constant_vectors_keep_their_groups(rounding: float) -> None:
    vectors = np.full((50, 8), 0.3, np.float32) * (1 + rounding * RNG.normal(size=(50, 8)))
    groups = [f"g{i}" for i in range(50)]
    found = group_equal_vectors(vectors.astype(np.float32), groups)
    assert list(found.groups) == groups
    assert not found.copies.any()
