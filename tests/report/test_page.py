"""The page in a real browser."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from latentprint.report import write_report
from tests.browser import (
    WIDTHS,
    heading_levels,
    opened,
    overflowing,
    resize,
    sync_api,
    violations_in_both_schemes,
    wait_for,
)
from tests.report.conftest import SECOND, Large
from tests.report.made_runs import Made, influence_run, probe_run, write_made

# What a list of choices hides is drawn when it is chosen.
_SHOWN = "[...document.querySelectorAll('.plot')].filter(each => each.offsetParent)"
_ALL_DRAWN = f"{_SHOWN}.length > 0 && {_SHOWN}.every(each => each.querySelector('svg.main-svg'))"


@pytest.fixture(scope="module")
def address(whole_run: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(whole_run, tmp_path_factory.mktemp("page") / "report.html").as_uri()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of one encoder: what checks every element takes too long on a large one."""
    kept = [row for row in probe_run(0.5).rows if row.attribute in ("sharpening", "make")]
    made = Made([*kept, *influence_run(0.5).rows])
    folder = write_made(made, tmp_path_factory.mktemp("small") / "run", photos=False)
    return write_report(folder).as_uri()


def drawn(page: sync_api.Page) -> None:
    """Have every figure drawn, as before printing, without waiting till each has been seen."""
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    wait_for(page, _ALL_DRAWN)
    page.evaluate("dispatchEvent(new Event('afterprint'))")


def test_all_is_in_order_and_drawn_and_fits_without_errors_or_requests(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address, viewport={"width": 1280, "height": 900}) as (page, troubles):
        levels = heading_levels(page)
        assert levels.count(1) == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise([0, *levels]))
        assert page.get_attribute("html", "lang") == "en"
        plots = page.locator(".plot")
        assert all(len(plot.get_attribute("aria-label") or "") > 20 for plot in plots.all())
        numbers = page.locator(".figure-number").all_inner_texts()
        assert numbers == [f"Figure {at}." for at in range(1, len(numbers) + 1)]
        assert len(numbers) >= 10
        link = page.get_by_role("navigation").get_by_role("link", name="How this was measured")
        link.click()
        current = "document.querySelector('nav [aria-current]')?.textContent.trim()"
        wait_for(page, f"{current} === 'How this was measured'")
        assert page.get_by_role("heading", name="How this was measured").is_visible()

        drawn(page)
        traces = page.evaluate(
            f"{_SHOWN}.map(each => each.querySelectorAll('.trace, .hm, .shape-group').length)"
        )
        assert min(traces) > 0
        hostile = " ".join(SECOND.split())
        assert page.get_by_text(hostile).first.is_visible()
        assert page.evaluate("[...document.scripts].every(each => !each.src)")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for width in WIDTHS:
            resize(page, width)
            wait_for(page, f"document.documentElement.scrollWidth <= {width}")
            assert overflowing(page) == []
        assert troubles.all == []


def test_48_encoders_have_room(browser: sync_api.Browser, large: Large) -> None:
    address = large.page.as_uri()
    with opened(browser, address, viewport={"width": 390, "height": 900}) as (page, troubles):
        drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert overflowing(page) == []
        assert troubles.all == []


def test_without_javascript_text_and_tables_are_there(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address, java_script_enabled=False) as (page, _):
        tables = page.locator("details.numbers table")
        assert tables.count() >= 8
        assert all(table.is_visible() for table in tables.all())
        assert page.get_by_text("Carried by the embedding: sharpening").first.is_visible()
        assert page.locator("noscript p").first.is_visible()


def test_nothing_is_hard_to_reach_or_to_see(browser: sync_api.Browser, small: str) -> None:
    with opened(browser, small) as (page, _):
        drawn(page)
        assert violations_in_both_schemes(page) == []
