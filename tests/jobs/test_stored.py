"""Embeddings of every kind are asked in one way."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from latentprint.embeddings import MASKED, WHOLE, Extraction, extract, write_photos
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.neighbors.influence_options import InfluenceOptions
from latentprint.experiments.neighbors.robustness_options import (
    RobustnessOptions,
    RobustnessQuestions,
)
from latentprint.experiments.probes.options import Guards, ProbeOptions, ProbeQuestions
from latentprint.experiments.probes.steps import UNMASKED
from latentprint.experiments.similarity.options import ComparisonOptions, QueryOptions
from latentprint.jobs.source_options import Sources
from latentprint.jobs.sources import open_sources
from latentprint.jobs.stored import measure_stored
from latentprint.photos import open_photos
from latentprint.processing import NONE, classes_of, find_attributes
from latentprint.results import Result
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
    for experiment in ("influence", "probe", "similarity"):
        with pytest.raises(UsageError, match=r"no published attribute .*robustness --nuisance"):
            measure_stored(experiment, of(vectors))
    with pytest.raises(UsageError, match=r"none of a photo processed as JPEG"):
        measure_stored("influence", of(vectors), InfluenceOptions(attributes=("jpeg",)))


def rows_of(sources: Sources) -> list[Result]:
    """The robustness of the sources, without their names."""
    judging = RobustnessOptions(ks=(3,), permutations=99)
    asked = RobustnessQuestions(("scanner",), judging=judging)
    found = measure_stored("robustness", sources, asked)
    return [replace(row, encoder="", network="", dataset="") for row in found.results]


def clip_retrieval(folder: Path, matrix: np.ndarray, table: pl.DataFrame) -> Path:
    for name in ("img_emb", "metadata"):
        (folder / name).mkdir(parents=True)
    for at in range(2):
        rows = slice(50 * at, 50 * at + 50)
        np.save(folder / "img_emb" / f"img_emb_{at}.npy", matrix[rows])
        table[rows].write_parquet(folder / "metadata" / f"metadata_{at}.parquet")
    return folder


def hdf5(file: Path, matrix: np.ndarray, table: pl.DataFrame) -> Path:
    h5py = pytest.importorskip("h5py")
    with h5py.File(file, "w") as opened:
        opened["vectors"] = matrix
        for name in table.columns:
            opened[name] = table[name].to_list()
    return file


def zarr(folder: Path, matrix: np.ndarray, table: pl.DataFrame) -> Path:
    group = pytest.importorskip("zarr").open_group(str(folder), mode="w")
    group.create_array("vectors", data=matrix)
    for name in table.columns:
        group.create_array(name, data=np.array(table[name], dtype=np.dtypes.StringDType()))
    return folder


def test_every_format_gives_the_rows_of_npy(vectors: Path, tmp_path: Path) -> None:
    matrix, table = np.load(vectors), pl.read_csv(tmp_path / "table.csv")
    np.savez(tmp_path / "v.npz", vectors=matrix, **{name: table[name] for name in table.columns})
    table.with_columns(v=matrix).write_parquet(tmp_path / "list.parquet")
    numbers = pl.DataFrame(matrix, schema=[f"e{at}" for at in range(8)])
    pl.concat([numbers, table], how="horizontal").write_parquet(tmp_path / "wide.parquet")
    expected = rows_of(of(vectors))
    assert expected
    for given in (
        tmp_path / "v.npz",
        tmp_path / "list.parquet",
        str(tmp_path / "wide.parquet"),
        hdf5(tmp_path / "v.h5", matrix, table),
        zarr(tmp_path / "v.zarr", matrix, table),
        clip_retrieval(tmp_path / "clip", matrix, table),
    ):
        assert rows_of(Sources(given)) == expected, given
    with pytest.raises(UsageError, match="no column camera_type or device_type"):
        measure_stored("pairs", matrix)
    for array in (matrix, torch.from_numpy(matrix)):
        assert rows_of(Sources(array, metadata=table)) == expected
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(table.to_dict(as_series=False))
    assert rows_of(Sources(str(vectors), metadata=frame)) == expected


def test_vectors_that_cannot_be_used_end_a_run_before_anything_is_measured(vectors: Path) -> None:
    matrix = np.load(vectors)
    matrix[3] = 0
    asked: list[str] = []
    judging = RobustnessOptions(ks=(3,), permutations=99)
    wanted = RobustnessQuestions(("scanner", "subject"), judging=judging)
    sources = Sources(
        {"good": np.load(vectors), "bad": matrix}, metadata=vectors.parent / "table.csv"
    )
    with pytest.raises(LatentprintError, match=r"bad holds vectors that are zero.*: row 3, c"):
        measure_stored("robustness", sources, wanted, on_step=asked.append)
    assert asked == []
    wrong = RobustnessQuestions(("scaner",), judging=judging)
    with pytest.raises(UsageError, match="Did you mean 'scanner'"):
        measure_stored("robustness", sources, wrong)


def test_several_files_are_one_encoder_each(
    vectors: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    np.save(other / "mine.npy", -np.load(vectors))
    table = pl.read_csv(tmp_path / "table.csv")
    for given in (
        (str(vectors), f"second={other / 'mine.npy'}"),
        {"mine": np.load(vectors), "second": str(other / "mine.npy")},
    ):
        opened = open_sources(Sources(given, metadata=table))
        assert [each.source.encoder for each in opened] == ["mine", "second"]
        assert {each.source.dataset for each in opened} == {"photos"}
        assert [each.encoder["dimension"] for each in opened] == [8, 8]
    assert "by order" in caplog.text
    with pytest.raises(UsageError, match="Two of the vectors are named 'mine'"):
        Sources((vectors, other / "mine.npy"))
    with pytest.raises(UsageError, match=r"Several are for files of vectors, and .*other is none"):
        Sources((vectors, other))


def test_a_path_may_hold_a_sign_of_equality(vectors: Path) -> None:
    strange = vectors.with_name("model=clip.npy")
    vectors.rename(strange)
    assert list(Sources(str(strange)).named) == ["model=clip"]
    assert list(Sources(f"clip={strange}").named) == ["clip"]


def test_vectors_of_other_photos_are_not_compared(vectors: Path, tmp_path: Path) -> None:
    matrix = np.load(vectors)
    ids = [f"photo{at}" for at in range(80)]
    pl.DataFrame({"id": ids, "v": matrix}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"id": ids[::-1], "v": matrix[::-1]}).write_parquet(tmp_path / "b.parquet")
    open_sources(Sources((tmp_path / "a.parquet", tmp_path / "b.parquet")))
    pl.DataFrame({"id": ["x", *ids[1:]], "v": matrix}).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(LatentprintError, match=r"a and b are vectors of other photos.*photo0, x"):
        open_sources(Sources((tmp_path / "a.parquet", tmp_path / "b.parquet")))


def test_what_was_read_is_recorded_and_reported(vectors: Path, tmp_path: Path) -> None:
    judging = RobustnessOptions(ks=(3,), permutations=99)
    asked = RobustnessQuestions(("scanner",), judging=judging)
    out = tmp_path / "run"
    np.save(tmp_path / "other.npy", np.load(vectors)[:, ::-1])
    both = Sources((vectors, tmp_path / "other.npy"), metadata=tmp_path / "table.csv")
    measure_stored("robustness", both, asked, out=out)
    settings = json.loads((out / "settings.json").read_text())
    assert [each["name"] for each in settings["encoders"]] == ["mine", "other"]
    assert all("by order" in note for note in settings["notes"])
    page = (out / "report.html").read_text()
    assert "How embeddings were read" in page
    assert "mine.npy by order, as" in page


def test_vectors_are_named_by_columns(vectors: Path, tmp_path: Path) -> None:
    matrix, table = np.load(vectors), pl.read_csv(tmp_path / "table.csv")
    numbers = pl.DataFrame(matrix, schema=list("stuvwxyz"))
    pl.concat([numbers, table], how="horizontal").write_parquet(tmp_path / "wide.parquet")
    with pytest.raises(UsageError, match="--vector-columns"):
        open_sources(Sources(tmp_path / "wide.parquet"))
    named = Sources(tmp_path / "wide.parquet", vector_columns=("[s-z]",))
    assert rows_of(named) == rows_of(of(vectors))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "either a store or vectors"),
        ({"store": Path("a"), "study": Path("b")}, "either a store or vectors"),
        ({"store": Path("a"), "model": "M"}, "--model and --variant"),
        ({"store": Path("a"), "id_column": "id"}, "--id-column is for files of vectors"),
        ({"store": "a", "vector_columns": ("v",)}, "--vector-columns is for files of vectors"),
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


def test_vectors_without_a_table_are_answered_with_the_option_that_names_one(
    vectors: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = RobustnessQuestions(nuisances=("scanner",))
    with pytest.raises(UsageError, match="no label 'scanner'"):
        measure_stored("robustness", Sources(vectors), asked)
    assert "name a table of them with --metadata" in caplog.text
    lacking = vectors.parent / "lacking.csv"
    pl.read_csv(vectors.parent / "table.csv").with_columns(scanner=None).write_csv(lacking)
    (left_out,) = measure_stored("robustness", Sources(vectors, metadata=lacking), asked).left_out
    assert left_out.reason.startswith("No photo has both 'label' and 'scanner'")
    with pytest.raises(LatentprintError, match=r"There is no file .*tabel\.csv\."):
        measure_stored("robustness", Sources(vectors, metadata=Path("tabel.csv")), asked)


def test_results_of_another_command_are_not_replaced_in_silence(
    vectors: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = vectors.parent / "run"
    asked = RobustnessQuestions(nuisances=("scanner",))
    for command in ("first", "first", "", "second"):
        measure_stored("robustness", of(vectors), asked, out=out, command=command)
    told = [each for each in caplog.messages if "which are replaced" in each]
    assert told == [f"{out} held results of `first`, which are replaced."]


def test_an_unknown_label_is_answered_with_what_can_be_one(vectors: Path) -> None:
    with pytest.raises(UsageError) as refused:
        measure_stored("probe", of(vectors), ProbeQuestions(names=("scaner",)))
    known = str(refused.value).partition("Known: ")[2].rstrip(".").split(", ")
    assert {"jpeg", "label", "scanner"} <= set(known)
    assert not {"id", "split", "path"} & set(known)


def test_what_a_table_lacks_is_told_once_of_several_encoders(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(4):
        Image.new("RGB", (20, 20), (60 * number, 0, 0)).save(tmp_path / f"{number}.png")
    photos, store = open_photos(tmp_path), tmp_path / "store"
    encoders = [ToyEncoder("one"), ToyEncoder("two")]
    extract(photos, encoders, [NONE], store, extraction=Extraction(workers=0))
    write_photos(store, photos)
    table = pl.DataFrame({"id": photos.table["id"][1:], "owner": "o", "split": "train"})
    opened = open_sources(Sources(store, metadata=table))
    said = [record.getMessage() for record in caplog.records if "split" in record.getMessage()]
    assert len(opened) == 2
    assert len(said) == 1
    assert caplog.text.count("says nothing of 1 of the 4 embedded photos") == 1
    assert all(len(each.notes) == 2 for each in opened)
