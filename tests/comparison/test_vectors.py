"""Two sets of embeddings without labels, against what is known of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.linalg import orthogonal_procrustes

from latentprint.comparison import VectorsCompared, compare_vectors
from latentprint.comparison.vectors import VectorFigure
from latentprint.errors import LatentprintError
from tests.experiments.fakes import FakeSource, fake_source

RNG = np.random.default_rng(0)


def source(vectors: np.ndarray, encoder: str = "one") -> FakeSource:
    made = fake_source(len(vectors), 0)
    return replace(made, by_class={"none": vectors.astype(np.float32)}, encoder=encoder)


def figure(found: VectorsCompared, word: str) -> VectorFigure:
    return next(each for each in found.figures if word in each.measure)


VECTORS = RNG.normal(size=(120, 8))
TURN = np.linalg.qr(RNG.normal(size=(8, 8)))[0]


def test_the_same_vectors_are_the_same() -> None:
    found = compare_vectors(source(VECTORS), source(VECTORS), "none")
    assert figure(found, "cos").value == 0.0
    assert figure(found, "neighbours").value == 1.0
    assert figure(found, "Procrustes").value == pytest.approx(0.0, abs=1e-12)
    assert found.table.columns == ["id", "distance", "overlap"]


def test_a_turned_space_has_the_same_neighbours_and_no_residual() -> None:
    found = compare_vectors(source(VECTORS), source(VECTORS @ TURN, "turned"), "none")
    assert figure(found, "cos").value > 0.3
    assert figure(found, "neighbours").value == 1.0
    assert figure(found, "Procrustes").value < 1e-9


def test_dimensions_may_differ() -> None:
    wide = np.concatenate([VECTORS @ TURN, np.zeros((120, 3))], axis=1)
    found = compare_vectors(source(VECTORS), source(wide, "wide"), "none")
    assert found.dimensions == (8, 11)
    assert "distance" not in found.table.columns
    assert figure(found, "neighbours").value == 1.0
    assert figure(found, "Procrustes").value < 1e-9
    back = compare_vectors(source(wide, "wide"), source(VECTORS), "none")
    assert figure(back, "Procrustes").value < 1e-9


def test_what_has_nothing_in_common_is_at_chance() -> None:
    other = RNG.normal(size=(120, 200))
    found = compare_vectors(source(VECTORS), source(other, "other"), "none")
    shared = figure(found, "neighbours")
    assert shared.chance == pytest.approx(10 / 119)
    assert shared.low < (shared.chance or 0) < shared.high
    # A residual on the photos that chose the turn would be far below 1.
    residual = figure(found, "Procrustes")
    assert residual.chance is not None
    assert residual.value > 0.9
    assert residual.value == pytest.approx(residual.chance, abs=0.15)


def test_few_photos_of_many_dimensions_still_tell_the_same_space_from_another() -> None:
    """Sixty photos leave most of a turn of 500 dimensions open."""
    scales = 0.95 ** np.arange(500)
    vectors = RNG.normal(size=(60, 500)) * scales
    turn = np.linalg.qr(RNG.normal(size=(500, 500)))[0]
    noisy = vectors @ turn + 0.01 * RNG.normal(size=vectors.shape)
    same = figure(compare_vectors(source(vectors), source(noisy), "none"), "Procrustes")
    other = RNG.normal(size=(60, 500)) * scales
    unlike = figure(compare_vectors(source(vectors), source(other), "none"), "Procrustes")
    assert "7 principal components" in same.measure
    assert same.value < 0.1
    assert unlike.value > 0.8


def test_the_residual_is_that_of_scipy_on_the_other_half() -> None:
    other = VECTORS @ TURN + 0.5 * RNG.normal(size=VECTORS.shape)
    found = figure(compare_vectors(source(VECTORS), source(other), "none"), "Procrustes")
    one, two = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (VECTORS, other))
    half = np.random.default_rng(0).permutation(120) % 2 == 0
    left = whole = 0.0
    # Photos are compared in the order of their ids, as the groups of the made-up photos are.
    for train in (half, ~half):
        a, b = one - one[train].mean(axis=0), two - two[train].mean(axis=0)
        turn, scale = orthogonal_procrustes(a[train], b[train])
        scale /= np.square(a[train]).sum()
        left += np.square(scale * a[~train] @ turn - b[~train]).sum()
        whole += np.square(b[~train]).sum()
    assert found.value == pytest.approx(left / whole, rel=1e-5)
    assert found.low < found.value < found.high


def test_overlap_is_counted_by_hand() -> None:
    other = VECTORS + RNG.normal(size=VECTORS.shape)
    found = compare_vectors(source(VECTORS), source(other), "none")
    lists = []
    for each in (VECTORS, other):
        unit = each / np.linalg.norm(each, axis=1, keepdims=True)
        cosines = unit @ unit.T
        np.fill_diagonal(cosines, -2)
        lists.append(np.argsort(-cosines, axis=1)[:, :10])
    wanted = [len(set(a) & set(b)) / 10 for a, b in zip(*lists, strict=True)]
    assert found.table["overlap"].to_list() == pytest.approx(wanted)


def test_photos_are_joined_by_their_ids() -> None:
    order = RNG.permutation(120)
    shuffled = source(VECTORS[order])
    shuffled.photos = shuffled.photos[order]
    found = compare_vectors(source(VECTORS), shuffled, "none")
    assert figure(found, "cos").value == 0.0
    part = source(VECTORS[:100])
    found = compare_vectors(source(VECTORS), part, "none")
    assert (found.photos, found.only_first, found.only_second) == (100, 20, 0)


def test_too_few_common_photos_are_told() -> None:
    with pytest.raises(LatentprintError, match="19 photos are in both"):
        compare_vectors(source(VECTORS), source(VECTORS[:19]), "none")
    one_group = source(VECTORS)
    one_group.photos = one_group.photos.with_columns(group=pl.lit("all"))
    with pytest.raises(LatentprintError, match="one group"):
        compare_vectors(one_group, one_group, "none")
