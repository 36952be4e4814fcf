"""A sample of photos is asked, each among all: answers are those of the same photos among all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from latentprint.errors import UsageError
from latentprint.experiments import PairsOptions, influence, near_duplicates
from latentprint.experiments.erase.harm import harm_rows, voted
from latentprint.experiments.erase.neighbours import overlap_rows
from latentprint.experiments.neighbors.robustness import robustness
from latentprint.experiments.neighbors.robustness_options import RobustnessOptions
from latentprint.experiments.pairs.design import ask_some, design_pairs
from latentprint.experiments.sampling import ask, most_asked, samples_of
from latentprint.processing import ATTRIBUTES
from latentprint.results import Result
from latentprint.words import ErasureMeasure, Stage
from tests.experiments.erase.made_up import figure, stages
from tests.experiments.fakes import FakeSource, camera_source, fake_source, shuffled

SHARPENING = ATTRIBUTES["sharpening"]
QUICK = RobustnessOptions(permutations=99)


def test_2000_are_asked_of_more_than_50000() -> None:
    assert most_asked(None, 50_000) == 50_000
    assert most_asked(None, 50_001) == 2000
    assert most_asked(0, 60_000) == 60_000
    assert most_asked(70, 60) == 70
    with pytest.raises(UsageError, match="at least 0, not -1"):
        most_asked(-1, 60)


def test_who_is_asked_depends_on_seed_and_ids_alone() -> None:
    ids = [f"photo{each}" for each in range(300)]
    one = ask(ids, 40, 3)
    assert one.note == "40 of 300 photos asked"
    assert {ids[::-1][at] for at in ask(ids[::-1], 40, 3).rows} == {ids[at] for at in one.rows}
    # A larger sample holds a smaller one, and another seed draws others.
    assert set(one.rows) < set(ask(ids, 80, 3).rows)
    assert set(one.rows) != set(ask(ids, 40, 4).rows)
    assert ask(ids, 0, 3).note == ask(ids, 300, 3).note == ask(ids, None, 3).note == ""


def test_a_terminal_says_each_sample_once() -> None:
    rows = robust(cameras(), 50).results
    assert samples_of(rows) == ["robustness: 50 of 200 photos asked, each among all"]
    assert samples_of(robust(cameras(), None).results) == []


def cameras() -> FakeSource:
    source = camera_source(200, trace=0.5)
    label = [f"class{each % 4}" for each in range(200)]
    return replace(source, photos=source.photos.with_columns(label=pl.Series(label)))


def robust(source: Any, sample: int | None, memory_mb: int = 64) -> Any:
    options = replace(QUICK, sample=sample, memory_mb=memory_mb)
    return robustness(source, "make", options=options)


def test_neighbours_of_a_sample_are_those_among_all_photos() -> None:
    whole, some = robust(cameras(), None), robust(cameras(), 50)
    assert len(some.photos[10]) == 50
    assert some.photos[10].equals(
        whole.photos[10].filter(pl.col("id").is_in(some.photos[10]["id"].implode()))
    )
    for row in some.results:
        assert (row.n_test, row.n_train, row.notes) == (50, 200, "50 of 200 photos asked")
    share = some.photos[10]["same_nuisance"].sum() / 500
    assert some.results[2].value == pytest.approx(100 * share)


def influenced(source: Any, sample: int | None, memory_mb: int = 64) -> Any:
    return influence(source, SHARPENING, seeds=2, bootstrap=50, sample=sample, memory_mb=memory_mb)


def test_votes_for_a_sample_are_those_among_all_training_photos() -> None:
    source = fake_source(90, 60, trace=0.4)
    whole, some = influenced(source, None), influenced(source, 20)
    at = [whole.test_ids.index(each) for each in some.test_ids]
    for about, correct in whole.correct.items():
        np.testing.assert_array_equal(some.correct[about], correct[..., at])
    for row in some.results:
        assert (row.n_test, row.n_train, row.notes) == (20, 90, "20 of 60 test photos asked")


def pairs_source(subjects: int = 40, kinds: tuple[int, ...] = (2, 1)) -> FakeSource:
    rng = np.random.default_rng(0)
    rows, vectors = [], []
    for subject in range(subjects):
        content = rng.normal(size=12)
        for kind, count in enumerate(kinds):
            for number in range(count):
                rows.append((f"{subject}/{kind}/{number}", f"subject{subject}", f"type{kind}"))
                vectors.append(content + 0.8 * rng.normal(size=12))
    photos = pl.DataFrame(rows, schema=["id", "subject", "device_type"], orient="row")
    photos = photos.with_columns(
        split=pl.lit("val"), group=pl.col("subject"), label=pl.lit(None, dtype=pl.String)
    )
    return FakeSource(photos, {"none": np.array(vectors, dtype=np.float32)})


def paired(source: Any, sample: int | None, memory_mb: int = 64) -> Any:
    options = PairsOptions(permutations=49, bootstrap=20, sample=sample, memory_mb=memory_mb)
    return near_duplicates(source, options=options)


def test_queries_of_a_sample_of_subjects_are_ranked_among_all() -> None:
    source = pairs_source()
    whole, some = paired(source, None), paired(source, 30)
    keys = ["gallery", "query"]
    kept = whole.queries.join(some.queries.select(keys), on=keys, how="semi")
    assert some.queries.sort(keys).equals(kept.sort(keys))
    # Whole subjects, of three photos each, and no more photos than are asked.
    assert some.queries["subject"].n_unique() == 10
    assert some.queries["query"].n_unique() == 30
    assert all(row.notes.startswith("30 of 120 photos asked; ") for row in some.results)
    assert {row.n_test for row in some.results} == {30, 20, 10}
    errors = [row.high - row.low for row in some.results if row.attribute == "margin"]
    wholes = [row.high - row.low for row in whole.results if row.attribute == "margin"]
    assert np.mean(errors) > 1.4 * np.mean(wholes)


def test_every_direction_keeps_two_subjects() -> None:
    source = pairs_source(30, (1, 1, 1))
    rare = pl.col("device_type").eq("type2") & ~pl.col("subject").is_in(["subject1", "subject2"])
    design = design_pairs(source.photos.filter(~rare))
    asked = ask_some(design, 4, seed=0)
    for each in asked.directions:
        assert len(np.unique(design.subjects[each.queries])) >= 2
    assert asked.asked is not None
    assert f"{len(asked.asked.rows)} of 62 photos asked" == asked.notes[0]


@pytest.mark.parametrize(
    ("measure", "source"),
    [(robust, cameras()), (influenced, fake_source(90, 60, trace=0.4)), (paired, pairs_source())],
)
def test_all_asked_is_the_whole_and_order_and_memory_change_nothing(
    measure: Callable[..., Any], source: FakeSource
) -> None:
    whole: list[Result] = measure(source, None).results
    assert measure(source, len(source.photos)).results == whole
    assert measure(source, 0).results == whole
    some: list[Result] = measure(source, 30).results
    assert some != whole
    assert measure(shuffled(source), 30, memory_mb=1).results == some


def test_the_proof_of_an_eraser_asks_a_sample() -> None:
    found = stages(1.0)
    few, whole = replace(found, sample=40), found
    assert harm_rows(replace(found, sample=120), SHARPENING, k=5) == harm_rows(
        whole, SHARPENING, k=5
    )
    ids = found.photos["id"].to_list()
    how = {"k": 5, "seed": 0, "memory_mb": 64}
    whole = voted(found.before, SHARPENING, **how, asked=np.arange(120))
    asked = few.asked(0).rows
    some = voted(found.before, SHARPENING, **how, asked=asked)
    assert set(some.ids) == {ids[at] for at in asked}
    place = [whole.ids.index(each) for each in some.ids]
    np.testing.assert_array_equal(some.influence, whole.influence[place])
    for row in harm_rows(few, SHARPENING, k=5):
        assert (row.n_test, row.n_train, row.notes) == (40, 120, "40 of 120 photos asked")
    rows = overlap_rows(few, SHARPENING.classes[0], k=10)
    assert {row.n_test for row in rows} == {40}
    wide, narrow = (
        figure(overlap_rows(each, SHARPENING.classes[0], k=10), ErasureMeasure.OVERLAP, Stage.AFTER)
        for each in (few, found)
    )
    assert wide.high - wide.low > narrow.high - narrow.low
