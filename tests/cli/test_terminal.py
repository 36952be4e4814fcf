"""Nothing that a terminal obeys gets from a file, a name or a label to the screen."""

import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from PIL import Image
from rich.console import Console

import latentprint as package
from latentprint.cli import terminal

from .conftest import Command

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NAME = "a\x1b]0;owned\x07\x1b[31m\u202egpj\x9b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, naïve – 写真\tx", "plain text, naïve – 写真\tx"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nError: b\rc", r"a\nError: b\rc"),
        ("a\u202eb\u2066c\u2028d", r"a\u202eb\u2066c\u2028d"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("a\udcffb", r"a\udcffb"),
    ],
)
def test_what_a_terminal_obeys_is_shown(text: str, shown: str) -> None:
    assert terminal.shown(text) == shown
    assert terminal.text(text).plain == shown


def printed(width: int) -> list[str]:
    """A table of two rows, on a screen of so many columns."""
    out = io.StringIO()
    columns: dict[str, terminal.Align] = {
        "encoder": "left", "setup": "left", "value": "right", "colour": "right", "verdict": "left",
    }  # fmt: skip
    rows = [
        (
            "ResNet [1k]",
            "within class",
            "97.9 to 100.0",
            "",
            "neighbours follow the nuisance",
        ),
        ("mine", "all photos", "38.2 to 42.0", "", "–"),
    ]
    terminal.print_table(Console(file=out, width=width), "Percent", columns, rows)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_table_that_is_wider_than_the_screen_becomes_paragraphs() -> None:
    wide, narrow = printed(100), printed(40)
    heads, first = wide[2], wide[4]
    assert heads.split() == ["encoder", "setup", "value", "verdict"]
    assert "97.9 to 100.0   neighbours follow the nuisance" in first
    assert narrow == [
        "Percent",
        "",
        "ResNet [1k], within class",
        "    value 97.9 to 100.0; verdict",
        "    neighbours follow the nuisance",
        "mine, all photos",
        "    value 38.2 to 42.0",
        "",
    ]


def test_json_gives_every_character_back(capsys: pytest.CaptureFixture[str]) -> None:
    value = {NAME: ["\ud800", "\u2028\n", {"x": "写真"}]}
    terminal.print_json(value)
    out = capsys.readouterr().out
    assert not OBEYED.search(out)
    assert json.loads(out) == value
    assert "写真" in out


def test_one_place_prints() -> None:
    home = Path(package.__file__).parent
    found = {
        str(path.relative_to(home))
        for path in home.rglob("*.py")
        if re.search(
            r"sys\.std(?:out|err)\.write|(?<![\w.])print\(|\bConsole\(|rich\.text|typer\.s?echo",
            path.read_text("utf-8"),
        )
    }
    assert found == {"cli/terminal.py"}


def test_warnings_are_single_lines() -> None:
    formatter = terminal.LineFormatter()
    record = logging.LogRecord("x", logging.WARNING, "x", 1, "file %s", (f"{NAME}\nx",), None)
    assert not OBEYED.search(formatter.format(record))
    assert "\n" not in formatter.format(record)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is named so, with photos of such names, labels and EXIF values in it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / NAME
    (folder / "cl\x1b[1mass").mkdir(parents=True)
    (folder / "b\u202eb").mkdir()
    tags = Image.Exif()
    tags[0x010F] = tags[0x0110] = "Ca\u202enon"
    for place in folder.iterdir():
        for number in range(3):
            Image.new("RGB", (20, 10)).save(place / f"{number}\x1b[2J.jpg", exif=tags)
    (folder / "b\u202eb" / "x.\x1b[5mtxt").write_text("")
    return folder


def test_what_is_in_a_folder(hostile: Path, latentprint: Command) -> None:
    out = f"{hostile.name}.csv"
    for arguments in (
        ("exif", hostile),
        ("exif", hostile, "--json"),
        ("exif", hostile, "--out", out),
        ("exif", hostile / "nothing"),
        ("correlation", hostile, "--permutations", "20"),
        ("correlation", hostile, "--permutations", "20", "--label", "x\x1b[1m"),
        ("report", hostile),
        ("report", hostile, "--out", out, f"--{NAME}"),
        ("compare", hostile, hostile),
        ("article", hostile, hostile),
        ("store", "check", hostile),
        ("embed", hostile, "-e", NAME),
        (NAME,),
    ):
        done = latentprint(*arguments)
        assert not OBEYED.search(done.out + done.err), arguments
        assert done.out or done.err


def test_what_is_in_an_article(hostile: Path, latentprint: Command) -> None:
    source = hostile / "a.md"
    source.write_text(f"---\nx{NAME[8:]}: 1\n---\n![x]({NAME[8:]}.png)\n", "utf-8")
    done = latentprint("article", source)
    assert not OBEYED.search(done.out + done.err)
    source.write_text('<img src="\u202egpj.png" alt="x">\n', "utf-8")
    done = latentprint("article", source)
    assert r"The picture \u202egpj.png is missing." in done.err


def test_labels_in_tables_of_figures(tmp_path: Path, latentprint: Command) -> None:
    rows = {"path": [f"{at}.jpg" for at in range(40)], "label": ["x", "y"] * 20}
    table = pl.DataFrame({**rows, "la\x1b[31mb": ["\x1b[1mp", "q\u202e"] * 20})
    table.write_csv(tmp_path / "list.csv")
    done = latentprint("correlation", tmp_path / "list.csv", "--permutations", "20")
    assert not OBEYED.search(done.out + done.err)
    assert r"la\x1b[31mb" in done.out


def test_a_warning_of_the_whole_program(hostile: Path) -> None:
    code = "import sys; from latentprint.cli.main import main; sys.argv[0] = 'latentprint'; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "exif", str(hostile)], capture_output=True, check=False
    )
    told = done.stderr.decode()
    assert r".\x1b[5mtxt" in told
    assert not OBEYED.search(told)
