"""``latentprint table``, as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from latentprint.cli import table as _  # noqa: F401 - registers the command
from latentprint.cli.app import app
from latentprint.errors import UsageError


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["table", *map(str, arguments)])


def test_a_table_on_standard_output_or_in_a_file(tmp_path: Path) -> None:
    done = run("--published", "--latex", "--table", "pairs")
    assert done.stdout.startswith("\\begin{table}\n")
    assert done.stdout.count(" \\\\\n") == 48
    file = tmp_path / "new" / "pairs.tex"
    written = run("--published", "--latex", "--table", "pairs", "--out", file)
    assert written.stdout == f"{file}\n"
    assert file.read_text("utf-8") == done.stdout


@pytest.mark.parametrize("forms", [[], ["--latex", "--markdown"]])
def test_exactly_one_form_is_named(forms: list[str]) -> None:
    done = run("--published", *forms)
    assert isinstance(done.exception, UsageError)
    assert "either --latex or --markdown" in str(done.exception)
