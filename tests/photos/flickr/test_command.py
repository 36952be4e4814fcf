"""The command as a user meets it, in a process of its own where that matters."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from latentprint.errors import UsageError
from tests.photos.flickr.server import KEY, FakeFlickr
from tests.photos.flickr.tools import tree


def command(flickr: FakeFlickr, folder: Path, *more: str) -> list[str]:
    # Registers the command by itself, wherever the list of all commands is kept.
    start = "import latentprint.cli.flickr; from latentprint.cli.main import main; main()"
    program = [sys.executable, "-c", start, "flickr", "--out", str(folder)]
    return [*program, "--api-url", flickr.url, "--pause", "0", "--min-side", "100", *more]


def environment(key: str | None = KEY) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "FLICKR_API_KEY"}
    return kept if key is None else {**kept, "FLICKR_API_KEY": key}


def test_command_line_killed_and_resumed(tmp_path: Path, flickr: FakeFlickr) -> None:
    dates = ("--from", "2010-03", "--to", "2010-04", "--max-photos", "9", "--json")
    flickr.faults["search", "1"] = ["http:503,0", "http:429,0"]
    flickr.always["exif", "104"] = "code:2"
    whole = subprocess.run(
        command(flickr, tmp_path / "whole", *dates),
        env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert whole.returncode == 0, whole.stderr
    summary = json.loads(whole.stdout)
    assert (summary["kept"], summary["skipped"]) == (9, {"EXIF not shared": 1})
    count = len(flickr.log)
    flickr.log.clear()
    flickr.delay = 0.05
    killed = subprocess.Popen(
        command(flickr, tmp_path / "killed", *dates),
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: len(flickr.asked("file")) >= 4)
    killed.send_signal(signal.SIGKILL)
    said = killed.communicate(timeout=60)
    flickr.delay = 0
    again = subprocess.run(
        command(flickr, tmp_path / "killed", *dates),
        env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert json.loads(again.stdout)["kept"] == 9
    assert tree(tmp_path / "killed") == tree(tmp_path / "whole")
    # Only what was under way when the process was killed may have been asked twice.
    assert len(flickr.log) <= count - 2 + 1
    written = b"".join(tree(tmp_path).values()).decode("latin-1")
    assert KEY not in "".join((*said, whole.stdout, whole.stderr, again.stderr, written))


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_command_line_mistakes(tmp_path: Path, flickr: FakeFlickr, monkeypatch: Any) -> None:
    import latentprint.cli.flickr as module

    monkeypatch.setenv("FLICKR_API_KEY", KEY)
    with pytest.raises(UsageError, match="--from 2006 --to 2015"):
        module.flickr(out=tmp_path)
    with pytest.raises(UsageError, match="write 2008, 2008-03 or"):
        module.flickr(out=tmp_path, first="May", last="2010")
    with pytest.raises(UsageError, match="lies after"):
        module.flickr(out=tmp_path, first="2011", last="2010")
    with pytest.raises(UsageError, match="Did you mean 'cc-by-sa'"):
        module.flickr(out=tmp_path, first="2010", last="2010", licence=["cc-by-sq"])
    with pytest.raises(UsageError, match="size"):
        module.flickr(out=tmp_path, first="2010", last="2010", size="large")
    with pytest.raises(UsageError, match="--remove goes with"):
        module.flickr(out=tmp_path, remove=True)
    monkeypatch.delenv("FLICKR_API_KEY")
    done = subprocess.run(
        command(flickr, tmp_path / "x", "--from", "2010", "--to", "2010"),
        env=environment(None), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("Error: Flickr needs a key")
    assert not (tmp_path / "x").exists()
    assert not flickr.log


def test_command_line_refresh_in_words(
    tmp_path: Path, flickr: FakeFlickr, monkeypatch: Any, capsys: Any
) -> None:
    import latentprint.cli.flickr as module

    monkeypatch.setenv("FLICKR_API_KEY", KEY)
    there = {"out": tmp_path, "api_url": flickr.url, "pause": 0.0, "min_side": 100}
    module.flickr(first="2010", last="2010", **there)
    assert capsys.readouterr().out.startswith("12 photos in")
    flickr.always["info", "100"] = "code:1"
    module.flickr(refresh=True, **there)
    assert capsys.readouterr().out.splitlines()[-2:] == ["Gone: 100", "To remove these 1: --remove"]
    module.flickr(refresh=True, remove=True, as_json=True, **there)
    assert json.loads(capsys.readouterr().out)["removed"] is True
    assert not (tmp_path / "photos" / "100.jpg").exists()
