"""An article as a whole: every feature at once, lines of warnings, speed, and any text at all."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from latentprint.article.context import Options
from latentprint.article.document import Document, parse_article, read_article
from latentprint.errors import LatentprintError
from tests.article.pieces import PIECES

DATA = Path(__file__).parent / "data"
SOURCE = (DATA / "everything.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("article") / "everything"
    shutil.copytree(DATA, place)
    Image.new("RGB", (2, 2), (200, 30, 30)).save(place / "assets" / "dot.png")
    return place


@pytest.fixture(scope="module")
def document(folder: Path) -> Document:
    return read_article(folder / "everything.md")


@pytest.fixture(scope="module")
def body(document: Document) -> BeautifulSoup:
    return BeautifulSoup(document.body, "html.parser")


def line_of(piece: str) -> int:
    """The line of everything.md that holds a piece of text."""
    lines = [number for number, line in enumerate(SOURCE.split("\n"), 1) if piece in line]
    assert len(lines) == 1, f"{piece!r} stands on lines {lines}"
    return lines[0]


def only(soup: BeautifulSoup | Tag, selector: str) -> Tag:
    (found,) = soup.select(selector)
    return found


def test_front_matter_is_plain_text(document: Document) -> None:
    assert document.front.title == "Everything & <more>"
    assert document.front.date == "2026-03-07"
    assert document.front.tags == ("camera", "probes")
    assert [each.name for each in document.front.authors] == [
        "Ada Ångström",
        "Ben <b>Bold</b>",
        "Cem",
    ]


def test_commonmark(body: BeautifulSoup) -> None:
    text = body.get_text()
    assert only(body, "p s").get_text() == "strikes"
    assert only(body, 'a[href="https://example.org/home"]')["title"] == "Home"
    assert only(body, 'a[href="https://example.org/auto"]')
    assert 'A price of $5 and another of $6 stay prices; "quotes" stay quotes.' in text
    assert "a remark that no reader sees" not in str(body)
    assert only(body, "ol > li > ul > li").get_text(strip=True) == "nested"
    assert [box["aria-label"] for box in body.select("li.task-list-item input")] == [
        "to do",
        "done",
    ]
    assert [cell.get("style") for cell in body.select("div.table th")] == [
        "text-align:left",
        "text-align:center",
        "text-align:right",
    ]
    assert body.select("div.table td")[1].get_text() == "b | c"
    assert only(body, "p.special#chosen").get_text() == "A paragraph with a class."


def test_formulas(body: BeautifulSoup) -> None:
    sources = {str(math["alttext"]).strip(): math.get("display") for math in body.select("math")}
    assert sources["a_1 * b_2 * c"] == sources["x^2"] == sources["y^2"] == "inline"
    assert only(body, "span.raw math")["alttext"] == "z < 1"
    assert sources[r"\sqrt{2}"] == "block"
    assert any(source.startswith(r"\operatorname{softmax}") for source in sources)
    assert only(body, "code.math-source").get_text() == r"\unknowncommand{x}"


def test_notes_are_numbered_as_they_are_read(document: Document, body: BeautifulSoup) -> None:
    marks = [str(mark["id"]) for mark in body.select("sup.footnote-mark a")]
    assert marks == ["footnote-mark-1", "footnote-mark-2", "footnote-mark-1-2"]
    assert document.footnotes[0] == ("<p>The first note.</p>\n<p>It has a second paragraph.</p>")
    assert "<em>Markdown</em>" in document.footnotes[1]
    assert "<math" in document.footnotes[1]


def test_references_are_numbered_as_they_are_cited(document: Document, body: BeautifulSoup) -> None:
    assert [each.key for each in document.references] == ["late", "first", "second"]
    shown = [cite.get_text() for cite in body.select("span.citation")]
    assert shown == ["[2, 3]", "[3]", "[?]", "[2]", "[3]"]
    first = BeautifulSoup(document.references[1].html, "html.parser")
    assert "The Öffentliche CLIP & its Friends" in first.get_text()
    assert "Jörg Müller, Jane van der Doe and The Light Team" in first.get_text()
    assert "Conference on Light, 2024" in first.get_text()
    assert only(first, "a")["href"] == "https://example.org/first_paper"
    second = document.references[2].html
    assert "On &lt;b&gt;bold&lt;/b&gt; titles" in second
    assert 'href="https://arxiv.org/abs/2101.00001"' in second


def test_code_and_liquid(body: BeautifulSoup) -> None:
    text = body.get_text()
    assert '"{{ not liquid }}"' in only(body, "code.language-python").get_text()
    numbered = only(body, 'code[class="language-c++"]')
    assert [line["data-number"] for line in numbered.select(".code-line")] == list("1234")
    assert "return 0; // {% raw %}" in numbered.get_text()
    assert only(body, "code.language-javascript").get_text() == "if (a < b) { run(); }\n"
    details = body.select("details")
    assert [each.select_one("summary").get_text() for each in details] == [  # type: ignore[union-attr]
        'Read more about "it"',
        "Deeper",
    ]
    assert details[1] in details[0].descendants
    assert "Nobody reads this." not in text
    assert "Raw {{ braces }} stay." in text
    assert 'The base is "".' in text
    assert only(body, 'a[href="/assets/paper.pdf"]')
    assert [each.get_text() for each in body.select("code.unsupported")] == [
        "{{ own.value }}",
        "{% own_tag --cited %}",
    ]


def test_pictures_plots_and_figures(document: Document, body: BeautifulSoup) -> None:
    dot = only(body, "img.l-page")
    assert dot["width"] == "50%"
    assert str(dot["src"]).startswith("data:image/png;base64,")
    figure = only(body, "figure.l-body-outset")
    assert str(only(figure, "img.img-fluid")["src"]).startswith("data:image/svg+xml;base64,")
    assert only(figure, "figcaption").get_text() == "A mark [2]"
    assert only(body, "div.l-page > p > strong").get_text() == "Wide"
    assert only(body, "div.l-page > ul > li").get_text() == "and a list"
    assert only(body, "div.l-gutter > p").get_text() == "In the gutter."
    frame = only(body, "iframe")
    assert frame["sandbox"] == ["allow-scripts", "allow-downloads"]
    assert frame["title"] == "plot"
    assert frame["height"] == "300px"
    assert frame["srcdoc"] == (DATA / "assets" / "plot.html").read_text(encoding="utf-8")
    assert only(body, "#figure-one .figure-number").get_text() == "Figure 1."
    assert [each.get_text() for each in body.select(".placeholder")] == [
        "The picture assets/gone.png is missing.",
        "The figure figures/gone.html is missing.",
    ]
    kinds = [(each.name, each.kind) for each in document.embedded]
    assert sorted(kinds) == [
        ("/assets/plot.html", "plot"),
        ("assets/dot.png", "image"),
        ("assets/dot.png", "image"),
        ("assets/dot.png", "image"),
        ("assets/mark.svg", "image"),
        ("figures/one.html", "figure"),
    ]


def test_contents(document: Document, body: BeautifulSoup) -> None:
    sections = [(each.id, each.title) for each in document.headings]
    assert sections == [("text", "Text"), ("pictures", "Pictures")]
    assert [each.title for each in document.headings[0].children] == ["Formulas &amp; notes"]
    assert [str(each["id"]) for each in body.select("h2")][-1] == "text-1"
    assert only(body, "section.appendix h3").get_text() == "Thanks"


def test_warnings_name_the_lines_of_the_file(document: Document) -> None:
    expected = {
        line_of("bibliography: works.bib"): ["works.bib, line 18", "works.bib, line 24"],
        line_of("- name: No such section"): ["No such section"],
        line_of(r"\unknowncommand"): [r"\unknowncommand"],
        line_of("One that is missing.[^two]"): ["footnote 'two'"],
        line_of('bibtex-key="nobody"'): ["'nobody'"],
        line_of("~~~nolanguage"): ["'nolanguage'"],
        line_of("{{ own.value }}"): ["{{ own.value }}"],
        line_of("{% own_tag"): ["{% own_tag --cited %}"],
        line_of("gone.png"): ["gone.png has no alternative text", "gone.png is missing"],
        line_of("remote.png"): ["remote.png"],
        line_of("![](assets/dot.png)"): ["no alternative text"],
        line_of("https://example.org/plot.html"): ["https://example.org/plot.html"],
        line_of("figures/gone.html"): ["figures/gone.html"],
    }
    found: dict[int | None, list[str]] = {}
    for warning in document.warnings:
        found.setdefault(warning.line, []).append(warning.message)
    assert found.keys() == expected.keys()
    for line, pieces in expected.items():
        messages = sorted(found[line])
        assert len(messages) == len(pieces), messages
        for piece in pieces:
            assert any(piece in message for message in messages), (line, piece, messages)


@pytest.mark.parametrize("shift", [1, 7])
def test_lines_follow_the_text(folder: Path, document: Document, shift: int) -> None:
    start = SOURCE.index("## Text")
    moved = SOURCE[:start] + "\n" * shift + SOURCE[start:]
    again = parse_article(moved, folder=folder)
    lines = [warning.line for warning in document.warnings]
    head = SOURCE[:start].count("\n")
    assert [warning.line for warning in again.warnings] == [
        line if line is None or line <= head else line + shift for line in lines
    ]
    assert again.body == document.body


def test_line_breaks_of_windows_change_nothing(folder: Path, document: Document) -> None:
    assert parse_article(SOURCE.replace("\n", "\r\n"), folder=folder) == document


def test_rendering_twice_gives_the_same(folder: Path, document: Document) -> None:
    assert read_article(folder / "everything.md") == document


def test_files_in_memory_come_before_the_disk(folder: Path) -> None:
    source = '<d-figure src="figures/one.html"></d-figure>'
    files = {"figures/one.html": "<p>from memory</p>"}
    assert parse_article(source, folder=folder, files=files).body == "<p>from memory</p>"
    assert "One." in parse_article(source, folder=folder).body


def test_title_of_an_article_without_front_matter(tmp_path: Path) -> None:
    document = parse_article("Before\n\n# The *title* & more\n\n## Next\n", folder=None)
    assert document.front.title == "The title & more"
    assert "<h1" not in document.body
    assert [each.id for each in document.headings] == ["next"]
    assert parse_article("Text.", folder=None, name="my-notes.md").front.title == "my-notes"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no file"),
        (b"one\ntwo \xff\n", "line 2: the article is not UTF-8"),
        (b"---\ntitle: a: b\n---\n", "line 2, column 9: the front matter is broken"),
    ],
)
def test_broken_sources_are_told_in_a_sentence(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    source = tmp_path / "article.md"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(LatentprintError, match=re.escape(message)) as error:
        read_article(source)
    assert "\n" not in str(error.value)


def test_a_folder_is_no_article(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match="is a folder"):
        read_article(tmp_path)


def test_three_thousand_lines_take_seconds_at_most() -> None:
    start = SOURCE.index("## Text")
    text = SOURCE[:start] + SOURCE[start:] * (3000 // SOURCE[start:].count("\n"))
    before = time.process_time()
    parse_article(text, folder=None)
    # About one second on an idle machine; the bound only catches a change of order.
    assert time.process_time() - before < 6


any_text = st.one_of(
    st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=20).map("".join)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_text, st.booleans())
def test_any_text_is_an_article(text: str, safe: bool) -> None:
    document = parse_article(f"\n{text}", folder=None, options=Options(safe=safe))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 2
    assert all(each.line is None or 1 <= each.line <= lines for each in document.warnings)
    assert "data-source-line" not in document.body
