"""``latentprint pairs``, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from safetensors.numpy import save_file
from typer.testing import CliRunner, Result

from latentprint.cli.main import app
from latentprint.embeddings import Extraction, extract, write_photos
from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import open_photos
from latentprint.processing import NONE, published_classes

from ..embeddings.toy import ToyEncoder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["pairs", *map(str, arguments)])


def answer(*arguments: str | Path) -> dict[str, object]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Eight subjects, each as it is and, by another device, darker and with noise."""
    rng = np.random.default_rng(0)
    lines = ["path,subject,device_type"]
    for subject in range(8):
        pixels = rng.integers(60, 256, (16, 16, 3))
        for kind, changed in (
            ("phone", pixels),
            ("camera", pixels * 0.8 + rng.normal(scale=4, size=pixels.shape)),
        ):
            name = f"{kind}{subject}.png"
            Image.fromarray(np.clip(changed, 0, 255).astype(np.uint8)).save(tmp_path / name)
            lines.append(f"{name},subject {subject},{kind}")
    file = tmp_path / "manifest.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture
def store(manifest: Path, tmp_path: Path) -> Path:
    photos = open_photos(manifest)
    folder = tmp_path / "store"
    classes = [published_classes()["JPEG75_420"], NONE]
    extract(photos, [ToyEncoder()], classes, folder, extraction=Extraction(workers=0))
    write_photos(folder, photos)
    return folder


def test_a_store_is_measured_and_every_row_says_which_device_distractors_share(store: Path) -> None:
    found = answer(store)
    rows = found["results"]
    assert isinstance(rows, list)
    recalls = [row for row in rows if row["attribute"] == "recall@1"]
    galleries = [
        "distractors share the query's device",
        "distractors share the target's device",
        "difference",
    ]
    assert [row["setup"] for row in recalls] == 3 * galleries
    assert [(row["query_device"], row["target_device"]) for row in recalls[2::3]] == [
        ("", ""),
        ("camera", "phone"),
        ("phone", "camera"),
    ]
    assert {row["experiment"] for row in rows} == {"near_duplicate"}
    assert recalls[2]["n_test"] == 16
    assert recalls[2]["p"] is not None
    assert found["left_out"] == []


def test_the_table_says_it_in_words(store: Path) -> None:
    done = run(store)
    assert done.exit_code == 0
    for words in ("distractors share the query's device", "query camera, target phone", "verdict"):
        assert words in done.stdout
    assert "rank_shift" in done.stdout


def test_another_processing_class_can_be_compared(store: Path) -> None:
    rows = answer(store, "--processing", "JPEG75_420")["results"]
    assert isinstance(rows, list)
    assert all("embeddings under JPEG75_420" in row["notes"] for row in rows)
    assert isinstance(run(store, "--processing", "JPEG75_42").exception, UsageError)


def test_files_are_written(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(store, "--out", out).exit_code == 0
    assert pl.read_parquet(out / "results.parquet").height == 3 * 9 + 9 + 9 + 3
    queries = pl.read_parquet(out / "pairs.parquet")
    assert queries.height == 2 * 16
    assert set(queries["encoder"]) == {"toy"}
    shown = json.loads((out / "details.json").read_text())
    assert [each["query_device"] for each in shown] == ["camera", "phone"]
    assert [len(each["pairs"]) for each in shown] == [8, 8]
    assert 'id="figure-pairs"' in (out / "report.html").read_text("utf-8")
    assert not list(out.glob(".*"))


def test_conditions_and_further_columns(store: Path, tmp_path: Path) -> None:
    names = [f"{kind}{i}.png" for i in range(8) for kind in ("phone", "camera")]
    table = pl.DataFrame(
        {"id": names, "scene": [n[-5] for n in names], "by": [n[0] for n in names]}
    )
    table.write_csv(tmp_path / "more.csv")
    options = ("--metadata", tmp_path / "more.csv", "--subject", "scene", "--device-type", "by")
    rows = answer(store, *options, "--where", "scene < 6", "-k", "2")["results"]
    assert isinstance(rows, list)
    assert {row["attribute"] for row in rows} == {"recall@2", "median_rank", "rank_shift", "margin"}
    assert rows[0]["n_test"] == 12
    assert rows[0]["setup"] == "distractors share the query's device"


def test_mistakes_are_said_in_one_sentence(store: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((), "Name either a store"),
        ((store, "--subject", "sujbect"), "Did you mean 'subject'"),
        ((store, "--where", "subject = 'subject 1'"), "at least two subjects"),
        ((tmp_path / "nothing",), "holds no embeddings"),
        ((tmp_path / "manifest.csv",), "latentprint embed"),
    ):
        error = run(*arguments).exception
        assert isinstance(error, LatentprintError)
        assert words in str(error)


def test_incomplete_pairs_need_a_word(store: Path) -> None:
    condition = ("--where", "id <> 'phone3.png'")
    error = run(store, *condition).exception
    assert isinstance(error, LatentprintError)
    assert "subject 3" in str(error)
    rows = answer(store, *condition, "--drop-incomplete")["results"]
    assert isinstance(rows, list)
    assert rows[0]["n_test"] == 14


def test_the_files_of_the_study_are_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    content = rng.normal(size=(40, 8))
    for variant, trace in (("weak", 0.0), ("strong", 5.0)):
        # One device after the other, each in an order of its own.
        orders = rng.permutation(40), rng.permutation(40)
        vectors = [content[o] + trace * i * np.eye(8)[0] for i, o in enumerate(orders)]
        noisy = np.concatenate(vectors) + 0.3 * rng.normal(size=(80, 8))
        tensors = {
            "image_embeddings": noisy.astype(np.float16),
            "subject": np.concatenate(orders),
            "model": np.repeat([0, 1], 40),
        }
        save_file(tensors, tmp_path / f"model=M_variant={variant}.safetensors")
    found = {}
    for variant in ("weak", "strong"):
        rows = answer("--study-embeddings", tmp_path, "--model", "M", "--variant", variant)
        assert isinstance(rows["results"], list)
        assert {row["encoder"] for row in rows["results"]} == {f"M ({variant})"}
        found[variant] = rows["results"][2]
    assert found["strong"]["n_test"] == 80
    assert found["strong"]["verdict"] == "traces distract retrieval"
    assert found["weak"]["verdict"] == "no distraction shown"
    error = run("--study-embeddings", tmp_path, "--model", "N").exception
    assert isinstance(error, UsageError)
    assert "M (weak)" in str(error)
