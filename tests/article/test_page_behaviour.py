"""What a page does, in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from latentprint.article.page import render_page, write_article, write_page
from tests.article.page_document import DOCUMENT
from tests.browser import (
    WIDTHS,
    accessibility_violations,
    heading_levels,
    opened,
    overflowing,
    resize,
    sync_api,
    violations_in_both_schemes,
    wait_for,
)

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 800}
FIRST = ".citation a[href='#reference-1']"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("page") / "page.html"
    write_page(render_page(DOCUMENT), out)
    return out.as_uri()


def edges(page: sync_api.Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def tab_to(page: sync_api.Page, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
    pytest.fail(f"Tab never came to {selector}")


def test_everything_draws_without_errors_or_requests(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address, viewport=WIDE) as (page, troubles):
        pictures = page.evaluate("[...document.images].map(each => each.naturalWidth)")
        assert len(pictures) == 5
        assert min(pictures) > 0
        plot = page.frame_locator("iframe").locator("svg")
        assert plot.get_attribute("aria-label") == "A line"
        assert page.locator("main math").count() == 3
        assert troubles.all == []


def test_nothing_sticks_out_and_the_layouts_get_wider(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address) as (page, _):
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for width in WIDTHS:
            resize(page, width)
            assert overflowing(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            names = ("l-body-outset", "l-page", "l-page-outset", "l-screen-inset", "l-screen")
            layouts = [edges(page, "article > p"), *(edges(page, f".{name}") for name in names)]
            for (left, right), (wider_left, wider_right) in pairwise(layouts):
                assert wider_left <= left
                assert right <= wider_right
            assert layouts[-1] == (0, page.evaluate("document.documentElement.clientWidth"))
            text = layouts[0][1] - layouts[0][0]
            assert text == (704 if width >= 768 else width - 40)
            in_gutter = edges(page, ".l-gutter")[0] >= layouts[0][1]
            assert in_gutter == (width >= 1280)


def test_contents_stay_beside_wide_text_and_follow_it(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address, viewport=WIDE) as (page, _):
        contents = page.locator(".contents")
        assert edges(page, ".contents")[1] < edges(page, "article > .l-page")[0]
        for heading in ("processing", "harm"):
            page.evaluate(f"document.getElementById('{heading}').scrollIntoView()")
            current = "document.querySelector('.contents [aria-current=location]')"
            wait_for(page, f"{current}?.hash === '#{heading}'")
            assert contents.locator("[aria-current]").count() == 1
            box = contents.bounding_box()
            assert box is not None
            assert 0 <= box["y"] < 100
        # The last section is too short to come to the top.
        page.set_viewport_size({"width": 1280, "height": 1400})
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        wait_for(page, "document.querySelector('.contents [aria-current]')?.hash === '#end'")


def test_contents_react_to_the_keyboard(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address, viewport=WIDE) as (page, _):
        tab_to(page, ".contents a[href='#harm']")
        page.keyboard.press("Enter")
        wait_for(page, "document.querySelector('.contents [aria-current]')?.hash === '#harm'")
        assert page.evaluate("document.getElementById('harm').getBoundingClientRect().top") < 100


def test_contents_fold_on_narrow_pages(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address, viewport=NARROW) as (page, _):
        link = page.locator(".contents a").first
        assert not link.is_visible()
        tab_to(page, ".contents summary")
        page.keyboard.press("Enter")
        assert link.is_visible()
        link.click()
        assert not link.is_visible()
        page.set_viewport_size(WIDE)
        wait_for(page, "document.querySelector('.contents details').open")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_card_opens_under_the_mouse_and_stays_inside_the_page(
    browser: sync_api.Browser, address: str, width: int
) -> None:
    with opened(browser, address, viewport={"width": width, "height": 800}) as (page, _):
        for link in page.locator(".citation a, .footnote-mark a").all():
            link.hover()
            card = page.locator(".card")
            assert card.count() == 1
            box = card.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 800
        page.locator(FIRST).hover()
        card.hover()
        page.wait_for_timeout(300)
        assert "Ramos et al. ICCV" in card.inner_text()
        page.mouse.move(5, 5)
        wait_for(page, "!document.querySelector('.card')")


def test_a_card_opens_with_the_keyboard_and_escape_closes_it(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address, viewport=WIDE) as (page, _):
        tab_to(page, FIRST)
        assert page.locator(".card").is_visible()
        assert page.get_attribute(FIRST, "aria-describedby") == "page-card"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.card') !== null")
        page.keyboard.press("Escape")
        assert page.locator(".card").count() == 0
        assert page.evaluate(f"document.activeElement.matches({FIRST!r})")
        tab_to(page, ".footnote-mark a")
        assert "with emphasis" in page.locator(".card").inner_text()
        assert "↩" not in page.locator(".card").inner_text()
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#footnote-1"
        page.locator("#footnote-1 .back").click()
        assert page.evaluate("location.hash") == "#footnote-mark-1"


def test_the_first_tap_shows_a_card_and_the_second_follows_the_link(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address, viewport=NARROW, has_touch=True) as (page, _):
        page.locator(FIRST).tap()
        assert page.locator(".card").is_visible()
        assert page.evaluate("location.hash") == ""
        page.locator(FIRST).tap()
        assert page.evaluate("location.hash") == "#reference-1"
        page.locator(".footnote-mark a").first.tap()
        assert page.locator(".card").is_visible()
        page.locator("h1").tap()
        assert page.locator(".card").count() == 0


def test_the_theme_is_chosen_and_remembered(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address, color_scheme="light") as (page, _):
        paper = "getComputedStyle(document.body).backgroundColor"
        button = page.get_by_role("button", name="Dark")
        assert button.get_attribute("aria-pressed") == "false"
        assert page.evaluate(paper) == "rgb(255, 255, 255)"
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert page.evaluate(paper) == "rgb(22, 23, 27)"
        page.reload()
        assert page.evaluate(paper) == "rgb(22, 23, 27)"
        page.emulate_media(media="print")
        assert page.evaluate(paper) == "rgb(255, 255, 255)"
        code = "[...document.querySelectorAll('pre, .code, .code span')]"
        inks = page.evaluate(f"{code}.map(each => getComputedStyle(each).color)")
        assert {ink for ink in inks if min(map(int, re.findall(r"\d+", ink))) > 150} == set()


def test_a_page_without_storage_still_has_its_themes(
    browser: sync_api.Browser, address: str, tmp_path: Path
) -> None:
    frame = tmp_path / "frame.html"
    frame.write_text(f'<iframe sandbox="allow-scripts" src="{address}"></iframe>')
    with opened(browser, frame.as_uri()) as (page, troubles):
        button = page.frame_locator("iframe").locator(".theme")
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        assert troubles.all == []


def test_the_page_of_an_untrusted_source_runs_its_own_scripts_only(
    browser: sync_api.Browser, tmp_path: Path
) -> None:
    body = DOCUMENT.body + "<p onclick='alert(1)'>A</p><script>alert(2)</script>"
    out = tmp_path / "page.html"
    write_page(render_page(replace(DOCUMENT, body=body), safe=True), out)
    with opened(browser, out.as_uri(), viewport=WIDE) as (page, troubles):
        page.get_by_text("A", exact=True).click()
        page.locator(FIRST).hover()
        assert page.locator(".card").is_visible()
        assert page.locator(".copy").count() == 3
        page.get_by_role("button", name="Dark").click()
        assert page.get_attribute("html", "data-theme") == "dark"
        assert not [each for each in troubles.all if each.startswith("dialog")]
        assert len(troubles.all) == 2, "the policy refuses both, and says so"


def test_on_paper_everything_is_open_and_nothing_is_cut(
    browser: sync_api.Browser, address: str
) -> None:
    with opened(browser, address, viewport={"width": 680, "height": 900}) as (page, _):
        page.emulate_media(media="print")
        for hidden in (".theme", ".contents", ".copy", ".skip"):
            assert not page.locator(hidden).first.is_visible()
        assert page.locator("details p").is_visible()
        assert page.evaluate(
            "getComputedStyle(document.querySelector('#reference-1 a'), '::after').content"
        ).count("https://arxiv.org/abs/2508.10637")
        assert overflowing(page) == []
        cut = "[...document.querySelectorAll('pre, .table, .math-display')]"
        assert page.evaluate(f"{cut}.every(each => each.scrollWidth <= each.clientWidth + 1)")


def test_without_javascript_all_can_be_read(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address, viewport=NARROW, java_script_enabled=False) as (page, _):
        for shown in (".contents a", "article p", ".table table", "#reference-3", "#footnote-2"):
            assert page.locator(shown).first.is_visible()
        assert not page.locator(".theme").is_visible()
        assert page.locator(".copy").count() == 0
        page.locator(FIRST).click()
        assert page.url.endswith("#reference-1")
        summary = page.locator("article summary")
        summary.click()
        assert page.locator("details p").is_visible()


def test_no_serious_barrier_is_found(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address, viewport=WIDE) as (page, _):
        page.locator(FIRST).hover()
        assert violations_in_both_schemes(page) == []


def test_the_keyboard_reaches_everything_in_order(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address, viewport=WIDE) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        order = [
            ".masthead .theme",
            ".contents summary",
            ".contents a[href='#end']",
            FIRST,
            ".footnote-mark a",
            "#wide-formula",
            ".code pre",
            ".copy",
            ".table",
            "article summary",
            ".endnotes .back",
            ".endnotes a[href^='https://arxiv']",
        ]
        for each in order:
            tab_to(page, each)
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", each


def test_only_what_is_too_wide_is_a_region(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 1920, "height": 900}) as (page, _):
        labels = (
            "[...document.querySelectorAll('[role=region][tabindex]')].map(each => each.ariaLabel)"
        )
        wait_for(page, f"{labels}.length > 0")
        assert page.evaluate(labels) == ["Formula", "Code", "Table"]
        page.locator("#wide-formula").focus()
        page.keyboard.press("ArrowRight")
        wait_for(page, "document.getElementById('wide-formula').scrollLeft > 0")


def test_code_is_copied(browser: sync_api.Browser, address: str) -> None:
    with opened(
        browser, address, viewport=WIDE, permissions=["clipboard-read", "clipboard-write"]
    ) as (page, _):
        button = page.locator(".copy").first
        button.click()
        wait_for(page, "document.querySelector('.copy').textContent === 'Copied'")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("def recall(ranks: np.ndarray, k: int) -> float:\n    return")
        assert "Copy" not in copied


def test_headings_and_landmarks(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address) as (page, _):
        levels = heading_levels(page)
        assert levels.count(1) == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise([0, *levels]))
        assert page.get_attribute("html", "lang") == "en"
        for landmark in ("banner", "navigation", "main", "contentinfo"):
            assert page.get_by_role(landmark).count() == 1  # type: ignore[arg-type]


def test_an_article_with_everything(browser: sync_api.Browser, tmp_path: Path) -> None:
    source = Path(__file__).parent / "data" / "everything.md"
    written = write_article(source, tmp_path / "page.html")
    with opened(browser, written.path.as_uri(), viewport=NARROW) as (page, troubles):
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert overflowing(page) == []
        page.set_viewport_size(WIDE)
        assert overflowing(page) == []
        assert troubles.all == []
        assert accessibility_violations(page) == []
        assert page.locator(".placeholder").count() >= 5
        assert page.locator(".placeholder").first.is_visible()
        assert page.locator(".citation .unknown").inner_text() == "?"
        broken = page.evaluate(
            "[...document.querySelectorAll('a[href^=\"#\"]')].map(each => each.hash.slice(1))"
            ".filter(each => !document.getElementById(decodeURIComponent(each)))"
        )
        assert broken == []


def test_motion_is_for_those_who_do_not_mind(browser: sync_api.Browser, address: str) -> None:
    with opened(browser, address) as (page, _):
        scrolling = "getComputedStyle(document.documentElement).scrollBehavior"
        assert page.evaluate(scrolling) == "auto"
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(scrolling) == "smooth"
