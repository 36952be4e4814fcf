"""Embeddings of every kind are asked in one way."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from latentprint.embeddings import MASKED, WHOLE, Extraction, extract, write_photos
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.neighbors.judging import RobustnessOptions
from latentprint.experiments.neighbors.robustness_steps import RobustnessQuestions
from latentprint.experiments.probes.acquisition_probe import Guards
from latentprint.experiments.probes.fitting import ProbeOptions
from latentprint.experiments.probes.steps import UNMASKED, ProbeQuestions
from latentprint.experiments.similarity.queries import QueryOptions
from latentprint.experiments.similarity.steps import ComparisonOptions
from latentprint.jobs import Sources, measure_stored
from latentprint.photos import open_photos
from latentprint.processing import NONE, classes_of, find_attributes
from latentprint.words import ProbeSetup
from tests.embeddings.toy import ToyEncoder


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """Eighty vectors of one's own in which class and scanner are planted, and their table."""
    rng = np.random.default_rng(0)
    label, scanner = np.arange(80) % 2, np.arange(80) // 2 % 2
    planted = 4 * np.eye(8)[label] + 3 * np.eye(8)[2 + scanner] + rng.normal(size=(80, 8))
    np.save(tmp_path / "mine.npy", planted.astype(np.float32))
    pl.DataFrame(
        {
            "label": [f"class {each}" for each in label],
            "scanner": [f"scanner {each}" for each in scanner],
            "subject": [f"s{at // 4}" for at in range(80)],
            "device_type": ["ab"[each] for each in scanner],
        }
    ).write_csv(tmp_path / "table.csv")
    return tmp_path / "mine.npy"


def of(vectors: Path, **how: object) -> Sources:
    return Sources(vectors, metadata=vectors.parent / "table.csv", **how)  # type: ignore[arg-type]


def test_vectors_of_ones_own_are_probed(vectors: Path) -> None:
    options = ProbeOptions(fits=2, bootstrap=100, curve=False)
    asked = ProbeQuestions(names=("scanner",), options=options, guards=Guards())
    rows = {row.setup: row for row in measure_stored("probe", of(vectors), asked).results}
    assert set(rows) == {ProbeSetup.PUBLISHED, ProbeSetup.WITHIN_CLASS}
    assert all(row.verdict == "carried" for row in rows.values())
    assert UNMASKED in rows[ProbeSetup.PUBLISHED].notes
    assert UNMASKED not in rows[ProbeSetup.WITHIN_CLASS].notes


def test_vectors_of_ones_own_are_compared(vectors: Path) -> None:
    options = ComparisonOptions(columns=("scanner",), queries=QueryOptions())
    rows = measure_stored("similarity", of(vectors), options).results
    assert {row.attribute for row in rows} == {"scanner"}
    judging = RobustnessOptions(ks=(3,), permutations=99)
    asked = RobustnessQuestions(("scanner",), judging=judging)
    assert measure_stored("robustness", of(vectors), asked).results
    assert measure_stored("pairs", of(vectors)).results


def run_of_both_kinds(folder: Path) -> Path:
    """A run with embeddings of whole photos under sharpening, and of masked ones."""
    rng = np.random.default_rng(0)
    rows = []
    for at in range(48):
        file = folder / f"{at:02}.png"
        pixels = rng.integers(0, 120, (20, 24, 3)) + 100 * (at % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(file)
        rows.append({"path": file.name, "label": "xy"[at // 2 % 2], "scanner": "ab"[at % 2]})
    pl.DataFrame(rows).write_csv(folder / "list.csv")
    photos = open_photos(folder / "list.csv")
    whole = classes_of(find_attributes(["sharpening"]))
    for place, classes, mask in ((WHOLE, whole, 0.0), (MASKED, (NONE,), 0.9)):
        how = Extraction(mask=mask, workers=0)
        extract(photos, [ToyEncoder()], classes, folder / "run" / place, extraction=how)
        write_photos(folder / "run" / place, photos)
    return folder / "run"


def test_labels_are_read_from_the_masked_photos_of_a_run(tmp_path: Path) -> None:
    run = run_of_both_kinds(tmp_path)
    options = ProbeOptions(fits=2, bootstrap=100, curve=False, controls=False, discriminant=False)
    asked = ProbeQuestions(names=("sharpening", "scanner"), options=options)
    measured = measure_stored("probe", run, asked, out=tmp_path / "out")
    assert {row.attribute for row in measured.results} == {"sharpening", "scanner"}
    (scanner,) = (row for row in measured.results if row.attribute == "scanner")
    assert UNMASKED not in scanner.notes
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    assert [each["name"] for each in settings["encoders"]] == ["toy"]
    (tmp_path / "only").mkdir()
    (run / MASKED).rename(tmp_path / "only" / MASKED)
    only = measure_stored("probe", tmp_path / "only", ProbeQuestions(("scanner",), options=options))
    assert [row.value for row in only.results] == [scanner.value]


def test_some_of_ones_own_vectors(vectors: Path) -> None:
    judging = RobustnessOptions(ks=(3,), permutations=99)
    asked = RobustnessQuestions(("scanner",), judging=judging)
    sources = of(vectors, where="subject < 's2'")
    rows = measure_stored("robustness", sources, asked).results
    assert {row.n_test for row in rows} == {48}


def test_what_processing_vectors_were_given_is_not_known(vectors: Path) -> None:
    with pytest.raises(UsageError, match="no published attribute"):
        measure_stored("influence", of(vectors))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "either a STORE or --study"),
        ({"store": Path("a"), "study": Path("b")}, "either a STORE or --study"),
        ({"store": Path("a"), "model": "M"}, "--model and --variant"),
        ({"store": Path("a"), "id_column": "id"}, "--id-column is for files of vectors"),
    ],
)
def test_sources_are_one_thing_or_the_other(how: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Sources(**how)  # type: ignore[arg-type]


def test_a_misspelt_experiment_and_a_file_of_no_vectors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'probe'"):
        measure_stored("prob", tmp_path)
    table = tmp_path / "manifest.csv"
    table.write_text("path\n")
    with pytest.raises(LatentprintError, match="latentprint embed"):
        measure_stored("pairs", table)


def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_is_measured(
    vectors: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    asked: list[str] = []
    with pytest.raises(LatentprintError, match=r"Cannot write to .*taken"):
        measure_stored("pairs", of(vectors), out=tmp_path / "taken", on_step=asked.append)
    assert asked == []


def test_an_unknown_label_is_answered_with_what_can_be_one(vectors: Path) -> None:
    with pytest.raises(UsageError) as refused:
        measure_stored("probe", of(vectors), ProbeQuestions(names=("scaner",)))
    known = str(refused.value).partition("Known: ")[2].rstrip(".").split(", ")
    assert {"jpeg", "label", "scanner"} <= set(known)
    assert not {"id", "split", "path"} & set(known)
