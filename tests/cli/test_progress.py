"""What is told while a command works: on a terminal, elsewhere, and with ``--quiet``."""

import io
import json
import logging
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.cli import terminal
from latentprint.cli.progress import step

from .conftest import Command, Said
from .test_terminal import NAME, OBEYED


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(terminal._Waiting, "_PERIOD", 0.05)
    with terminal.session():
        step("first")
        assert "still" not in screen.getvalue()
        time.sleep(1.2)
        step("second")
    shown = screen.getvalue()
    assert "still at it: 1 s" in shown
    assert shown.endswith("\r\x1b[2Ksecond\n"), "the line makes room for what is printed"


def test_elsewhere_there_is_no_such_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal._Waiting, "_PERIOD", 0.05)
    with terminal.session():
        step("first")
        time.sleep(1.2)
    assert capsys.readouterr().err == "first\n"


@terminal.session()
def faulty() -> None:
    warnings.simplefilter("always")
    warnings.warn(NAME, stacklevel=1)
    raise RuntimeError(NAME)


def test_a_warning_and_a_fault_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        faulty()
    told = capsys.readouterr().err
    assert done.value.code == 1
    assert "UserWarning: a\\x1b]0" in told
    assert "RuntimeError: a\\x1b]0" in told
    assert not OBEYED.search(told)


def test_quiet_leaves_errors_and_the_last_line(tmp_path: Path, latentprint: Command) -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    np.save(tmp_path / "v.npy", vectors)
    labels = {"label": ["a", "b"] * 20, "make": ["x", "x", "y", "y"] * 10}
    pl.DataFrame(labels).write_csv(tmp_path / "t.csv")
    asked = (
        "robustness", tmp_path / "v.npy", "--metadata", tmp_path / "t.csv", "--nuisance", "make",
        "--permutations", "19", "-k", "2",
    )  # fmt: skip
    loud = latentprint(*asked)
    assert "robustness" in loud.err
    assert latentprint(*asked, "--quiet") == Said(0, loud.out, "")
    out = tmp_path / "run"
    assert latentprint(*asked, "-q", "--out", out) == Said(
        0, f"report: {out / 'report.html'}\n", ""
    )
    answer = latentprint(*asked, "-q", "--json", "--out", out)
    assert json.loads(answer.out)["report"] == str(out / "report.html")
    assert answer.err == ""
    wrong = latentprint(*asked[:-1], "99", "-q")
    assert wrong.code == 1
    assert "k is 99" in wrong.err


def test_quiet_leaves_out_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.session():
        terminal.be_quiet()
        warnings.simplefilter("always")
        warnings.warn("a warning", stacklevel=1)
        logging.getLogger("latentprint").warning("a warning")
    assert "warning" not in capsys.readouterr().err
