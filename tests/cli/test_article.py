"""``latentprint article``, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from latentprint.cli import article as _  # noqa: F401 - registers the command
from latentprint.cli.app import app
from latentprint.errors import LatentprintError, UsageError

ARTICLE = """---
title: A small article
---
# A heading

Text with a picture: ![A dot](dot.svg)

A second one ![lost](lost.png), and ![remote](https://example.org/x.png).
"""
DOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle r="1"/></svg>'


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["article", *map(str, arguments)])


def refused(*arguments: str | Path) -> LatentprintError:
    done = run(*arguments)
    assert isinstance(done.exception, LatentprintError), done.exception
    assert str(done.exception).count("\n") == 0
    return done.exception


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "dot.svg").write_text(DOT)
    source = tmp_path / "article.md"
    source.write_text(ARTICLE)
    return source


def test_the_page_lies_beside_the_source(source: Path) -> None:
    done = run(source)
    assert done.exit_code == 0, done.exception
    page = source.with_suffix(".html")
    assert done.stdout == f"{page}\n"
    assert "<h1>A small article</h1>" in page.read_text(encoding="utf-8")
    names = sorted(each.name for each in source.parent.iterdir())
    assert names == ["article.html", "article.md", "dot.svg"]


def test_warnings_name_the_line_and_the_size_is_told(source: Path) -> None:
    lines = run(source).stderr.splitlines()
    warned = [line for line in lines if line.startswith(f"{source}:8: ")]
    assert len(warned) == 2
    assert "lost.png" in warned[0] + warned[1]
    assert any(line.startswith("image dot.svg: ") for line in lines)
    size = source.with_suffix(".html").stat().st_size
    assert lines[-1] == f"page: {size / 1000:.1f} kB"


def test_strict_fails_after_warnings_and_writes_the_page_all_the_same(source: Path) -> None:
    assert run(source, "--strict").exit_code == 1
    assert source.with_suffix(".html").exists()
    source.write_text("---\ntitle: Sound\n---\nText.\n")
    assert run(source, "--strict").exit_code == 0


def test_machines_get_json_alone(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "site" / "page.html"
    done = run(source, "--out", out, "--json")
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["page"] == str(out)
    assert found["size"] == out.stat().st_size
    assert [each["line"] for each in found["warnings"]] == [8, 8]
    assert [(each["name"], each["kind"]) for each in found["embedded"]] == [("dot.svg", "image")]


def test_an_untrusted_source_brings_no_script(source: Path) -> None:
    source.write_text('Text <script>alert(1)</script> <b onclick="alert(2)">bold</b>\n')
    run(source)
    assert "alert(1)" in source.with_suffix(".html").read_text(encoding="utf-8")
    run(source, "--safe")
    page = source.with_suffix(".html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "onclick" not in page
    assert "script-src &#39;sha256-" in page


def test_mistakes_are_told_in_a_sentence(source: Path, tmp_path: Path) -> None:
    assert "There is no file" in str(refused(tmp_path / "none.md"))
    assert "is a folder" in str(refused(tmp_path))
    error = refused(source, "--out", tmp_path)
    assert isinstance(error, UsageError)
    assert "is a folder" in str(error)
    assert "its own source" in str(refused(source, "--out", source))
    page = tmp_path / "article.html"
    page.write_text("Text.")
    assert "its own source" in str(refused(page))
    assert page.read_text() == "Text."
    (tmp_path / "latin.md").write_bytes("Grüße\n\nGrüße".encode("latin-1"))
    assert "latin.md, line 1" in str(refused(tmp_path / "latin.md"))
    (tmp_path / "broken.md").write_text("---\ntitle: 'one\ndate: [\n---\n")
    assert "broken.md, line " in str(refused(tmp_path / "broken.md"))
    assert ", column " in str(refused(tmp_path / "broken.md"))
    assert "Cannot write to" in str(refused(source, "--out", source / "page.html"))


def test_frequent_warnings_are_told_together(source: Path) -> None:
    source.write_text("\n\n".join(f"![x](gone{number}.png)" for number in range(9)))
    lines = [line for line in run(source).stderr.splitlines() if line.startswith(f"{source}:")]
    assert len(lines) == 4
    assert lines[0] == f"{source}:1: The picture gone0.png is missing."
    assert lines[3] == f"{source}:6 more of the kind “missing”, in lines 7, 9, 11, 13, 15, …."
    told = json.loads(run(source, "--json").stdout)["warnings"]
    assert [each["line"] for each in told] == list(range(1, 18, 2))
    assert {each["kind"] for each in told} == {"missing"}


def test_what_a_reader_would_see_as_source_fails_when_strict(source: Path) -> None:
    source.write_text("<div>\n**not read**\n</div>\n")
    assert run(source).exit_code == 0
    assert run(source, "--strict").exit_code == 1


def test_the_root_of_the_site_may_be_named(source: Path, tmp_path: Path) -> None:
    (tmp_path / "site" / "assets").mkdir(parents=True)
    (tmp_path / "site" / "assets" / "a.svg").write_text(DOT)
    source.write_text("![A dot](/assets/a.svg)")
    assert run(source, "--strict").exit_code == 1
    assert run(source, "--strict", "--root", tmp_path / "site").exit_code == 0
    assert run(source, "--strict", "--safe", "--root", tmp_path / "site").exit_code == 0
