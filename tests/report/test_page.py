"""The page in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from latentprint.report import write_report
from tests.report.conftest import write_run

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PARTS = 16
"""Tables behind the figures: three of probes, three of published ones, one for each other part."""

WIDTHS = (390, 768, 1280, 1920)
PANELS = 4 + 4 + 3 + 11 + 4 + 4 + 2 + 1 + 1 + 1
"""Processing, paired, labels, learning curves, variance, neighbours, similarity, pairs,
correlation, quality of the files."""


def wait_for(page: sync_api.Page, condition: str) -> None:
    """Wait for a condition; the page's own policy forbids Playwright's wait_for_function."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"this never came true: {condition}")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(write_run(tmp_path_factory.mktemp("page"))).as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium was found on the path")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(Path(chromium)), args=["--no-sandbox"]
        )
        yield started
        started.close()


def test_figures_draw_without_errors_or_requests(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page()
    troubles: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append("a name was run as a script"))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    wait_for(page, f"document.querySelectorAll('.plot svg.main-svg').length >= {PANELS}")
    drawn = page.evaluate(
        "[...document.querySelectorAll('.plot')]"
        ".map(each => each.querySelectorAll('.trace, .hm').length)"
    )
    assert len(drawn) == PANELS
    assert min(drawn) > 0
    assert troubles == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    page.close()


def test_no_width_scrolls_sideways(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        wait_for(
            page,
            "[...document.querySelectorAll('.main-svg')]"
            ".every(each => each.getBoundingClientRect().right <= innerWidth)",
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_keys_hide_and_show_parts(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    points = page.locator("#figure-processing .point")
    before = points.count()
    key = page.locator("#figure-processing").get_by_role("button", name="Published CVL")
    key.click()
    assert key.get_attribute("aria-pressed") == "false"
    assert points.count() == before - 4 * 24
    key.click()
    assert points.count() == before
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_follow_the_colour_scheme(
    browser: sync_api.Browser, address: str, scheme: str
) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "light" else "light")
    page.goto(address)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    expected = {"light": "rgb(128, 137, 211)", "dark": "rgb(106, 116, 196)"}[scheme]
    bar = "getComputedStyle(document.querySelector('#figure-processing .bars path')).fill"
    wait_for(page, f"{bar} === '{expected}'")
    page.close()


def test_without_javascript_the_tables_are_there(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(address)
    tables = page.locator("details.numbers table")
    assert tables.count() >= PARTS
    assert all(table.is_visible() for table in tables.all())
    assert not page.locator("details.matrices table").first.is_visible()
    assert page.locator("noscript p").first.is_visible()
    page.close()


def test_headings_are_in_order_and_figures_are_described(
    browser: sync_api.Browser, address: str
) -> None:
    page = browser.new_page()
    page.goto(address)
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(each => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    plots = page.locator(".plot")
    assert all(len(plot.get_attribute("aria-label") or "") > 20 for plot in plots.all())
    assert page.get_attribute("html", "lang") == "en"
    page.close()


def test_pictures_are_drawn_and_framed_by_more_than_colour(
    browser: sync_api.Browser, address: str
) -> None:
    page = browser.new_page()
    page.goto(address)
    drawn = page.locator("svg.picture").first
    box = drawn.bounding_box()
    assert box is not None
    assert box["width"] > 60
    frames = page.evaluate(
        "['.tile.right', '.tile.wrong'].map(each => "
        "getComputedStyle(document.querySelector(each)).borderTopStyle)"
    )
    assert frames == ["solid", "dashed"]
    assert page.locator(".tile.wrong .judged").first.inner_text().strip() == "✗ wrong"
    page.close()


def test_the_keys_hide_a_curve(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    lines = page.locator("#figure-similarity .js-line")
    before = lines.count()
    page.get_by_role("button", name="diff semantic, diff metadata").click()
    assert lines.count() == before - 2
    page.close()
