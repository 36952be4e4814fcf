"""Whole probes: what collapses, what is constant, and what is there twice."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from latentprint.experiments.probes.fitting import Fitted, run_plan
from latentprint.experiments.probes.items import (
    Items,
    labelled_items,
    permuted_classes,
    processed_items,
)
from latentprint.experiments.probes.options import ProbeOptions
from latentprint.experiments.probes.plans import balanced, fold_plan, published_plan, split_plan
from latentprint.experiments.source import ROW
from latentprint.processing import ATTRIBUTES
from tests.experiments.fakes import FakeSource, fake_source, shuffled

CLASSES = ATTRIBUTES["sharpening"].classes
OPTIONS = ProbeOptions(bootstrap=200)


def labelled(n: int, trace: float, seed: int, dimensions: int = 24) -> Items:
    """Photos whose label moves them, as many of each as come."""
    source = fake_source(n, 0, dimensions=dimensions, labels=1, seed=seed)
    rng = np.random.default_rng((seed, 1))
    labels = rng.integers(3, size=n)
    name = CLASSES[0]
    shifts = trace * rng.normal(size=(3, dimensions))
    source.by_class[name] = source.by_class[name] + shifts[labels].astype(np.float32)
    return items_of(source, labels)


def items_of(source: FakeSource, labels: np.ndarray) -> Items:
    photos = source.photos.with_row_index(ROW)
    return labelled_items(source, CLASSES[0], photos, labels, ("a", "b", "c"), memory_mb=100)


def versions(source: FakeSource, *, paired: bool = False) -> Items:
    photos = source.photos.with_row_index(ROW)
    return processed_items(source, CLASSES, photos, paired=paired, memory_mb=100)


def cross_validated(items: Items, repeats: int = 3) -> Fitted:
    plan = fold_plan(
        items, repeats=repeats, seed=0, choose=lambda index, seed: balanced(items, index, seed)
    )
    return run_plan(items, plan, OPTIONS)


def test_no_set_that_holds_a_trace_collapses() -> None:
    for seed in range(8):
        found = cross_validated(labelled(200, 0.7, seed), repeats=1)
        assert found.score.value > 65
        assert found.score.low > 50
        assert not found.score.constant


def test_halves_do_not_collapse_either() -> None:
    """A replicate at chance beside one that reads makes an interval as wide as the gap."""
    found = cross_validated(labelled(200, 1.0, 0))
    assert found.score.value > 80
    assert found.score.high - found.score.low < 20


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("rounding", [0.0, 1e-7])
def test_constant_vectors_read_nothing(paired: bool, rounding: float) -> None:
    source = fake_source(60, 30)
    rng = np.random.default_rng(0)
    for vectors in source.by_class.values():
        vectors[:] = 0.3 * (1 + rounding * rng.normal(size=vectors.shape))
    items = versions(source, paired=paired)
    train, test = np.arange(180), np.arange(180, 270)
    options = replace(OPTIONS, normalise="none" if paired else "l2")
    for plan in (split_plan(items, train, test, seed=0), fold_plan(items, repeats=2, seed=0)):
        found = run_plan(items, plan, options).score
        assert found.constant
        assert found.value == pytest.approx(100 / 3)
        assert found.p_value(100 / 3) == 1.0
        assert found.low < 100 / 3 - 5 < 100 / 3 + 5 < found.high


def test_the_study_weighs_no_classes() -> None:
    assert ProbeOptions().solving.class_weight == "balanced"
    assert ProbeOptions(draw="published").solving.class_weight == "balanced"
    assert ProbeOptions(solver="sgd").solving.class_weight == "balanced"
    assert ProbeOptions(solver="sgd", draw="published").solving.class_weight == "none"


def test_photos_with_equal_vectors_are_tested_together() -> None:
    """A random label, every vector twice: half of the copies would give it away."""
    source = fake_source(160, 40, labels=1, dimensions=60)
    vectors = source.by_class[CLASSES[0]]
    vectors[1::2] = vectors[::2]
    source.photos = source.photos.with_columns(
        split=pl.Series(["train", "val", "val", "train"] * 50)
    )
    labels = np.random.default_rng(0).integers(3, size=100).repeat(2)
    items = items_of(source, labels)
    assert (items.copies, items.straddling) == (200, 200)
    assert len(set(items.groups)) == 100
    assert cross_validated(items).score.value < 48
    assert versions(source).straddling == 200
    apart = replace(items, groups=items.ids)
    assert cross_validated(apart).score.value > 60


def test_copies_on_one_side_do_not_straddle() -> None:
    source = fake_source(160, 40, labels=1)
    vectors = source.by_class[CLASSES[0]]
    vectors[1:20:2] = vectors[:20:2]
    vectors[199] = vectors[20]
    items = versions(source)
    assert (items.copies, items.straddling) == (22, 2)


def test_halves_share_no_group_and_all_have_every_class() -> None:
    items = versions(fake_source(60, 20))
    train, test = np.arange(60), np.arange(60, 80)
    draws = [np.random.default_rng(seed).permutation(np.arange(60) % 3) for seed in range(4)]
    everything = np.arange(180)
    plans = (
        published_plan(items, train, test, draws, seed=0),
        split_plan(items, everything[:150], everything[150:], seed=0),
    )
    for plan in plans:
        assert plan.halves == 20
        halves = plan.train[-20:]
        assert len({each.tobytes() for each in halves}) == 20
        for one, other in zip(halves[::2], halves[1::2], strict=True):
            assert not set(items.groups_of(one)) & set(items.groups_of(other))
            for half in (one, other):
                assert np.bincount(items.labels[half], minlength=3).min() >= 2
        whole = plan.train[0]
        assert sorted(np.concatenate(halves[:2])) == sorted(whole)
    assert published_plan(items, train, test, draws, seed=None).halves == 0
    folded = fold_plan(items, repeats=2, seed=0)
    assert (folded.counted, folded.halves) == (2, 20)
    tested = [set(items.groups_of(each)) for each in folded.test[10:20]]
    assert not set.union(*tested[:5]) & set.union(*tested[5:])


def test_settings_are_chosen_among_the_photos_that_a_fit_is_trained_on() -> None:
    items = versions(fake_source(60, 0))
    plan = fold_plan(items, repeats=2, seed=0)
    for hold in plan.holds:
        assert set(np.concatenate(hold)) <= set(plan.train[0])
    thin = plan.thinned(items, 0.5, 0)
    kept = set(items.groups_of(np.concatenate(thin.train)))
    assert len(kept) == 30
    for hold in thin.holds:
        assert set(items.groups_of(np.concatenate(hold))) <= kept


def test_shuffled_classes_follow_the_photo_and_not_its_row() -> None:
    source, found = fake_source(20, 0), []
    for each in (source, shuffled(source)):
        items = permuted_classes(versions(each), 3)
        labels = [items.labels[items.photo == at].tolist() for at in range(20)]
        found.append(dict(zip(items.ids, labels, strict=True)))
    assert found[0] == found[1]
    assert len({tuple(each) for each in found[0].values()}) == 6
