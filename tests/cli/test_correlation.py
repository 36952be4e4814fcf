"""``latentprint correlation``, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from latentprint.cli import correlation as _  # noqa: F401 - registers the command
from latentprint.cli.app import app
from latentprint.errors import LatentprintError, UsageError


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["correlation", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of JPEGs, one mostly of lower quality; as many makes in both."""
    rng = np.random.default_rng(0)
    root = tmp_path / "photos"
    for number in range(60):
        path = root / "xy"[number % 2] / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x010F] = ("Canon", "NIKON")[number // 2 % 2]
        low = number % 2 == (number < 50)
        pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
        Image.fromarray(pixels).save(path, quality=60 if low else 90, exif=exif)
    return root


def test_a_folder_needs_no_encoder(folder: Path) -> None:
    done = run(folder, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    columns = {each["column"]: each for each in found["columns"]}
    assert found["columns"][0]["v"] == max(each["v"] for each in found["columns"])
    assert columns["jpeg_quality"]["v"] > 0.5
    assert columns["jpeg_quality"]["q"] < 0.05
    assert columns["make"]["q"] > 0.05
    assert found["matrix"]["names"][0] == "label"
    assert found["left_out"]["width"] == "one value"
    assert found["sentence"].startswith("Warning")
    assert found["unread"] == {}


def test_columns_are_nuisances_and_their_old_name_is_understood(tmp_path: Path) -> None:
    columns = {"label": ["x", "y"] * 20, "a": ["u", "v"] * 20, "b": ["u", "v", "w", "v"] * 10}
    pl.DataFrame({**columns, "c": columns["a"]}).write_csv(tmp_path / "t.csv")
    done = run(tmp_path / "t.csv", "--nuisance", "a", "--column", "b", "--json")
    assert {each["column"] for each in json.loads(done.stdout)["columns"]} == {"a", "b"}
    assert "--column" not in run("--help").stdout


def test_the_table_says_it_in_words(folder: Path) -> None:
    done = run(folder, "--permutations", "50")
    assert done.exit_code == 0
    assert "Cramér's V with 'label' (0 to 1), 60 photos" in done.stdout
    assert "Left out (one value): " in done.stdout
    assert "Warning: " in done.stdout


def test_broken_files_are_reported_and_the_others_are_used(folder: Path) -> None:
    (folder / "x" / "00.jpg").write_bytes(b"")
    done = run(folder, "--permutations", "50")
    assert done.exit_code == 0
    assert "Not read: EXIF and file facts: 1 of 60 files: x/00.jpg" in done.stdout


def test_a_manifest_alone_with_groups_and_bins(tmp_path: Path) -> None:
    n = 80
    pl.DataFrame(
        {
            "path": [f"{i}.jpg" for i in range(n)],
            "kind": ["ab"[i % 2] for i in range(n)],
            "person": [f"p{i // 8}" for i in range(n)],
            "iso": [100 + i for i in range(n)],
        }
    ).write_csv(tmp_path / "photos.csv")
    out = tmp_path / "out.csv"
    done = run(
        tmp_path / "photos.csv", "--label", "kind", "--no-files", "--group", "person", "--bins",
        "iso=quantiles:3", "--permutations", "50", "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "10 groups permuted as one each" in done.stdout
    assert pl.read_csv(out).select("column", "rule", "levels").rows() == [("iso", "quantiles:3", 3)]


def test_mistakes_are_said(folder: Path, tmp_path: Path) -> None:
    assert isinstance(run(folder, "--out", tmp_path / "x.txt").exception, UsageError)
    assert isinstance(run(folder, "--label", "lable").exception, UsageError)
    error = run(folder, "--layout", "folder").exception
    assert isinstance(error, LatentprintError)
    assert "--label" in str(error)


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """Sixty vectors and a table without paths in which class and scanner are one."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "v.npy", rng.normal(size=(60, 4)).astype(np.float32))
    table = {"label": ["x", "y"] * 30, "scanner": ["a", "b"] * 30, "site": ["s", "t", "u"] * 20}
    pl.DataFrame(table).with_columns(scanner=pl.col("scanner").shuffle(0)).write_csv(
        tmp_path / "table.csv"
    )
    return tmp_path / "v.npy"


def test_vectors_of_ones_own_and_tables_without_paths(vectors: Path, tmp_path: Path) -> None:
    table = pl.read_csv(tmp_path / "table.csv")
    table.with_columns(v=np.load(vectors)).write_parquet(tmp_path / "beside.parquet")
    wide = pl.DataFrame(np.load(vectors), schema=list("pqrs"))
    numbered = wide.rename(lambda name: f"e{'pqrs'.index(name)}")
    pl.concat([numbered, table], how="horizontal").write_parquet(tmp_path / "numbered.parquet")
    pl.concat([wide, table], how="horizontal").write_parquet(tmp_path / "wide.parquet")
    answers = [
        run(*given, "--json", "--permutations", "50")
        for given in (
            (vectors, "--metadata", tmp_path / "table.csv"),
            (tmp_path / "table.csv",),
            (tmp_path / "beside.parquet",),
            (tmp_path / "numbered.parquet",),
            (tmp_path / "beside.parquet", "--vector-columns", "v"),
            (tmp_path / "wide.parquet", "--vector-columns", "[p-s]"),
        )
    ]
    found = [json.loads(each.stdout)["columns"] for each in answers]
    assert {each["column"] for each in found[0]} == {"scanner", "site"}
    assert all(each == found[0] for each in found)


def test_options_for_vectors_need_vectors(folder: Path, vectors: Path, tmp_path: Path) -> None:
    for place in (folder, tmp_path / "table.csv"):
        done = run(place, "--metadata", tmp_path / "table.csv")
        assert isinstance(done.exception, UsageError)
        assert "are for files of vectors" in str(done.exception)
