"""What a report says of an eraser: what its rows say, and what a user has to know."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from latentprint.experiments.erase.steps import ProofOptions, proof_steps
from latentprint.experiments.erase.views import Stages
from latentprint.jobs.measure import Measured, measure
from latentprint.report.inputs import Run
from latentprint.report.report import compose
from latentprint.report.sections.erasure import ERASURE, cautions, erasure_rows
from latentprint.report.sections.erasure_figure import erasure_figure, erasure_table, is_full
from latentprint.words import (
    RANDOM_DIRECTIONS,
    ErasureMeasure,
    Experiment,
    Stage,
    Verdict,
)
from tests.experiments.erase.made_up import stages
from tests.report.made_runs import HOSTILE, Made, run_of


@cache
def measured(trace: float) -> Measured:
    hostile = replace(
        stages(trace).before, whole=replace(stages(trace).before.whole, encoder=HOSTILE)
    )
    found: Stages = replace(stages(trace), before=hostile)
    return measure(proof_steps(found, None, ProofOptions(k=5, threshold=0.6)))


def run(trace: float, **changes: object) -> Run:
    detail = {
        "experiment": "erasure", "encoder": HOSTILE, "eraser": "LEACE on pairs", "rank": 2,
        "dimension": 48, "fitted_photos": 120, "held_out": 120,
        "cautions": ["<b>Mind</b> the gap."],
    }  # fmt: skip
    rows = [replace(row, **changes) for row in measured(trace).results]  # type: ignore[arg-type]
    return run_of(Made(rows, [detail]))


def said(found: Run) -> str:
    return " ".join(each.sentence for each in ERASURE.findings(found))


@pytest.mark.parametrize(("trace", "verdict"), [(0.0, Verdict.NOTHING), (1.0, None)])
def test_findings_and_headline_say_the_verdict(trace: float, verdict: Verdict | None) -> None:
    found = run(trace)
    change = next(
        row
        for row in erasure_rows(found)
        if row["setup"] == ErasureMeasure.INFLUENCE and row["stage"] == Stage.CHANGE
    )
    if verdict:
        assert change["verdict"] == verdict
    else:
        assert change["verdict"] in (Verdict.ERASED, Verdict.REDUCED)
    assert f"Sharpening: {change['verdict']}" in said(found)
    heading = {
        Verdict.NOTHING: "Of sharpening there was nothing to erase",
        Verdict.ERASED: "Traces of sharpening are erased",
        Verdict.REDUCED: "Traces of sharpening are reduced, not erased",
    }[change["verdict"]]
    assert heading in ERASURE.heading(found)
    assert "120 photos; everything here is of 120 others" in ERASURE.introduction(found)


def test_a_control_that_helps_is_an_alarm() -> None:
    found = run(1.0)
    assert "As many random directions do not help" in said(found)
    own = [row for row in measured(1.0).results if row.eraser != RANDOM_DIRECTIONS]
    as_control = [
        replace(row, eraser=RANDOM_DIRECTIONS)
        for row in own
        if row.setup in (ErasureMeasure.INFLUENCE, ErasureMeasure.CLASS)
    ]
    alarmed = run_of(Made([*own, *as_control]))
    assert "random directions help, which they must not" in said(alarmed)


def test_cautions_are_those_that_were_measured() -> None:
    text = " ".join(cautions(run(1.0)))
    assert "<b>Mind</b> the gap." in text
    assert "Processing that was not in the fit was not measured" in text
    assert "makes as many false matches as 0.6 did" in text
    assert "Erase the whole index and every query" in text
    assert "forensics" in text
    rows = [row for row in measured(1.0).results if not row.setup.startswith("RBF")]
    assert "Linear is not all" not in " ".join(cautions(run_of(Made(rows))))
    leaking = [
        replace(row, value=90.0, low=80.0, high=95.0) if row.setup.startswith("RBF") else row
        for row in measured(1.0).results
    ]
    assert "reads sharpening at 90.0%" in " ".join(cautions(run_of(Made(leaking))))
    assert cautions(run_of([])) == []


def test_the_figure_draws_arrows_hollow_where_classes_were_not_seen_and_curves() -> None:
    for condition, hollow in (("seen", False), ("unseen", True)):
        rows = [
            replace(row, condition=condition) if row.condition == "seen" else row
            for row in measured(1.0).results
        ]
        figure = erasure_figure(run_of(Made(rows)))
        assert figure is not None
        probe, harm, *curves = figure.panels
        heads = [
            trace["marker"]["symbol"]
            for trace in harm.data
            if trace["legendgroup"] == "after" and "marker" in trace
        ]
        assert heads == ["triangle-left-open" if hollow else "triangle-left"]
        assert "linear probe, paired" in probe.title
        assert len(curves) == 2
        before = next(
            row
            for row in measured(1.0).results
            if row.setup == ErasureMeasure.INFLUENCE and row.stage == Stage.BEFORE
        )
        assert curves[0].data[0]["x"] == [0, 1, 2]
        assert curves[0].data[0]["y"][0] == round(before.value, 2)
        assert curves[1].data[0]["y"][0] == 100.0
    assert erasure_figure(run_of([])) is None


def test_the_table_has_one_row_for_every_measure_of_all_directions() -> None:
    found = run(1.0)
    rows = [row for row in found.of(Experiment.ERASURE) if is_full(row, found.every_row)]
    table = erasure_table(rows)
    assert len({(*row[2:4], row[1]) for row in table.rows}) == len(table.rows)
    line = next(row for row in table.rows if row[3] == ErasureMeasure.INFLUENCE)
    values = {
        row["stage"]: row["value"]
        for row in rows
        if row["setup"] == line[3] and row["eraser"] == line[1]
    }
    shown = [float(line[at].replace("−", "-")) for at in (7, 9, 11)]
    assert shown == [round(values[stage], 1) for stage in Stage]


def test_a_page_escapes_what_comes_from_files() -> None:
    source = compose(run(1.0))
    assert "Traces of" in source.markdown
    body = source.markdown.partition("\n---\n")[2]
    page = body + "".join(source.files.values())
    assert "<script>alert(1)" not in page
    assert "<b>Mind" not in page
