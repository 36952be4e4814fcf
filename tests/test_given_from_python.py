"""What Python passes: strings, paths and data frames are taken, all else is answered in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import latentprint as lp
from latentprint.experiments.neighbors.influence_steps import InfluenceOptions
from latentprint.photos import decode
from tests.embeddings.toy import ToyEncoder
from tests.made_photos import write_noise

HOW = lp.Extraction(workers=0)
PLAIN = lp.Loading(control=False)
QUICK = lp.ProbeOptions(
    fits=2, bootstrap=50, curve=False, paired=False, discriminant=False, controls=False
)
JUDGING = {"permutations": 99}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-eight photos, a list of them, and a store of the toy encoder."""
    folder = tmp_path_factory.mktemp("python")
    pl.DataFrame(write_noise(folder)).write_csv(folder / "list.csv")
    lp.embed(
        str(folder / "list.csv"), str(folder / "store"), encoders=ToyEncoder(),
        attributes=("sharpening", "none"), loading=PLAIN, extraction=HOW,
    )  # fmt: skip
    return folder


def frame(place: Path) -> pl.DataFrame:
    return pl.read_csv(place / "list.csv")


def source(place: Path) -> Any:
    return lp.open_collection(str(place / "store"))[0]


def measured(experiment: str, options: Any) -> Callable[[Path], Any]:
    return lambda place: lp.measure_stored(experiment, str(place / "store"), options)


TAKEN: dict[str, Callable[[Path], Any]] = {
    "a path": lambda place: lp.open_photos(place / "list.csv"),
    "a string": lambda place: lp.open_photos(str(place / "list.csv")),
    "a frame": lambda place: lp.open_photos(frame(place)),
    "a lazy frame": lambda place: lp.open_photos(frame(place).lazy()),
    "labels of a string": lambda place: lp.exif_table(str(place / "list.csv"), workers=0),
    "labels of a frame": lambda place: lp.exif_table(frame(place), workers=0),
    "a picture": lambda place: decode(str(place / "00.png")),
    "one encoder and one attribute": lambda place: lp.embed(
        frame(place), place / "one", encoders="python:tests.embeddings.toy:ToyEncoder",
        attributes="none", extra_classes="JPEG95_444", loading=PLAIN, extraction=HOW,
    ),
    "one question": lambda place: lp.audit(
        frame(place), str(place / "run"), encoders=ToyEncoder(), questions="sharpening", ks=2,
        loading=PLAIN, extraction=HOW, options=QUICK,
    ),
    "columns of a frame": lambda place: lp.with_labels(source(place), frame(place)),
    "columns of a string": lambda place: lp.with_labels(source(place), str(place / "list.csv")),
    "one label": measured("probe", lp.ProbeQuestions("scanner", options=QUICK)),
    "one number": measured("influence", InfluenceOptions("sharpening", ks=2)),
    "one nuisance": measured(
        "robustness",
        lp.RobustnessQuestions("scanner", judging=lp.RobustnessOptions(ks=2, bins={}, **JUDGING)),
    ),
    "one column": measured("similarity", lp.ComparisonOptions("sharpening", columns="scanner")),
    "a name of processing": lambda place: lp.probe_processing(source(place), "sharpening", QUICK),
    "a name to influence": lambda place: lp.influence(source(place), "sharpening", ks=2),
    "a name to split": lambda place: lp.decompose_variance(source(place), "sharpening"),
    "a list to correlate": lambda place: lp.correlate(place / "list.csv", permutations=20),
    "one column to correlate": lambda place: lp.correlate(
        frame(place).with_columns(id="path"), columns="scanner", permutations=20
    ),
    "one pattern": lambda _: lp.find_published("dinov2-*"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAKEN)
def test_it_is_taken(place: Path, what: str) -> None:
    assert TAKEN[what](place) is not None


def test_a_frame_is_read_as_its_file_is(place: Path) -> None:
    ours, theirs = lp.open_photos(frame(place)), lp.open_photos(place / "list.csv")
    assert ours.table.equals(theirs.table)
    for given in ("one", ["one"], ("one",)):
        assert lp.ProbeQuestions(given).names == ("one",)  # type: ignore[arg-type]


REFUSED: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda _: lp.open_photos(None),
    "a number": lambda _: lp.open_photos(5),
    "an array": lambda _: lp.audit(np.zeros((3, 3)), "run"),
    "a list of paths": lambda place: lp.open_photos([place / "00.png"]),
    "a frame without paths": lambda place: lp.open_photos(frame(place).drop("path")),
    "a layout that is none": lambda place: lp.open_photos(place, layout=None),  # type: ignore[arg-type]
    "a column that is none": lambda place: lp.open_photos(frame(place), label_column=5),  # type: ignore[arg-type]
    "a number of processes": lambda place: lp.exif_table(frame(place), workers=-1),
    "no encoder": lambda place: lp.embed(frame(place), place / "no", encoders=[5]),  # type: ignore[list-item]
    "an encoder without a name": lambda _: lp.load_encoder(None),  # type: ignore[arg-type]
    "no place for a run": lambda place: lp.audit(frame(place), None),  # type: ignore[arg-type]
    "no place for embeddings": lambda place: lp.embed(frame(place), None),  # type: ignore[arg-type]
    "no place for a canary": lambda place: lp.make_canary(frame(place), None),  # type: ignore[arg-type]
    "no canary": lambda _: lp.check_canary(None),  # type: ignore[arg-type]
    "no runs": lambda _: lp.compare_runs(None, None),  # type: ignore[arg-type]
    "no stores": lambda _: lp.compare_stores(None, None),  # type: ignore[arg-type]
    "no collection": lambda _: lp.open_collection(None),  # type: ignore[arg-type]
    "no files of the study": lambda _: lp.open_study_files(None),  # type: ignore[arg-type]
    "no composed attribute": lambda _: lp.read_attribute(None),  # type: ignore[arg-type]
    "no picture": lambda _: decode(None),  # type: ignore[arg-type]
    "a file of weights": lambda _: lp.load_encoder("default", weights=5),  # type: ignore[arg-type]
    "a device": lambda place: lp.embed(
        frame(place), place / "no", loading=lp.Loading(device=None)  # type: ignore[arg-type]
    ),
    "blocks": lambda _: lp.Loading(layers="x"),  # type: ignore[arg-type]
    "a mask": lambda _: lp.Extraction(mask=2.0),
    "a batch": lambda _: lp.Extraction(batch_size=0),
    "processes": lambda _: lp.Extraction(workers=-1),
    "a question": lambda place: lp.audit(frame(place), place / "no", questions=[5]),  # type: ignore[list-item]
    "options of another": measured("pairs", InfluenceOptions()),
    "an experiment": lambda place: lp.measure_stored(None, place / "store"),  # type: ignore[arg-type]
    "a condition": lambda place: lp.select_photos(source(place), 5),  # type: ignore[arg-type]
    "an array as a table": lambda place: lp.with_labels(source(place), np.zeros(3)),
    "a path to probe": lambda place: lp.probe_label(str(place / "store"), "scanner"),  # type: ignore[arg-type]
    "a path to influence": lambda place: lp.influence(place / "store", "sharpening"),  # type: ignore[arg-type]
    "a path to judge": lambda place: lp.robustness(place / "store", "scanner"),  # type: ignore[arg-type]
    "a path to pair": lambda place: lp.near_duplicates(place / "store"),  # type: ignore[arg-type]
    "a device of products": lambda place: lp.influence(source(place), "sharpening", device="gpu"),
    "no neighbours": lambda _: InfluenceOptions(ks=(0,)),
    "a table without ids": lambda place: lp.correlate(frame(place)),
    "an attribute": lambda _: lp.read_attribute("none.toml"),
    "a run": lambda _: lp.write_report("none"),
    "no run": lambda _: lp.write_report(None),  # type: ignore[arg-type]
    "a run that is none": lambda _: lp.write_report([None]),  # type: ignore[list-item]
    "no run for an article": lambda place: lp.write_markdown(None, place / "no"),  # type: ignore[arg-type]
    "no run for figures": lambda place: lp.write_figures(None, place / "no"),  # type: ignore[arg-type]
    "no place for figures": lambda _: lp.write_figures((), None, published=True),  # type: ignore[arg-type]
    "no run for tables": lambda _: lp.result_tables(None),  # type: ignore[arg-type]
    "no eraser": lambda _: lp.load_eraser(None),  # type: ignore[arg-type]
    "no article": lambda _: lp.write_article(None),  # type: ignore[arg-type]
    "an article": lambda _: lp.write_article("none.md"),
    "a path for a picture": lambda place: lp.read_exif(str(place / "00.png")),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_answered_in_words(place: Path, what: str) -> None:
    with pytest.raises(lp.LatentprintError, match=r"\S"):
        REFUSED[what](place)
    assert not (place / "no").exists()
