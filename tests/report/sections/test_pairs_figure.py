"""Recall in two galleries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from latentprint.report.inputs import Run
from latentprint.report.sections.pairs_figure import first_recalls, recall_figure
from latentprint.words import PairGallery
from tests.report.made_runs import NET, Made, many, pairs_run, run_of


def recalls(run: Run) -> list[dict[str, dict[str, float]]]:
    return first_recalls(run.rows)


@pytest.mark.parametrize("number", [2, 8])
def test_axes_have_room_for_every_interval_and_every_published_encoder(number: int) -> None:
    run = run_of(many(number, (pairs_run,)), photos=False)
    figure = recall_figure(run)
    assert figure is not None
    (panel,) = figure.panels
    for axis, gallery in (("xaxis", PairGallery.TARGET), ("yaxis", PairGallery.QUERY)):
        low, high = panel.layout[axis]["range"]
        assert low < min(each[gallery]["low"] for each in recalls(run))
        assert high > 100
    points = [each for each in panel.data if each["legendgroup"] == "published"]
    assert sum(len(each["x"]) for each in points) == 47
    assert sum(len(each["x"]) for each in panel.data if each not in points) == number


def test_names_stand_beside_a_few_points() -> None:
    few, crowded = (
        recall_figure(run_of(many(number, (pairs_run,)), photos=False)) for number in (2, 8)
    )
    assert few is not None
    assert crowded is not None
    assert len(few.panels[0].layout["annotations"]) == 2
    assert not crowded.panels[0].layout["annotations"]
    assert "find fewer targets" in crowded.panels[0].described


def test_the_hover_has_the_verdict_of_the_difference() -> None:
    run = run_of(pairs_run(0.5), photos=False)
    figure = recall_figure(run)
    assert figure is not None
    (trace,) = [each for each in figure.panels[0].data if each["legendgroup"] == "SUP"]
    ((label,),) = [trace["hovertext"]]
    assert label.startswith(NET)
    (found,) = recalls(run)
    assert str(found[PairGallery.DIFFERENCE]["verdict"]) in label


def test_another_k_has_no_published_context() -> None:
    rows = [
        replace(row, attribute="recall@5", k=5)
        for row in pairs_run(0.5).rows
        if row.attribute == "recall@1"
    ]
    figure = recall_figure(run_of(Made(rows), photos=False))
    assert figure is not None
    assert "published" not in {key.group for key in figure.keys}
    assert "ublished" not in figure.caption
