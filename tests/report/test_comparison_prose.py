"""Sentences and tables of similarity, stability, near-duplicate pairs and robustness."""

from __future__ import annotations

from dataclasses import asdict, replace
from importlib import import_module
from typing import Any

import pytest

from latentprint.report import comparison_prose
from latentprint.report.comparison_prose import (
    first_recalls,
    pairs_sentence,
    robustness_sentence,
    similarity_sentence,
    stability_sentence,
)
from latentprint.report.comparison_tables import overtaken_table, pairs_table
from latentprint.results import Result
from tests.report.comparison_rows import (
    CURVES,
    HOSTILE,
    comparison_details,
    pairs_rows,
    robustness_rows,
    similarity_rows,
    stability_rows,
)


def by_setup(rows: list[Result]) -> dict[str, dict[str, Any]]:
    return {each.setup: asdict(each) for each in rows}


def recall(**changes: Any) -> dict[str, dict[str, Any]]:
    return by_setup([replace(each, **changes) for each in pairs_rows()[:3]])


def test_setups_are_named_as_the_experiments_name_them() -> None:
    # The package has functions of the same names as these modules.
    similarity, stability, pairs, robustness = (
        import_module(f"latentprint.experiments.{name}")
        for name in (
            "similarity.similarity",
            "similarity.stability",
            "pairs.pairs",
            "neighbors.robustness",
        )
    )
    assert similarity.CURVES == CURVES
    for name in ("AGAINST", "WITH"):
        assert getattr(comparison_prose, name) == getattr(similarity, name)
    assert comparison_prose.AUC_DIFFERENCE == similarity.DIFFERENCE
    for name in ("SELF", "FIRST", "OTHER", "FARTHER"):
        assert getattr(comparison_prose, name) == getattr(stability, name)
    for name in ("QUERY_GALLERY", "TARGET_GALLERY", "DIFFERENCE"):
        assert getattr(comparison_prose, name) == getattr(pairs, name)
    for name in ("INDEX", "CLASS_PURITY", "NUISANCE_PURITY"):
        assert getattr(comparison_prose, name) == getattr(robustness, name)


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({}, "Photos with the same JPEG compression are more alike:"),
        ({"low": -0.5}, "JPEG compression is not shown to make photos more alike:"),
        ({"low": -2.0, "high": -1.0}, "Photos with the same JPEG compression are less alike:"),
        ({"n_test": 1}, "JPEG compression, for one query:"),
    ],
)
def test_similarity(changes: dict[str, Any], claim: str) -> None:
    rows = by_setup(similarity_rows("jpeg"))
    rows["AUC difference"] |= changes
    text = similarity_sentence(rows)
    assert text.startswith(claim)
    assert "in 9.4% of comparisons" in text
    assert "+2.1 points" in text


def test_without_aucs_nothing_is_said_of_similarity() -> None:
    assert similarity_sentence(by_setup(similarity_rows("jpeg")[:4])) == ""


def test_stability_tells_of_the_threshold_of_the_user() -> None:
    text = stability_sentence(by_setup(stability_rows("jpeg")))
    assert "keeps a cosine similarity of 0.988 to itself" in text
    assert "nearest other photo is at 0.461" in text
    assert "In 0.31% of cases (95% interval 0.28% to 0.34%)" in text
    assert text.endswith("Below your threshold of 0.95 come 1.21% (1.09% to 1.33%).")


def test_stability_from_a_reference_alone() -> None:
    text = stability_sentence(by_setup(stability_rows("jpeg", ", from none")))
    assert "re-encoded from none to another class" in text
    assert "threshold of 0.95 come" in text


@pytest.mark.parametrize(
    ("verdict", "claim"),
    [
        ("traces distract retrieval", "Traces of the device distract retrieval:"),
        ("traces distract retrieval (reversed)", "Distractors that share the target's device do"),
        ("no distraction shown", "Traces of the device are not shown to distract retrieval"),
        ("", "recall@1 is 88.4%"),
    ],
)
def test_pairs(verdict: str, claim: str) -> None:
    text = pairs_sentence(recall(verdict=verdict))
    assert text.startswith(claim)
    assert "McNemar's p = <0.001" in text


def test_robustness() -> None:
    text = robustness_sentence(by_setup(robustness_rows("make")))
    assert text.startswith("Of the 10 nearest neighbours that share the class or camera make")
    assert "21.0% share camera make (shuffled 11.0%)" in text
    assert text.endswith("Neighbours share camera make more often than by chance.")


def test_galleries_stand_beside_each_other_in_a_line() -> None:
    table = pairs_table([asdict(each) for each in pairs_rows()])
    lines = [dict(zip(table.head, each, strict=True)) for each in table.rows]
    assert len(lines) == 6
    assert lines[0]["Query and target"] == "mean of all directions"
    assert lines[0]["Difference"] == "+10.9 (9.4 to 12.5)"
    assert {each["Query and target"] for each in lines[3:]} == {f"query {HOSTILE}, target phone"}


def test_photos_that_are_overtaken_are_listed() -> None:
    table = overtaken_table([comparison_details()[2]])
    assert table.rows[0][0] == HOSTILE
    assert table.rows[0][-2:] == ("0.710", "0.830")


def test_recalls_of_the_smallest_k_stand_for_an_encoder() -> None:
    rows = [asdict(each) for name in ("a", "b") for each in pairs_rows(name)]
    found = first_recalls(rows[::-1])
    assert [next(iter(each.values()))["encoder"] for each in found] == ["b", "a"]
    assert {row["attribute"] for each in found for row in each.values()} == {"recall@1"}


def test_sets_of_photos_never_share_a_line() -> None:
    rows = [asdict(replace(each, dataset=name)) for name in "ab" for each in pairs_rows()]
    table = pairs_table(rows)
    assert len(table.rows) == 12
    assert table.head[1] == "Set of photos"
    assert [row[1] for row in table.rows] == ["a"] * 6 + ["b"] * 6
    assert len(first_recalls(rows)) == 2
