"""What all figures of a report have in common."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

from latentprint.report.figures.dense import FEW
from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Run
from latentprint.report.sections import SECTIONS
from tests.report.made_runs import (
    HOSTILE,
    Made,
    correlation_run,
    figures_of,
    layers_run,
    many,
    on_dataset,
    probe_run,
    run_of,
)

KEYS = (
    "processing", "paired", "labels", "confusion", "layers", "curves", "neighbours", "galleries",
    "robustness", "recall", "pairs", "pairs-numbers", "similarity", "correlation", "quality",
    "stability",
)  # fmt: skip
PANELS = ("processing", "paired", "labels", "layers", "neighbours", "recall", "curves")
CSS = Path(__file__).parents[3] / "src" / "latentprint" / "article" / "figures.css"


@cache
def whole(number: int) -> Run:
    """A run of every experiment; the last of its encoders has a hostile name, and blocks."""
    return run_of(many(number) + layers_run(HOSTILE, "yours") + correlation_run(0.6))


@cache
def drawn(number: int) -> dict[str, Figure]:
    return figures_of(whole(number), pictures=False)


@pytest.mark.parametrize("number", [2, 8])
def test_every_figure_is_there_and_complete(number: int) -> None:
    figures = drawn(number)
    assert tuple(figures) == KEYS
    for key, figure in figures.items():
        soup = BeautifulSoup(figure.html(), "html.parser")
        assert soup.figure is not None
        assert soup.figure["id"] == f"figure-{key}"
        assert soup.figure.has_attr("data-figure-panels")
        plots = soup.select(".plot[role=img]")
        assert len(plots) == len(figure.panels) or figure.after
        assert all(len(str(each["aria-label"])) > 30 for each in plots)
        assert soup.select_one("figcaption .figure-number") is not None
        assert soup.select("details.numbers table") or figure.after
        ids = [str(each["id"]) for each in soup.select("[id]")]
        assert len(ids) == len(set(ids))
        assert all(soup.find(id=each["for"]) for each in soup.select("label"))


def test_every_part_of_a_panel_can_be_hidden_and_every_button_hides_one() -> None:
    for figure in drawn(2).values():
        if not figure.keys or figure.key == "similarity":
            continue
        groups = {trace["legendgroup"] for panel in figure.panels for trace in panel.data}
        buttons = {key.group for key in figure.keys if not key.fixed}
        assert buttons <= groups
        assert groups - buttons <= {"spans"}


def test_every_mark_of_a_legend_has_a_look() -> None:
    styled = set(re.findall(r"\.([a-z][a-z-]*)", CSS.read_text("utf-8")))
    marks = {
        name
        for number in (2, 8)
        for figure in drawn(number).values()
        for key in figure.keys
        for name in key.mark.split()
    }
    assert len(marks) > 15
    assert marks - {"solid"} <= styled


def test_nothing_measured_makes_no_figure() -> None:
    assert figures_of(run_of(Made(), photos=False)) == {}


@pytest.mark.parametrize("number", [2, 8])
def test_hostile_names_stay_text(number: int) -> None:
    seen = set()
    for key, figure in drawn(number).items():
        soup = BeautifulSoup(figure.html(), "html.parser")
        assert {each.get("type") for each in soup.find_all("script")} <= {"application/json"}
        assert not soup.find_all(["b", "i"])
        if "<script>alert" in soup.get_text(" "):
            seen.add(key)
        for plot in soup.select("script[type]"):
            assert json.loads(plot.string or "")["data"]
            assert "<script" not in (plot.string or "")
    assert seen >= set(KEYS) - {"quality", "recall"}


def test_controls_have_no_bar_and_no_choice() -> None:
    control = run_of(probe_run(0.5, controls=True))
    for figure in figures_of(control, pictures=False).values():
        for panel in figure.panels:
            assert "DCT energies" not in str(panel.layout.get("annotations", ""))
        assert ", untrained" not in str([each.rows for _, each in figure.tables])


@pytest.mark.parametrize("number", [2, 10])
def test_panels_name_the_photos_where_there_are_several_sets(number: int) -> None:
    made = many(number) + on_dataset(many(number), "there")
    figures = figures_of(run_of(made, photos=False), pictures=False)
    for key in set(PANELS) - {"layers"}:
        titles = [panel.title for panel in figures[key].panels]
        places = {title.rsplit(", ", 1)[1] for title in titles}
        assert places == {"holiday photos", "there"}, key
        assert len(titles) == len(set(titles))


@pytest.mark.parametrize("number", [1, FEW, FEW + 1, 47])
def test_every_encoder_has_its_bar_in_every_panel(number: int) -> None:
    figures = figures_of(run_of(many(number, (probe_run,)), photos=False), pictures=False)
    for key in ("processing", "paired", "labels"):
        for panel in figures[key].panels:
            bars = [each for each in panel.data if each["type"] == "bar"]
            assert sum(len(each["x"]) for each in bars) == number
            heights = [y for each in bars for y in each["y"]]
            assert len(set(heights)) == number
            assert panel.dense is (number > FEW)


def test_all_panels_of_47_encoders_stay_below_a_megabyte() -> None:
    figures = figures_of(run_of(many(47)), pictures=False)
    assert sum(len(str(panel.json)) for each in figures.values() for panel in each.panels) < 10**6


def test_the_download_holds_every_row_as_numbers() -> None:
    run = run_of(many(47, (probe_run,)), photos=False)
    figure = figures_of(run, pictures=False)["processing"]
    link = BeautifulSoup(figure.html(), "html.parser").select_one("a.download")
    assert link is not None
    assert link["download"] == "latentprint-processing.csv"
    rows = list(csv.DictReader(io.StringIO(unquote(str(link["href"]).split(",", 1)[1]))))
    for name in ("encoder", "verdict", "learned", "direction"):
        found = [row.get(name, "") for row in rows]
        assert found == [each[name] for each in run.probes]
    for name in ("value", "low", "high", "twin", "colour", "dct", "q"):
        assert [float(row[name]) for row in rows] == pytest.approx(
            [each[name] for each in run.probes], rel=1e-5, abs=1e-9
        )


def test_every_section_is_of_an_experiment_and_has_its_own_key() -> None:
    keys = [each.key for each in SECTIONS]
    assert len(keys) == len(set(keys)) == 16
