"""Probe accuracy along the blocks of a network."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from latentprint.report.figures.panel import Panel
from latentprint.report.inputs import Run
from latentprint.report.sections.layer_figure import layer_figure
from latentprint.report.sections.layers import LAYERS
from latentprint.words import COLOUR_STATISTICS, ProbeSetup
from tests.report.made_runs import NET, layers_run, probe_run, run_of

BLOCKS = 3


@cache
def blocks() -> Run:
    made = probe_run(0.5) + layers_run() + layers_run("other") + probe_run(1.0, "other")
    return run_of(made, photos=False)


def traces(panel: Panel, group: str) -> list[dict[str, Any]]:
    return [each for each in panel.data if each["legendgroup"] == group]


def test_layers_end_in_the_final_embedding_above_the_untrained_network() -> None:
    figure = layer_figure(blocks())
    assert figure is not None
    (panel,) = figure.panels
    assert panel.title == "Sharpening, 3 classes"
    learned = [each for each in panel.data if each["legendgroup"] not in ("untrained", "colour")]
    untrained = traces(panel, "untrained")
    assert [len(learned), len(untrained)] == [2, 2]
    for each in [*learned, *untrained]:
        assert each["x"] == list(range(1, BLOCKS + 2))
        assert each["hovertext"][-1].startswith("the final embedding")
    names = [f"{NET}, block {each}" for each in range(1, BLOCKS + 1)]
    measured = {
        row["encoder"]: row["value"]
        for row in blocks().table.to_dicts()
        if row["setup"] == ProbeSetup.PUBLISHED and row["attribute"] == "sharpening"
        and row["experiment"] == "processing_probe"
    }  # fmt: skip
    assert learned[0]["y"] == pytest.approx([measured[each] for each in [*names, NET]], abs=0.01)
    best = max(names, key=lambda name: measured[name])
    where, final = best.rpartition(", ")[2], f"final embedding {measured[NET]:.1f}%"
    assert f"{NET}: highest at {where} with {measured[best]:.1f}%, {final}" in panel.described


def test_every_block_is_named_at_the_axis_and_no_point_is_cut() -> None:
    figure = layer_figure(blocks())
    assert figure is not None
    layout = figure.panels[0].layout
    assert layout["xaxis"]["ticktext"] == ["1", "2", "3", "final"]
    assert layout["xaxis"]["tickvals"] == [1, 2, 3, 4]
    assert layout["yaxis"]["range"][1] > 101


def test_blocks_stand_beside_what_colour_statistics_read() -> None:
    run = blocks()
    figure = layer_figure(run)
    assert figure is not None
    (level,) = traces(figure.panels[0], "colour")
    (value,) = {
        row["value"]
        for row in run.table.to_dicts()
        if row["encoder"] == COLOUR_STATISTICS and row["attribute"] == "sharpening"
        and row["setup"] == ProbeSetup.PUBLISHED
    }  # fmt: skip
    assert level["y"] == pytest.approx([value] * 2, abs=0.01)
    assert f"Colour statistics {value:.1f}%" in figure.panels[0].described
    bare = layer_figure(run_of(layers_run() + probe_run(0.5, controls=False), photos=False))
    assert bare is not None
    assert not traces(bare.panels[0], "colour")


def test_blocks_are_no_encoders_of_their_own() -> None:
    run = blocks()
    assert {row["encoder"] for row in run.rows} == {NET, "other"}
    finding = LAYERS.findings(run)[0]
    assert finding.about == NET
    assert "carried after 3 of 3 blocks (1, 2 and 3)" in finding.sentence
