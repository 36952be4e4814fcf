"""Every command that opens photos tells what of their folder it left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from .conftest import Command

TOY = ("-e", "python:tests.embeddings.toy:ToyEncoder", "--workers", "0")
COMMANDS = {
    "audit": (*TOY, "-a", "sharpening", "--no-control", "-k", "1"),
    "embed": (*TOY, "-a", "none"),
    "exif": ("--workers", "0"),
    "correlation": ("--workers", "0"),
}


def picture(file: Path, seed: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (20, 24, 3), np.uint8)
    Image.fromarray(pixels).save(file)


@pytest.fixture
def linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve photos in two classes, two further ones and a folder behind links, and other files."""
    monkeypatch.chdir(tmp_path)
    root, outside = tmp_path / "photos", tmp_path / "outside"
    for at in range(12):
        picture(root / "xy"[at % 2] / f"{at:02}.png", at)
    for name in ("far.png", "more/farther.png"):
        picture(outside / name, len(name))
    (root / "x" / "far.png").symlink_to(outside / "far.png")
    (root / "y" / "more").symlink_to(outside / "more")
    for name in ("notes.txt", "list.txt", "README"):
        (root / name).write_text("")
    return root


@pytest.mark.parametrize("command", COMMANDS)
def test_links_out_of_the_folder_are_followed_where_that_is_asked(
    linked: Path, latentprint: Command, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    latentprint(command, linked, *COMMANDS[command], "--out", place(command, "without"))
    said = "2 ignored: a link out of the folder, not followed without --follow-links."
    assert said in caplog.messages
    others = (
        "Files that are no photos, or of a format that is not read, were ignored:"
        " 2 .txt, 1 without a suffix."
    )
    assert others in caplog.messages
    caplog.clear()
    arguments = (*COMMANDS[command], "--layout", "classes", "--follow-links")
    latentprint(command, linked, *arguments, "--out", place(command, "with"))
    assert said not in caplog.messages
    assert others in caplog.messages


def place(command: str, name: str) -> str:
    return f"{name}.csv" if command in ("exif", "correlation") else name


def test_followed_photos_are_in_the_table(linked: Path, latentprint: Command) -> None:
    for flags, count in (((), 12), (("--follow-links",), 14)):
        assert latentprint("exif", linked, "--out", "t.csv", *flags).code == 0
        assert pl.read_csv("t.csv").height == count


@pytest.mark.parametrize("beside", [("00000.tar",), ("00000_stats.json",)])
def test_the_numbered_parts_of_a_download_are_no_classes(
    tmp_path: Path,
    latentprint: Command,
    caplog: pytest.LogCaptureFixture,
    beside: tuple[str, ...],
) -> None:
    for at in range(8):
        picture(tmp_path / "set" / f"{at % 2:05}" / f"{at % 2:05}{at:04}.png", at)
    for name in beside:
        (tmp_path / "set" / name).write_text("")
    said = latentprint("correlation", tmp_path / "set")
    assert said.code == 1
    assert "no labels are made of their names" in caplog.text


@pytest.mark.parametrize("command", ["audit", "embed"])
def test_a_condition_and_a_draw_are_kept_to_and_said(
    linked: Path, latentprint: Command, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    chosen = ("--where", "label = 'x'", "--sample-photos", "5", "--seed", "1")
    if command == "audit":
        chosen = ("--where", "id > 'x/03.png'", "--sample-photos", "8")
    latentprint(command, linked, *COMMANDS[command], *chosen, "--out", "few")
    said = [each for each in caplog.messages if each.endswith(("are used.", "12."))]
    assert len(said) == 2
    if command == "audit":
        listed = pl.read_csv("few/photos.csv")
        assert len(listed.filter(pl.col("status") != "ignored")) == 8
        assert json.loads(Path("few/settings.json").read_text())["notes"] == said
    wrong = latentprint(
        command, linked, *COMMANDS[command], "--where", "lable = 'x'", "--out", "no"
    )
    assert wrong.code == 2
    assert "Known columns: id, path, split, label" in wrong.err
    assert not Path("no").exists()
