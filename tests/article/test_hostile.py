"""What a stranger's article could draw out for ever, or swell: bounded, told in one sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from latentprint.article import page, time_limit, yaml_text
from latentprint.article.context import Options
from latentprint.article.document import Document, parse_article
from latentprint.article.page import write_article
from latentprint.errors import LatentprintError, UsageError


def render(text: str) -> Document:
    return parse_article(text, folder=None, options=Options(safe=True))


def laughs(last: int, pattern: str) -> str:
    """Each line is nine times the one before."""
    lines = ["a0: &a0 {x: y}"]
    lines += [
        f"a{n}: &a{n} {pattern.replace('*', ', '.join([f'*a{n - 1}'] * 9))}"
        for n in range(1, last + 1)
    ]
    return "---\n" + "\n".join(lines) + f"\ntitle: *a{last}\n---\nx"


@pytest.mark.parametrize("pattern", ["[*]", "{<<: [*]}"])
def test_aliases_of_aliases_are_refused(pattern: str) -> None:
    assert len(laughs(10, pattern)) < 700
    with pytest.raises(LatentprintError, match="aliases stand for more than 1,000,000"):
        render(laughs(10, pattern))
    assert render(laughs(3, pattern))


@pytest.mark.parametrize(
    "front", ["toc: &a\n  - name: x\n    subsections: *a", "title: &a [*a]", "x: &a {y: *a}"]
)
def test_what_contains_itself_is_refused(front: str) -> None:
    with pytest.raises(LatentprintError, match="contains itself"):
        render(f"---\n{front}\n---\nx")


def test_a_long_text_without_aliases_is_as_good_as_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "MOST", 10)
    assert yaml_text.load("- a\n-\n- b: {c: d}") == ["a", None, {"b": {"c": "d"}}]
    assert yaml_text.load("[" + ",".join("ab" * 50) + "]")[-1] == "b"
    assert yaml_text.load("") is None


def test_the_data_of_a_site_have_the_same_bounds(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text(laughs(10, "[*]").split("---")[1])
    document = parse_article("{{ site.a10 }}b", folder=tmp_path)
    assert document.body.strip() == "<p>b</p>"


@pytest.mark.parametrize(
    "source",
    [
        r"$$ \frac" + "{" * 40_000 + "\n",
        r"$$ \frac{{{{ " * 2_000,
        "{% raw " * 4_000,
        "{% x " * 8_000,
    ],
    ids=["braces", "formulas", "verbatim", "tags"],
)
def test_what_opens_and_never_closes_is_read_once(source: str) -> None:
    start = time.process_time()
    render(source)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "step",
    [
        "{% assign a = a | append: a %}",
        "{% capture a %}{{ a }}{{ a }}{% endcapture %}",
        '{% assign a = a | replace: "x", a %}',
        '{% assign b = a | split: "" %}{% assign a = b | join: a %}',
        "{% assign n = n | times: n %}",
        "{% assign l = l | concat: l %}",
    ],
)
def test_liquid_cannot_double_for_ever(step: str) -> None:
    start = '{% assign a = "xxxxxxxx" %}{% assign n = 99999 %}{% assign l = a | split: "" %}'
    document = render(f"{start}{{% for i in (1..60) %}}{step}{{% endfor %}}y")
    assert "a value is too long" in document.warnings[0].message


def test_a_loop_has_no_more_rounds_than_a_value_entries() -> None:
    document = render("{% for i in (1..100000000000) %}x{% endfor %}")
    assert "a value is too long" in document.warnings[0].message


def test_liquid_writes_no_more_than_a_page_can_show() -> None:
    swell = "{% for i in (1..16) %}{% assign a = a | append: a %}{% endfor %}"
    with pytest.raises(LatentprintError, match="Liquid writes more than 20,000,000"):
        render(f'{{% assign a = "x" %}}{swell}{{% for i in (1..9000) %}}{{{{ a }}}}{{% endfor %}}')


def test_an_untrusted_article_has_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "a.md"
    source.write_text("x")

    def endless(*_: object) -> None:
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    monkeypatch.setattr(page, "SECONDS", 0.2)
    monkeypatch.setattr(page, "read_article", endless)
    with pytest.raises(LatentprintError, match=r"a\.md under --safe takes more than 0\.2 seconds"):
        write_article(source, safe=True)
    assert not (tmp_path / "a.html").exists()


def test_the_time_limit_leaves_nothing_behind() -> None:
    with time_limit.time_limit(0.05, "x"):
        pass
    time.sleep(0.1)


def test_safe_and_outside_exclude_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    with pytest.raises(UsageError, match="leave out --safe or --allow-outside"):
        write_article(tmp_path / "a.md", safe=True, allow_outside=True)
