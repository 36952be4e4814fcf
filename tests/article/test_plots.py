"""Plots in frames: files beside them come in, and large scripts are kept once."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from latentprint.article.document import Document, parse_article
from latentprint.article.page import render_page
from latentprint.article.plots import LARGE, MARK

LIBRARY = f"/* {'x' * LARGE} */ globalThis.library = 'a $& b';"
SMALL = "go(1)"


def render(folder: Path, *names: str) -> Document:
    return parse_article(
        "\n\n".join(f'<iframe src="{name}"></iframe>' for name in names), folder=folder
    )


def pages(document: Document) -> list[str]:
    frames = BeautifulSoup(document.body, "html.parser").select("iframe")
    return [str(each.get("data-page", each.get("srcdoc"))) for each in frames]


@pytest.mark.parametrize("where", ["within", "beside"])
def test_a_library_of_several_plots_is_in_the_page_once(tmp_path: Path, where: str) -> None:
    plots = tmp_path / "plots"
    plots.mkdir()
    (plots / "lib.js").write_text(LIBRARY)
    library = {"within": f"<script>{LIBRARY}</script>", "beside": '<script src="lib.js"></script>'}
    for name in ("a", "b"):
        (plots / f"{name}.html").write_text(f"{library[where]}<p>{name}</p><script>go(1)</script>")
    document = render(tmp_path, "plots/a.html", "plots/b.html")
    (key,) = document.shared_scripts
    mark = f'<script {MARK}="{key}"></script>'
    assert pages(document) == [f"{mark}<p>{name}</p><script>go(1)</script>" for name in ("a", "b")]
    assert render_page(document).count(LIBRARY) == 1
    assert document.warnings == ()


def test_a_plot_without_a_large_script_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<link rel="stylesheet" href="a.css"><script src=a.js></script>'
    )
    (tmp_path / "a.css").write_text("p { color: red }")
    (tmp_path / "a.js").write_text('go("</script>")')
    document = render(tmp_path, "a.html")
    assert pages(document) == ['<style>p { color: red }</style><script>go("<\\/script>")</script>']
    assert document.shared_scripts == {}


def test_a_file_beside_a_plot_that_is_missing_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<script src="lib.js"></script>')
    (warning,) = render(tmp_path, "a.html").warnings
    assert warning.message == "The plot a.html needs lib.js, which is missing."


def test_a_script_of_data_is_no_library(tmp_path: Path) -> None:
    page = f'<script type="application/json">{LIBRARY}</script>'
    (tmp_path / "a.html").write_text(page)
    assert pages(render(tmp_path, "a.html")) == [page]
