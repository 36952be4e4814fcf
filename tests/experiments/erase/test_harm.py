"""kNN influence before and after, in folds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError
from latentprint.experiments.erase.harm import DRAWN, harm_rows, voted
from latentprint.experiments.erase.views import Stages
from latentprint.experiments.probes.guards import grouped_folds
from latentprint.words import ErasureMeasure, Stage
from tests.experiments.erase.made_up import SHARPENING, figure, photos, stages, unit

K = 5


def influence_by_hand(found: Stages, rows: dict[str, np.ndarray]) -> float:
    """pos-same minus neg-same in points, every photo asked for once, the slow way."""
    label = found.photos["label"].to_numpy()
    codes = np.unique(label, return_inverse=True)[1]
    fold = grouped_folds(codes, found.groups, 5, 0)
    vectors = {name: unit(each.astype(np.float64)) for name, each in rows.items()}
    changes = []
    for query in range(len(label)):
        train = np.flatnonzero(fold != fold[query])
        right = label[train] == label[query]
        for p in vectors:
            for q in vectors:
                if p == q:
                    continue
                hits = []
                for positive, negative in ((p, q), (q, p)):
                    gallery = np.where(
                        right[:, None], vectors[positive][train], vectors[negative][train]
                    )
                    near = np.argsort(-(gallery @ vectors[p][query]), kind="stable")[:K]
                    names, counts = np.unique(label[train][near], return_counts=True)
                    hits.append(names[counts.argmax()] == label[query])
                changes.append(100.0 * (float(hits[0]) - float(hits[1])))
    return float(np.mean(changes))


def test_the_influence_is_that_of_a_slow_loop_before_and_after() -> None:
    found = stages(0.6, n=40)
    rows = harm_rows(found, SHARPENING, k=K)
    for stage, view in ((Stage.BEFORE, found.before), (Stage.AFTER, found.after)):
        vectors = {name: view.vectors(name)[:] for name in SHARPENING.classes}
        row = figure(rows, ErasureMeasure.INFLUENCE, stage)
        assert np.isclose(row.value, influence_by_hand(found, vectors), atol=1e-9)
        assert row.n_test == 40


def test_an_eraser_takes_the_harm_and_random_directions_do_not() -> None:
    found = stages(1.0)
    change = figure(harm_rows(found, SHARPENING, k=K), ErasureMeasure.INFLUENCE, Stage.CHANGE)
    assert change.high < -10.0
    rows = harm_rows(found.at_random(0), SHARPENING, k=K)
    control = figure(rows, ErasureMeasure.INFLUENCE, Stage.CHANGE)
    assert control.value > change.value / 4


def test_photos_without_classes_get_one_at_random_that_content_does_not_tell() -> None:
    found = stages(1.0)
    empty = found.labelled(label=pl.Series([None] * 120, dtype=pl.String))
    rows = harm_rows(empty, SHARPENING, k=K)
    before, after = (
        figure(rows, ErasureMeasure.INFLUENCE, stage) for stage in (Stage.BEFORE, Stage.AFTER)
    )
    assert before.low > 5.0
    assert after.value < before.value / 3
    assert before.notes == DRAWN
    assert {row.setup for row in rows} == {ErasureMeasure.INFLUENCE}
    assert [row.value for row in harm_rows(empty, SHARPENING, k=K)] == [row.value for row in rows]


def test_who_is_asked_beside_a_photo_changes_nothing_for_it() -> None:
    found = stages(0.6, n=40)
    how = {"attribute": SHARPENING, "k": K, "seed": 0, "memory_mb": 100}
    every = voted(found.before, asked=np.arange(40), **how)
    some = voted(found.before, asked=np.arange(0, 40, 3), **how)
    assert len(some.ids) == 14
    whole = dict(zip(every.ids, zip(every.influence, every.right, strict=True), strict=True))
    assert [whole[each] for each in some.ids] == list(zip(some.influence, some.right, strict=True))


def test_too_few_photos_are_refused() -> None:
    source = photos(1.0)
    view = replace(stages(1.0).before, photos=source.photos[120:128], rows=np.arange(120, 128))
    with pytest.raises(LatentprintError, match="at least 10 groups"):
        harm_rows(replace(stages(1.0), before=view), SHARPENING, k=1)
