"""Shares of the variance."""

from __future__ import annotations

import pytest

from latentprint.report.sections.variance_figure import variance_figure
from latentprint.words import Experiment, VarianceMeasure
from tests.report.made_runs import many, probe_run, run_of


def test_shares_of_the_variance_are_stacked() -> None:
    run = run_of(probe_run(0.5), photos=False)
    shares = {row["setup"]: row["value"] for row in run.of(Experiment.VARIANCE)}
    figure = variance_figure(run)
    assert figure is not None
    (panel,) = figure.panels
    drawn = [each["x"][0] for each in panel.data]
    assert drawn == pytest.approx([shares[name] for name in list(VarianceMeasure)[:3]], abs=0.01)
    assert sum(drawn) == pytest.approx(100, abs=0.05)
    assert panel.layout["barmode"] == "stack"
    assert f"processing {shares[VarianceMeasure.PROCESSING]:.2f}%" in panel.described


def test_many_encoders_have_a_row_each() -> None:
    figure = variance_figure(run_of(many(47, (probe_run,)), photos=False))
    assert figure is not None
    (panel,) = figure.panels
    assert panel.dense
    assert {len(each["x"]) for each in panel.data} == {47}
