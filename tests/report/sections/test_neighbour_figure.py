"""The kNN set-ups as a figure."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from latentprint.published import published
from latentprint.report.figures.panel import Panel
from latentprint.report.inputs import Run
from latentprint.report.sections.neighbour_figure import influence_figure
from latentprint.words import Experiment, InfluenceSetup
from tests.report.made_runs import Made, influence_run, many, run_of


@cache
def neighbours(number: int, k: int | None = None) -> Run:
    rows = many(number, (influence_run,)).rows
    return run_of(Made([row for row in rows if k in (None, row.k)]), photos=False)


def panel_of(run: Run, k: int) -> Panel:
    figure = influence_figure(run)
    assert figure is not None
    return next(each for each in figure.panels if each.title == f"Sharpening, k = {k}")


def traces(panel: Panel, group: str) -> list[dict[str, Any]]:
    return [each for each in panel.data if each["legendgroup"] == group]


@pytest.mark.parametrize("number", [5, 47])
def test_influence_has_the_published_means_of_the_same_neighbours(number: int) -> None:
    panel = panel_of(neighbours(number, 10), 10)
    table = published()
    expected = table.filter(
        (table["experiment"] == Experiment.KNN_INFLUENCE) & (table["dataset"] == "ImageNet")
        & (table["attribute"] == "sharpening") & (table["setup"] == InfluenceSetup.POS_SAME)
        & (table["family"] == "CVL")
    )["value"].mean()  # fmt: skip
    means = [each for each in traces(panel, "published") if "pos-same" in each["hovertext"][0]]
    assert means[0]["x"][0] == pytest.approx(expected, abs=0.01)
    assert "influence +" in str(traces(panel, "all-same")[0]["hovertext"])


def test_another_number_of_neighbours_has_no_published_means() -> None:
    run = neighbours(5, 10)
    changed = run.table.with_columns(k=run.table["k"] * 0 + 7)
    figure = influence_figure(replace(run, table=changed))
    assert figure is not None
    assert "published" not in {key.group for key in figure.keys}


def test_influence_without_an_influence_row_says_so() -> None:
    run = neighbours(5, 10)
    kept = run.table.filter(run.table["setup"] != InfluenceSetup.INFLUENCE)
    figure = influence_figure(replace(run, table=kept))
    assert figure is not None
    assert "influence not measured" in figure.panels[0].described


def test_every_number_of_neighbours_is_told() -> None:
    few = influence_figure(neighbours(2))
    assert few is not None
    (panel,) = few.panels
    assert "k = 1, influence" in panel.described
    assert "k = 10, influence" in panel.described
    many_ones = influence_figure(neighbours(8))
    assert many_ones is not None
    assert [each.title for each in many_ones.panels] == ["Sharpening, k = 1", "Sharpening, k = 10"]
