"""``latentprint compare`` from the command line, on stores and runs of the real commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from latentprint import Audit, UsageError, compare, embed
from latentprint.experiments.probes.options import ProbeOptions, ProbeQuestions
from latentprint.jobs.measure import Measured
from latentprint.jobs.stored import measure_stored

from .conftest import Command

TOY = "python:tests.embeddings.toy:ToyEncoder"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Measured]]:
    """A store with two encoders that are the same, and two runs on it: in a folder, in memory."""
    folder, generator = tmp_path_factory.mktemp("compare"), np.random.default_rng(0)
    for number in range(40):
        file = folder / "photos" / "xy"[number % 2] / f"{number:02}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((64, 48)).save(file, quality=95)
    embed(
        folder / "photos",
        folder / "store",
        encoder=[f"base={TOY}", f"same (2)={TOY}"],
        attribute=["sharpening", "none"],
        workers=0,
    )
    measured = []
    for name, seed in (("run-a", 0), ("run-b", 1)):
        how = ProbeOptions(fits=2, C_grid=(1.0,), bootstrap=200, seed=seed, curve=False)
        asked = ProbeQuestions(("sharpening",), options=how)
        measured.append(measure_stored("probe", folder / "store", asked, out=folder / name))
    return folder, measured


@pytest.fixture(scope="module")
def runs(made: tuple[Path, list[Measured]]) -> Path:
    """The folder."""
    return made[0]


def test_two_runs_are_compared_and_kept(runs: Path, latentprint: Command) -> None:
    out = runs / "comparison"
    said = latentprint("compare", runs / "run-a", runs / "run-b", "--out", out)
    assert said.code == 0, said.err
    assert "no difference shown" in said.out
    assert "Differs: seed: 0, 1" in said.out
    table = pl.read_csv(out / "comparison.csv")
    assert set(table["method"].drop_nulls()) == {"independent"}
    assert set(table["first_encoder"]) == {"base", "same (2)"}
    record = json.loads((out / "comparison.json").read_text())
    assert len(record["rows"]) == table.height
    page = (out / "comparison.html").read_text()
    assert "no difference shown" in page.lower()
    assert "<table" in page


def test_two_encoders_of_one_run_are_paired(runs: Path, latentprint: Command) -> None:
    said = latentprint(
        "compare", runs / "run-a", runs / "run-a", "--encoders", "base", "same (2)", "--json"
    )
    assert said.code == 0, said.err
    rows = json.loads(said.out)["rows"]
    assert "holds it" not in said.out  # each has what the other has
    probes = [row for row in rows if row["experiment"] == "processing_probe"]
    assert {row["method"] for row in probes} <= {"paired", "independent"}
    assert "paired" in {row["method"] for row in probes}
    assert {row["verdict"] for row in rows} <= {"no difference shown", "not comparable"}


def test_stores_are_compared_without_labels(runs: Path, latentprint: Command) -> None:
    out = runs / "vectors"
    said = latentprint(
        "compare", runs / "store", runs / "store", "--encoders", "base", "same (2)", "--out", out
    )
    assert said.code == 0, said.err
    assert "1 - cos, mean" in said.out
    assert "class none" in said.out
    assert said.out.splitlines()[-1] == f"page: {out / 'comparison.html'}"
    assert "1 - cos, mean" in (out / "comparison.html").read_text("utf-8")
    table = pl.read_parquet(out / "comparison.parquet")
    assert table.height == 40
    assert table["distance"].max() == 0.0
    told = latentprint("compare", runs / "store", runs / "store", "--json")
    assert [each["first"] for each in json.loads(told.out)["encoders"]] == ["base", "same (2)"]


def test_what_is_in_memory_is_compared_as_its_folder_is(made: tuple[Path, list[Measured]]) -> None:
    folder, (one, other) = made
    kept = compare(folder / "run-a", folder / "run-b")
    for first, second in ((one, other), (one, str(folder / "run-b"))):
        found = compare(first, second)
        assert found.table.equals(kept.table)
        assert found.settings == kept.settings
    assert found.names == ("first (in memory)", "run-b")
    # Both hold the resamples: the encoders of one run are paired in memory too.
    pair = ("base", "same (2)")
    assert "paired" in compare(one, one, encoders=pair).table["method"].to_list()
    # The folder that an audit wrote is the audit.
    audit = Audit(folder / "run-a", one, pl.DataFrame(), folder / "report.html")
    assert compare(audit, other).names == ("run-a", "second (in memory)")
    with pytest.raises(UsageError, match=r"first \(in memory\) is a run and .*store holds no"):
        compare(one, folder / "store")


def test_vectors_in_memory_are_compared_as_their_files_are(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    np.save(tmp_path / "v.npy", vectors)
    kept = compare(tmp_path / "v.npy", tmp_path / "v.npy")
    found = compare(vectors, tmp_path / "v.npy")
    assert found.table["value"].equals(kept.table["value"])
    assert found.names == ("first (in memory)", "v.npy")
    assert compare({"a": vectors}, {"a": -vectors}).table["value"][0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("run-a", "store"), 2, "name two runs"),
        (("run-a", "run-c"), 2, "There is no folder or file run-c."),
        (("run-a", "run-b", "--encoders", "base", "bse"), 2, "'base'"),
        (("run-a", "run-b", "--processing", "none"), 2, "for embeddings"),
        (("store", "store", "--processing", "JPEG75_420"), 2, "is not in both"),
        (("store", "store", "--encoders", "base", "none"), 2, "no encoder in store 'none'"),
        (("store", "nowhere"), 1, "no embeddings"),
    ],
)
def test_mistakes_get_one_clear_answer(
    runs: Path, latentprint: Command, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(runs)
    said = latentprint("compare", *arguments)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
