"""The command line in the process of the test: what it prints, and the code it exits with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from latentprint.cli.main import main


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def latentprint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``latentprint``, called with arguments; a traceback would fail the test."""

    def call(*arguments: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["latentprint", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        return Said(int(done.value.code or 0), *capsys.readouterr())

    return call
