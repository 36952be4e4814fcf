"""The pages that newcomers follow from top to bottom: followed, and what they quote is printed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS

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


def followed(page: str, folder: Path) -> list[str]:
    """Do all that a page says, in its order; what it quotes and is not printed."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "HF_HUB_OFFLINE": "1"}
    printed, missing = "", []
    for language, example, text in STEP.findall((DOCS / f"{page}.md").read_text("utf-8")):
        if example:
            shutil.copy(DOCS / example, folder)
        elif language == "text":
            missing += [line for line in text.splitlines() if not is_printed(line, printed)]
        else:
            words = [sys.executable, "-c", text]
            if language == "sh":
                words = ["bash", "-euc", COMMANDS + text]
            done = subprocess.run(
                words,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{text}\n{done.stdout}"
            printed += " ".join(done.stdout.split())
    return missing


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
@pytest.mark.parametrize("page", ["shop", "scanners", "checkpoint"])
def test_a_walk_through_can_be_followed(page: str, tmp_path: Path) -> None:
    assert followed(page, tmp_path) == []


def test_other_words_and_other_numbers_are_missed() -> None:
    printed = "Neighbours share “phone”: 74.3% of 10 neighbours do"
    assert is_printed("share “phone”: 74.1% of 10", printed)
    assert not is_printed("share “phone”: 84.3% of 10", printed)
    assert not is_printed("share “make”: 74.3% of 10", printed)
