"""``latentprint similarity`` on a small store."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentprint.embeddings import Extraction, extract, write_photos
from latentprint.photos import open_photos
from latentprint.processing import ATTRIBUTES, classes_of

from ..embeddings.toy import ToyEncoder
from .conftest import Command, Said


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of forty pictures in two classes, a table of two cameras, and no labels elsewhere."""
    home = tmp_path_factory.mktemp("home")
    generator = np.random.default_rng(0)
    for number in range(40):
        path = home / "photos" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (20, 24, 3), np.uint8)).save(path)
    for name, layout, extra in (("store", "classes", ["none"]), ("plain", "folder", [])):
        photos = open_photos(home / "photos", layout=layout)
        classes = classes_of((ATTRIBUTES["sharpening"],), extra=extra)
        write_photos(home / name, photos)
        extract(photos, [ToyEncoder()], classes, home / name, extraction=Extraction(workers=0))
    rows = [f"{'ab'[n % 2]}/{n:02}.png,{('Canon', 'Nikon')[n // 2 % 2]},x" for n in range(40)]
    (home / "cameras.csv").write_text("\n".join(["id,make,dull", *rows]) + "\n")
    return home


@pytest.fixture
def run(home: Path, latentprint: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(home)
    return partial(latentprint, "similarity")


def setups(said: Said) -> list[tuple[str, str, str]]:
    rows = json.loads(said.out)["results"]
    return [(row["experiment"], row["attribute"], row["setup"]) for row in rows]


def test_tables_sentences_and_galleries(run: Command) -> None:
    said = run("store", "--threshold", "0.95", "--galleries", "1", "-k", "3")
    assert said.code == 0, said.err
    for part in (
        "same semantic, diff metadata",
        "AUC difference",
        "self-similarity, 1st percentile, from none",
        "below the threshold, 0.95",
        "pos-same:",
        " of 3 right",
    ):
        assert part in said.out
    assert said.out.count("Neighbours of ") == 1


def test_json_holds_rows_curves_pairs_and_galleries(run: Command) -> None:
    said = run("store", "-a", "sharpening", "--json")
    assert said.code == 0, said.err
    assert {each[:2] for each in setups(said)} == {
        ("similarity", "sharpening"),
        ("stability", "sharpening"),
    }
    details = json.loads(said.out)["details"]
    kinds = [each["experiment"] for each in details]
    assert kinds == ["similarity", "stability", *["neighbour_gallery"] * 3]
    assert len(details[0]["curves"]) == 4
    assert len(details[2]["setups"][0]["neighbours"]) == 10


def test_a_column_of_a_table(run: Command) -> None:
    said = run("store", "--by", "make", "--metadata", "cameras.csv", "--json")
    assert said.code == 0, said.err
    assert {each[:2] for each in setups(said)} == {("similarity", "make")}
    query = run(
        "store", "--by", "make", "--metadata", "cameras.csv", "--query", "b/07.png", "--json"
    )
    assert json.loads(query.out)["details"][0]["query"] == "b/07.png"


def test_without_labels_stability_is_left(run: Command) -> None:
    said = run("plain")
    assert said.code == 0, said.err
    assert "self-similarity, 1st percentile, from JPEG95_444" in said.out
    left_out = "similarity, sharpening, toy; neighbour gallery, sharpening, toy"
    assert f"Left out: {left_out}: The column 'label' holds no values" in said.out
    assert said.out.count("Left out") == 1


def test_a_run_folder_is_written(run: Command, home: Path) -> None:
    said = run("store", "-a", "sharpening", "--out", "found", "--sample", "5", "--galleries", "0")
    assert said.code == 0, said.err
    assert (home / "found" / "report.html").exists()
    rows = json.loads((home / "found" / "results.json").read_text())
    assert {row["n_test"] for row in rows} == {5}
    details = json.loads((home / "found" / "details.json").read_text())
    assert [each["experiment"] for each in details] == ["similarity", "stability"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("store", "-a", "sharpning"), "Did you mean 'sharpening'"),
        (("store", "-a", "jpeg"), "no embeddings of JPEG75_420"),
        (("store", "--by", "maker", "--metadata", "cameras.csv"), "Did you mean 'make'"),
        (("store", "--by", "dull", "--metadata", "cameras.csv"), "only the value 'x'"),
        (("plain", "--by", "width", "--label", "height"), "--processing"),
        (("store", "--query", "b/07.pn"), "Did you mean 'b/07.png'"),
        (("store", "--label", "lable"), "Did you mean 'label'"),
        (("store", "--processing", "SHARPEN_3"), "Did you mean 'SHARPEN_"),
        (("store", "--threshold", "95"), "between -1 and 1"),
        (("photos",), "no embeddings"),
    ],
)
def test_mistakes(run: Command, arguments: tuple[str, ...], message: str) -> None:
    said = run(*arguments)
    assert said.code in (1, 2)
    assert message in said.err
    assert said.out == ""
