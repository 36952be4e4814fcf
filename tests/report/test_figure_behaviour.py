"""Figures in a real browser, within the page of an article."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from latentprint.article.document import parse_article
from latentprint.article.page import render_page
from latentprint.words import Verdict
from tests.browser import (
    WIDTHS,
    opened,
    overflowing,
    resize,
    sync_api,
    violations_in_both_schemes,
    wait_for,
)
from tests.report.made_runs import HOSTILE, figures_of, layers_run, many, run_of

KEYS = ("processing", "paired", "labels", "neighbours", "layers", "recall", "curves", "quality")
SHOW_ALL = """
async () => {
  for (const each of document.querySelectorAll('.plot')) {
    each.scrollIntoView({block: 'center'});
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
}
"""
DRAWN = "[...document.querySelectorAll('.plot')].every(each => each.querySelector('.main-svg'))"
LABEL = "document.querySelector('#figure-{key} .hovertext')?.textContent ?? ''"
SPOKEN = "document.querySelector('#figure-{key} .spoken').textContent"


def page_text(number: int) -> str:
    run = run_of(many(number) + layers_run(HOSTILE, "yours"))
    drawn = figures_of(run, pictures=False)
    figures = {key: drawn[key] for key in KEYS}
    marks = "\n\n".join(f'<d-figure src="{each.path}"></d-figure>' for each in figures.values())
    files = {each.path: each.html() for each in figures.values()}
    text = f"---\ntitle: Figures\n---\n\n## Measured\n\nSome text.\n\n{marks}\n"
    return render_page(parse_article(text, folder=None, files=files))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], str]:
    """Where the page of so many encoders lies, written when it is asked for."""
    folder = tmp_path_factory.mktemp("figures")

    @cache
    def written(number: int) -> str:
        path = folder / f"{number}.html"
        path.write_text(page_text(number), encoding="utf-8")
        return path.as_uri()

    return written


def figure(page: sync_api.Page, key: str) -> sync_api.Locator:
    """A figure, drawn."""
    found = page.locator(f"#figure-{key}")
    found.locator(".plot").first.scroll_into_view_if_needed()
    wait_for(page, f"!!document.querySelector('#figure-{key} .plot .main-svg')")
    return found


@pytest.mark.parametrize("number", [5, 47])
def test_figures_draw_as_they_come_near_and_fit_every_width(
    browser: sync_api.Browser, address: Callable[[int], str], number: int
) -> None:
    with opened(browser, address(number), viewport={"width": 1280, "height": 900}) as (page, seen):
        assert not page.evaluate(DRAWN)
        for width in WIDTHS:
            resize(page, width)
            page.evaluate(SHOW_ALL)
            wait_for(page, DRAWN)
            wait_for(
                page,
                "[...document.querySelectorAll('.plot')].every(each => Math.abs("
                "each.querySelector('.main-svg').getBoundingClientRect().width"
                " - each.clientWidth) <= 1)",
            )
            assert overflowing(page) == []
        drawn = page.evaluate(
            "[...document.querySelectorAll('.plot')]"
            ".map(each => each.querySelectorAll('.points path, .js-line').length)"
        )
        assert min(drawn) > 0
        assert seen.all == []


def test_dense_rows_have_their_names_once_labels_under_the_pointer_and_room_on_paper(
    browser: sync_api.Browser, address: Callable[[int], str]
) -> None:
    with opened(browser, address(47), viewport={"width": 1280, "height": 900}) as (page, _):
        found = figure(page, "labels")
        names = (
            "String([...document.querySelectorAll('#figure-labels .plot')]"
            ".map(each => each.querySelectorAll('.ytick').length > 40))"
        )
        wait_for(page, f"{names} === 'true,false'")
        boxes = [each.bounding_box() for each in found.locator(".panel").all()]
        assert len({box["y"] for box in boxes if box}) == 1

        bars = figure(page, "processing")
        box = bars.locator(".bars .point").nth(3).bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)
        wait_for(page, f"{LABEL.format(key='processing')}.includes('40 test photos')")
        label = page.evaluate(LABEL.format(key="processing"))
        assert "%" in label
        assert " to " in label
        assert any(verdict in label for verdict in Verdict)

        rows = bars.locator(".ytick")
        before = rows.count()
        bars.get_by_role("button", name="SUP: supervised").click()
        assert rows.count() == before - 12  # eleven encoders and their family
        assert "ResNet" not in bars.locator(".panels").inner_text()

        resize(page, 390)
        wait_for(page, f"{names} === 'true,true'")

        resize(page, 1280)
        assert not page.evaluate(DRAWN)
        page.emulate_media(media="print")
        wait_for(page, DRAWN)
        widths = page.evaluate(
            "[...document.querySelectorAll('.plot .main-svg')]"
            ".map(each => each.getBoundingClientRect().width)"
        )
        assert max(widths) <= 640
        assert page.locator("#figure-labels .ytick").count() > 2 * 47


def test_the_keyboard_reaches_points_and_hears_them_with_hostile_names_as_text(
    browser: sync_api.Browser, address: Callable[[int], str]
) -> None:
    with opened(browser, address(5)) as (page, seen):
        for key in KEYS:
            stage = figure(page, key).locator(".stage").first
            assert stage.get_attribute("role") == "application"
            stage.focus()
            page.keyboard.press("ArrowDown")
            label, spoken = LABEL.format(key=key), SPOKEN.format(key=key)
            wait_for(page, f"({label}).length > 0")
            first = page.evaluate(spoken)
            assert first.split(", ")[0].split(" ")[0] in page.evaluate(label)
            page.keyboard.press("ArrowRight")
            second = page.evaluate(spoken)
            page.keyboard.press("PageDown")
            series = page.evaluate(spoken)
            page.keyboard.press("End")
            last = page.evaluate(spoken)
            assert len({first, second, last}) == 3
            if key == "recall":
                assert last.startswith("Mine <script>alert(1)</script>")
                wait_for(page, f"({label}).includes('<b>0123')")
            # The arrows of intervals that leave the axis are a series, perhaps of the first points.
            assert series != second
            page.keyboard.press("Home")
            assert page.evaluate(spoken) == first
            page.keyboard.press("Escape")
            wait_for(page, f"({label}) === ''")
            assert page.evaluate(spoken) == ""
            assert not page.evaluate("document.activeElement.matches('.stage')")
        assert seen.all == []


def test_the_label_of_a_point_moves_with_it_when_its_plot_is_drawn_anew(
    browser: sync_api.Browser, address: Callable[[int], str]
) -> None:
    label = LABEL.format(key="recall")
    place = (
        "(() => { const [plot, label] = ['.plot', '.hovertext'].map(each =>"
        " document.querySelector('#figure-recall ' + each)?.getBoundingClientRect());"
        " return label ? `${label.x - plot.x}, ${label.y - plot.y}` : ''; })()"
    )

    def reached(width: int) -> str:
        resize(page, width)
        figure(page, "recall").locator(".stage").first.focus()
        page.keyboard.press("Home")
        wait_for(page, f"({label}).length > 0")
        return str(page.evaluate(place))

    def left() -> None:
        page.keyboard.press("Escape")
        wait_for(page, f"({label}) === ''")

    with opened(browser, address(5)) as (page, seen):
        narrow = reached(700)
        left()
        assert reached(1280) != narrow
        resize(page, 700)
        wait_for(page, f"{place} === '{narrow}'")
        left()
        resize(page, 1280)
        assert page.evaluate(label) == ""
        assert seen.all == []


def test_legends_hide_and_show_parts_of_their_own_figure_and_numbers_are_downloaded(
    browser: sync_api.Browser, address: Callable[[int], str], tmp_path: Path
) -> None:
    with opened(browser, address(5)) as (page, seen):
        page.evaluate(SHOW_ALL)
        points = page.locator("#figure-processing .plot .points path")
        others = page.locator("#figure-labels .plot .points path")
        before, apart = points.count(), others.count()
        key = page.locator("#figure-processing").get_by_role("button", name="47 published")
        key.focus()
        page.keyboard.press("Enter")
        assert key.get_attribute("aria-pressed") == "false"
        assert points.count() == before - 47
        assert "47 published" not in page.locator("#figure-processing .panels").inner_text()
        assert others.count() == apart
        key.click()
        assert key.get_attribute("aria-pressed") == "true"
        assert points.count() == before

        with page.expect_download() as started:
            page.locator("#figure-processing a.download").click()
        assert started.value.suggested_filename == "latentprint-processing.csv"
        started.value.save_as(tmp_path / "numbers.csv")
        text = (tmp_path / "numbers.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == 5
        assert rows[-1]["encoder"] == HOSTILE
        assert seen.messages == []


def test_figures_follow_the_theme(browser: sync_api.Browser, address: Callable[[int], str]) -> None:
    mark = "getComputedStyle(document.querySelector('#figure-recall .points path')).fill"
    wanted = (
        "(() => { const each = document.createElement('i'); each.style.color = "
        "'var(--cvl)'; document.body.append(each); const found = getComputedStyle(each).color; "
        "each.remove(); return found; })()"
    )
    with opened(browser, address(5), color_scheme="light") as (page, _):
        figure(page, "recall")
        colours = [page.evaluate(mark)]
        assert colours[0] == page.evaluate(wanted)
        page.emulate_media(color_scheme="dark")
        wait_for(page, f"{mark} === {wanted}")
        colours.append(page.evaluate(mark))
        page.get_by_role("button", name="Dark").click()
        assert page.get_attribute("html", "data-theme") == "light"
        wait_for(page, f"{mark} === {wanted}")
        colours.append(page.evaluate(mark))
        assert colours[0] == colours[2] != colours[1]


def test_without_javascript_the_numbers_are_there(
    browser: sync_api.Browser, address: Callable[[int], str]
) -> None:
    with opened(browser, address(5), java_script_enabled=False) as (page, _):
        tables = page.locator("details.numbers table")
        assert tables.count() >= len(KEYS)
        assert all(table.is_visible() for table in tables.all())
        assert page.locator(".keys button:enabled").count() == 0
        assert page.locator("noscript p").first.is_visible()


def test_figures_are_accessible(browser: sync_api.Browser, address: Callable[[int], str]) -> None:
    with opened(browser, address(1)) as (page, _):
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.evaluate(SHOW_ALL)
        assert violations_in_both_schemes(page) == []
