"""Nothing is skipped in silence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = """
import pytest

def test_photos():
    pytest.skip("no photos")

@pytest.fixture
def browser():
    pytest.skip("no chromium")

def test_page(browser):
    pass

@pytest.mark.xfail(reason="known")
def test_known():
    raise AssertionError

def test_sound():
    pass
"""


@pytest.mark.parametrize(
    ("ci", "outcome"),
    [
        ("true", "1 failed, 1 passed, 1 xfailed, 2 errors"),
        ("", "1 passed, 3 skipped, 1 xfailed"),
    ],
)
def test_in_ci_a_skipped_test_has_failed(tmp_path: Path, ci: str, outcome: str) -> None:
    (tmp_path / "test_skipped.py").write_text(SKIPPED)
    (tmp_path / "test_missing.py").write_text("import pytest; pytest.importorskip('no_such')")
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "tests.conftest", str(tmp_path)]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--rootdir", str(tmp_path),
         "--continue-on-collection-errors"],
        cwd=Path(__file__).parents[1], env={**os.environ, "CI": ci},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert re.search(rf"== {outcome} in", done.stdout), done.stdout
    for reason in ("no photos", "no chromium", "could not import 'no_such'"):
        assert reason in done.stdout
