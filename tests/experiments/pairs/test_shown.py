"""The pairs that are recorded to be shown."""

from __future__ import annotations

import json

import polars as pl

from latentprint.experiments.pairs.options import PairsOptions
from latentprint.experiments.pairs.pairs import PairsOutcome, near_duplicates
from latentprint.experiments.pairs.shown import SUBJECTS
from latentprint.words import PairGallery
from tests.experiments.fakes import shuffled
from tests.experiments.pairs.test_pairs import pair_source

FEW = PairsOptions(permutations=9, bootstrap=5)


def measured(
    subjects: int, *, photos_each: tuple[int, int] = (1, 1), trace: float = 1.5
) -> PairsOutcome:
    source = pair_source(subjects, trace=trace, noise=0.9, photos_each=photos_each)
    return near_duplicates(source, options=FEW)


def test_every_direction_has_its_pairs_failures_first() -> None:
    outcome = measured(40)
    shown = outcome.shown
    assert [(each["query_device"], each["target_device"]) for each in shown] == [
        ("camera", "phone"),
        ("phone", "camera"),
    ]
    for each in shown:
        assert each["subjects"] == 40
        assert len(each["pairs"]) == SUBJECTS
        margins = [min(at["margin"] for at in pair["galleries"]) for pair in each["pairs"]]
        assert margins == sorted(margins)
        failed = [any(at["rank"] > 1 for at in pair["galleries"]) for pair in each["pairs"]]
        assert failed == sorted(failed, reverse=True)
        assert any(failed)


def test_a_pair_is_what_was_retrieved() -> None:
    outcome = measured(12)
    rows = {(row["query"], row["gallery"]): row for row in outcome.queries.to_dicts()}
    for each in outcome.shown:
        assert len(each["pairs"]) == 12
        for pair in each["pairs"]:
            galleries = [at["gallery"] for at in pair["galleries"]]
            assert galleries == [PairGallery.QUERY, PairGallery.TARGET]
            for at in pair["galleries"]:
                row = rows[pair["query"], at["gallery"]]
                names = ("rank", "photos", "margin", "distractor", "distractor_path",
                         "distractor_subject", "distractor_similarity")  # fmt: skip
                assert {name: at[name] for name in names} == {name: row[name] for name in names}
                for name in ("subject", "target", "target_path", "query_path"):
                    assert pair[name] == row[name]
                assert pair["target_similarity"] == row["target_similarity"]


def test_a_subject_is_shown_once_by_its_worst_query() -> None:
    outcome = measured(10, photos_each=(3, 2))
    worst = outcome.queries.group_by("query_device", "subject").agg(pl.col("margin").min())
    expected = {(row["query_device"], row["subject"]): row["margin"] for row in worst.to_dicts()}
    for each in outcome.shown:
        found = {
            (each["query_device"], pair["subject"]): min(at["margin"] for at in pair["galleries"])
            for pair in each["pairs"]
        }
        assert len(each["pairs"]) == 10
        assert found.items() <= expected.items()


def test_successes_are_shown_where_nothing_failed() -> None:
    outcome = near_duplicates(pair_source(6, noise=0.01), options=FEW)
    assert not outcome.failures
    assert [len(each["pairs"]) for each in outcome.shown] == [6, 6]


def test_the_order_of_rows_changes_nothing_and_all_is_json() -> None:
    source = pair_source(15, trace=1.5, noise=0.9)
    first = near_duplicates(source, options=FEW).shown
    assert json.loads(json.dumps(first)) == first
    again = near_duplicates(shuffled(source, 3), options=FEW).shown
    assert again == first
