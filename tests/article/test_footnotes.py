"""Footnotes of both kinds."""

from __future__ import annotations

from latentprint.article.document import parse_article


def test_both_kinds_share_one_numbering() -> None:
    document = parse_article(
        "a<d-footnote>one</d-footnote> b[^x] c<d-footnote>three</d-footnote> d[^x]\n\n[^x]: two",
        folder=None,
    )
    assert document.footnotes == ("<p>one</p>", "<p>two</p>", "<p>three</p>")
    for mark in ("1", "2", "3"):
        assert f'<a id="footnote-mark-{mark}" href="#footnote-{mark}"' in document.body
    assert '<a id="footnote-mark-2-2" href="#footnote-2" data-footnote="2">2</a>' in document.body


def test_a_note_holds_blocks_and_other_notes() -> None:
    document = parse_article(
        "a[^x]\n\n[^x]: one\n\n    - item\n\n    ```python\n    x = 1\n    ```\n\n    more[^y]\n\n"
        "[^y]: two",
        folder=None,
    )
    assert "<li>item</li>" in document.footnotes[0]
    assert 'class="language-python"' in document.footnotes[0]
    assert 'href="#footnote-2"' in document.footnotes[0]
    assert document.footnotes[1] == "<p>two</p>"


def test_notes_in_html_lists_tables_and_headings() -> None:
    note = "<d-footnote>n *m*</d-footnote>"
    document = parse_article(
        f"---\ntitle: T\n---\n## H{note}\n\n- {note}\n\n| {note} |\n|--|\n\n<div>{note}</div>\n",
        folder=None,
    )
    assert document.footnotes == ("<p>n <em>m</em></p>",) * 4
    assert (document.headings[0].id, document.headings[0].title) == ("h", "H")


def test_a_mark_without_a_note_is_reported() -> None:
    document = parse_article("a\n\nb[^x] c\n", folder=None)
    assert "b[^x] c" in document.body
    assert [(each.line, "'x'" in each.message) for each in document.warnings] == [(3, True)]


def test_an_open_footnote_is_reported() -> None:
    document = parse_article("a\n\nb <d-footnote>c\n\nd", folder=None)
    assert "b c" in document.body
    assert [each.line for each in document.warnings] == [3]


def test_a_picture_missing_in_a_note_has_its_line() -> None:
    document = parse_article("a<d-footnote>b\n![x](gone.png)</d-footnote>", folder=None)
    assert [each.line for each in document.warnings] == [2]
    assert "placeholder" in document.footnotes[0]


def test_source_that_nothing_read_is_reported_in_notes_too() -> None:
    document = parse_article(
        "a[^x]\n\nb<d-footnote>see \\label{eq} here</d-footnote>\n\n"
        "[^x]: c\n\n    <p>**bold** d</p>\n",
        folder=None,
    )
    told = [(each.line, each.message.partition(": ")[2]) for each in document.warnings]
    assert (3, "\\label{") in told
    assert (7, "**bold**") in told


def test_a_note_without_a_mark_is_told() -> None:
    document = parse_article("---\ntitle: T\n---\na[^x]\n\n[^x]: one\n\n[^y]: two", folder=None)
    assert document.footnotes == ("<p>one</p>",)
    (warning,) = document.warnings
    assert warning.line == 8
    assert warning.message == "The footnote 'y' has no mark in the text and is left out."
