"""A table of photos may have columns of any name, those that the code uses inside included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.made_photos import write_noise

from .conftest import Command

# Names that stand for something else somewhere in the code, or that polars gives columns itself.
NAMES = (
    "row", "_row", "index", "given_group", "status", "reason", "content", "appearance", "width",
    "file_width", "file_bytes", "bytes", "literal", "count", "len", "_", "encoder", "photo",
    "modified", "name", "value", "path_right", "label_right", "id_right", "column_0", "make",
)  # fmt: skip
TOY = ("-e", "python:tests.embeddings.toy:ToyEncoder", "--workers", "0")
QUICK = ("--fits", "2", "--no-curve", "--no-discriminant", "--no-paired")
ASKED = {
    "probe": ("-a", "row", "-a", "scanner", "-a", "sharpening", "--group", "count", *QUICK),
    "influence": ("-a", "sharpening", "-k", "2"),
    "robustness": ("--nuisance", "row", "--exclude", "index", "-k", "2", "--permutations", "99"),
    "pairs": (
        "--device-type",
        "scanner",
        "--drop-incomplete",
        "--permutations",
        "99",
        "--bootstrap",
        "50",
    ),
    "similarity": ("-a", "sharpening", "--by", "row"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-eight photos in a list with all these columns."""
    folder = tmp_path_factory.mktemp("columns")
    rows = write_noise(folder)
    for at, row in enumerate(rows):
        row |= {name: f"v{at // (1 + number % 5) % 3}" for number, name in enumerate(NAMES)}
    pl.DataFrame(rows).write_csv(folder / "list.csv")
    vectors = np.random.default_rng(0).normal(size=(len(rows), 6))
    np.save(folder / "vectors.npy", vectors.astype(np.float32))
    return folder


@pytest.fixture
def store(place: Path, latentprint: Command) -> Path:
    arguments = ("-a", "sharpening", "-a", "none", "--out", place / "store", *TOY)
    said = latentprint("embed", place / "list.csv", *arguments)
    assert said.code == 0, said.err
    return place / "store"


@pytest.mark.parametrize("command", ASKED)
def test_stores_with_columns_of_any_name(store: Path, latentprint: Command, command: str) -> None:
    for where in ((), ("--where", "row = 'v1' OR scanner = 'a'")):
        said = latentprint(command, store, *ASKED[command], *where)
        assert said.code == 0, said.err


@pytest.mark.parametrize("command", ["probe", "robustness", "pairs"])
def test_tables_about_vectors(place: Path, latentprint: Command, command: str) -> None:
    arguments = [each for each in ASKED[command] if each != "sharpening"]
    if command == "probe":
        arguments = ["-a", "row", *QUICK]
    said = latentprint(command, place / "vectors.npy", "--metadata", place / "list.csv", *arguments)
    assert said.code == 0, said.err


def test_correlation_and_exif(place: Path, latentprint: Command) -> None:
    for command in ("correlation", "exif"):
        said = latentprint(command, place / "list.csv", "--workers", "0")
        assert said.code == 0, said.err
