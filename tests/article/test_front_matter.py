"""Front matter: its kinds, its lines, and one sentence for what is wrong."""

from __future__ import annotations

import json

import pytest

from latentprint.article.front_matter import Affiliation, FrontMatter, Notation, read_front_matter
from latentprint.errors import LatentprintError


def read(yaml: str) -> FrontMatter:
    front, _, _ = read_front_matter(f"---\n{yaml}\n---\ntext", "a.md")
    return front


def test_the_text_keeps_its_lines() -> None:
    front, text, warnings = read_front_matter("---\ntitle: T\n---\nfirst\n", "a.md")
    assert front.title == "T"
    assert text == "\n\n\nfirst\n"
    assert warnings == []


@pytest.mark.parametrize(
    "text", ["", "no front matter", "---\n\na rule above", "***\n", "a\n---\n"]
)
def test_front_matter_may_be_missing(text: str) -> None:
    assert read_front_matter(text, "a.md") == (FrontMatter(), text, [])


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2024-05-22", "2024-05-22"),
        ("2024-05-22 11:00:00-0400", "2024-05-22"),
        ("Spring 2024", "Spring 2024"),
        ("2024", "2024"),
        ("", None),
    ],
)
def test_dates(written: str, read_as: str | None) -> None:
    assert read(f"date: {written}").date == read_as


@pytest.mark.parametrize("written", ["a b", "[a, b]", "\n- a\n- b"])
def test_tags(written: str) -> None:
    assert read(f"tags: {written}").tags == ("a", "b")


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Here", (Affiliation("Here"),)),
        ("{name: Here, url: 'https://h'}", (Affiliation("Here", "https://h"),)),
        ("[Here, {name: There}]", (Affiliation("Here"), Affiliation("There"))),
        ("", ()),
    ],
)
def test_affiliations(written: str, read_as: tuple[Affiliation, ...]) -> None:
    (author,) = read(f"authors:\n  - name: A\n    affiliations: {written}").authors
    assert author.affiliations == read_as


@pytest.mark.parametrize(
    "written",
    [
        "{'*': equal}",
        "[{symbol: '*', text: equal}]",
        "\n  - symbol: '*'\n    name: equal",
        "[{symbol: '*', description: equal}]",
    ],
)
def test_notations(written: str) -> None:
    assert read(f"notations: {written}").notations == (Notation("equal", "*"),)
    assert read("notations: equal").notations == (Notation("equal"),)


def test_contents_know_their_lines() -> None:
    front = read("toc:\n  - name: One\n    subsections:\n      - name: Two\n  - Three")
    assert [(each.name, each.line) for each in front.toc] == [("One", 3), ("Three", 6)]
    assert [(each.name, each.line) for each in front.toc[0].subsections] == [("Two", 5)]


def test_styles_cannot_close_their_element() -> None:
    assert "</style" not in read("_styles: 'a { content: \"</STYLE></style>\" }'").styles.lower()


def test_keys_of_al_folio_are_known_and_others_reported() -> None:
    _, _, warnings = read_front_matter(
        "---\nlayout: distill\ngiscus_comments: true\ntitel: T\nimg: x\n---\n", "a.md"
    )
    assert [(each.line, "'titel'" in each.message) for each in warnings] == [(4, True)]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "java\tscript:x", " JavaScript:x", "data:text/html,x"]
)
def test_only_web_addresses_are_links(address: str) -> None:
    yaml = f"---\nauthors:\n  - name: A\n    url: {json.dumps(address)}\n---\n"
    front, _, warnings = read_front_matter(yaml, "a.md")
    assert front.authors[0].url is None
    assert [each.line for each in warnings] == [2]


@pytest.mark.parametrize(
    ("yaml", "line", "message"),
    [
        ("a: b\nauthors: 3", 3, "authors is left out: it is no list."),
        ("authors: [{url: x}]", 2, "An author of authors is left out: it has no name."),
        ("authors: [{name: A, affiliations: {url: x}}]", 2, "An affiliation of authors is"),
        ("notations: [{symbol: '*'}]", 2, "A notation of notations is left out"),
        ("title: {a: b}", 2, "title is left out: it is no text."),
        ("title: [a, b]", 2, "title is a list"),
        ("toc: contents", 2, "toc is left out: it is no list."),
        ("toc:\n  - name: a\n  - subsections: []", 4, "entry of toc is left out: it has no name"),
        ("toc: [{name: a, subsections: b}]", 2, "its subsections are no list"),
        ("tags: {a: b}", 2, "tags is left out: it is no list."),
    ],
)
def test_what_cannot_be_shown_is_left_out_with_its_line(yaml: str, line: int, message: str) -> None:
    _, _, warnings = read_front_matter(f"---\n{yaml}\n---\n", "a.md")
    assert [each.line for each in warnings if message in each.message] == [line]


def test_what_can_be_shown_is_shown() -> None:
    assert [each.name for each in read("authors: Ada and Grace").authors] == ["Ada and Grace"]
    assert [each.name for each in read("authors: {name: Ada}").authors] == ["Ada"]
    assert [each.name for each in read("authors: [{url: x}, Ada]").authors] == ["Ada"]
    assert read("description: [one, two]").description == "one, two"
    assert read("date: 2024-99-99").date == "2024-99-99"
    contents = read("toc:\n  - subsections:\n    - name: Two\n      subsections: [Three]").toc
    assert [each.name for each in contents] == ["Two"]
    assert [each.name for each in contents[0].subsections] == ["Three"]


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("title: a: b", "a.md, line 2, column 9: the front matter is broken"),
        ("a: 1\nb: [1", "a.md, line"),
        ("a: !!python/object:os.system x", "a.md, line 2, column 4"),
        ("- a\n- b", "a.md, line 2: the front matter must be made of lines 'key: value'"),
        ("a: " + "[" * 1200, "a.md, line"),
    ],
)
def test_what_is_wrong_is_one_sentence(yaml: str, message: str) -> None:
    with pytest.raises(LatentprintError) as error:
        read(yaml)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_front_matter_that_is_not_closed() -> None:
    with pytest.raises(LatentprintError, match="line 1: the front matter is not closed"):
        read_front_matter("---\ntitle: T\n\ntext", "a.md")


def test_a_control_character_is_a_mistake_like_any_other() -> None:
    with pytest.raises(LatentprintError, match="line 1: the front matter is broken: unacceptable"):
        read_front_matter("---\ntitle: a\x07b\n---\nx", "article.md")
