"""``latentprint inspect`` and ``latentprint affected`` from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from latentprint import Extraction
from latentprint.jobs.embedding import embed
from tests.made_photos import made_photo
from tests.report.made_runs import influence_run, write_made

from .conftest import Command


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect")
    for number in range(60):
        file = folder / "photos" / "ab"[number % 2] / f"{number:02}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        made_photo(40, 30, number).save(file, quality=90)
    made_photo(40, 30, 99).save(folder / "new.jpg", quality=90)
    (folder / "text.jpg").write_text("no photo")
    embed(
        folder / "photos", folder / "store", encoders=["pixels:colour"],
        attributes=["sharpening", "none"], extraction=Extraction(workers=0),
    )  # fmt: skip
    return folder


def test_a_photo_is_told_in_a_few_lines(place: Path, latentprint: Command) -> None:
    said = latentprint("inspect", place / "new.jpg", "--store", place / "store")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == f"{place / 'new.jpg'} (not in the store)"
    assert "40 x 30 px, JPEG quality 90, 4:2:0" in lines[1]
    assert any(line.startswith("  sharpening") for line in lines)
    assert sum("→" in line for line in lines) == 10
    assert "One probability is not forensics." in said.out
    assert "No eraser was named" in said.out
    assert "found once, and kept in" in said.err


def test_two_photos_lead_with_the_verdict(place: Path, latentprint: Command) -> None:
    said = latentprint("inspect", "a/00.jpg", "a/02.jpg", "--store", place / "store")
    assert said.code == 0, said.err
    first = said.out.splitlines()[0]
    assert first.startswith("a/00.jpg and a/02.jpg: ")
    assert "a/02.jpg (in the store)" in said.out


def test_json_is_one_value_and_nothing_else(place: Path, latentprint: Command) -> None:
    said = latentprint("inspect", "a/00.jpg", "a/02.jpg", "-s", place / "store", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["photos"][0]["label"] == "a"
    assert len(told["photos"][0]["neighbours"]) >= 10
    assert {each["name"] for each in told["pair"]["parts"]} == {
        "cosine", "content", "made", "mixed", "erased",
    }  # fmt: skip
    said = latentprint("affected", place / "store", "--json", "--top", "3")
    assert said.code == 0, said.err
    assert len(json.loads(said.out)["photos"]) == 3


def test_affected_prints_the_first_and_the_baseline(
    place: Path, latentprint: Command, tmp_path: Path
) -> None:
    out = tmp_path / "affected"
    said = latentprint("affected", place / "store", "--top", "4", "--out", out)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].split() == ["change", "erased", "encoded", "again", "both", "photo"]
    assert all(line.endswith(".jpg") for line in lines[1:5])
    assert "random directions" in said.out
    written = {file.name for file in out.iterdir()}
    assert written == {"affected.csv", "affected.parquet", "affected.json", "affected.html"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("text.jpg", "--store", "store"), 1, "The photo text.jpg cannot be used"),
        (("none.jpg", "--store", "store"), 1, "There is no photo none.jpg"),
        (("a/00.jpg", "none.jpg", "--store", "store"), 1, "There is no photo none.jpg"),
        (("new.jpg", "--store", "nowhere"), 1, "nowhere holds no embeddings"),
        (("new.jpg", "--store", "new.jpg"), 2, "new.jpg is no store"),
        (("new.jpg", "--store", "store", "-e", "default"), 1, "is not the one of the store"),
        (("new.jpg", "--store", "store", "-e", "tim:x"), 2, "Did you mean 'timm'"),
        (("new.jpg",), 2, "Missing option"),
    ],
)
def test_mistakes_get_one_clear_answer(
    place: Path, latentprint: Command, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(place)
    said = latentprint("inspect", *arguments)
    assert (said.code, said.out) == (code, "")
    assert message in " ".join(said.err.replace("│", " ").split())


def test_what_was_kept_is_told_without_what_fits_it(place: Path, latentprint: Command) -> None:
    # Each of these takes longer to import than a photo to inspect.
    heavy = (
        "torch",
        "timm",
        "scipy.stats",
        "scipy.linalg",
        "scipy.optimize",
        "latentprint.article",
    )
    store, eraser = str(place / "store"), str(place / "eraser")
    assert latentprint("erase", "fit", store, "--no-test", "--out", eraser).code == 0
    command = ["inspect", "a/00.jpg", "a/02.jpg", "--store", store]
    commands = [command, [*command, "--eraser", eraser]]
    for each in commands:
        assert latentprint(*each).code == 0
    code = (
        "import json, sys\nfrom latentprint.cli.main import main\n"
        "for arguments in json.loads(sys.argv[1]):\n"
        "    sys.argv = ['latentprint', *arguments]\n"
        "    try:\n        main()\n    except SystemExit as done:\n        assert not done.code\n"
        f"    print('loaded:', *[name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(commands)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.count("a/00.jpg and a/02.jpg: ") == 2
    loaded = [line for line in done.stdout.splitlines() if line.startswith("loaded:")]
    assert loaded == ["loaded:", "loaded:"]


def test_the_folder_of_photos_is_named_where_somebody_else_made_the_store(
    place: Path,
    tmp_path: Path,
    latentprint: Command,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, run = place / "store", write_made(influence_run(0.5), tmp_path / "run")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    why = "pictures are not shown: the run or store that names them was not made by this user"
    for command, photos in (
        (("report", run), run / "originals"),
        (("inspect", "a/00.jpg", "--store", store), place / "photos"),
    ):
        out = tmp_path / command[0]
        assert latentprint(*command, "--out", out).code == 0
        assert why in caplog.text
        caplog.clear()
        assert latentprint(*command, "--out", out, "--photos", photos).code == 0
        assert why not in caplog.text
        page = out if out.is_file() else out / "inspection.html"
        assert "data:image/webp" in page.read_text("utf-8")
    for command in (
        ("report", run), ("figures", run, "--out", tmp_path / "figures"), ("affected", store),
        ("inspect", "a/00.jpg", "--store", store),
    ):  # fmt: skip
        said = latentprint(*command, "--photos", place / "new.jpg")
        assert said.code == 2
        assert "new.jpg is no folder: name the one that the photos lie in." in said.err
