"""Markdown: escaped text shows as it is, and raw HTML works as in Jekyll."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from latentprint.article.document import parse_article
from latentprint.article.markdown import escape_markdown
from tests.article.pieces import PIECES

any_text = st.one_of(
    st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
)
# Where data may stand in a source: before, after, and the element that shows it.
PLACES = [
    ("", "", "p"),
    ("## ", "", "h2"),
    ("- ", "", "li"),
    ("> ", "", "blockquote p"),
    ("| a | b |\n|---|---|\n| ", " | c |", "td"),
    ("**", "**", "strong"),
    ("[", "](x)", "a"),
]


def render(markdown: str) -> BeautifulSoup:
    document = parse_article(f"---\ntitle: T\n---\n\n{markdown}", folder=None)
    assert document.warnings == ()
    return BeautifulSoup(document.body, "html.parser")


def shown(text: str) -> str:
    """What a reader should see of a text."""
    text = re.sub(r"\r\n?|\n", " ", text)
    return re.sub("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0\ufdd1]", "\ufffd", text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_text)
def test_escaped_text_shows_as_it_is(text: str) -> None:
    assume(text.strip())
    for before, after, selector in PLACES[:-2]:
        soup = render(f"{before}{escape_markdown(text)}{after}")
        (element,) = soup.select(selector)[:1]
        assert element.get_text() == shown(text)
        assert not element.find(True)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_text, any_text)
def test_escaped_texts_do_not_join_into_markup(first: str, second: str) -> None:
    soup = render(f"Z{escape_markdown(first)}{escape_markdown(second)}\n{escape_markdown(second)}Z")
    (paragraph,) = soup.find_all("p")
    assert paragraph.get_text() == f"Z{shown(first)}{shown(second)}\n{shown(second)}Z"
    assert not paragraph.find(True)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "text",
    [
        *("<script>alert(1)</script>", "a*b_c", '"]]>', "{{ x }}", "{% raw %}", "$$", "$$x$$"),
        *("\\(x\\)", "\\[x\\]", "`code`", "# no heading", "- no item", "1. no item", "+ x", "a|b"),
        *("https://example.org", "<https://example.org>", "😀", "[x](y)", "![x](y)", "[^1]"),
        *("{: .x}", "&lt;", "line\nbreak", "C:\\path", "snake_case_name", "__init__", "~~x~~"),
    ],
)
def test_escaping_in_every_place(text: str, place: tuple[str, str, str]) -> None:
    before, after, selector = place
    (element,) = render(f"{before}{escape_markdown(text)}{after}").select(selector)[:1]
    assert element.get_text() == shown(text)
    assert not element.find(True)


def test_escaped_names_stay_readable() -> None:
    for name in ("ViT-B/16 (OpenAI)", "95.2 %", "-0.5", "snake_case", "dinov2"):
        assert escape_markdown(name) == name
    assert escape_markdown("R&D") == r"R\&D"


def test_markdown_in_html_goes_on_after_a_blank_line() -> None:
    soup = render("<div class='l-page'>\n\n**bold**\n\n</div>")
    assert soup.select("div.l-page > p > strong")


def test_indented_tags_in_an_element_are_no_code() -> None:
    soup = render("<div>\n    <div>\n        <b>a</b>\n\n        <i>b</i>\n    </div>\n</div>")
    assert soup.select("div > div > i")
    assert not soup.select("pre")


def test_indented_text_in_an_element_is_code_as_in_commonmark() -> None:
    assert render("<div>\n\n    code\n\n</div>").select("div pre")


@pytest.mark.parametrize("value", ['"1"', "'1'", "1", '"block"'])
def test_markdown_attribute(value: str) -> None:
    soup = render(f'<div id="x" markdown={value}>\n  - *a*\n  - b\n</div>\n\nafter')
    (box,) = soup.select("div#x")
    assert box.get("markdown") is None
    assert box.select("ul > li > em")
    assert soup.find_all("p")[-1].get_text() == "after"


def test_markdown_attribute_on_a_caption() -> None:
    soup = render('<figcaption markdown="1">*a* $$x$$</figcaption>')
    assert soup.select("figcaption > em")
    assert not soup.select("figcaption > p")


@pytest.mark.parametrize(
    ("source", "selector"),
    [
        ("text\n{: .a #b}", "p.a#b"),
        ("{: .a}\ntext", "p.a"),
        ("## title\n{: #own }", "h2#own"),
        ("- a\n- b\n{: .a}", "ul.a"),
        ("| a |\n|---|\n| b |\n{: .a}", "table.a"),
        ("> a\n{: .a}", "blockquote.a"),
        ("*a*{: .a} b", "em.a"),
        ("[a](b){: .a target='x'}", "a.a[target=x]"),
        ("`a`{: .a}", "code.a"),
    ],
)
def test_attribute_lists(source: str, selector: str) -> None:
    soup = render(source)
    assert soup.select(selector)
    assert "{:" not in soup.get_text()


def test_what_is_no_attribute_list_is_text() -> None:
    document = parse_article("a {: .b} c", folder=None)
    assert document.body == "<p>a {: .b} c</p>"
    assert [(each.line, each.kind) for each in document.warnings] == [(1, "source")]


def test_inline_html_is_kept() -> None:
    soup = render('a <span style="color:red" onclick="go()">b</span> &copy;')
    assert soup.find("span")["onclick"] == "go()"  # type: ignore[index]
    assert "©" in soup.get_text()


def test_scripts_are_left_as_they_are() -> None:
    source = '<script>\nif (1 < 2 && "$$x$$") {\n\n  run("**");\n}\n</script>'
    assert source in parse_article(source, folder=None).body


def test_strong_text_touches_other_text() -> None:
    body = parse_article("the **(i, i)**th, a**(b)**, 2 ** 3 ** 4", folder=None).body
    assert body == ("<p>the <strong>(i, i)</strong>th, a<strong>(b)</strong>, 2 ** 3 ** 4</p>")


@pytest.mark.parametrize(
    "source",
    [
        "<div>\n<b>x</b>\n</div>\nThen **bold**",
        "<figure>\n<hr>\n</figure>\nThen **bold**\n",
        "<p>one</p>\nThen **bold**",
        "<div>\n\none\n\n</div>\nThen **bold**",
        "<br>\nThen **bold**",
        "<div>a</div>\n<p>\nb\n</p>\n**bold**",
        '<figure>\n<hr>\n<figcaption markdown="1">\nThen **bold**\n</figcaption>\n</figure>',
        '<iframe srcdoc="a"></iframe>\n<div markdown="1">\nThen **bold**\n</div>',
    ],
)
def test_markdown_goes_on_after_html_as_in_kramdown(source: str) -> None:
    document = parse_article(source, folder=None)
    assert "<strong>bold</strong>" in document.body
    assert [each for each in document.warnings if each.kind == "source"] == []


def test_blank_lines_in_a_formula_do_not_end_html() -> None:
    text = "<div>\n$$\n\\def\\a{x}\n\n\\a\n$$\n</div>\n\n$\\a$"
    document = parse_article(text, folder=None)
    assert document.warnings == ()
    assert document.body.count("<math") == 2


def test_extensions_of_kramdown_are_not_shown() -> None:
    document = parse_article(
        "{::nomarkdown}\n<b>x</b>\n{:/nomarkdown}\n\n![](gone.png)", folder=None
    )
    assert "nomarkdown" not in document.body
    assert {each.line for each in document.warnings} == {5}


def test_notes_may_hold_paragraphs_and_formulas() -> None:
    document = parse_article(
        "One<d-footnote>\nA\n\n$$\nx\n$$\n\nB **b**</d-footnote> two\n\n![](gone.png)", folder=None
    )
    (note,) = document.footnotes
    assert "<math" in note
    assert "<strong>b</strong>" in note
    assert {each.line for each in document.warnings} == {10}


def test_what_stays_source_is_reported_with_its_line() -> None:
    document = parse_article("a\n\n<div>\n**b** and $$ c\n</div>\n\n\\*\\*d\\*\\*", folder=None)
    assert {(each.line, each.kind) for each in document.warnings} == {(4, "source")}
