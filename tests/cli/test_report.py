"""``latentprint report``, as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from latentprint.cli import report as _  # noqa: F401 - registers the command
from latentprint.cli.app import app
from latentprint.errors import LatentprintError
from tests.report.made_runs import influence_run, probe_run, write_made


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def refused(*arguments: str | Path) -> LatentprintError:
    done = run(*arguments)
    assert isinstance(done.exception, LatentprintError), done.exception
    assert str(done.exception).count("\n") == 0
    assert done.stdout == ""
    return done.exception


@pytest.fixture
def probes(tmp_path: Path) -> Path:
    return write_made(probe_run(0.5), tmp_path / "probes")


@pytest.fixture
def neighbours(tmp_path: Path) -> Path:
    return write_made(influence_run(0.5), tmp_path / "neighbours")


def test_the_page_of_one_run_lies_in_its_folder(probes: Path) -> None:
    done = run(probes, "--title", "Our <index>", "--author", "A. One", "--author", "B. Two")
    assert done.exit_code == 0, done.exception
    assert done.stdout == f"{probes / 'report.html'}\n"
    text = (probes / "report.html").read_text("utf-8")
    for words in ("Our &lt;index&gt;", "A. One", "B. Two"):
        assert words in text


def test_several_runs_become_one_page(probes: Path, neighbours: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "both.html"
    done = run(probes, neighbours, "--out", page)
    assert done.exit_code == 0, done.exception
    text = page.read_text("utf-8")
    assert 'id="figure-processing"' in text
    assert 'id="figure-neighbours"' in text
    assert not (probes / "report.html").exists()


def test_an_article_to_edit(probes: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft"
    done = run(probes, "--markdown", draft, "--date", "2026-12-01", "--affiliation", "Lab")
    assert done.exit_code == 0, done.exception
    assert done.stdout == f"{draft / 'article.md'}\n"
    assert not (probes / "report.html").exists()
    (draft / "article.md").write_text("Mine\n")
    assert "--force" in str(refused(probes, "--markdown", draft))
    assert run(probes, "--markdown", draft, "--force").exit_code == 0
    assert (draft / "article.md").read_text("utf-8") != "Mine\n"


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (("probes", "neighbours"), "--out FILE", 2),
        (("probes", "--markdown", "d", "--out", "p.html"), "Name either --out", 2),
        (("probes", "--force"), "--force is for --markdown", 2),
        (("nowhere",), "There is no folder nowhere", 1),
        ((".",), "holds no results.parquet", 1),
    ],
)
def test_mistakes_are_one_sentence(
    probes: Path, neighbours: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], message: str, code: int,
) -> None:  # fmt: skip
    monkeypatch.chdir(probes.parent)
    error = refused(*arguments)
    assert message in str(error)
    assert error.exit_code == code
    assert not (probes.parent / "p.html").exists()


def test_a_file_in_place_of_a_run_is_called_a_file(tmp_path: Path) -> None:
    table = tmp_path / "results.csv"
    table.write_text("encoder")
    assert "results.csv is a file: name the folder" in str(refused(table))
