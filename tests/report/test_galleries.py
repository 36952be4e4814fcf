"""Figures of pictures, curves and matrices: what they hold."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup

from latentprint.report import galleries, pairs_grid
from latentprint.report.figures.figure import Figure
from latentprint.report.inputs import Run
from latentprint.report.sections.confusion import confusion_figure
from latentprint.report.sections.correlation_figure import correlation_figure
from latentprint.report.sections.galleries import gallery_figure
from latentprint.report.sections.pairs_grid import pairs_grid_figure
from latentprint.report.sections.similarity_figure import similarity_figure
from tests.report.comparison_rows import CURVES, HOSTILE, correlation_json
from tests.report.picture_runs import CLASSES, DEVICES, SUBJECTS, picture_run, write_photos

MAKERS: dict[str, Callable[[Run], Figure | None]] = {
    "similarity": similarity_figure,
    "galleries": gallery_figure,
    "pairs": pairs_grid_figure,
    "correlation": correlation_figure,
    "confusion": confusion_figure,
}


@cache
def without_pictures(encoders: int) -> Run:
    return picture_run(None, encoders)


def made(figure: Figure | None) -> tuple[Figure, BeautifulSoup]:
    assert figure is not None
    return figure, BeautifulSoup(figure.html(), "html.parser")


def downloaded(soup: BeautifulSoup) -> list[dict[str, str]]:
    link = soup.select_one("a.download")
    assert link is not None
    text = unquote(str(link["href"]).partition(",")[2])
    return list(csv.DictReader(io.StringIO(text)))


def plot_data(soup: BeautifulSoup) -> list[dict[str, Any]]:
    return [json.loads(each.string or "") for each in soup.select("script[type]")]


@pytest.mark.parametrize("key", MAKERS)
@pytest.mark.parametrize("encoders", [1, 9])
def test_figures_are_complete_and_nothing_from_data_is_markup(key: str, encoders: int) -> None:
    figure, soup = made(MAKERS[key](without_pictures(encoders)))
    assert figure.key == key
    (box,) = soup.select("figure[data-figure-panels]")
    assert box["id"] == f"figure-{key}"
    assert box.select_one(".figure-number") is not None
    assert not soup.select("b, script:not([type='application/json'])")
    assert "alert(4)" in soup.get_text()
    ids = [str(each["id"]) for each in soup.select("[id]")]
    assert len(ids) == len(set(ids))
    assert all(soup.find(id=each["for"]) for each in soup.select("label"))
    assert all(str(each["aria-label"]) for each in soup.select("[role=img]"))


@pytest.mark.parametrize("key", MAKERS)
def test_what_was_not_recorded_has_no_figure(key: str) -> None:
    run = without_pictures(1)
    empty = replace(run, table=run.table.clear(), details=[], correlation=None)
    assert MAKERS[key](empty) is None


@pytest.mark.parametrize("key", ["similarity", "galleries", "pairs", "confusion"])
def test_controls_are_not_shown(key: str) -> None:
    _, soup = made(MAKERS[key](picture_run(None, 1, controls=True)))
    assert "noise" not in soup.get_text()


def test_a_figure_of_47_encoders_stays_small() -> None:
    run = without_pictures(47)
    assert sum(len(made(make(run))[0].html()) for make in MAKERS.values()) < 1_600_000


def test_a_gallery_shows_ten_neighbours_in_every_set_up(tmp_path: Path) -> None:
    write_photos(tmp_path)
    _, soup = made(gallery_figure(picture_run(tmp_path)))
    shown = soup.select(".neighbours")
    assert len(shown) == 4
    setups = shown[0].select(".setup")
    assert [each.select_one(".setup-title").get_text() for each in setups] == [  # type: ignore[union-attr]
        "all-same: 6 of 10 right", "pos-same: 9 of 10 right", "neg-same: 2 of 10 right"
    ]  # fmt: skip
    for setup, right in zip(setups, (6, 9, 2), strict=True):
        assert len(setup.select("li.tile.right")) == right
        assert len(setup.select("li.tile.wrong")) == 10 - right
        marks = [each.get_text(" ", strip=True) for each in setup.select(".judged")]
        assert marks == ["✓ right"] * right + ["✗ wrong"] * (10 - right)
    assert "JPEG75_420" in setups[0].get_text()
    assert "JPEG95_444" in setups[1].get_text()


def test_every_picture_is_embedded_once_and_told_in_words(tmp_path: Path) -> None:
    write_photos(tmp_path)
    _, soup = made(gallery_figure(picture_run(tmp_path)))
    images = {str(each["id"]) for each in soup.select("defs image")}
    assert len(images) == len(soup.select("defs image")) == 22
    used = {str(each["href"]).removeprefix("#") for each in soup.select("use")}
    assert used == images
    assert all(str(each["href"]).startswith("data:image/") for each in soup.select("image"))
    told = [str(each["aria-label"]) for each in soup.select(".setup .picture")]
    assert told[0] == "Photo 0.jpg, fish, right class"
    gone = soup.select(".picture.missing")
    assert len(gone) == 4 * 3
    assert all(each.get_text(strip=True) == "Picture not found" for each in gone)
    assert all("Picture not found" in str(each["aria-label"]) for each in gone)


@pytest.mark.parametrize("make", [gallery_figure, pairs_grid_figure])
def test_pictures_can_be_left_out(
    make: Callable[[Run, bool], Figure | None], tmp_path: Path
) -> None:
    write_photos(tmp_path)
    with_them, without = (made(make(picture_run(tmp_path), wanted))[1] for wanted in (True, False))
    assert with_them.select("image")
    assert not without.select("image, use, .sprite")
    assert "data:image" not in str(without)
    assert "3.jpg" in [each.get_text(strip=True) for each in without.select(".picture.missing")]


def test_a_name_stands_once_where_there_is_no_picture() -> None:
    _, soup = made(gallery_figure(without_pictures(1), pictures=False))
    tile = soup.select_one(".setup .tile")
    assert tile is not None
    assert tile.get_text(" ").count("0.jpg") == 1


def test_joined_runs_read_each_picture_from_its_own_folder(tmp_path: Path) -> None:
    parts = []
    for name in ("first", "second"):
        write_photos(tmp_path / name)
        part = picture_run(tmp_path / name)
        details = [{**each, "dataset": name} for each in part.details]
        parts.append(replace(part, details=details, settings={**part.settings, "dataset": name}))
    run = replace(
        parts[0],
        details=[each for part in parts for each in part.details],
        settings={},
        joined=tuple(parts),
    )
    _, soup = made(gallery_figure(run))
    assert len(soup.select("defs image")) == 44
    titles = [each.get_text() for each in soup.select(".choice-title")]
    assert sum("first" in each for each in titles) == sum("second" in each for each in titles) == 4


def test_galleries_are_as_many_of_every_encoder_as_there_is_room_for() -> None:
    figure, soup = made(gallery_figure(without_pictures(5)))
    groups = [str(each["label"]) for each in soup.select("optgroup")]
    assert len(groups) == 5
    assert len(soup.select(".neighbours")) == galleries.SHOWN < 5 * 4
    assert "12 of 20 galleries are shown" in figure.caption


def test_the_download_of_a_gallery_holds_every_neighbour() -> None:
    _, soup = made(gallery_figure(without_pictures(1)))
    rows = downloaded(soup)
    assert len(rows) == 4 * 3 * 10
    assert rows[0]["Set-up"] == "all-same"
    assert [each["Right"] for each in rows[:10]] == ["yes"] * 6 + ["no"] * 4
    assert float(rows[0]["Cosine similarity"]) == 0.95


def test_pairs_stand_in_two_grids_in_the_same_order(tmp_path: Path) -> None:
    write_photos(tmp_path)
    _, soup = made(pairs_grid_figure(picture_run(tmp_path)))
    grids = soup.select(".pairs")
    assert len(grids) == 2
    assert [each.get_text() for each in grids[0].select(".side-title")] == [
        f"Queries: {DEVICES[0]}",
        f"Targets: {DEVICES[1]}",
    ]
    sides = [
        [str(each["data-pair"]) for each in side.select("button.photo")]
        for side in grids[0].select(".mosaic")
    ]
    assert sides[0] == sides[1] == [str(each) for each in range(SUBJECTS)]
    assert "9 of 730 subjects" in grids[0].get_text()


def test_a_failure_is_marked_and_told(tmp_path: Path) -> None:
    write_photos(tmp_path)
    _, soup = made(pairs_grid_figure(picture_run(tmp_path)))
    (grid, _) = soup.select(".pairs")
    wrong = grid.select("button.photo.wrong")
    assert [each["data-pair"] for each in wrong] == ["0", "0"]
    assert {each.get_text(strip=True) for each in wrong} == {"✗ 7"}
    spoken = str(wrong[0]["aria-label"])
    assert spoken.startswith("Query 0.jpg, subject 0")
    assert "number 7 of 730 where distractors share the query's device" in spoken
    match = grid.select_one(".match")
    assert match is not None
    text = " ".join(match.get_text(" ").split())
    assert "rank 7 of 730 where distractors share the query's device" in text
    assert "Before it: subject 1, cosine 0.650 1.jpg" in text
    assert "rank 1 of 730 where distractors share the target's device. Next: subject 1" in text


def test_grids_are_as_many_as_there_is_room_for() -> None:
    figure, soup = made(pairs_grid_figure(without_pictures(9)))
    assert len(soup.select(".pairs")) == pairs_grid.SHOWN
    assert len(soup.select("optgroup")) == pairs_grid.SHOWN
    assert "8 of 18 grids are shown" in figure.caption


def test_few_distributions_stand_side_by_side_and_many_are_chosen_from() -> None:
    few, soup = made(similarity_figure(without_pictures(3)))
    assert len(few.panels) == 6
    assert not soup.select("select")
    many, soup = made(similarity_figure(without_pictures(9)))
    assert len(many.panels) == 6
    assert len(soup.select("option")) == 6
    assert len(soup.select(".choice .plot")) == 12
    assert [each.label for each in many.keys] == list(CURVES)


def test_curves_tell_class_by_colour_and_metadata_by_dash() -> None:
    _, soup = made(similarity_figure(without_pictures(1)))
    lines = [each["line"] for each in plot_data(soup)[0]["data"]]
    assert [each["color"] for each in lines] == [
        "var(--pos-same)", "var(--pos-same)", "var(--neg-same)", "var(--neg-same)"
    ]  # fmt: skip
    assert [each["dash"] for each in lines] == ["solid", "dash", "solid", "dash"]


def test_curves_are_those_that_were_recorded() -> None:
    run = without_pictures(1)
    _, soup = made(similarity_figure(run))
    recorded = run.details_of("similarity")[0]["curves"]
    for trace, curve in zip(plot_data(soup)[0]["data"], recorded, strict=True):
        assert trace["meta"].startswith(curve["setup"])
        assert trace["y"] == [round(each, 3) for each in curve["density"]]
        assert trace["x"][0] == 0.01
        assert len(trace["hovertext"]) == 43


def test_similarity_without_curves_keeps_its_numbers() -> None:
    figure, soup = made(similarity_figure(replace(without_pictures(1), details=[])))
    assert not figure.panels
    assert len(soup.select("details.numbers tbody tr")) == 2 * len(CURVES)


def test_cells_of_correlation_say_what_is_known() -> None:
    figure, soup = made(correlation_figure(without_pictures(1)))
    (data,) = plot_data(soup)[0]["data"]
    assert data["z"][0] == [1.0, None, 0.25, 0.25]
    assert data["text"][0] == ["1", "–", ".25", ".25"]
    with_class, between = data["hovertext"][0][2], data["hovertext"][2][3]
    assert "p = 0.002" in with_class
    assert "659 photos" in with_class
    assert "p =" not in between
    assert len(figure.tables[0][1].rows) == 3


def test_columns_stand_by_how_far_they_go_with_the_class() -> None:
    found = correlation_json()
    for column, v in zip(found["columns"], (0.1, 0.7, 0.4), strict=True):
        column["v"] = v
    figure = correlation_figure(replace(without_pictures(1), correlation=found))
    assert figure is not None
    names = figure.panels[0].layout["yaxis"]["ticktext"]
    assert names[:3] == ["label", "column 0", "column 1"]


def test_wide_correlations_are_cut_and_carry_no_numbers_in_cells() -> None:
    wide = replace(without_pictures(1), correlation=correlation_json(80))
    figure = correlation_figure(wide)
    assert figure is not None
    (data,) = figure.panels[0].data
    assert len(data["z"]) == len(data["z"][0]) == 60
    assert "text" not in data
    assert "21 columns are left out" in figure.caption


def test_a_matrix_is_that_of_its_probe_and_a_class_without_photos_says_so() -> None:
    figure, soup = made(confusion_figure(without_pictures(1)))
    first = plot_data(soup)[0]["data"][0]
    assert first["z"] == [[60.0, 30.0, 10.0], [25.0, 50.0, 25.0], [None, None, None]]
    assert "60.0% of its test photos" in first["hovertext"][0][0]
    assert "not tested" in first["hovertext"][2][0]
    rows = figure.tables[0][1].rows
    assert rows[0] == ("JPEG75", "60.0", "60.0", "30.0", "10.0")
    assert rows[2] == ("JPEG95", "not tested", "–", "–", "–")


def test_many_matrices_are_chosen_from_and_each_has_its_table() -> None:
    _, soup = made(confusion_figure(without_pictures(9)))
    assert len(soup.select(".choice .plot")) == len(soup.select(".choice table")) == 18
    assert soup.select_one(".spoken") is not None
    assert len(downloaded(soup)) == 18 * len(CLASSES)


def test_sets_of_many_classes_have_accuracies_only() -> None:
    run = without_pictures(1)
    names = [f"class {each}" for each in range(40)]
    record = next(each for each in run.details if "confusion" in each)
    shares = [[float(a == b) for a in range(40)] for b in range(40)]
    changed = {**record, "classes": names, "confusion": shares, "per_class": [100.0] * 40}
    figure, soup = made(confusion_figure(replace(run, details=[changed])))
    assert not figure.panels
    assert len(soup.select("tbody tr")) == 40
    assert [each.get_text() for each in soup.select("thead th")] == ["Class", "Accuracy"]


def test_hostile_class_names_are_text_in_the_plot() -> None:
    _, soup = made(confusion_figure(without_pictures(1)))
    plot = plot_data(soup)[0]
    assert "&lt;script&gt;" in plot["data"][0]["hovertext"][1][0]
    assert all("<script" not in each for each in plot["layout"]["xaxis"]["ticktext"])
    assert HOSTILE not in str(plot)
