"""What weakens a run: what was left out, by name."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from latentprint.report.cautions import cautions
from latentprint.report.inputs import Run
from latentprint.report.sections import SECTIONS
from latentprint.report.text import text_of
from latentprint.results import LeftOut
from latentprint.words import Experiment
from tests.report.made_runs import NET, Made, influence_run, run_of


def left_out(*records: LeftOut) -> Run:
    return replace(run_of(Made(), photos=False), settings={"left_out": list(map(asdict, records))})


LISTED = {name for each in SECTIONS if each.is_listed for name in each.experiments}


@pytest.mark.parametrize("experiment", Experiment)
def test_whatever_was_left_out_has_a_name_and_stands_once(experiment: Experiment) -> None:
    run = left_out(LeftOut("It could not be.", experiment, "jpeg", NET))
    told = cautions(run)
    missing = [each.what for each in text_of(run)["missing"] if "It could not be." in each.reasons]
    if experiment in LISTED:
        (what,) = missing
        assert told == []
    else:
        what = told[0].removeprefix("Left out: ").removesuffix(f" of jpeg, {NET}: It could not be.")
        assert len(what) + 30 < len(told[0])
        assert missing == []
    assert len(what) > 5
    assert "_" not in what


def test_one_reason_is_given_once() -> None:
    records = [
        LeftOut("No classes.", Experiment.ROBUSTNESS, name, NET) for name in ("jpeg", "resizing")
    ]
    (told,) = cautions(left_out(*records))
    assert told.startswith("Left out: ")
    assert told.endswith(": No classes.")
    assert "jpeg" in told
    assert "resizing" in told


def test_a_part_of_an_experiment_that_was_left_out_is_a_caution() -> None:
    record = asdict(LeftOut("No classes.", Experiment.KNN_INFLUENCE, "jpeg", NET))
    run = replace(run_of(influence_run(0.0), photos=False), settings={"left_out": [record]})
    assert any(each.startswith("Left out: kNN influence of jpeg") for each in cautions(run))


def test_an_encoder_that_could_not_be_used_is_named() -> None:
    (told,) = cautions(left_out(LeftOut("No such model.", encoder="timm:nothing")))
    assert told == "Left out: encoder timm:nothing: No such model."
