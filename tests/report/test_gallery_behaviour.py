"""Figures of pictures in a real browser, within the page of an article."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from latentprint.article.document import parse_article
from latentprint.article.page import render_page
from latentprint.report.inputs import Run
from latentprint.report.sections.confusion import confusion_figure
from latentprint.report.sections.correlation_figure import correlation_figure
from latentprint.report.sections.galleries import gallery_figure
from latentprint.report.sections.pairs_grid import SHOWN as GRIDS
from latentprint.report.sections.pairs_grid import SUBJECTS, pairs_grid_figure
from latentprint.report.sections.similarity_figure import similarity_figure
from latentprint.words import Experiment
from tests.browser import (
    WIDTHS,
    opened,
    overflowing,
    resize,
    sync_api,
    violations_in_both_schemes,
    wait_for,
)
from tests.report.made_runs import (
    correlation_run,
    influence_run,
    many,
    pairs_run,
    probe_run,
    run_of,
    similarity_run,
    write_photos,
)

SHOWN = """
selector => [...document.querySelectorAll(selector)].filter(each => each.checkVisibility()).length
"""
OPACITIES = """
kind => [...document.querySelectorAll('#pairs-choice-0 .photo' + kind)]
  .map(each => Number(getComputedStyle(each).opacity))
"""
FOCUSED = "document.activeElement.dataset.pair"


def page_of(run: Run) -> str:
    made = (similarity_figure(run), gallery_figure(run), pairs_grid_figure(run),
            correlation_figure(run), confusion_figure(run))  # fmt: skip
    figures = [each for each in made if each is not None]
    marks = "\n\n".join(f'<d-figure src="{each.path}"></d-figure>' for each in figures)
    files = {each.path: each.html() for each in figures}
    text = f"---\ntitle: Pictures\n---\n\n## Measured\n\nSome text.\n\n{marks}\n"
    return render_page(parse_article(text, folder=None, files=files))


@cache
def run_in(folder: Path | None = None) -> Run:
    """Five encoders; the first has no traces, and the third some."""
    made = many(5, (probe_run, influence_run, similarity_run, pairs_run)) + correlation_run(0.6)
    return run_of(made, root=folder, photos=False)


def record_of(experiment: Experiment, number: int) -> dict[str, Any]:
    """What was recorded of some encoder, the first of its records."""
    names = list(dict.fromkeys(row["encoder"] for row in run_in().rows))
    every = run_in().details_of(experiment)
    return next(each for each in every if each["encoder"] == names[number])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = write_photos(tmp_path_factory.mktemp("pictures"))
    path = folder / "page.html"
    path.write_text(page_of(run_in(folder)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: sync_api.Browser, address: str) -> Iterator[sync_api.Page]:
    """The page, at a laptop's width; nothing may go wrong on it."""
    with opened(browser, address, viewport={"width": 1280, "height": 900}) as (page, seen):
        yield page
        assert seen.all == []


def shown(page: sync_api.Page, selector: str) -> int:
    found: int = page.evaluate(SHOWN, selector)
    return found


def test_the_set_ups_of_the_chosen_query_stand_side_by_side_and_alone_on_paper(
    page: sync_api.Page,
) -> None:
    record = record_of(Experiment.NEIGHBOUR_GALLERY, 2)
    assert shown(page, "#figure-galleries .choice") == 1
    page.locator("#galleries-choice").select_option(index=4)
    assert shown(page, "#figure-galleries .choice") == 1
    assert page.locator("#galleries-choice-4 .tile.query").is_visible()
    setups = page.locator("#galleries-choice-4 .setup")
    boxes = [each.bounding_box() for each in setups.all()]
    assert len(boxes) == len(record["setups"]) == 3
    assert len({box["y"] for box in boxes if box}) == 1
    lefts = [box["x"] for box in boxes if box]
    assert lefts == sorted(set(lefts))
    for setup, recorded in zip(setups.all(), record["setups"], strict=True):
        right = sum(photo["right"] for photo in recorded["neighbours"][:10])
        for selector, number, style in (
            (".right", right, "solid"),
            (".wrong", 10 - right, "dashed"),
        ):
            tiles = setup.locator(f"li.tile{selector}")
            assert tiles.count() == number
            styles = tiles.evaluate_all(
                "all => all.map(each => getComputedStyle(each).borderTopStyle)"
            )
            assert set(styles) <= {style}
    page.set_viewport_size({"width": 390, "height": 900})
    tops = [box["y"] for each in setups.all() if (box := each.bounding_box())]
    assert tops == sorted(set(tops))
    page.emulate_media(media="print")
    assert shown(page, ".chooser") == 0
    assert shown(page, "#figure-galleries .choice") == 1
    assert page.locator("#galleries-choice-4 .choice-title").is_visible()


def test_pointing_at_a_photo_dims_all_others_in_both_grids_and_so_do_keys(
    page: sync_api.Page,
) -> None:
    grid = page.locator("#pairs-choice-0")
    grid.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    assert set(page.evaluate(OPACITIES, "")) == {1}
    for side in (0, 1):
        grid.locator(".mosaic").nth(side).locator(".photo").nth(3).hover()
        assert page.evaluate(OPACITIES, '[data-pair="3"]') == [1, 1]
        others = page.evaluate(OPACITIES, ':not([data-pair="3"])')
        assert len(others) == 2 * (SUBJECTS - 1)
        assert max(others) < 0.5
        assert shown(page, "#pairs-choice-0 .match") == 1
        subject = record_of(Experiment.NEAR_DUPLICATE, 0)["pairs"][3]["subject"]
        assert subject in grid.locator(".match:not([hidden]) .match-title").inner_text()
    page.mouse.move(0, 0)
    assert set(page.evaluate(OPACITIES, "")) == {1}

    page.locator("#pairs-choice").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "0"
    match = page.locator("#pairs-choice-0 .match:not([hidden])")
    first = record_of(Experiment.NEAR_DUPLICATE, 0)["pairs"][0]["galleries"][0]
    assert f"rank {first['rank']} of {first['photos']}" in match.inner_text()
    for key, pair in (("ArrowRight", "1"), ("End", "23"), ("ArrowLeft", "22"), ("ArrowUp", "16"),
                      ("ArrowDown", "22"), ("Home", "0"), ("ArrowLeft", "0")):  # fmt: skip
        page.keyboard.press(key)
        assert page.evaluate(FOCUSED) == pair, key
        assert page.evaluate(OPACITIES, f'[data-pair="{pair}"]') == [1, 1]
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "0"
    assert page.locator("#pairs-choice-0 .mosaic").nth(1).locator(":focus").count() == 1
    page.keyboard.press("Escape")
    assert set(page.evaluate(OPACITIES, "")) == {1}


def test_a_tap_shows_the_pair(browser: sync_api.Browser, address: str) -> None:
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
    with opened(browser, address, **phone) as (page, seen):
        page.locator("#pairs-choice-0 .photo").nth(2).tap()
        assert page.evaluate(OPACITIES, '[data-pair="2"]') == [1, 1]
        assert max(page.evaluate(OPACITIES, ':not([data-pair="2"])')) < 0.5
        assert seen.all == []


def test_cells_are_named_and_a_chosen_plot_draws_and_follows_the_theme(
    page: sync_api.Page,
) -> None:
    def colour(number: int) -> str:
        cell = page.locator(f"#confusion-choice-{number} .xtick text").first
        found: str = cell.evaluate("each => getComputedStyle(each).fill")
        return found

    def drawn(number: int) -> str:
        return f"!!document.querySelector('#confusion-choice-{number} .main-svg')"

    chooser = page.locator("#confusion-choice")
    chooser.scroll_into_view_if_needed()
    wait_for(page, drawn(0))

    record = record_of(Experiment.PROCESSING_PROBE, 0)
    page.locator("#confusion-choice-0 .stage").focus()
    page.keyboard.press("ArrowRight")
    text = page.locator("#confusion-choice-0 .hovertext").text_content() or ""
    assert f"is {record['classes'][0]}" in text
    assert f"{100 * record['confusion'][0][0]:.1f}% of its test photos" in text
    page.keyboard.press("Escape")

    light = colour(0)
    chooser.select_option(value="confusion-choice-5")
    wait_for(page, drawn(5))
    assert shown(page, "#figure-confusion .plot") == 1
    page.locator("button.theme").click()
    chooser.select_option(index=0)
    page.wait_for_timeout(200)
    assert colour(0) != light


def test_axe_finds_nothing_and_nothing_sticks_out_whatever_is_chosen(page: sync_api.Page) -> None:
    page.locator("#pairs-choice-0 .photo").nth(2).focus()
    page.locator("#pairs-choice-0 .photo").nth(2).blur()
    assert violations_in_both_schemes(page) == []

    for place in (0, 1):
        for chooser in page.locator(".chooser select").all():
            chooser.select_option(index=place)
            chooser.scroll_into_view_if_needed()
        for width in WIDTHS:
            resize(page, width)
            assert overflowing(page) == []


def test_without_javascript_everything_is_shown_one_under_another(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address, java_script_enabled=False) as (page, _):
        figure = page.locator("#figure-galleries")
        assert not figure.locator(".chooser").is_visible()
        assert not figure.get_by_role("tablist").first.is_visible()
        for selector in (".choice", ".setup", ".setup-title", "li.tile"):
            every = figure.locator(selector)
            assert every.count() >= 10
            assert all(each.is_visible() for each in (every.first, every.last))
        matches = page.locator("#figure-pairs .match")
        assert matches.count() == GRIDS * SUBJECTS
        assert matches.last.is_visible()
        assert page.locator("#figure-confusion table").last.is_visible()


def test_a_page_without_such_figures_has_no_script_for_them(tmp_path: Path) -> None:
    plain = render_page(parse_article("---\ntitle: T\n---\n\nText.\n", folder=tmp_path))
    assert "data-gallery" not in plain
