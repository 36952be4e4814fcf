"""Distributions of similarity."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from latentprint.report.inputs import Run
from latentprint.report.sections.similarity_figure import OPEN, similarity_figure
from latentprint.words import Experiment, SimilarityMeasure
from tests.report.made_runs import many, run_of, similarity_run
from tests.report.sections.soup import made, plot_data


@cache
def alike(number: int) -> Run:
    found = similarity_run(0.5) if number == 1 else many(number, (similarity_run,))
    return run_of(found, photos=False)


CURVES = list(SimilarityMeasure)[:4]


@pytest.mark.parametrize(("number", "chosen"), [(3, 0), (OPEN, 0), (9, 9 - OPEN)])
def test_few_distributions_stand_side_by_side_and_others_are_chosen(
    number: int, chosen: int
) -> None:
    figure, soup = made(similarity_figure(alike(number)))
    assert len(figure.panels) == min(number, OPEN)
    assert len(soup.select("option")) == len(soup.select(".choice .plot")) == chosen
    assert [each.label for each in figure.keys] == CURVES


def test_curves_tell_class_by_colour_and_metadata_by_dash() -> None:
    _, soup = made(similarity_figure(alike(1)))
    lines = [each["line"] for each in plot_data(soup)[0]["data"]]
    assert [each["color"] for each in lines] == [
        "var(--pos-same)", "var(--pos-same)", "var(--neg-same)", "var(--neg-same)"
    ]  # fmt: skip
    assert [each["dash"] for each in lines] == ["solid", "dash", "solid", "dash"]


def test_curves_are_those_that_were_recorded() -> None:
    run = alike(1)
    _, soup = made(similarity_figure(run))
    record = run.details_of(Experiment.SIMILARITY)[0]
    middle = (record["bin_edges"][0] + record["bin_edges"][1]) / 2
    for trace, curve in zip(plot_data(soup)[0]["data"], record["curves"], strict=True):
        assert trace["meta"].startswith(curve["setup"])
        assert trace["y"] == pytest.approx(curve["density"], abs=1e-3)
        assert trace["x"][0] == pytest.approx(middle, abs=1e-4)
        assert len(trace["hovertext"]) == len(record["bin_edges"]) - 1


def test_similarity_without_curves_keeps_its_numbers() -> None:
    run = alike(1)
    figure, soup = made(similarity_figure(replace(run, details=[])))
    assert not figure.panels
    table = soup.select("details.numbers tbody tr")
    assert len(table) == len(run.of(Experiment.SIMILARITY))


def test_what_was_not_recorded_has_no_figure() -> None:
    run = alike(1)
    assert similarity_figure(replace(run, table=run.table.clear(), details=[])) is None
