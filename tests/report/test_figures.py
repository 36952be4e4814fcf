"""Figures: what they hold, beside how they look."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, replace
from functools import cache
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest
from bs4 import BeautifulSoup

from latentprint.encoders import COLOUR_STATISTICS
from latentprint.published import published
from latentprint.report.figures.dense import FEW
from latentprint.report.figures.figure import Figure, Key, csv_address
from latentprint.report.figures.panel import Panel, hover
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Run
from latentprint.report.sections.curve_figure import curve_figure, curve_panels
from latentprint.report.sections.layer_figure import layer_figure
from latentprint.report.sections.neighbour_figure import influence_figure
from latentprint.report.sections.pairs_figure import recall_figure
from latentprint.report.sections.probe_figure import probe_figures, probe_panels
from latentprint.report.sections.quality_figure import quality_figure
from latentprint.report.sections.variance_figure import variance_figure, variance_panels
from latentprint.results import results_table
from tests.report.conftest import (
    FIRST,
    LABELS,
    curve_rows,
    label_row,
    paired_row,
    probe_row,
    variance_rows,
)
from tests.report.figure_runs import BLOCKS, HOSTILE, encoders, made_up_run

ONE_MEGABYTE = 1_000_000


@cache
def run_of(number: int) -> Run:
    return made_up_run(number)


def all_figures(run: Run) -> dict[str, Figure]:
    others = (influence_figure, layer_figure, recall_figure, curve_figure, variance_figure,
              quality_figure)  # fmt: skip
    found = [*probe_figures(run), *(make(run) for make in others)]
    return {each.key: each for each in found if each is not None}


def traces(panel: Panel, group: str) -> list[dict[str, Any]]:
    return [each for each in panel.data if each["legendgroup"] == group]


def test_every_figure_is_there_and_complete() -> None:
    figures = all_figures(run_of(5))
    assert list(figures) == [
        "processing", "paired", "labels", "neighbours", "layers", "recall", "curves", "variance",
        "quality",
    ]  # fmt: skip
    for key, figure in figures.items():
        soup = BeautifulSoup(figure.html(), "html.parser")
        assert soup.figure is not None
        assert soup.figure["id"] == f"figure-{key}"
        assert soup.figure.has_attr("data-figure-panels")
        assert len(soup.select(".plot[role=img]")) == len(figure.panels) > 0
        assert all(len(str(each["aria-label"])) > 30 for each in soup.select(".plot"))
        assert soup.select_one("figcaption .figure-number") is not None
        assert soup.select("details.numbers table")
        groups = {trace["legendgroup"] for panel in figure.panels for trace in panel.data}
        buttons = {str(each["data-group"]) for each in soup.select(".keys button")}
        assert buttons <= groups
        assert groups - buttons <= {"spans"}


def test_nothing_measured_makes_no_figure() -> None:
    assert all_figures(Run(results_table([]), None, {})) == {}


def test_hostile_names_stay_text() -> None:
    for figure in all_figures(run_of(5)).values():
        soup = BeautifulSoup(figure.html(), "html.parser")
        assert {each.get("type") for each in soup.find_all("script")} == {"application/json"}
        assert not soup.find_all("b")
        for panel in figure.panels:
            assert json.loads(str(panel.json))["data"]
            assert "<" not in str(panel.json)
            for trace in panel.data:
                assert "<script" not in str([trace.get("hovertext"), trace.get("meta")])


@pytest.mark.parametrize("number", [1, 5, 6, 7, 47, 60])
def test_every_encoder_has_its_bar_in_every_panel(number: int) -> None:
    run = made_up_run(number, photos=False)
    expected = min(number, 48)
    for figure in probe_figures(run):
        families = {key.group for key in figure.keys} & {"CVL", "SUP", "SSL", "yours"}
        for panel in figure.panels:
            bars = [each for name in families for each in traces(panel, name)]
            assert sum(len(each["x"]) for each in bars) == expected
            heights = [y for each in bars for y in each["y"]]
            assert len(set(heights)) == expected
            assert panel.dense is (expected > FEW)


def test_families_differ_by_hatching_as_well_as_by_colour() -> None:
    (panel, *_) = probe_figures(run_of(47))[0].panels
    bars = [each for each in panel.data if each["type"] == "bar"]
    assert len({each["marker"]["color"] for each in bars}) == 4
    assert len({each["marker"]["pattern"]["shape"] for each in bars}) == 4


def test_many_encoders_stand_by_family_and_value() -> None:
    (panel, *_) = probe_figures(run_of(47))[0].panels
    names = panel.layout["yaxis"]["ticktext"]
    assert [each for each in names if each.startswith("<b>")] == [
        "<b>CVL</b>", "<b>SUP</b>", "<b>SSL</b>", "<b>Your own</b>",
    ]  # fmt: skip
    means: dict[str, float] = {}
    for name, _ in encoders(47):
        rows = [row for row in run_of(47).probes if row["encoder"] == name]
        means[name] = sum(row["value"] for row in rows) / len(rows)
    cvl = names[1 : names.index("<b>SUP</b>")]
    assert cvl == sorted(cvl, key=lambda name: -means[name])
    assert panel.layout["yaxis"]["tickvals"] == sorted(panel.layout["yaxis"]["tickvals"])[::-1]


def test_all_panels_of_47_encoders_stay_below_a_megabyte() -> None:
    figures = all_figures(run_of(47)).values()
    size = sum(len(str(panel.json)) for figure in figures for panel in figure.panels)
    assert size < ONE_MEGABYTE


def test_bars_are_held_against_floor_ceiling_and_published_encoders() -> None:
    (panel,) = probe_panels([asdict(probe_row(FIRST, "jpeg"))])
    assert panel.title == "JPEG compression, 6 classes"
    assert traces(panel, "floor")[0]["x"] == [19.0]
    assert "the same network untrained" in str(traces(panel, "floor")[0]["hovertext"])
    assert traces(panel, "ceiling")[0]["x"] == [88.4]
    assert sum(len(each["x"]) for each in traces(panel, "published")) == 47
    assert "31.4%, read" in panel.described


def test_the_hover_names_value_interval_photos_and_verdict() -> None:
    (panel,) = probe_panels([asdict(probe_row(FIRST, "jpeg"))])
    (label,) = traces(panel, "SUP")[0]["hovertext"]
    assert label.split("<br>") == [FIRST, "31.4% (29.3 to 33.6)", "300 test photos", "read"]


def test_labels_wrap_and_escape() -> None:
    lines = hover("x" * 30 + " " + "y" * 30, "<b>&", "").split("<br>")
    assert lines == ["x" * 30, "y" * 30, "&lt;b&gt;&amp;"]


def test_the_hover_names_colour_statistics_as_the_floor() -> None:
    (panel,) = probe_panels([asdict(probe_row(FIRST, "resizing"))])
    assert "colour statistics<br>39.7%" in str(traces(panel, "floor")[0]["hovertext"])


def test_paired_probes_have_no_published_context() -> None:
    (panel,) = probe_panels([asdict(paired_row(FIRST, "jpeg"))])
    assert not traces(panel, "published")
    assert panel.described.startswith("Paired probe accuracy")


def test_published_labels_have_context_and_own_labels_have_not() -> None:
    panels = probe_panels([asdict(label_row(FIRST, label)) for label in LABELS])
    assert [bool(traces(panel, "published")) for panel in panels] == [True, False, False]
    assert traces(panels[0], "container")[0]["x"] == [33.4]


def test_small_accuracies_have_a_short_axis_and_bars_begin_at_zero() -> None:
    panels = {each.title: each for each in probe_figures(run_of(47))[2].panels}
    assert panels["Camera model, 88 classes"].layout["xaxis"]["range"] == [0.0, 10.0]
    assert panels["Smartphone or not, 2 classes"].layout["xaxis"]["range"] == [0.0, 100.0]


@pytest.mark.parametrize("number", [2, 10])
def test_panels_name_the_photos_where_there_are_several_sets(number: int) -> None:
    run = made_up_run(number, datasets=("here", "there"), photos=False)
    for key in ("processing", "neighbours", "recall", "curves", "variance"):
        titles = [panel.title for panel in all_figures(run)[key].panels]
        assert {title.rsplit(", ", 1)[1] for title in titles} == {"here", "there"}
        assert len(titles) == len(set(titles))


@pytest.mark.parametrize("number", [5, 47])
def test_influence_has_the_published_means_of_the_same_neighbours(number: int) -> None:
    figure = influence_figure(run_of(number))
    assert figure is not None
    panel = next(each for each in figure.panels if each.title == "JPEG compression, k = 10")
    table = published()
    expected = table.filter(
        (table["experiment"] == "knn_influence") & (table["dataset"] == "ImageNet")
        & (table["attribute"] == "jpeg") & (table["setup"] == "pos-same")
        & (table["family"] == "CVL")
    )["value"].mean()  # fmt: skip
    means = [each for each in traces(panel, "published") if "pos-same" in each["hovertext"][0]]
    assert means[0]["x"][0] == pytest.approx(expected, abs=0.01)
    assert "influence +" in str(traces(panel, "all-same")[0]["hovertext"])


def test_another_number_of_neighbours_has_no_published_means() -> None:
    run = run_of(5)
    changed = run.table.with_columns(k=run.table["k"] * 0 + 7)
    figure = influence_figure(replace(run, table=changed))
    assert figure is not None
    assert "published" not in {key.group for key in figure.keys}


def test_influence_without_an_influence_row_says_so() -> None:
    run = run_of(5)
    figure = influence_figure(
        replace(run, table=run.table.filter(run.table["setup"] != "influence"))
    )
    assert figure is not None
    assert "influence not measured" in figure.panels[0].described


def test_layers_end_in_the_final_embedding_above_the_untrained_network() -> None:
    figure = layer_figure(run_of(5))
    assert figure is not None
    assert [panel.title for panel in figure.panels] == [
        "JPEG compression, 6 classes", "Resizing, 3 classes",
    ]  # fmt: skip
    panel = figure.panels[0]
    names = [name for name, _ in encoders(5)]
    learned = [each for each in panel.data if each["legendgroup"] != "untrained"]
    untrained = traces(panel, "untrained")
    assert [len(learned), len(untrained)] == [len(names)] * 2
    for each in [*learned, *untrained]:
        assert each["x"] == list(range(1, BLOCKS + 2))
        assert each["hovertext"][-1].startswith("the final embedding")
    assert learned[0]["y"][3] == pytest.approx(100 / 6 + 40, abs=0.01)
    assert untrained[0]["y"][3] == pytest.approx(100 / 6 + 1, abs=0.01)
    assert panel.layout["xaxis"]["ticktext"][-1] == "final"
    assert f"{names[2]}: highest at block 4 with 56.7%, final embedding" in panel.described


def test_blocks_stand_beside_what_colour_statistics_read() -> None:
    run = run_of(2)
    row = {
        **next(row for row in run.table.to_dicts() if row["layer"] == 1),
        "encoder": COLOUR_STATISTICS, "network": COLOUR_STATISTICS, "family": "control",
        "layer": None, "value": 44.0,
    }  # fmt: skip
    table = pl.concat([run.table, pl.DataFrame([row], schema=run.table.schema)])
    figure = layer_figure(replace(run, table=table))
    assert figure is not None
    (level,) = traces(figure.panels[0], "colour")
    assert level["y"] == [44.0, 44.0]
    assert "Colour statistics 44.0%" in figure.panels[0].described
    assert "colour" in [key.group for key in figure.keys]
    assert traces(figure.panels[1], "colour") == []


def test_recall_axes_adapt_and_have_room_for_every_interval() -> None:
    figure = recall_figure(run_of(5))
    assert figure is not None
    (panel,) = figure.panels
    rows = run_of(5).of("near_duplicate")
    for axis, gallery in (("xaxis", "target's"), ("yaxis", "query's")):
        low, high = panel.layout[axis]["range"]
        measured = min(row["low"] for row in rows if gallery in row["setup"])
        assert 80 < low < measured
        assert high > 100
    assert sum(len(each["x"]) for each in traces(panel, "published")) == 47


def test_a_curve_needs_two_sizes() -> None:
    rows = [asdict(each) for each in curve_rows(probe_row(FIRST, "jpeg"))]
    (panel,) = curve_panels(rows[::-1])
    assert panel.data[0]["x"] == [88, 175, 350, 700]
    assert "with 88 training photos" in panel.described
    assert curve_panels(rows[:1]) == []


def test_a_column_named_like_an_attribute_has_a_panel_of_its_own() -> None:
    probe = probe_row(FIRST, "jpeg")
    column = replace(label_row(FIRST, "make"), attribute="jpeg", n_test=120, classes=4)
    rows = [probe, column, *curve_rows(probe), *curve_rows(column)]
    figure = curve_figure(Run(results_table(rows), None, {}))
    assert figure is not None
    assert [panel.title for panel in figure.panels] == ["JPEG compression", "jpeg"]
    assert [len(panel.data) for panel in figure.panels] == [1, 1]


def test_lines_of_many_encoders_are_told_by_family() -> None:
    figure = curve_figure(run_of(47))
    assert figure is not None
    assert [key.group for key in figure.keys] == ["CVL", "SUP", "SSL", "yours", "chance"]
    assert len(figure.panels[0].data) == 47
    few = curve_figure(run_of(5))
    assert few is not None
    assert len({key.mark for key in few.keys}) == 6


def test_shares_of_the_variance_are_stacked() -> None:
    (panel,) = variance_panels([asdict(each) for each in variance_rows(FIRST, "jpeg")])
    assert [each["x"] for each in panel.data] == [[0.8], [96.1], [3.1]]
    assert panel.layout["barmode"] == "stack"
    assert "processing 0.80%" in panel.described


def test_quality_counts_every_jpeg_file() -> None:
    figure = quality_figure(run_of(5))
    assert figure is not None
    assert sum(sum(each["y"]) for each in figure.panels[0].data) == 300
    assert [key.label for key in figure.keys] == ["4:4:4", "4:2:2", "4:2:0"]


def test_the_download_holds_every_row_as_numbers() -> None:
    figure = probe_figures(run_of(47))[0]
    link = BeautifulSoup(figure.html(), "html.parser").select_one("a.download")
    assert link is not None
    assert link["download"] == "latentprint-processing.csv"
    head, text = str(link["href"]).split(",", 1)
    assert head == "data:text/csv;charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(unquote(text))))
    measured = run_of(47).probes
    assert [row["encoder"] for row in rows] == [row["encoder"] for row in measured]
    assert [float(row["value"]) for row in rows] == pytest.approx(
        [row["value"] for row in measured], rel=1e-5
    )


def test_a_spreadsheet_runs_no_cell_and_reads_minus_signs() -> None:
    cells = ("=HYPERLINK(1)", "−2.5", "–", "1,000", "@x", 'a "b",\nc#&%')
    address = csv_address(Table("c", ("a", "b", "c", "d", "e", "f"), [cells]))
    assert not set('"<>#&\n') & set(address)
    (row,) = list(csv.reader(io.StringIO(unquote(address.split(",", 1)[1]))))[1:]
    assert row == ["'=HYPERLINK(1)", "-2.5", "", "1000", "'@x", 'a "b",\nc#&%']


def test_a_legend_entry_may_be_off_at_first() -> None:
    keys = [
        Key("a", "A <b>", "bar"),
        Key("b", "B", "bar", shown=False),
        Key("c", "C", "bar", fixed=True),
    ]
    soup = BeautifulSoup(Figure("x", "C", keys=keys).html(), "html.parser")
    assert [each["aria-pressed"] for each in soup.select("button")] == ["true", "false"]
    assert soup.select("button")[0].get_text() == "A <b>"
    assert len(soup.select("li.fixed")) == 1


def test_a_long_table_is_cut_and_says_so() -> None:
    table = Table("c", ("a", "b"), [(str(index), "1") for index in range(250)])
    soup = BeautifulSoup(Figure("x", "C", tables=[("T", table)]).html(), "html.parser")
    assert len(soup.select("tbody tr")) == 200
    assert "The first 200 of 250 rows" in soup.get_text()


def test_hostile_encoders_are_written_as_they_are() -> None:
    text = BeautifulSoup(probe_figures(run_of(5))[0].html(), "html.parser").get_text()
    assert HOSTILE in text
