"""The pages that newcomers follow from top to bottom: followed, and what they quote is printed."""

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command, latentprint
from tests.docs.pages import DOCS

__all__ = ["latentprint"]

SOURCE = DOCS.parent / "src"
NUMBER = r"(?<![\w.])[+−-]?\d+(?:\.\d+)?"
STEP = re.compile(
    r"^```(?:(sh|python|text)|\{literalinclude\} (examples/\S+))\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COMMANDS = f"""
latentprint() {{ '{sys.executable}' -m latentprint "$@"; }}
python() {{ '{sys.executable}' "$@"; }}
pip() {{ :; }}
"""


def followed(page: str, folder: Path, done: Callable[[str, str], str]) -> list[str]:
    """Do all that a page says, in its order; what it quotes and is not printed."""
    printed, missing = "", []
    for language, example, text in STEP.findall((DOCS / f"{page}.md").read_text("utf-8")):
        if example:
            shutil.copy(DOCS / example, folder)
        elif language == "text":
            missing += [line for line in text.splitlines() if not is_printed(line, printed)]
        else:
            printed += " ".join(done(language, text).split())
    return missing


def by_shell(folder: Path) -> Callable[[str, str], str]:
    """Every step in processes of its own, as it is copied; what they print."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "HF_HUB_OFFLINE": "1"}

    def done(language: str, text: str) -> str:
        words = [sys.executable, "-c", text]
        if language == "sh":
            words = ["bash", "-euc", COMMANDS + text]
        ended = subprocess.run(
            words,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{text}\n{ended.stdout}"
        return ended.stdout

    return done


def in_process(latentprint: Command, caplog: pytest.LogCaptureFixture) -> Callable[[str, str], str]:
    """Every command in this process, which has imported what each would import anew."""

    def done(language: str, text: str) -> str:
        assert language == "sh"
        printed = ""
        for line in text.replace("\\\n", " ").splitlines():
            program, *given = shlex.split(line)
            if program == "latentprint":
                said = latentprint(*given)
                assert said.code == 0, f"{line}\n{said.err}"
                printed += "\n".join((said.out, said.err, *caplog.messages))
            elif given[0] == "-c":
                exec(given[1], {})
            elif program == "python":
                runpy.run_path(*given, run_name="__main__")
            else:
                assert program == "pip", line
        return printed

    return done


def is_printed(line: str, printed: str) -> bool:
    """Whether a line is there, with numbers that another processor may round otherwise."""
    words = " ".join(line.split())
    pattern = f"({NUMBER})".join(re.escape(part) for part in re.split(NUMBER, words))
    quoted = numbers(words)
    return any(
        all(abs(a - b) <= 2 for a, b in zip(quoted, numbers(found[0]), strict=True))
        for found in re.finditer(pattern, printed)
    )


def numbers(text: str) -> list[float]:
    return [float(each.replace("−", "-")) for each in re.findall(NUMBER, text)]


@pytest.mark.slow
def test_a_walk_through_can_be_copied_into_a_shell(tmp_path: Path) -> None:
    assert followed("shop", tmp_path, by_shell(tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("page", ["scanners", "checkpoint"])
def test_a_walk_through_can_be_followed(
    page: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    latentprint: Command,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert followed(page, tmp_path, in_process(latentprint, caplog)) == []


def test_other_words_and_other_numbers_are_missed() -> None:
    printed = "Neighbours share “phone”: 74.3% of 10 neighbours do"
    assert is_printed("share “phone”: 74.1% of 10", printed)
    assert not is_printed("share “phone”: 84.3% of 10", printed)
    assert not is_printed("share “make”: 74.3% of 10", printed)
