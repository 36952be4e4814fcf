"""Influence on neighbours as a figure."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import polars as pl
import pytest

from latentprint.published import published
from latentprint.report.figures.panel import Panel
from latentprint.report.inputs import Run
from latentprint.report.sections.neighbour_figure import influence_figure, influences
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
def test_the_47_published_encoders_are_dots_of_their_influence(number: int) -> None:
    panel = panel_of(neighbours(number, 10), 10)
    rows = published().filter(
        (pl.col("experiment") == Experiment.KNN_INFLUENCE) & (pl.col("dataset") == "ImageNet")
        & (pl.col("attribute") == "sharpening")
    )  # fmt: skip
    of = {setup: dict(rows.filter(setup=setup).select("encoder", "value").rows())
          for setup in (InfluenceSetup.POS_SAME, InfluenceSetup.NEG_SAME)}  # fmt: skip
    expected = [
        of[InfluenceSetup.POS_SAME][name] - of[InfluenceSetup.NEG_SAME][name]
        for name in of[InfluenceSetup.POS_SAME]
    ]
    dots = [x for trace in traces(panel, "published") for x in trace["x"]]
    assert len(dots) == 47
    assert sorted(dots) == pytest.approx(sorted(expected), abs=0.01)


@pytest.mark.parametrize("number", [5, 47])
def test_every_encoder_is_a_dot_with_its_interval(number: int) -> None:
    run = neighbours(number, 10)
    panel = panel_of(run, 10)
    low, high = panel.layout["xaxis"]["range"]
    rows = {round(row["value"], 2): row for row in influences(run)}
    dots = [trace for trace in panel.data if "error_x" in trace]
    assert sum(len(trace["x"]) for trace in dots) == number
    for trace in dots:
        bars = trace["error_x"]
        for x, up, down in zip(trace["x"], bars["array"], bars["arrayminus"], strict=True):
            assert low < x < high
            assert x + up == pytest.approx(min(rows[x]["high"], high), abs=0.02)
            assert x - down == pytest.approx(max(rows[x]["low"], low), abs=0.02)


def test_wide_intervals_leave_the_axis_to_the_dots_and_end_in_arrows() -> None:
    run = neighbours(1, 10)
    wide = replace(run, table=run.table.with_columns(low=pl.lit(-500.0), high=pl.lit(600.0)))
    panel, narrow = panel_of(wide, 10), panel_of(run, 10)
    assert panel.layout["xaxis"]["range"] == narrow.layout["xaxis"]["range"]
    (arrows,) = [each for each in panel.data if isinstance(each["marker"]["symbol"], list)]
    assert arrows["marker"]["symbol"] == ["triangle-left", "triangle-right"]
    assert arrows["x"] == pytest.approx(panel.layout["xaxis"]["range"], abs=0.01)
    assert "−500.0 to +600.0" in arrows["hovertext"][0]


def test_another_number_of_neighbours_has_no_published_dots() -> None:
    run = neighbours(5, 10)
    changed = run.table.with_columns(k=run.table["k"] * 0 + 7)
    figure = influence_figure(replace(run, table=changed))
    assert figure is not None
    assert "published" not in {key.group for key in figure.keys}


def test_set_ups_without_an_influence_are_a_table() -> None:
    run = neighbours(5, 10)
    kept = run.table.filter(run.table["setup"] != InfluenceSetup.INFLUENCE)
    figure = influence_figure(replace(run, table=kept))
    assert figure is not None
    assert not figure.panels
    assert len(figure.tables[0][1].rows) == kept.height


@pytest.mark.parametrize("number", [2, 8])
def test_every_number_of_neighbours_has_its_panel(number: int) -> None:
    figure = influence_figure(neighbours(number))
    assert figure is not None
    assert [each.title for each in figure.panels] == ["Sharpening, k = 1", "Sharpening, k = 10"]
    for panel in figure.panels:
        assert len(traces(panel, "published")) == 3
    (key,) = [each for each in figure.keys if each.group == "published"]
    assert "iNaturalist 2018 and ImageNet" in key.label
