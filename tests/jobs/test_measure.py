"""One rule for every experiment: a wrong option ends the run, what the data lack is left out."""

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.asking import Answer, Step
from latentprint.jobs.measure import measure
from latentprint.results import LeftOut, Result
from latentprint.words import CONTROL, Experiment, Verdict

PROBE = Experiment.PROCESSING_PROBE
ROW = Result("A", "yours", PROBE, "set", "jpeg", "", 20.0, 30.0, 25.0, 35.0, 100, 200, p=0.03)


def step(ask: Callable[[], Answer], encoder: str = "A") -> Step:
    return Step(PROBE, "jpeg", encoder, ask, "probe of")


def failing(error: Exception) -> Callable[[], Answer]:
    def ask() -> Answer:
        raise error

    return ask


def test_what_the_data_do_not_allow_is_left_out_and_the_rest_goes_on() -> None:
    told: list[str] = []
    steps = [
        step(failing(LatentprintError("There are too few photos.")), "B"),
        step(lambda: Answer([ROW], [{"experiment": "x"}])),
    ]
    measured = measure(steps, on_step=told.append)
    assert measured.left_out == [LeftOut("There are too few photos.", PROBE, "jpeg", "B")]
    assert [row.encoder for row in measured.results] == ["A"]
    assert measured.details == [{"experiment": "x"}]
    assert told == ["1 of 2: probe of jpeg, B", "2 of 2: probe of jpeg, A"]


def test_a_wrong_option_ends_the_run() -> None:
    with pytest.raises(UsageError, match="no column"):
        measure([step(failing(UsageError("There is no column.")))])


def test_the_whole_run_is_judged_together() -> None:
    alone = measure([step(lambda: Answer([ROW]))]).results[0]
    assert (alone.q, alone.verdict) == (pytest.approx(0.03), Verdict.CARRIED)
    others = [replace(ROW, attribute=f"a{at}", p=0.9) for at in range(9)]
    among = measure([step(lambda: Answer([ROW])), step(lambda: Answer(others))]).results[0]
    assert (among.q, among.verdict) == (pytest.approx(0.3), Verdict.UNDECIDED)


def test_controls_come_last_without_a_verdict() -> None:
    control = replace(ROW, encoder="colour", family=CONTROL)
    rows = measure([step(lambda: Answer([control])), step(lambda: Answer([ROW]))]).results
    assert [(row.encoder, bool(row.verdict)) for row in rows] == [("A", True), ("colour", False)]


def test_tables_of_several_encoders_are_one() -> None:
    table = pl.DataFrame({"rank": [1, 2]})
    asks = [step(lambda: Answer(tables={"pairs": table}), name) for name in "AB"]
    assert measure(asks).tables["pairs"].rows() == [("A", 1), ("A", 2), ("B", 1), ("B", 2)]
