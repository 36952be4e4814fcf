"""The figure of probes: bars, what they are held against, and published encoders."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from latentprint.published import published
from latentprint.report.figures.panel import Panel
from latentprint.report.inputs import Run
from latentprint.report.sections.probe_figure import probe_figure, probe_panels
from latentprint.report.sections.probe_marks import MARKS, reached
from latentprint.words import Experiment, ProbeSetup, Verdict
from tests.report.made_runs import HOSTILE, NET, Made, many, probe_run, run_of


@cache
def probes(trace: float = 0.5) -> Run:
    return run_of(probe_run(trace), photos=False)


@cache
def dense() -> Run:
    return run_of(many(47, (probe_run,)), photos=False)


def traces(panel: Panel, group: str) -> list[dict[str, Any]]:
    return [each for each in panel.data if each["legendgroup"] == group]


def test_bars_are_held_against_controls_and_published_encoders() -> None:
    run = probes()
    (row,) = run.probes
    (panel,) = probe_panels(run.probes)
    assert panel.title == "Sharpening, 3 classes"
    controls = {each["encoder"]: each["value"] for each in run.table.to_dicts()
                if each["experiment"] == Experiment.PROCESSING_PROBE
                and each["setup"] == ProbeSetup.PUBLISHED}  # fmt: skip
    for mark, name in (
        ("twin", f"{NET}, untrained"), ("colour", "colour statistics"), ("dct", "DCT energies"),
    ):  # fmt: skip
        (held,) = traces(panel, mark)
        assert held["x"] == pytest.approx([controls[name]], abs=0.01)
        assert MARKS[mark][1] in " ".join(str(held["hovertext"]).split("<br>"))
    assert sum(len(each["x"]) for each in traces(panel, "published")) == 47
    assert f"{row['value']:.1f}%, {row['verdict']}" in panel.described


def test_marks_differ_in_shape_and_have_a_legend() -> None:
    (panel,) = probe_panels(probes().probes)
    symbols = [traces(panel, mark)[0]["marker"]["symbol"] for mark in ("twin", "colour", "dct")]
    assert len(set(symbols)) == 3
    keys = {key.group: key.label for key in probe_figure("processing", probes().probes).keys}
    assert {"twin", "colour", "dct"} <= set(keys)
    assert "container" not in keys


def test_without_controls_there_are_no_marks() -> None:
    run = run_of(probe_run(0.5, controls=False), photos=False)
    figure = probe_figure("processing", run.probes)
    assert not {"twin", "colour", "dct"} & {key.group for key in figure.keys}
    assert reached(run.probes[0], "twin") is None


def test_the_hover_names_value_interval_photos_and_verdict() -> None:
    (row,) = probes().probes
    (label,) = traces(probe_panels([row])[0], "SUP")[0]["hovertext"]
    assert label.split("<br>")[:4] == [
        NET,
        f"{row['value']:.1f}% ({row['low']:.1f} to {row['high']:.1f})",
        "40 test photos",
        row["verdict"],
    ]


def test_paired_probes_are_drawn_hollow_and_have_no_published_context() -> None:
    (panel,) = probe_panels(probes().paired)
    assert not traces(panel, "published")
    assert panel.described.startswith("Paired probe accuracy")
    (single,) = probe_panels(probes().probes)
    looks = [traces(each, "SUP")[0]["marker"]["color"] for each in (panel, single)]
    assert looks[0] != looks[1]


def test_published_labels_have_context_and_own_labels_have_not() -> None:
    panels = probe_panels([{**row, "container": 55.5} for row in probes().labels])
    assert [bool(traces(panel, "published")) for panel in panels] == [True, False]
    assert traces(panels[0], "container")[0]["x"] == [55.5]


def test_small_accuracies_have_a_short_axis_and_bars_begin_at_zero() -> None:
    (make, _) = probes().labels
    model = {**make, "attribute": "model", "classes": 88, "chance": 1.1, "value": 3.0, "low": 2.0,
             "high": 4.0, "twin": 1.0, "colour": 1.5, "dct": 2.5}  # fmt: skip
    panels = probe_panels([model, make])
    assert panels[0].title == "Camera model, 88 classes"
    assert panels[0].layout["xaxis"]["range"] == [0.0, 10.0]
    assert panels[1].layout["xaxis"]["range"] == [0.0, 100.0]
    # Whatever stands in the panel has to fit.
    (panel,) = probe_panels([{**model, "dct": 55.0}])
    assert panel.layout["xaxis"]["range"] == [0.0, 60.0]


def test_families_differ_by_hatching_as_well_as_by_colour() -> None:
    (panel,) = probe_panels(dense().probes)
    bars = [each for each in panel.data if each["type"] == "bar"]
    assert len({each["marker"]["color"] for each in bars}) == 4
    assert len({each["marker"]["pattern"]["shape"] for each in bars}) == 4


def test_many_encoders_stand_by_family_and_value() -> None:
    (panel,) = probe_panels(dense().probes)
    names = panel.layout["yaxis"]["ticktext"]
    assert [each for each in names if each.startswith("<b>")] == [
        "<b>CVL</b>", "<b>SUP</b>", "<b>SSL</b>", "<b>Your own</b>",
    ]  # fmt: skip
    values = {row["encoder"]: row["value"] for row in dense().probes}
    cvl = names[1 : names.index("<b>SUP</b>")]
    assert cvl == sorted(cvl, key=lambda name: -values[name])
    assert panel.layout["yaxis"]["tickvals"] == sorted(panel.layout["yaxis"]["tickvals"])[::-1]
    carried = sum(row["verdict"] == Verdict.CARRIED for row in dense().probes)
    assert f"; {carried} carry it" in panel.described
    assert 0 < carried < 47


def test_long_and_hostile_names_are_shortened_in_panels_only() -> None:
    run = run_of(probe_run(0.5, HOSTILE, "yours"), photos=False)
    figure = probe_figure("processing", run.probes)
    (panel,) = figure.panels
    assert HOSTILE not in str(panel.layout["annotations"])
    assert "…" in str(panel.layout["annotations"])
    assert figure.tables[0][1].rows[0][0] == HOSTILE


def test_the_table_has_the_words_of_the_row() -> None:
    (row,) = probes().probes
    (_, table), (_, context) = probe_figure("processing", [row]).tables
    told = dict(zip(table.head, table.rows[0], strict=True))
    assert told["Verdict"] == row["verdict"]
    assert told["Training"] == row["learned"]
    assert told["Above untrained"] == f"{row['twin']:+.1f}"
    assert "File alone" not in table.head
    families = published().filter(
        (published()["dataset"] == "ImageNet") & (published()["attribute"] == "sharpening")
        & (published()["experiment"] == Experiment.PROCESSING_PROBE)
    )["family"].n_unique()  # fmt: skip
    assert len(context.rows) == families


def test_a_failed_check_is_pointed_to() -> None:
    (row,) = probes().probes
    found = replace(next(each for each in probe_run(0.5).rows if each.setup == ProbeSetup.PUBLISHED
                         and each.experiment == Experiment.PROCESSING_PROBE),
                    notes="unstable between seeds")  # fmt: skip
    (panel,) = probe_panels(run_of(Made([found])).probes)
    assert "see checks" in str(panel.layout["annotations"])
    assert "see checks" not in str(probe_panels([row])[0].layout["annotations"])


def test_the_paired_figure_says_what_carried_means_there() -> None:
    run = run_of(probe_run(2.0), photos=False)
    (row,) = run.paired
    assert row["verdict"] == Verdict.CARRIED
    assert "“Carried” says here that" in probe_figure("paired", run.paired).caption
    assert "“Carried”" not in probe_figure("processing", run.probes).caption
    panels = probe_panels(dense().paired)
    assert all("move in a consistent direction" in panel.described for panel in panels)
    assert not any("carry it" in panel.described for panel in panels)
