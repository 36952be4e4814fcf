"""Pages of single photos: whole, escaped, and as wide as the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from latentprint import affected, inspect
from tests.browser import opened, overflowing, resize, violations_in_both_schemes
from tests.inspection.made_up import made_vectors, write_store
from tests.made_photos import made_photo

HOSTILE = "<script>alert(1)</script> | `x` **b**"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of a store whose labels and cameras would like to run, with pictures for some."""
    folder = tmp_path_factory.mktemp("pages")
    labels = {"label": [f"{HOSTILE} {at % 2}" for at in range(120)]}
    facts = {
        at: {"make": HOSTILE, "model": "M" * 90, "format": "JPEG", "width": 40, "height": 30}
        for at in range(120)
    }
    store = write_store(
        folder / "store", made_vectors(120, 4, trace=1.0), labels=labels, facts=facts
    )
    (store / "photos").mkdir()
    for number in range(60):
        made_photo(40, 30, number).save(store / "photos" / f"photo{number:05d}.png")
    inspect("photo00003.png", "photo00090.png", store=store, out=folder)
    affected(store, top=4, out=folder)
    return folder


def soup(file: Path) -> BeautifulSoup:
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


def test_names_from_files_are_text(pages: Path) -> None:
    for name in ("inspection.html", "affected.html"):
        assert "<script>alert(1)" not in (pages / name).read_text(encoding="utf-8")
    text = soup(pages / "inspection.html").get_text()
    assert f"{HOSTILE} 1" in text
    assert HOSTILE in text


def test_the_page_of_two_photos_tells_all_parts(pages: Path) -> None:
    page = soup(pages / "inspection.html")
    headings = [each.get_text() for each in page.select("h2, h3")]
    assert headings == [
        "What they are alike by",
        *(
            heading
            for name in ("photo00003.png", "photo00090.png")
            for heading in (
                name, "What probes say of it", "How far processing moves it", "Its neighbours",
            )
        ),
        "How to read this",
    ]  # fmt: skip
    assert "One probability is not forensics." in page.get_text()
    assert len(page.select(".reading")) == 2
    first = page.select(".reading")[0]
    assert [row.get_text() for row in first.select("tbody th")] == [
        "JPEG95_444", "SHARPEN_2", "SHARPEN_4", "none (not processed)",
    ]  # fmt: skip
    galleries = page.select('[data-inspection="photos"]')
    lists = [each for gallery in galleries for each in gallery.select(".tiles")]
    assert [len(each.select("li")) for each in lists] == [10] * 4
    assert page.select("svg.picture use")
    assert "Picture not found" in page.get_text()  # of photos that are away


def test_the_gallery_marks_what_leaves_and_comes(pages: Path) -> None:
    page = soup(pages / "affected.html")
    groups = page.select(".neighbours-of")
    assert len(groups) == 4
    for group in groups:
        before, after = group.select(".tiles")
        leaving = before.select(".leaves, .traces")
        assert f"{len(leaving)} of 10 change" in group.select(".asked")[0].get_text()
        assert len(after.select(".comes")) == len(
            [each for each in leaving if "encoded again" not in each.get_text()]
        )


@pytest.mark.parametrize("name", ["inspection", "affected"])
def test_it_fits_the_screen_and_fetches_nothing(pages: Path, browser: Any, name: str) -> None:
    with opened(browser, (pages / f"{name}.html").as_uri()) as (page, troubles):
        for width in (1280, 390):
            resize(page, width)
            assert overflowing(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations_in_both_schemes(page) == []
    assert troubles.all == []
