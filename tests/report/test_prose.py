from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from latentprint.report.prose import influence_sentence, lead_sentence, probe_sentence
from latentprint.results import Result
from tests.report.conftest import FIRST, SECOND, neighbour_rows, probe_row


def sentence(encoder: str, attribute: str, **changes: object) -> str:
    return probe_sentence(asdict(probe_row(encoder, attribute, **changes)))


def influence(**changes: object) -> str:
    row: Result = neighbour_rows(FIRST, "jpeg")[-1]
    return influence_sentence(asdict(replace(row, **changes)))  # type: ignore[arg-type]


def test_read_gives_interval_chance_and_floor() -> None:
    assert sentence(FIRST, "jpeg") == (
        "JPEG compression can be read: the probe is right in 31.4% of cases (95% interval 29.3% to "
        "33.6%) among 6 classes, where guessing gives 16.7%. The same network untrained reaches "
        "19.0%; the difference is +12.4 points (95% interval +9.8 to +15.1)."
    )


def test_without_a_floor_that_is_said() -> None:
    assert sentence(SECOND, "jpeg").endswith("No untrained network was measured beside it.")


def test_not_readable_never_says_that_there_is_nothing() -> None:
    text = sentence(FIRST, "interpolation")
    assert text.startswith("Interpolation kernel is not readable with this many photos:")
    assert "no trace" not in text.lower()
    assert text.endswith("More photos could change this.")


def test_not_above_the_floor() -> None:
    text = sentence(FIRST, "sharpening")
    assert "is not shown to be above the untrained floor" in text
    assert "+0.7 points (95% interval −1.9 to +3.4)" in text
    assert text.endswith("cannot be put down to what the encoder learned.")


def test_below_chance_is_no_finding() -> None:
    text = sentence(SECOND, "interpolation")
    assert "comes out below chance" in text
    assert text.endswith("take no conclusion from it.")


def test_without_a_verdict_only_the_number_is_told() -> None:
    text = sentence(FIRST, "jpeg", verdict="")
    assert text.startswith("JPEG compression: the probe is right in 31.4% of cases")


def test_an_own_attribute_keeps_its_name() -> None:
    row = {**asdict(probe_row(FIRST, "jpeg")), "attribute": "denoising", "chance": None}
    text = probe_sentence(row)
    assert text.startswith("Denoising can be read")
    assert "guessing" not in text
    assert "classes" not in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            "JPEG compression changes neighbours: photos processed alike attract each other; "
            "influence +9.1 points (95% interval +7.0 to +11.1, k = 10).",
        ),
        (
            {"value": -4.0, "low": -6.0, "high": -2.0, "k": 1},
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


def test_lead_gathers_verdicts() -> None:
    keys = ("jpeg", "sharpening", "resizing", "interpolation")
    rows = [asdict(probe_row(FIRST, key)) for key in keys]
    assert lead_sentence(rows) == (
        "A linear probe reads JPEG compression and resizing from its embeddings. For sharpening, "
        "it is above guessing, but not shown to be above the same network untrained. "
        "Interpolation kernel is not readable with this many photos."
    )
    two = [asdict(probe_row(FIRST, key, verdict="not readable")) for key in keys[:2]]
    assert (
        lead_sentence(two)
        == "JPEG compression and sharpening are not readable with this many photos."
    )
    assert lead_sentence([]) == ""


def test_lead_says_what_is_above_guessing_when_nothing_is_read() -> None:
    text = lead_sentence([asdict(probe_row(FIRST, "sharpening"))])
    assert text.startswith("For sharpening, a linear probe is above guessing")
