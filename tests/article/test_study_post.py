"""The study's own post, rendered whole, with the published figures and the photos beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from latentprint.article.page import Written, write_article
from latentprint.report import write_figures
from tests.browser import (
    accessibility_violations,
    opened,
    overflowing,
    resize,
    sync_api,
    wait_for,
)

BIBLIOGRAPHY = """
@inproceedings{gregor2015draw,
  title = {DRAW: A Recurrent Neural Network For Image Generation},
  author = {Gregor, Karol and Danihelka, Ivo},
  year = {2015},
}
"""

MISSING = {
    302: "The plot /assets/plotly/demo.html is missing.",
    438: "The picture https://github.com/",
    441: "The picture https://github.com/",
}
"""What the post names and nobody has: its line, and how the warning begins."""

FEATURES = {
    "title": "document.title.startsWith('Processing and acquisition traces')",
    "authors": "document.querySelectorAll('.byline li').length === 5",
    "notation of equal contribution": "document.querySelector('.notation').textContent.trim() "
    "=== '* Equal contribution.'",
    "introduction in the contents": "document.querySelector('.contents a').textContent === "
    "'Introduction' && document.querySelector('#introduction') !== null",
    "every section in the contents": "[...document.querySelectorAll('.contents a')].every(each => "
    "document.getElementById(decodeURIComponent(each.hash.slice(1)))) && "
    "document.querySelectorAll('.contents a').length === 14",
    "four figures": "document.querySelectorAll('iframe.embedded-plot').length === 4",
    "captions of figures": "[...document.querySelectorAll('.figcaption')].length === 5 && "
    "getComputedStyle(document.querySelector('.figcaption')).fontSize === '14px'",
    "two grids of eight pictures": "['left-grid', 'right-grid'].every(each => "
    "document.querySelectorAll(`#${each} img`).length === 8)",
    "pictures are shown": "[...document.querySelectorAll('.grid-container img')]"
    ".every(each => each.complete && each.naturalWidth >= 200)",
    "emoji": "document.body.textContent.includes('iframes 🖼')",
    "formulas in the text": "document.querySelectorAll('p math').length >= 2",
    "a displayed formula": "document.querySelector('math[display=block]') !== null",
    "a citation": "document.querySelector('.citation-link').hash === '#reference-1'",
    "the reference": "document.querySelector('#reference-1').textContent.includes('DRAW')",
    "a footnote": "document.querySelector('#footnote-1').textContent.includes('hoverable')",
    "highlighted code": "['javascript', 'python'].every(each => "
    "document.querySelector(`code.language-${each} span`))",
    "code in the text": "[...document.querySelectorAll('p code')]"
    ".some(each => each.textContent.includes('<d-code'))",
    "details with a formula": "document.querySelector('article details summary').textContent"
    ".includes('Click here') && document.querySelector('article details math') !== null",
    "layouts": "['l-body', 'l-page', 'l-body-outset', 'l-page-outset', 'l-screen', "
    "'l-screen-inset', 'l-gutter'].every(each => document.querySelector(`.fake-img.${each}`))",
    "its own styles": "getComputedStyle(document.querySelector('.fake-img')).backgroundColor === "
    "'rgb(187, 187, 187)'",
    "lists": "document.querySelectorAll('article ol > li').length >= 4",
    "reference links": "document.querySelector('a[href^=\"http://www.reddit.com\"]') !== null",
    "strikethrough": "document.querySelector('article s, article del') !== null",
    "tables": "document.querySelectorAll('.table table').length === 2",
    "block quotes": "document.querySelectorAll('article blockquote').length === 2",
    "what is missing shows": "document.querySelectorAll('.placeholder').length === 1",
    "links for what lies on the web": "document.querySelectorAll('.remote a').length === 2",
}
"""What a reader finds, by name: a condition in the page."""


@pytest.fixture(scope="module")
def written(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    site = tmp_path_factory.mktemp("site")
    post = site / "_posts" / "2000-01-01-distill.md"
    post.parent.mkdir()
    shutil.copy(shared_data / "study-post" / post.name, post)
    pictures = site / "assets" / "img" / "camera_bias"
    pictures.mkdir(parents=True)
    for photo in (shared_data / "paircams_8").glob("[ab]_?.jpg"):
        (pictures / photo.name).symlink_to(photo)
    references = site / "assets" / "bibliography" / "2018-12-22-distill.bib"
    references.parent.mkdir()
    references.write_text(BIBLIOGRAPHY)
    write_figures([], site / "assets" / "plotly" / "camera_bias", published=True)
    # The photos are links to where they lie.
    return write_article(post, site / "post.html", allow_outside=True)


def test_the_page_is_small_although_the_photos_are_not(written: Written) -> None:
    assert written.size < 8_000_000
    photos = [each for each in written.document.embedded if each.kind == "image"]
    assert sum(each.scaled_from for each in photos) > 15_000_000


def test_all_that_is_missing_is_what_nobody_has(written: Written) -> None:
    found = {
        each.line: each.message
        for each in written.document.warnings
        if "alternative text" not in each.message
    }
    assert found.keys() == MISSING.keys()
    for line, begin in MISSING.items():
        assert found[line].startswith(begin)


def test_all_four_figures_draw_and_follow_the_theme(
    browser: sync_api.Browser, written: Written
) -> None:
    with opened(browser, written.path.as_uri(), viewport={"width": 1280, "height": 900}) as (
        page,
        seen,
    ):
        page.get_by_role("button", name="Dark").click()
        for place, frame in enumerate(page.query_selector_all("iframe.embedded-plot")):
            frame.scroll_into_view_if_needed()
            wait_for(page, f"document.querySelectorAll('iframe')[{place}].srcdoc.length > 1000000")
            inside = frame.content_frame()
            assert inside is not None
            inside.wait_for_selector(".main-svg")
            inside.wait_for_function("document.documentElement.dataset.theme === 'dark'")
            assert not inside.evaluate("document.documentElement.scrollHeight > innerHeight")
        assert seen.all == []


def test_the_two_grids_dim_together(browser: sync_api.Browser, written: Written) -> None:
    bright = """[...document.querySelectorAll('.grid-container img:not(.dimmed)')]
        .map(each => each.dataset.index).join()"""
    with opened(browser, written.path.as_uri(), has_touch=True) as (page, _):
        images = page.locator("#left-grid img")
        images.nth(2).scroll_into_view_if_needed()

        images.nth(2).hover()
        wait_for(page, f"({bright}) === '2,2'")
        page.mouse.move(0, 0)
        wait_for(page, f"({bright}).split(',').length === 16")

        images.first.focus()
        wait_for(page, f"({bright}) === '0,0'")
        page.keyboard.press("ArrowDown")
        wait_for(page, f"({bright}) === '2,2'")
        assert page.evaluate("document.activeElement.alt") == "modern smartphones, 3 of 8"
        page.keyboard.press("Escape")
        wait_for(page, f"({bright}).split(',').length === 16")

        images.nth(3).tap()
        wait_for(page, f"({bright}) === '3,3'")
        page.locator("h3").first.tap()
        wait_for(page, f"({bright}).split(',').length === 16")


def test_every_feature_of_the_post_is_there_and_fits_and_everyone_can_use_it(
    browser: sync_api.Browser, written: Written
) -> None:
    size = {"width": 1400, "height": 900}
    with opened(browser, written.path.as_uri(), viewport=size) as (page, _):
        absent = [name for name, condition in FEATURES.items() if not page.evaluate(condition)]
        assert absent == []
        for width in (1280, 390):
            resize(page, width)
            assert overflowing(page) == []
            faults = accessibility_violations(page)
            # The post's own grey boxes with white text are too pale.
            assert [each for each in faults if "#bbbbbb" not in each] == []
