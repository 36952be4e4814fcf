"""What Python passes: strings, paths and data frames are taken, all else is answered in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import latentprint as lp
from latentprint.photos import decode
from tests.embeddings.toy import ToyEncoder
from tests.made_photos import write_noise

PROBING: dict[str, Any] = {
    "fits": 2, "curve": False, "paired": False, "discriminant": False, "controls": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-eight photos, a list of them, and a store of the toy encoder."""
    folder = tmp_path_factory.mktemp("python")
    pl.DataFrame(write_noise(folder)).write_csv(folder / "list.csv")
    lp.embed(
        str(folder / "list.csv"), str(folder / "store"), encoder=ToyEncoder(),
        attribute=("sharpening", "none"), workers=0,
    )  # fmt: skip
    return folder


def frame(place: Path) -> pl.DataFrame:
    return pl.read_csv(place / "list.csv")


def source(place: Path) -> Any:
    return lp.open_collection(str(place / "store"))[0]


def measured(experiment: str, **options: Any) -> Callable[[Path], Any]:
    return lambda place: getattr(lp, experiment)(str(place / "store"), **options)


TAKEN: dict[str, Callable[[Path], Any]] = {
    "a path": lambda place: lp.open_photos(place / "list.csv"),
    "a string": lambda place: lp.open_photos(str(place / "list.csv")),
    "a frame": lambda place: lp.open_photos(frame(place)),
    "a lazy frame": lambda place: lp.open_photos(frame(place).lazy()),
    "labels of a string": lambda place: lp.exif_table(str(place / "list.csv"), workers=0),
    "labels of a frame": lambda place: lp.exif_table(frame(place), workers=0),
    "a picture": lambda place: decode(str(place / "00.png")),
    "one encoder and one attribute": lambda place: lp.embed(
        frame(place).to_pandas(), place / "one", encoder="python:tests.embeddings.toy:ToyEncoder",
        attribute="none", processing="JPEG95_444", where="scanner = 'a'", workers=0,
    ),
    "what embed gives": lambda place: lp.influence(
        lp.embed(
            frame(place), place / "store", encoder=ToyEncoder(),
            attribute=("sharpening", "none"), workers=0,
        ),
        attribute="sharpening", k=2,
    ),
    "one question": lambda place: lp.audit(
        lp.open_photos(frame(place)), str(place / "run"), encoder=ToyEncoder(), k=np.int64(2),
        attribute="sharpening", protocol="study", workers=0,
    ),
    "columns of a frame": lambda place: lp.with_labels(source(place), frame(place)),
    "columns of a string": lambda place: lp.with_labels(source(place), str(place / "list.csv")),
    "one label": measured("probe", attribute="scanner", **PROBING),
    "one number": measured("influence", attribute="sharpening", k=np.int64(2)),
    "one nuisance": measured("robustness", nuisance="scanner", k=2, bins={}, permutations=99),
    "a rule as it is written": measured("similarity", by="scanner", bins="scanner=values"),
    "one column": measured("similarity", attribute="sharpening", by="scanner"),
    "what is open": lambda place: lp.influence(source(place), attribute="sharpening", k=2),
    "a list to correlate": lambda place: lp.correlation(
        place / "list.csv", permutations=20, workers=0
    ),
    "one column to correlate": lambda place: lp.correlation(
        frame(place), nuisance="scanner", permutations=20, workers=0
    ),
    "one column by its old name": lambda place: lp.correlation(
        frame(place), column="scanner", permutations=20, workers=0
    ),
    "a table to correlate": lambda place: lp.correlation(frame(place).drop("path"), permutations=9),
    "one pattern": lambda _: lp.find_published("dinov2-*"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAKEN)
def test_it_is_taken(place: Path, what: str) -> None:
    assert TAKEN[what](place) is not None


def test_a_frame_is_read_as_its_file_is(place: Path) -> None:
    ours, theirs = lp.open_photos(frame(place)), lp.open_photos(place / "list.csv")
    assert ours.table.equals(theirs.table)
    found = [
        lp.influence(place / "store", attribute=each, k=2).table
        for each in ("sharpening", ["sharpening"], ("sharpening",))
    ]
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


REFUSED: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda _: lp.open_photos(None),
    "a number": lambda _: lp.open_photos(5),
    "an array": lambda _: lp.audit(np.zeros((3, 3)), "run"),
    "a list of paths": lambda place: lp.open_photos([place / "00.png"]),
    "a frame without paths": lambda place: lp.open_photos(frame(place).drop("path")),
    "a layout that is none": lambda place: lp.open_photos(place, layout=None),  # type: ignore[arg-type]
    "a column that is none": lambda place: lp.open_photos(frame(place), label_column=5),  # type: ignore[arg-type]
    "a number of processes": lambda place: lp.exif_table(frame(place), workers=-1),
    "no encoder": lambda place: lp.embed(frame(place), place / "no", encoder=[5]),
    "an encoder without a name": lambda _: lp.load_encoder(None),  # type: ignore[arg-type]
    "no place for a run": lambda place: lp.audit(frame(place), None),
    "no place for embeddings": lambda place: lp.embed(frame(place), None),
    "no place for a canary": lambda place: lp.make_canary(frame(place), None),  # type: ignore[arg-type]
    "no canary": lambda _: lp.check_canary(None),  # type: ignore[arg-type]
    "nothing to compare": lambda _: lp.compare(None, None),  # type: ignore[arg-type]
    "no collection": lambda _: lp.open_collection(None),  # type: ignore[arg-type]
    "no files of the study": lambda _: lp.open_study_files(None),  # type: ignore[arg-type]
    "no composed attribute": lambda _: lp.read_attribute(None),  # type: ignore[arg-type]
    "no picture": lambda _: decode(None),  # type: ignore[arg-type]
    "a file of weights": lambda _: lp.load_encoder("default", weights=5),  # type: ignore[arg-type]
    "a device": lambda place: lp.embed(frame(place), place / "no", device="gpu"),
    "blocks": lambda place: lp.embed(frame(place), place / "no", layers="x"),
    "a block": lambda place: lp.embed(frame(place), place / "no", layers=(3, 0)),
    "an option of a command before": lambda place: lp.embed(
        frame(place), place / "no", encoders="default"
    ),
    "a class of processing for labels": lambda place: lp.audit(
        frame(place), place / "no", processing="none"
    ),
    "a mask beside the study's": lambda place: lp.audit(
        frame(place), place / "no", protocol="study", mask=0.5
    ),
    "photos that are open, listed otherwise": lambda place: lp.embed(
        lp.open_photos(frame(place)), place / "no", layout="folder"
    ),
    "a mask": lambda _: lp.Extraction(mask=2.0),
    "a batch": lambda _: lp.Extraction(batch_size=0),
    "processes": lambda _: lp.Extraction(workers=-1),
    "a question": lambda place: lp.audit(frame(place), place / "no", attribute=[5]),
    "an option of another": measured("pairs", nuisance="scanner"),
    "a misspelt option": measured("influence", atribute="sharpening"),
    "a number that is text": measured("influence", attribute="sharpening", k="two"),
    "a truth that is a number": measured("probe", attribute="scanner", curve=1),
    "a choice that is none": measured("probe", attribute="scanner", solver="newton"),
    "no fits": measured("probe", attribute="scanner", fits=0),
    "what a protocol sets": measured("probe", attribute="scanner", protocol="study", fits=3),
    "no embeddings": lambda _: lp.probe(attribute="scanner"),
    "a table for what is open": lambda place: lp.robustness(
        source(place), nuisance="scanner", metadata=frame(place)
    ),
    "nothing that can be measured": measured("pairs"),
    "nothing to erase": lambda place: lp.erase_fit(np.ones((9, 3)), out=place / "no"),
    "nothing to fit on": lambda place: lp.erase_fit((), out=place / "no"),
    "no eraser to test": lambda place: lp.erase_test(None, place / "store"),  # type: ignore[arg-type]
    "no eraser to export": lambda _: lp.erase_export(None),  # type: ignore[arg-type]
    "no place for what is erased": lambda place: lp.erase_apply(place, place / "v.npy", None),  # type: ignore[arg-type]
    "a condition": lambda place: lp.select_photos(source(place), 5),  # type: ignore[arg-type]
    "an array as a table": lambda place: lp.with_labels(source(place), np.zeros(3)),
    "a device of products": measured("influence", attribute="sharpening", device="gpu"),
    "no neighbours": measured("influence", attribute="sharpening", k=0),
    "no classes to correlate": lambda place: lp.correlation(frame(place), label="nothing"),
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


def test_what_python_itself_says_is_short_and_names_the_function(
    place: Path, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match=r"^robustness\(\) takes from 0 to 1 positional"):
        lp.robustness("vectors.npy", "table.csv")  # type: ignore[call-arg, misc]
    (tmp_path / "post.md").write_text("---\ntitle: A post\n---\n\n" + "Many words. " * 1000)
    eraser = lp.LinearEraser(np.ones((2, 900)), np.ones((2, 900)), np.ones(2))
    vectors = lp.open_own_vectors(np.ones((90, 4)), pl.DataFrame({"make": ["a"] * 90}))
    shown = (lp.write_article(tmp_path / "post.md"), source(place), eraser, vectors)
    for each in (*shown, lp.open_photos(place / "list.csv")):
        assert len(repr(each)) < 400, repr(each)
