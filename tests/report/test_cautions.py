"""What weakens a run: what was left out, by name."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from latentprint.report.cautions import cautions
from latentprint.report.inputs import Run
from latentprint.results import LeftOut
from latentprint.words import Experiment
from tests.report.made_runs import NET, Made, probe_run, run_of


def left_out(*records: LeftOut) -> Run:
    return replace(run_of(Made(), photos=False), settings={"left_out": list(map(asdict, records))})


@pytest.mark.parametrize("experiment", Experiment)
def test_whatever_was_left_out_has_a_name(experiment: Experiment) -> None:
    (told,) = cautions(left_out(LeftOut("It could not be.", experiment, "jpeg", NET)))
    what = told.removesuffix(f" of jpeg, {NET} was left out: It could not be.")
    assert what != told
    assert len(what) > 5
    assert "_" not in what


def test_one_reason_is_given_once() -> None:
    records = [
        LeftOut("No classes.", Experiment.KNN_INFLUENCE, name, NET) for name in ("jpeg", "resizing")
    ]
    (told,) = cautions(left_out(*records))
    assert told.endswith("were left out: No classes.")
    assert "jpeg" in told
    assert "resizing" in told


def test_an_encoder_that_could_not_be_used_is_named() -> None:
    (told,) = cautions(left_out(LeftOut("No such model.", encoder="timm:nothing")))
    assert told == "Encoder timm:nothing was left out: No such model."


def test_a_check_that_failed_with_several_numbers_is_told_without_them() -> None:
    notes = {"sharpening": "reads more (66.0 %): so it is", "make": "reads more (41.0 %): so it is"}
    rows = [replace(row, notes=notes.get(row.attribute, "")) for row in probe_run(0.5).rows]
    told = " ".join(cautions(run_of(rows, photos=False)))
    assert "Health warning: reads more: so it is (sharpening and camera make)." in told
