"""Heat maps of how far columns go together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from latentprint.report.inputs import Run
from latentprint.report.sections.correlation_figure import DRAWN, correlation_figure
from tests.report.made_runs import HOSTILE_LABEL, Made, correlation_run, run_of
from tests.report.sections.soup import made, plot_data


def together(strength: float = 0.6) -> Run:
    return run_of(correlation_run(strength), photos=False)


def test_cells_of_correlation_say_what_is_known() -> None:
    run = together()
    figure, soup = made(correlation_figure(run))
    assert run.correlation is not None
    (data,) = plot_data(soup)[0]["data"]
    assert data["z"][0][0] == 1.0
    names = figure.panels[0].layout["yaxis"]["ticktext"]
    assert names[:2] == ["label", "scanner"]
    with_class, between = data["hovertext"][0][1], data["hovertext"][1][2]
    assert "p = " in with_class
    assert "300 photos" in with_class
    assert "p =" not in between
    assert len(figure.tables[0][1].rows) == len(run.correlation["columns"]) == 2


def test_columns_stand_by_how_far_they_go_with_the_class() -> None:
    run = together()
    assert run.correlation is not None
    found = {**run.correlation, "columns": [dict(each) for each in run.correlation["columns"]]}
    for column in found["columns"]:
        column["v"] = 0.9 if column["column"] == HOSTILE_LABEL else 0.1
    figure = correlation_figure(replace(run, correlation=found))
    assert figure is not None
    assert figure.panels[0].layout["yaxis"]["ticktext"][-1] == "scanner"


def test_wide_correlations_are_cut_and_carry_no_numbers_in_cells() -> None:
    run = together()
    assert run.correlation is not None
    (first, *_) = run.correlation["columns"]
    names = ["label", *(f"column {each}" for each in range(DRAWN + 20))]
    wide: dict[str, Any] = {
        **run.correlation,
        "columns": [{**first, "column": name} for name in names[1:]],
        "matrix": {"names": names, "v": [[0.5] * len(names)] * len(names)},
    }
    figure = correlation_figure(replace(run, correlation=wide))
    assert figure is not None
    (data,) = figure.panels[0].data
    assert len(data["z"]) == len(data["z"][0]) == DRAWN
    assert "text" not in data
    assert "21 columns are left out" in figure.caption


def test_nothing_asked_makes_no_figure() -> None:
    assert correlation_figure(run_of(Made(), photos=False)) is None
