"""What scripts and style sheets of an article name comes along."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentprint.article.document import parse_article
from latentprint.article.page import render_page
from tests.browser import opened, wait_for
from tests.chromium import sync_api

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}"/>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets" / "many").mkdir(parents=True)
    (tmp_path / "assets" / "one.svg").write_text(SVG.format(7))
    for number in range(3):
        (tmp_path / "assets" / "many" / f"{number}.svg").write_text(SVG.format(10 + number))
    (tmp_path / "assets" / "many" / "secret.txt").write_text("no picture")
    return tmp_path


def test_a_script_shows_pictures_of_the_site(folder: Path, browser: sync_api.Browser) -> None:
    text = (
        '<img id="a"><img id="b" data-folder="/assets/many"><img id="c">\n\n<script>\n'
        "const at = (id) => document.getElementById(id);\n"
        'at("a").src = "assets/one.svg";\n'
        'at("b").src = `${at("b").dataset.folder}/2.svg`;\n'
        'at("c").setAttribute("src", "./assets/" + "one.svg");\n</script>\n'
    )
    document = parse_article(text, folder=folder)
    assert "secret" not in document.body
    page = folder / "page.html"
    page.write_text(render_page(document), encoding="utf-8")
    with opened(browser, page.as_uri()) as (tab, troubles):
        wait_for(tab, "[...document.images].every(each => each.complete)")
        widths = tab.evaluate("[...document.images].map(each => each.naturalWidth)")
        assert widths == [7, 12, 7]
        assert troubles.all == []


def test_nothing_is_put_in_for_a_script_that_shows_no_picture(folder: Path) -> None:
    text = '<script>const a = "assets/one.svg";</script>'
    assert parse_article(text, folder=folder).embedded == ()


@pytest.mark.parametrize("where", ["body", "front matter"])
def test_addresses_in_style_sheets(folder: Path, where: str) -> None:
    sheet = "p { background: url(assets/one.svg) } a { background: url('gone.png') }"
    text = {
        "body": f"<style>{sheet}</style>",
        "front matter": f'---\n_styles: "{sheet}"\n---\n',
    }[where]
    document = parse_article(text, folder=folder)
    shown = document.body + document.front.styles
    assert 'url("data:image/svg+xml;base64,' in shown
    assert "gone.png" not in shown
    assert [each.message for each in document.warnings] == [
        "A style sheet names gone.png, which is missing."
    ]
