"""Headings: ids and contents."""

from __future__ import annotations

import pytest

from latentprint.article.document import Document, parse_article
from latentprint.article.headings import slug


def render(markdown: str, front: str = "") -> Document:
    return parse_article(f"---\ntitle: T\n{front}\n---\n{markdown}", folder=None)


def outline(document: Document) -> list[tuple[str, list[str]]]:
    return [(each.id, [child.id for child in each.children]) for each in document.headings]


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("Plain words", "plain-words"),
        ("What, *really*?", "what-really"),
        ("Überblick 2.0", "überblick-20"),
        ("`code_name` here", "code-name-here"),
        ("日本語", "日本語"),
        ("!?", "section"),
        ("With $$x^2$$", "with"),
    ],
)
def test_ids(text: str, identifier: str) -> None:
    assert outline(render(f"## {text}")) == [(identifier, [])]


def test_the_same_heading_twice_is_numbered_and_never_taken() -> None:
    document = render('## A\n\n## A\n\n## A 1\n\n## A\n\n<p id="b"></p>\n\n## B')
    ids = [each.id for each in document.headings]
    assert ids == ["a", "a-1", "a-1-1", "a-2", "b-1"]
    assert len(set(ids)) == len(ids)


def test_sections_hold_their_subsections() -> None:
    document = render("### Early\n\n# One\n\n### Two\n\n#### Deeper\n\n## Three\n\n### Four")
    assert outline(document) == [("early", []), ("one", ["two"]), ("three", ["four"])]
    assert "<h1" not in document.body


def test_own_ids_and_raw_headings_count() -> None:
    document = render('## Named\n{: #own }\n\n<h2 id="raw">Raw <b>one</b></h2>\n\n<h3>Sub</h3>')
    assert outline(document) == [("own", []), ("raw", ["sub"])]
    assert document.headings[1].title == "Raw <b>one</b>"


def test_titles_have_no_links_and_notes() -> None:
    document = render(
        "## A [link](https://x) `c` *e* $$x$$<d-footnote>n</d-footnote> "
        "<d-cite key='k'></d-cite> &lt;"
    )
    title = document.headings[0].title
    assert title.startswith("A link <code>c</code> <em>e</em> <math")
    assert "<a" not in title
    assert "sup" not in title.replace("msup", "")
    assert title.endswith("&lt;")


def test_contents_of_the_front_matter() -> None:
    front = "toc:\n  - name: Two &amp; *more*\n  - name: one\n    subsections:\n      - name: Gone"
    document = render("## One\n\n## Two &amp; *more*\n\n### Sub", front.replace("&amp;", "&"))
    assert outline(document) == [("two-more", []), ("one", [])]
    assert [each.line for each in document.warnings] == [7]


def test_slugs_are_stable() -> None:
    assert slug("  A -- b_c ") == "a-b-c"


def test_the_contents_name_a_place_without_a_heading_by_its_id() -> None:
    document = render(
        '<span id="our-start"></span>\n\nText.\n\n## A',
        "toc:\n  - name: Our <start>\n  - name: A\n  - name: Missing",
    )
    assert [(each.id, each.title) for each in document.headings] == [
        ("our-start", "Our &lt;start&gt;"),
        ("a", "A"),
    ]
    assert [each.message for each in document.warnings] == [
        "The contents name 'Missing', which is no heading."
    ]
