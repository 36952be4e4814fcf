"""Findings of few and of many encoders, on one set of photos or several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from latentprint.report.findings import (
    FEW,
    probe_findings,
    recall_findings,
    robustness_findings,
    similarity_findings,
    stability_findings,
)
from latentprint.report.growth import curve_findings, layer_findings
from latentprint.report.inputs import Run, read_run
from latentprint.report.risk import advice, correlation_findings
from latentprint.results import Result, results_table, write_results
from tests.report.comparison_rows import (
    pairs_rows,
    robustness_rows,
    similarity_rows,
    stability_rows,
)
from tests.report.conftest import FIRST, curve_rows, label_row, neighbour_rows, probe_row


def run_of(folder: Path, rows: list[Result]) -> Run:
    write_results(results_table(rows), folder)
    return read_run(folder)


def of_encoders(amount: int, rows: list[Result]) -> list[Result]:
    return [replace(row, encoder=f"encoder {at}") for at in range(amount) for row in rows]


@pytest.mark.parametrize(
    ("rows", "tell"),
    [
        (similarity_rows("jpeg"), similarity_findings),
        (stability_rows("jpeg"), stability_findings),
        (robustness_rows("make"), robustness_findings),
        (pairs_rows(), recall_findings),
    ],
)
def test_few_encoders_have_a_sentence_each_and_many_share_one(
    tmp_path: Path, rows: list[Result], tell: Any
) -> None:
    assert len(tell(run_of(tmp_path / "few", of_encoders(FEW, rows)))) == FEW
    (found,) = tell(run_of(tmp_path / "many", of_encoders(FEW + 1, rows)))
    assert "encoder" in found.sentence
    assert found.about == ""


def test_the_encoder_is_named_where_there_are_several(tmp_path: Path) -> None:
    run = run_of(tmp_path, [probe_row(FIRST, "jpeg")])
    assert [each.about for each in probe_findings(run, run.probes)] == [""]
    rows = [probe_row(FIRST, "jpeg"), probe_row(FIRST, "jpeg", encoder="other", dataset="beach")]
    run = run_of(tmp_path, rows)
    found = probe_findings(run, run.probes)
    assert [each.about for each in found] == [f"{FIRST}, holiday photos", "other, beach"]


def test_checks_of_many_encoders_are_counted(tmp_path: Path) -> None:
    rows = [
        probe_row(FIRST, "jpeg", encoder=f"encoder {at}", notes="unstable (seed 3)" * (at < 2))
        for at in range(FEW + 1)
    ]
    run = run_of(tmp_path, rows)
    (found,) = probe_findings(run, run.probes)
    assert found.notes == f"unstable (2 of {FEW + 1})"


def test_curves_say_what_still_rises(tmp_path: Path) -> None:
    rising = curve_rows(probe_row(FIRST, "resizing"))
    level = [
        replace(row, attribute="jpeg", value=20.0, low=18.0, high=22.0)
        for row in curve_rows(probe_row(FIRST, "jpeg"))
    ]
    steep = [replace(row, low=row.value - 0.5, high=row.value + 0.5) for row in rising]
    found = curve_findings(run_of(tmp_path, [*steep, *level]))
    assert len(found) == 2
    assert found[0].sentence.startswith("Accuracy still rises")
    assert "resizing (61.8% with 350, 68.9% with 700 training photos)" in found[0].sentence
    assert found[1].sentence.startswith("No further rise is shown")
    assert "JPEG compression" in found[1].sentence


def blocks(values: tuple[float, ...], network: str = FIRST) -> list[Result]:
    final = probe_row(FIRST, "jpeg", encoder=network)
    return [
        final,
        *(
            replace(final, encoder=f"{network}, block {at}", network=network, layer=at,
                    value=value, low=value - 1, high=value + 1)
            for at, value in enumerate(values, 1)
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((20.0, 58.0, 40.0), "after block 2 of the 3 measured; at the final embedding it is 31.4% "
         "(29.3% to 33.6%): the final embedding keeps less."),
        ((20.0, 32.0, 25.0), "the intervals overlap, so that no difference is shown."),
        ((20.0, 21.0, 22.0), "the final embedding holds more."),
    ],
)  # fmt: skip
def test_layers_are_held_against_the_final_embedding(
    tmp_path: Path, values: tuple[float, ...], told: str
) -> None:
    (found,) = layer_findings(run_of(tmp_path, blocks(values)))
    assert found.sentence.endswith(told)
    assert found.sentence.startswith("JPEG compression: the highest accuracy is")


def test_layers_of_many_networks_are_counted(tmp_path: Path) -> None:
    rows = [row for at in range(5) for row in blocks((20.0, 58.0), f"network {at}")]
    (found,) = layer_findings(run_of(tmp_path, rows))
    assert "with 5 of 5 networks" in found.sentence


def test_advice_follows_from_what_was_found(tmp_path: Path) -> None:
    rows = [
        *neighbour_rows(FIRST, "jpeg"),
        *stability_rows("jpeg"),
        *pairs_rows(),
        label_row(FIRST, "make"),
    ]
    told = "\n".join(advice(run_of(tmp_path, rows)))
    for words in (
        "since JPEG compression changes which photos are nearest",
        "has to be below 0.945",
        "crowd out the true match",
        "camera make can be read",
        "Find out whether processing or camera go together",
    ):
        assert words in told


def test_no_advice_without_a_reason(tmp_path: Path) -> None:
    rows = neighbour_rows(FIRST, "resizing")
    told = "\n".join(advice(run_of(tmp_path, rows)))
    assert "nearest" not in told
    assert "side of every split" not in told


def test_correlation_speaks_in_the_words_of_the_run(make_run: Any) -> None:
    (found,) = correlation_findings(read_run(make_run()))
    assert found.sentence.startswith("Warning: 1 of 3 columns goes together")
