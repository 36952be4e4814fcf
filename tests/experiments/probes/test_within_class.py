"""What classes tell of a label counts for nothing: by number, and by mean."""

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError
from latentprint.experiments.probes.items import Items
from latentprint.experiments.probes.labels import Labelled
from latentprint.experiments.probes.plans import Plan
from latentprint.experiments.probes.within_class import (
    CentredArray,
    balanced_within,
    centred,
    comparable,
)
from latentprint.solvers import Features


@pytest.fixture
def items() -> Items:
    """Ninety photos of three classes; class 2 has one value of the label only."""
    rng = np.random.default_rng(0)
    labels = (rng.random(90) < np.repeat([0.2, 0.7, 1.0], 30)).astype(np.int64)
    vectors = rng.normal(size=(90, 5)).astype(np.float32)
    names = tuple(f"p{at}" for at in range(90))
    return Items(Features.of(vectors), labels, np.arange(90), names, names, ("a", "b"))


CLASSES = np.repeat([0, 1, 2], 30)


def test_every_class_has_as_many_photos_of_each_value(items: Items) -> None:
    chosen = balanced_within(items, CLASSES, np.arange(90), seed=0)
    counts = np.zeros((3, 2), dtype=int)
    np.add.at(counts, (CLASSES[chosen], items.labels[chosen]), 1)
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:2].min(axis=1) > 0).all()
    assert counts[2].sum() == 0
    assert chosen.tolist() != balanced_within(items, CLASSES, np.arange(90), seed=1).tolist()


def test_means_are_those_of_the_photos_of_the_fit(items: Items) -> None:
    train, test = np.arange(0, 90, 2), np.arange(1, 90, 2)
    plan = Plan(((train[:20], train[20:]),), (train, test), (test, train))
    repeated, moved = centred(items, plan, CLASSES)
    for fitted, original in zip(moved.train, plan.train, strict=True):
        vectors = repeated.features.take(fitted).read()
        for each in range(3):
            inside = CLASSES[original] == each
            np.testing.assert_allclose(vectors[inside].mean(axis=0), 0.0, atol=1e-6)
        np.testing.assert_array_equal(repeated.labels[fitted], items.labels[original])
        np.testing.assert_array_equal(repeated.photo[fitted], original)
    tested = repeated.features.take(moved.test[0]).read()
    assert np.abs(tested[CLASSES[test] == 0].mean(axis=0)).max() > 1e-3


def test_a_class_without_photos_of_the_fit_gets_the_mean_of_all(items: Items) -> None:
    fitted = np.arange(60)
    made = CentredArray.of(items.features.parts[0], CLASSES, fitted)
    rows = items.features.parts[0][fitted].astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(made.means[2], rows.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(made.means[0], rows[:30].mean(axis=0), atol=1e-6)


def test_few_photos_of_a_value_are_not_compared() -> None:
    classes = np.repeat(["cat", "dog"], 20)
    for few, kept in ((9, False), (10, True)):
        codes = np.zeros(40, dtype=np.int64)
        codes[:5] = codes[20 : 15 + few] = 1
        photos = pl.DataFrame({"label": classes})
        label = Labelled("make", "values", ("a", "b"), codes)
        if kept:
            assert len(comparable(photos, label, 10)[0]) == 40
        else:
            with pytest.raises(LatentprintError, match="fewer than 10 photos of a value"):
                comparable(photos, label, 10)
