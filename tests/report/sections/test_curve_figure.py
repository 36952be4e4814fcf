"""Learning curves."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from latentprint.report.inputs import Row, Run
from latentprint.report.sections.curve_figure import curve_figure, curve_panels
from latentprint.report.sections.curves import curve_findings
from latentprint.words import Experiment, ProbeSetup
from tests.report.made_runs import Made, many, probe_run, run_of


@cache
def curves(number: int) -> Run:
    return run_of(many(number, (probe_run,)), photos=False)


def lines(run: Run) -> list[Row]:
    return [row for row in run.of(Experiment.LEARNING_CURVE) if row["attribute"] == "sharpening"]


def test_a_curve_needs_two_sizes() -> None:
    rows = lines(run_of(probe_run(0.5)))
    (panel,) = curve_panels(rows[::-1])
    assert panel.data[0]["x"] == sorted(row["n_train"] for row in rows)
    assert f"with {rows[0]['n_train']} training photos" in panel.described
    assert curve_panels(rows[:1]) == []


def test_a_column_named_like_an_attribute_has_a_panel_of_its_own() -> None:
    rows = [row for row in probe_run(0.5).rows if row.setup == ProbeSetup.PUBLISHED]
    column = [replace(row, attribute="sharpening") for row in rows if row.attribute == "make"]
    processing = [row for row in rows if row.attribute == "sharpening"]
    figure = curve_figure(run_of(Made([*processing, *column])))
    assert figure is not None
    assert [panel.title for panel in figure.panels] == ["Sharpening", "sharpening"]
    assert [len(panel.data) for panel in figure.panels] == [1, 1]


def test_lines_of_many_encoders_are_told_by_family() -> None:
    figure = curve_figure(curves(47))
    assert figure is not None
    assert [key.group for key in figure.keys] == ["CVL", "SUP", "SSL", "yours", "chance"]
    assert len(figure.panels[0].data) == 47
    few = curve_figure(curves(5))
    assert few is not None
    assert len({key.mark for key in few.keys}) == 6


@pytest.mark.parametrize(
    ("rising", "told"),
    [
        (0, "is shown to rise with none of 5 encoders."),
        (2, "is shown to rise with 2 of 5 encoders; no further rise is shown with the others."),
        (5, "is shown to rise with all 5 encoders."),
    ],
)
def test_curves_that_rise_are_counted(rising: int, told: str) -> None:
    run = curves(5)
    names = list(dict.fromkeys(row["encoder"] for row in lines(run)))
    rows = [
        replace(row, rising=names.index(row.encoder) < rising)
        for row in many(5, (probe_run,)).rows
        if row.experiment == Experiment.LEARNING_CURVE and row.attribute == "sharpening"
    ]
    (finding,) = curve_findings(run_of(Made(rows)))
    assert finding.sentence.endswith(told)


@pytest.mark.parametrize(("beyond", "told"), [(5.0, True), (-1.0, False), (None, True)])
def test_a_rise_promises_more_only_where_the_whole_curve_does(
    beyond: float | None, told: bool
) -> None:
    rows = [
        replace(
            row,
            rising=True,
            ten_times=None if beyond is None else row.value + beyond,
            ten_times_low=0.0,
            ten_times_high=100.0,
        )
        for row in probe_run(0.5).rows
        if row.attribute == "sharpening"
    ]
    sentences = [each.sentence for each in curve_findings(run_of(Made(rows)))]
    assert ("Accuracy still rises" in sentences[0]) == told
    assert ("suggests no more at ten times" in sentences[0]) == (not told)


def test_a_curve_within_classes_is_not_said_to_be_of_all_classes() -> None:
    rows = [
        replace(row, setup=ProbeSetup.WITHIN_CLASS)
        for row in probe_run(0.5).rows
        if row.attribute == "make"
    ]
    (finding,) = curve_findings(run_of(Made(rows)))
    assert "camera make (within classes)" in finding.sentence
