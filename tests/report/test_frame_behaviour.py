"""Figures in the frames of a post, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentprint.report import write_figures
from tests.browser import accessibility_violations, opened, sync_api, wait_for

NAMES = ("sim_dist", "acc_processing_prediction", "acquisition_plots_ninety", "ndidscatter",
         "neighbours")  # fmt: skip
SHOWN = "[...document.querySelectorAll('.panel')].filter(each => each.offsetWidth)"
DRAWN = f"{SHOWN}.every(each => each.querySelector('.main-svg'))"
SPILT = """
() => [...document.querySelectorAll('.framed > :not(.spoken), .main-svg')]
  .filter(each => each.getClientRects().length)
  .map(each => [each.getAttribute('class'), each.getBoundingClientRect()])
  .filter(([_, box]) => box.right > innerWidth + 1 || box.bottom > innerHeight + 1)
  .map(([name, box]) => `${name}: ${box.right} x ${box.bottom}`)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("frames")
    write_figures([], out, published=True)
    return out


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_fits_its_frame(browser: sync_api.Browser, folder: Path, name: str) -> None:
    size = {"width": 1000, "height": 500}
    with opened(browser, (folder / f"{name}.html").as_uri(), viewport=size) as (page, seen):
        for width, height in ((1000, 500), (704, 500), (350, 500), (1000, 500)):
            page.set_viewport_size({"width": width, "height": height})
            wait_for(page, f"innerWidth === {width} && {DRAWN}")
            wait_for(page, f"({SPILT})().length === 0")
        assert seen.all == []


def test_a_large_frame_shows_names_and_more_panels_and_all_can_be_reached(
    browser: sync_api.Browser, folder: Path
) -> None:
    address = (folder / "acc_processing_prediction.html").as_uri()
    named = "document.querySelector('.plot').textContent.includes('CLIP (ViT-B/16, WIT)')"
    titles = f"{SHOWN}.map(each => each.querySelector('.panel-title').textContent)"
    with opened(browser, address, viewport={"width": 1000, "height": 500}) as (page, _):
        wait_for(page, DRAWN)
        assert not page.evaluate(named)
        page.set_viewport_size({"width": 1000, "height": 1100})
        wait_for(page, named)
        page.set_viewport_size({"width": 1000, "height": 500})
        wait_for(page, f"innerHeight === 500 && {DRAWN} && !{named}")
        wide = page.evaluate(titles)
        assert len(wide) == 4
        page.get_by_role("button", name="On", exact=True).click()
        wait_for(page, DRAWN)
        rest = page.evaluate(titles)
        assert len({*wide, *rest}) == 8
        page.set_viewport_size({"width": 350, "height": 500})
        wait_for(page, f"{SHOWN}.length === 1")
        seen = []
        options = page.locator(".pager option")
        for place in range(options.count()):
            page.locator(".pager select").select_option(index=place)
            seen += page.evaluate(titles)
        assert seen == [*wide, *rest]


def test_the_keyboard_reads_points_and_the_numbers_unfold(
    browser: sync_api.Browser, folder: Path
) -> None:
    address = (folder / "ndidscatter.html").as_uri()
    with opened(browser, address, viewport={"width": 704, "height": 500}) as (page, _):
        wait_for(page, DRAWN)
        page.locator(".stage").first.focus()
        page.keyboard.press("ArrowRight")
        wait_for(page, "document.querySelector('.spoken').textContent.includes('published')")
        page.get_by_text("About this figure").click()
        page.get_by_text("Numbers: published encoders").click()
        assert page.locator("tbody tr").count() == 47
        page.keyboard.press("Escape")
        assert not page.locator(".sheet").is_visible()


def test_a_figure_is_light_or_dark_and_everyone_can_use_it(
    browser: sync_api.Browser, folder: Path
) -> None:
    address = (folder / "sim_dist.html").as_uri()
    with opened(browser, address, viewport={"width": 704, "height": 500}) as (page, _):
        wait_for(page, DRAWN)
        for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 23, 27)")):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
            assert accessibility_violations(page) == []


def test_a_figure_follows_the_theme_of_the_page_around_it(
    browser: sync_api.Browser, folder: Path, tmp_path: Path
) -> None:
    figure = (folder / "sim_dist.html").as_uri()
    post = tmp_path / "post.html"
    post.write_text(f'<iframe src="{figure}" width="704" height="500"></iframe>')
    dark = "document.documentElement.dataset.theme === 'dark'"
    with opened(browser, post.as_uri()) as (page, _):
        frame = page.frames[1]
        frame.wait_for_load_state()
        assert not frame.evaluate(dark)
        page.evaluate("frames[0].postMessage({theme: 'dark'}, '*')")
        frame.wait_for_function(dark)
