"""``latentprint figures``, as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from latentprint.cli import figures as _  # noqa: F401 - registers the command
from latentprint.cli.app import app
from latentprint.errors import UsageError
from tests.report.made_runs import influence_run, write_made


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["figures", *map(str, arguments)])


def test_files_on_standard_output_and_what_is_missing_on_standard_error(tmp_path: Path) -> None:
    made = write_made(influence_run(0.5), tmp_path / "run")
    out = tmp_path / "out"
    done = run(made, "--out", out, "--name", "neighbours=knn.html")
    assert done.stdout.splitlines()[0] == str(out / "knn.html")
    assert all(Path(line).is_file() for line in done.stdout.splitlines())
    assert "sim_dist is not drawn" in done.stderr


@pytest.mark.parametrize("text", ["neighbours", "=x", "neighbours="])
def test_a_name_has_two_parts(tmp_path: Path, text: str) -> None:
    done = run("--published", "--out", tmp_path, "--name", text)
    assert isinstance(done.exception, UsageError)
    assert "KEY=NAME" in str(done.exception)
