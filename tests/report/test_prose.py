from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from latentprint.report.prose import influence_sentence, probe_sentence, variance_sentence
from latentprint.results import Result
from tests.report.conftest import (
    FIRST,
    HOSTILE_LABEL,
    SECOND,
    label_row,
    neighbour_rows,
    paired_row,
    probe_row,
    variance_rows,
)


def told(make: Callable[..., Result], encoder: str, attribute: str, **changes: object) -> str:
    return probe_sentence(asdict(make(encoder, attribute, **changes)))


def influence(**changes: object) -> str:
    row: Result = neighbour_rows(FIRST, "jpeg")[-1]
    return influence_sentence(asdict(replace(row, **changes)))  # type: ignore[arg-type]


def test_read_gives_interval_chance_and_floor() -> None:
    assert told(probe_row, FIRST, "jpeg") == (
        "JPEG compression can be read: the probe is right in 31.4% of cases (95% interval 29.3% to "
        "33.6%; 300 test photos) among 6 classes, where guessing gives 16.7%. The same network "
        "untrained reaches 19.0%; the difference is +12.4 points (95% interval +9.8 to +15.1)."
    )


def test_a_floor_of_colour_statistics_is_named() -> None:
    text = told(probe_row, FIRST, "resizing")
    assert "Colour statistics reach 39.7%" in text
    assert "untrained" not in text


def test_without_a_floor_that_is_said() -> None:
    assert told(probe_row, SECOND, "jpeg").endswith("No floor was measured beside it.")


def test_not_readable_never_says_that_there_is_nothing() -> None:
    text = told(probe_row, FIRST, "interpolation")
    assert text.startswith("Interpolation kernel is not readable with this many photos:")
    assert "no trace" not in text.lower()
    assert "an accuracy of 28.4% or more in four of five cases" in text
    assert text.endswith("More photos could change this.")


def test_too_few_photos_for_any_effect() -> None:
    text = told(probe_row, FIRST, "interpolation", smallest_effect=80.0)
    assert "too few to show any effect" in text


def test_what_is_read_needs_no_smallest_effect() -> None:
    assert "four of five cases" not in told(probe_row, FIRST, "jpeg")


def test_not_above_the_floor() -> None:
    text = told(probe_row, FIRST, "sharpening")
    assert "is above guessing, but not shown to be above colour statistics" in text
    assert "+0.7 points (95% interval −1.9 to +3.4)" in text
    assert text.endswith("cannot be put down to what the encoder learned.")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "such a figure can come about by chance (q = 0.08)"),
        ({"low": 33.9}, "by less than the point that a claim needs"),
        ({"low": 33.0}, "accuracy still grows with training photos"),
    ],
)
def test_undecided_gives_its_reason(changes: dict[str, object], reason: str) -> None:
    text = told(probe_row, SECOND, "resizing", **changes)
    assert text.startswith("Resizing is undecided with this many photos:")
    assert reason in text


def test_below_chance_is_no_finding() -> None:
    text = told(probe_row, SECOND, "interpolation")
    assert "comes out below chance" in text
    assert text.endswith("take no conclusion from it.")


def test_without_a_verdict_only_the_number_is_told() -> None:
    text = told(probe_row, FIRST, "jpeg", verdict="")
    assert text.startswith("JPEG compression: the probe is right in 31.4% of cases")


def test_an_own_attribute_keeps_its_name() -> None:
    row = asdict(probe_row(FIRST, "jpeg"))
    text = probe_sentence({**row, "attribute": "denoising", "chance": None, "classes": None})
    assert text.startswith("“denoising” can be read")
    assert "guessing" not in text
    assert "classes" not in text


def test_some_classes_of_an_attribute_are_named() -> None:
    row = asdict(probe_row(FIRST, "jpeg"))
    text = probe_sentence({**row, "attribute": "jpeg:JPEG75_420,JPEG95_444"})
    assert text.startswith("JPEG compression (JPEG75_420, JPEG95_444) can be read")


def test_the_paired_probe_never_claims_that_a_photo_tells() -> None:
    for attribute in ("jpeg", "sharpening"):
        text = told(paired_row, FIRST, attribute)
        assert text.startswith("Paired probe: ")
        assert "can be read" not in text
        assert "in a consistent direction" in text


def test_the_assignment_of_all_classes_is_said() -> None:
    text = told(probe_row, FIRST, "jpeg", setup="all")
    assert "trained with every training photo under every class, is right in 31.4%" in text


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({}, "the encoder tells more than the file."),
        ({"container": 45.0}, "the encoder tells no more than the file."),
        ({"container": 40.0}, "is not shown to tell more than the file."),
        ({"container": None}, "Whether the file alone tells as much was not measured."),
    ],
)
def test_labels_are_held_against_the_file(changes: dict[str, object], ending: str) -> None:
    text = told(label_row, FIRST, "make", **changes)
    assert text.startswith("Camera make can be read")
    assert text.endswith(ending)


def test_an_unbalanced_test_set_is_told() -> None:
    assert "55.0% of all answers are right" in told(label_row, FIRST, "make", micro=55.0)
    assert "of all answers" not in told(label_row, FIRST, "make")


def test_a_label_of_the_user_stands_between_marks() -> None:
    assert told(label_row, FIRST, HOSTILE_LABEL).startswith(f"“{HOSTILE_LABEL}” is undecided")


def test_variance() -> None:
    measures = {row.setup: asdict(row) for row in variance_rows(FIRST, "jpeg")}
    assert variance_sentence(measures) == (
        "JPEG compression accounts for 0.80% of the variance of the embeddings (95% interval "
        "0.72% to 0.88%) and moves a photo by 1.36% of the mean distance between different photos."
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            "JPEG compression changes neighbours: photos processed alike attract each other; "
            "influence +9.1 points (95% interval +7.0 to +11.1, k = 10).",
        ),
        (
            {
                "value": -4.0,
                "low": -6.0,
                "high": -2.0,
                "k": 1,
                "verdict": "traces change neighbours (reversed)",
            },
            "JPEG compression changes neighbours: photos processed alike repel each other; "
            "influence −4.0 points (95% interval −6.0 to −2.0, k = 1).",
        ),
        (
            {"value": -0.04, "low": -1.0, "high": 0.9, "verdict": "no change shown", "k": None},
            "JPEG compression is not shown to change neighbours with this many photos; "
            "influence 0.0 points (95% interval −1.0 to +0.9).",
        ),
        (
            {"verdict": ""},
            "JPEG compression: influence +9.1 points (95% interval +7.0 to +11.1, k = 10).",
        ),
    ],
)
def test_influence(changes: dict[str, object], expected: str) -> None:
    assert influence(**changes) == expected
