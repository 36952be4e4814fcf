"""``latentprint probe`` as a user meets it: labels, guards, choices, mistakes."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from latentprint.cli.main import app
from latentprint.embeddings import Extraction, extract, write_photos
from latentprint.errors import LatentprintError
from latentprint.photos import open_photos
from latentprint.processing import ATTRIBUTES, NONE, classes_of

from ..embeddings.toy import ToyEncoder

MAKE, APERTURE, EXIF_DIRECTORY = 0x010F, 0x829D, 0x8769


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 small photos by two makes of camera, one of which sharpens, in a store."""
    root = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    rows = []
    for number in range(120):
        pixels = rng.integers(0, 256, (12, 16, 3), np.uint8)
        image = Image.fromarray(pixels).resize((64, 48), Image.Resampling.BICUBIC)
        make = ("Canon", "NIKON CORPORATION")[number % 2]
        if number % 2:
            image = Image.fromarray(np.asarray(image) // 2 + 100)
        exif = Image.Exif()
        exif[MAKE] = make
        exif.get_ifd(EXIF_DIRECTORY)[APERTURE] = float(2 + number % 5)
        image.save(root / f"{number:03}.jpg", quality=95, exif=exif)
        rows.append(
            {"path": f"{number:03}.jpg", "person": f"p{number // 4}", "<b>lens": "ab"[number // 60]}
        )
    pl.DataFrame(rows).write_csv(root / "manifest.csv")
    photos = open_photos(root / "manifest.csv")
    out = tmp_path_factory.mktemp("store")
    classes = (*classes_of([ATTRIBUTES["sharpening"]]), NONE)
    extract(photos, [ToyEncoder()], classes, out, extraction=Extraction(workers=0))
    write_photos(out, photos)
    return out


def run(store: Path, *arguments: str) -> dict:
    command = ["probe", str(store), "--fits", "3", "--no-curve", "--json", *arguments]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict = json.loads(done.stdout)
    return found


def test_processing_and_labels_in_one_table(store: Path) -> None:
    found = run(
        store, "-a", "sharpening", "-a", "make", "-a", "aperture", "--bins", "aperture=edges:4"
    )
    rows = {(row["experiment"], row["attribute"], row["setup"]): row for row in found["results"]}
    every = rows["processing_probe", "sharpening", "all"]
    assert every["chance"] == pytest.approx(100 / 3)
    assert rows["processing_probe", "sharpening", "paired all"]["value"] > every["value"]
    assert rows["acquisition_probe", "make", ""]["verdict"] == "carried"
    assert rows["acquisition_probe", "aperture", ""]["classes"] == 2
    assert ("variance", "sharpening", "processing share") in rows
    for row in found["results"]:
        if row["experiment"].endswith("probe"):
            assert row["low"] <= row["value"] <= row["high"]
            assert row["q"] is not None
            assert row["permuted"] is not None
    details = {(each["attribute"], each["setup"]): each for each in found["details"]}
    assert details["make", ""]["classes"] == ["Canon", "Nikon"]
    assert np.sum(details["make", ""]["confusion"]) == pytest.approx(2)


def test_by_default_what_was_embedded_is_asked(store: Path) -> None:
    attributes = {row["attribute"] for row in run(store)["results"]}
    assert attributes == {"sharpening"}


def test_choices_of_photos_classes_and_columns(store: Path) -> None:
    rows = run(store, "-a", "sharpening:SHARPEN_2,SHARPEN_4", "--no-paired")["results"]
    assert rows[0]["classes"] == 2
    half = run(store, "-a", "make", "--where", "id < '060.jpg'", "--group", "person")["results"]
    assert half[0]["n_test"] <= 60
    own = run(store, "-a", "<b>lens")["results"]
    assert own[0]["attribute"] == "<b>lens"


def test_a_report_is_written_where_it_is_asked_for(store: Path, tmp_path: Path) -> None:
    found = run(store, "-a", "make", "-a", "<b>lens", "--out", str(tmp_path / "run"))
    assert found["report"].endswith("report.html")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"results.csv", "details.json", "settings.json", "report.html"} <= names
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "<b>lens" not in page


def test_the_table_for_people(store: Path) -> None:
    command = ["probe", str(store), "-a", "make", "--fits", "3"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0
    for word in ("make", "carried", "95 %", "chance", "shuffled", "Learning curves"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-a", "sharpning"), "Did you mean 'sharpening'"),
        (("-a", "maker"), "Did you mean 'make'"),
        (("-a", "make", "--group", "persons"), "Did you mean 'person'"),
        (("-a", "make", "--bins", "make"), "LABEL=RULE"),
        (("-a", "make", "--where", "width >"), "cannot be applied"),
        (("-a", "make", "--processing", "SHARPEN_3"), "no processing class 'SHARPEN_3'"),
        (("-a", "jpeg"), "no embeddings of JPEG75_420"),
        (("-a", "model"), "fewer than two classes"),
    ],
)
def test_a_mistake_is_one_sentence(store: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(LatentprintError, match=message):
        CliRunner().invoke(app, ["probe", str(store), *arguments], catch_exceptions=False)
