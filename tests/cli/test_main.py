"""The command line as a user meets it, in a process of its own where that matters.

It matters for worker processes, for signals, for what is imported, and once for the exit code.
"""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from latentprint.cli.app import ORDER
from latentprint.cli.main import app

from .conftest import Command

TOY = """
import sys
sys.path.insert(0, {tests!r})
from embeddings.toy import ToyEncoder

def make():
    return ToyEncoder()
"""


TOY_HERE = "python:tests.embeddings.toy:ToyEncoder"


def process(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "latentprint", *arguments]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    """Every kind of trouble in one folder, among thirty-two good pictures in two classes."""
    (tmp_path / "toy_factory.py").write_text(TOY.format(tests=str(Path(__file__).parents[1])))
    root = tmp_path / "photos"
    generator = np.random.default_rng(0)
    for number in range(32):
        path = root / "xy"[number % 2] / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((64, 48)).save(path, quality=95)
    x = root / "x"
    whole = (x / "00.jpg").read_bytes()
    (x / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (x / "empty.jpg").write_bytes(b"")
    (x / "text.jpg").write_text("this is no picture")
    Image.new("CMYK", (30, 30), (10, 200, 30, 0)).save(x / "cmyk.jpg")
    Image.fromarray(np.full((30, 30), 40_000, np.uint16)).save(x / "deep.png")
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(x / "moving.gif", save_all=True, append_images=frames[1:])
    Image.new("RGB", (1, 1), "green").save(x / "dot.png")
    Image.new("RGB", (20, 30)).save(x / "a b'\"<script>alert(1)<∕script> фото 写真.png")
    (x / "dangling.jpg").symlink_to(tmp_path / "nothing.jpg")
    (x / "notes.txt").write_text("notes")
    return root


def test_a_messy_folder_is_audited_to_the_end(messy: Path) -> None:
    done = process(
        "audit", "photos", "--out", "run", "-e", "python:toy_factory:make", "--allow-broken",
        "-k", "3", "--sample", "5", "--workers", "1", "--json", "-a", "sharpening",
        cwd=messy.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["results"]
    assert "photos, which are broken: x/" in done.stderr
    asked = [(row["experiment"], row["attribute"], row["encoder"], row["setup"]) for row in rows]
    for encoder in ("toy", "colour statistics", "DCT energies"):
        assert ("processing_probe", "sharpening", encoder, "all") in asked
        assert ("processing_probe", "sharpening", encoder, "paired all") in asked
    assert ("variance", "sharpening", "toy", "processing share") in asked
    assert ("knn_influence", "sharpening", "toy", "influence") in asked
    (notes,) = {row["notes"] for row in rows if row["experiment"] == "knn_influence"}
    assert notes.startswith("5 of ")
    run = messy.parent / "run"
    photos = pl.read_csv(run / "photos.csv")
    status = dict(photos.select("path", "status").rows())
    assert len(status) == 42
    broken = {path for path, value in status.items() if value == "broken"}
    assert broken == {"x/truncated.jpg", "x/empty.jpg", "x/text.jpg"}
    assert photos.filter(pl.col("status") == "broken")["reason"].str.len_chars().min() > 10
    assert status["x/notes.txt"] == status["x/dangling.jpg"] == "ignored"
    for name in ("x/cmyk.jpg", "x/deep.png", "x/moving.gif", "x/dot.png"):
        assert status[name] == "ok"
    results = pl.read_csv(run / "results.csv")
    assert results.columns[:11] == [
        "encoder", "family", "experiment", "dataset", "attribute", "setup", "chance", "value",
        "low", "high", "n_test",
    ]  # fmt: skip
    assert results.height == pl.read_parquet(run / "results.parquet").height
    measured = {"processing_probe", "learning_curve", "variance", "knn_influence"}
    assert set(results["experiment"]) == measured
    assert "<script>alert(1)" not in (run / "report.html").read_text()


def test_too_many_broken_photos_fail_the_job_and_keep_the_work(
    messy: Path, latentprint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(messy.parent)
    for number in range(8):
        (messy / "y" / f"empty{number}.jpg").write_bytes(b"")
    arguments = ("audit", "photos", "--out", "run", "-e", TOY_HERE, "-a", "sharpening",
                 "--no-control", "--workers", "0")  # fmt: skip
    failed = latentprint(*arguments)
    assert failed.code == 1
    assert "--allow-broken" in failed.err
    assert failed.out == ""
    assert (messy.parent / "run" / "photos.csv").exists()
    shards = list((messy.parent / "run").rglob("*.safetensors"))
    assert shards
    stamps = [path.stat().st_mtime_ns for path in shards]
    again = latentprint(*arguments, "--allow-broken")
    assert again.code == 0, again.err
    assert stamps == [path.stat().st_mtime_ns for path in shards]


def test_embed_then_probe_influence_and_report(
    messy: Path, latentprint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(messy.parent)
    made = latentprint(
        "embed", "photos", "--out", "store", "-e", TOY_HERE, "-a", "sharpening", "--no-control",
        "--processing", "none", "--allow-broken", "--workers", "0", "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert json.loads(made.out)["photos"]["broken"] == 3
    probed = latentprint("probe", "store", "-a", "sharpening", "--fits", "3", "--json")
    assert probed.code == 0, probed.err
    row, *others = json.loads(probed.out)["results"]
    assert row["setup"] == "all"
    assert {each["experiment"] for each in others} == {
        "processing_probe", "variance", "learning_curve",
    }  # fmt: skip
    assert row["attribute"] == "sharpening"
    assert row["low"] <= row["value"] <= row["high"]
    neighbours = latentprint("influence", "store", "-a", "sharpening", "-k", "1", "--json")
    setups = {row["setup"] for row in json.loads(neighbours.out)["results"]}
    assert setups >= {"all-same", "all-diff", "pos-same", "neg-same", "uniform"}
    missing = latentprint("probe", "store", "-a", "jpeg")
    assert missing.code == 1
    assert "no embeddings of JPEG75_420" in missing.err.splitlines()[-1]


def test_ctrl_c_keeps_what_was_finished_and_says_so(messy: Path) -> None:
    slow = "import time, toy_factory\n\n\ndef make():\n    toy = toy_factory.make()\n"
    slow += "    embed = toy.embed\n    toy.embed = lambda p: (time.sleep(0.2), embed(p))[1]\n"
    (messy.parent / "slow_factory.py").write_text(slow + "    return toy\n")
    command = [sys.executable, "-m", "latentprint", "embed", "photos", "--out", "store"]
    interrupted = subprocess.Popen(
        [*command, "-e", "python:slow_factory:make", "--batch-size", "4"],
        cwd=messy.parent,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(messy.parent.rglob("manifest.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    interrupted.send_signal(signal.SIGINT)
    _, errors = interrupted.communicate(timeout=60)
    assert interrupted.returncode == 130
    assert "run the same command again" in errors
    assert "Traceback" not in errors


def test_ctrl_c_ends_a_command_that_still_loads() -> None:
    script = """
import sys
from latentprint.__main__ import main

class Interrupting:
    def find_spec(self, name, *_):
        if name == "latentprint.cli.app":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("audit", "photos", "-a", "sharpning"), "Did you mean 'sharpening'"),
        (("audit", "photos", "-e", "tim:resnet50"), "timm"),
        (("audit", "photos", "--encodr", "x"), "--encoder"),
        (("audt", "photos"), "audit"),
        (("audit", "fotos"), "fotos"),
        (("probe", "nothing"), "no embeddings"),
    ],
)
def test_a_user_s_mistake_gets_one_clear_answer(
    messy: Path, latentprint: Command, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(messy.parent)
    said = latentprint(*arguments)
    assert said.code in (1, 2)
    assert message in said.err
    assert said.out == ""


def test_exit_codes_reach_the_shell(tmp_path: Path) -> None:
    for arguments, code in ((("--version",), 0), (("report", "none"), 1), (("audt",), 2)):
        done = process(*arguments, cwd=tmp_path)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        assert bool(done.stdout) is (code == 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_the_output_is_told_in_a_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "latentprint", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: no space is left where the output")
    assert done.stderr.count("\n") == 1


def test_credentials_in_an_address_are_used_and_not_recorded(
    latentprint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def read(arguments: list[str]) -> None:
        seen.extend([list(arguments), list(sys.argv)])
        raise SystemExit(0)

    monkeypatch.setattr("latentprint.cli.main.app", read)
    address = "https://name:SECRET@host/list.csv?X-Amz-Signature=SECRET&v=1"
    latentprint("embed", address, "--out", "store")
    assert seen[0] == ["embed", address, "--out", "store"]
    assert seen[1] == ["latentprint", "embed", "https://host/list.csv?v=1", "--out", "store"]


_EVERY_HELP = """
import sys
import typer
from typer.testing import CliRunner
import latentprint
from latentprint.cli.main import app

def walked(words, command):
    yield words
    for name, each in getattr(command, "commands", {}).items():
        yield from walked([*words, name], each)

shown = 0
for words in walked([], typer.main.get_command(app)):
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0 and "Usage:" in done.stdout, (words, done.exception)
    heavy = {"numpy", "polars", "scipy", "PIL", "torch", "plotly", "pydantic"} & {*sys.modules}
    assert not heavy, f"the help of {' '.join(words)!r} waits for {heavy}"
    shown += 1
print(shown)
"""


def test_no_help_waits_for_a_library(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _EVERY_HELP],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > len(ORDER)


def test_the_version_is_printed(latentprint: Command) -> None:
    assert latentprint("--version").out.startswith("latentprint 0.")
    assert "audit" in latentprint("--help").out
    assert latentprint("encoders").out.startswith("default ")
    assert "[" in latentprint("encoders", "--json").out
    assert latentprint("encoders", "list", "dinov2-*").out.startswith("NAME ")


@pytest.mark.parametrize("command", ORDER)
def test_every_command_has_help(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert command in done.stdout
    assert "Example" in done.stdout or command in ("encoders", "demo", "store")


def test_the_public_api_is_all_there() -> None:
    import latentprint

    for name in latentprint.__all__:
        assert getattr(latentprint, name) is not None


def test_examples_of_help_are_copied_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, ["erase", "fit", "--help"]).stdout.splitlines()
    line = " latentprint erase fit vectors.npy --metadata photos.csv --nuisance make --out eraser"
    assert len(line) > 80
    assert line in shown


def test_many_options_are_shown_in_groups() -> None:
    shown = CliRunner().invoke(app, ["audit", "-h"]).stdout
    panels = re.findall(r"^╭─ (.*?) ─", shown, re.MULTILINE)
    groups = ["What is measured", "Photos", "Encoders", "Speed and memory", "Output"]
    assert panels == ["Arguments", *groups]
    assert shown.index("─ Photos") < shown.index("--follow-links") < shown.index("─ Encoders")
    assert "─ Options" in CliRunner().invoke(app, ["exif", "-h"]).stdout
