"""Vectors of one's own, the table about their photos, and how the two find each other."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from latentprint.cli.main import app
from latentprint.embeddings.own_vectors import open_own_vectors
from latentprint.errors import LatentprintError, UsageError

VECTORS = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
TABLE = pl.DataFrame(
    {
        "name": [f"photo{at:02}" for at in range(30)],
        "label": ["cat", "dog", "cow"] * 10,
        "make": ["Canon", "Nikon"] * 15,
    }
)
WITH_IDS = TABLE.rename({"name": "id"})
ORDER = np.random.default_rng(1).permutation(30)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    np.save(tmp_path / "mine.npy", VECTORS)
    TABLE.write_csv(tmp_path / "photos.csv")
    return tmp_path / "mine.npy", tmp_path / "photos.csv"


@pytest.fixture
def with_ids(tmp_path: Path) -> Path:
    """A Parquet file of vectors with ids and one other column."""
    file = tmp_path / "named.parquet"
    table = pl.DataFrame({"id": WITH_IDS["id"], "iso": range(30), "v": VECTORS})
    table.write_parquet(file)
    return file


def test_rows_match_by_order_where_vectors_have_no_ids(files: tuple[Path, Path]) -> None:
    source = open_own_vectors(*files)
    assert (source.encoder, source.family, source.dataset) == ("mine", "yours", "photos")
    assert source.photos.columns == ["id", "label", "split", "group", "name", "make"]
    assert source.photos["id"].to_list() == [str(at) for at in range(30)]
    assert source.photos["group"].n_unique() == 30
    assert source.split_made
    assert set(source.photos["split"]) == {"train", "val"}
    np.testing.assert_array_equal(source.vectors("none")[:], VECTORS)
    (note,) = source.notes
    assert re.search(r"photos\.csv: rows were matched .*mine\.npy by order, as these", note)


def test_vectors_are_of_photos_as_they_are(files: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match=r"processed as JPEG75_420: ask `latentprint robustness`"):
        open_own_vectors(*files).vectors("JPEG75_420")


def test_given_ids_splits_and_groups(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VECTORS)
    table = WITH_IDS.with_columns(
        split=pl.Series(["Training", "test"] * 15), group=pl.Series(["a", "", None] * 10)
    )
    table.write_parquet(tmp_path / "t.parquet")
    source = open_own_vectors(tmp_path / "v.npy", tmp_path / "t.parquet", name="model 3")
    assert (source.encoder, source.split_made) == ("model 3", False)
    assert source.photos.row(1)[:4] == ("photo01", "dog", "val", "photo photo01")
    assert source.photos.row(0)[:4] == ("photo00", "cat", "train", "a")


@pytest.mark.parametrize("key", ["id", "path", "file_name"])
def test_rows_match_by_what_names_photos_in_both(tmp_path: Path, key: str) -> None:
    named = {key: WITH_IDS["id"]}
    pl.DataFrame({**named, "iso": range(30), "v": VECTORS}).write_parquet(tmp_path / "v.parquet")
    WITH_IDS.rename({"id": key})[ORDER].write_csv(tmp_path / "t.csv")
    source = open_own_vectors(tmp_path / "v.parquet", tmp_path / "t.csv")
    assert source.photos["id"].to_list() == WITH_IDS["id"].to_list()
    assert source.photos["make"].to_list() == WITH_IDS["make"].to_list()
    assert source.photos["iso"].to_list() == list(range(30))
    np.testing.assert_array_equal(source.vectors("none")[:], VECTORS)
    assert f"by {key!r}" in source.notes[-1]


def test_a_named_column_matches_rows(with_ids: Path, tmp_path: Path) -> None:
    table = TABLE.with_columns(iso=pl.Series(range(30)), id=pl.lit("no id"))
    table[ORDER].write_csv(tmp_path / "t.csv")
    source = open_own_vectors(with_ids, tmp_path / "t.csv", id_column="iso")
    assert source.photos["name"].to_list() == TABLE["name"].to_list()
    assert source.photos["id"].to_list() == [str(at) for at in range(30)]


def test_row_numbers_match_npy(files: tuple[Path, Path], tmp_path: Path) -> None:
    TABLE.with_columns(row=pl.Series(range(30)))[ORDER].write_csv(tmp_path / "t.csv")
    source = open_own_vectors(files[0], tmp_path / "t.csv", id_column="row")
    assert source.photos["name"].to_list() == TABLE["name"].to_list()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (WITH_IDS[:28], r"no row for 2 of 30 vectors of .*: 'id' photo28, photo29\."),
        (
            pl.concat([WITH_IDS, WITH_IDS[:1].with_columns(id=pl.lit("x"))]),
            r"t\.csv has 1 rows without a vector in .*named\.parquet: 'id' x\. Leave them out",
        ),
        (pl.concat([WITH_IDS, WITH_IDS[3:4]]), r"t\.csv has 'id' photo03 more than once"),
        (
            WITH_IDS.with_columns(id=pl.when(pl.int_range(30) != 4).then("id")),
            r"t\.csv has no 'id' in row 4",
        ),
        (TABLE, r"names its photos by 'id', and .*no such column \(name, label, make\)"),
    ],
)
def test_tables_that_disagree_are_refused(
    with_ids: Path, tmp_path: Path, table: pl.DataFrame, message: str
) -> None:
    table.write_csv(tmp_path / "t.csv")
    with pytest.raises(LatentprintError, match=message):
        open_own_vectors(with_ids, tmp_path / "t.csv")


def test_ids_of_the_vectors_are_checked_too(tmp_path: Path) -> None:
    WITH_IDS.write_csv(tmp_path / "t.csv")
    ids = ["photo01", *WITH_IDS["id"][1:]]
    pl.DataFrame({"id": ids, "v": VECTORS}).write_parquet(tmp_path / "v.parquet")
    with pytest.raises(LatentprintError, match=r"v\.parquet has 'id' photo01 more than once"):
        open_own_vectors(tmp_path / "v.parquet", tmp_path / "t.csv")
    with pytest.raises(LatentprintError, match=r"ids of .*v\.parquet .* not unique: photo01"):
        open_own_vectors(tmp_path / "v.parquet")


@pytest.mark.parametrize("key", ["ID", "image"])
@pytest.mark.parametrize("numbered", [False, True])
def test_rows_that_another_column_tells_to_be_others_are_refused(
    tmp_path: Path, key: str, numbered: bool
) -> None:
    table = TABLE.rename({"name": key})
    numbers = {"id": range(30)} if numbered else {}
    beside = pl.DataFrame({key: table[key], **numbers, "v": VECTORS})
    beside.write_parquet(tmp_path / "v.parquet")
    moved = table[ORDER].with_columns(**{name: pl.Series(each) for name, each in numbers.items()})
    with pytest.raises(LatentprintError, match=f"the same '{key}', but not in the same rows"):
        open_own_vectors(tmp_path / "v.parquet", moved)
    found = open_own_vectors(tmp_path / "v.parquet", moved, id_column=key)
    assert found.photos["label"].to_list() == table["label"].to_list()


def test_what_both_say_differently_is_told(with_ids: Path, tmp_path: Path) -> None:
    same = WITH_IDS.with_columns(iso=pl.Series(range(30)))
    other = same.with_columns(iso=pl.Series(range(1, 31)))
    for table, notes in ((same, 2), (other, 3)):
        table.write_csv(tmp_path / "t.csv")
        source = open_own_vectors(with_ids, tmp_path / "t.csv")
        assert len(source.notes) == notes
        assert source.photos["iso"].to_list() == [str(each) for each in table["iso"]]
    assert "differ in iso" in source.notes[-1]


def test_what_does_not_fit_is_said(files: tuple[Path, Path], tmp_path: Path) -> None:
    file, table = files
    TABLE[:29].write_csv(tmp_path / "short.csv")
    with pytest.raises(LatentprintError, match=r"30 vectors and .*short.csv has 29 rows"):
        open_own_vectors(file, tmp_path / "short.csv")
    with pytest.raises(UsageError, match="Did you mean 'name'"):
        open_own_vectors(file, table, id_column="nam")
    with pytest.raises(
        LatentprintError, match=r"no row for 30 of 30 vectors of .*: 'name' 0, 1, 2, 3"
    ):
        open_own_vectors(file, table, id_column="name")
    TABLE.with_columns(row=pl.lit(3)).write_csv(tmp_path / "twice.csv")
    with pytest.raises(LatentprintError, match=r"twice.csv has 'row' 3 more than once"):
        open_own_vectors(file, tmp_path / "twice.csv", id_column="row")
    TABLE.with_columns(split=pl.lit("tran")).write_csv(tmp_path / "split.csv")
    with pytest.raises(UsageError, match=r"split.*'tran'\. Did you mean 'train'"):
        open_own_vectors(file, tmp_path / "split.csv")
    TABLE.with_columns(id=pl.lit("x")).write_csv(tmp_path / "ids.csv")
    with pytest.raises(LatentprintError, match=r"ids of .*ids.csv are empty or not unique: x"):
        open_own_vectors(file, tmp_path / "ids.csv")
    with pytest.raises(UsageError, match=r"no column of .*mine.npy 'id'"):
        open_own_vectors(file, id_column="id")
    with pytest.raises(UsageError, match=r"--vector-columns v: .*mine.npy holds nothing but one"):
        open_own_vectors(file, vector_columns=("v",))


def test_vectors_without_direction_are_named(tmp_path: Path) -> None:
    file = tmp_path / "v.npy"
    bad = VECTORS.astype(np.float64)
    bad[3, 1], bad[5], bad[9, 0], bad[11, 2] = np.nan, 0, np.inf, 1e300
    np.save(file, bad)
    with pytest.raises(
        LatentprintError, match=r"zero or not finite.*, 4 in all: row 3, 5, 9, 11, counted"
    ):
        open_own_vectors(file).vectors("none")
    WITH_IDS.write_csv(tmp_path / "t.csv")
    with pytest.raises(
        LatentprintError,
        match=r"no direction, 4 in all: photo03, photo05, photo09, photo11\. Leave",
    ):
        open_own_vectors(file, tmp_path / "t.csv").vectors("none")
    bad = pl.DataFrame({"id": WITH_IDS["id"], "v": bad[:, :3].tolist()})
    bad.write_parquet(tmp_path / "v.parquet")
    with pytest.raises(LatentprintError, match="no direction, 4 in all: photo03"):
        open_own_vectors(tmp_path / "v.parquet").vectors("none")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("v.pkl", "may hold code that runs"),
        ("v.pt", "may hold code that runs"),
        ("v.CSV", "is a table and no vectors"),
        ("v.feather", "write_parquet"),
        ("v.faiss", "reconstruct_n"),
        ("v.safetensors", "--study-embeddings"),
        ("v.jpg", ".npz"),
        ("strange", "clip-retrieval"),
    ],
)
def test_other_formats_are_named_with_what_to_save_instead(
    tmp_path: Path, name: str, words: str
) -> None:
    file = tmp_path / name
    file.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(UsageError) as refused:
        open_own_vectors(file)
    message = str(refused.value)
    assert words in message
    assert message.startswith(str(file))
    assert message.count(name) == 1
    assert message.count(". ") == 0


def test_what_does_not_fit_is_said_before_vectors_are_read(with_ids: Path, tmp_path: Path) -> None:
    table = pl.read_parquet(with_ids)
    lists = [[1.0] * (5 if at else 4) for at in range(30)]
    table.with_columns(v=pl.Series(lists)).write_parquet(with_ids)
    WITH_IDS[:29].write_csv(tmp_path / "t.csv")
    with pytest.raises(LatentprintError, match="no row for 1 of 30 vectors"):
        open_own_vectors(with_ids, tmp_path / "t.csv")
    source = open_own_vectors(with_ids)
    with pytest.raises(LatentprintError, match="Not all lists"):
        source.vectors("none")


def test_there_is_no_such_file_or_folder(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match="There is no file"):
        open_own_vectors(tmp_path / "none.npy")
    with pytest.raises(LatentprintError, match="neither zarr nor img_emb"):
        open_own_vectors(tmp_path)


def test_the_command_judges_own_vectors(files: tuple[Path, Path]) -> None:
    file, table = files
    command = ["robustness", str(file), "--metadata", str(table), "--nuisance", "make", "-k", "3"]
    answer = CliRunner().invoke(app, [*command, "--json"], catch_exceptions=False)
    assert answer.exit_code == 0
    found = json.loads(answer.stdout)
    assert {row["setup"] for row in found["results"]} == {
        "robustness index",
        "class purity",
        "nuisance purity",
    }
    (details,) = found["details"]
    assert len(details["photos"]["so"]) == 30
    shown = CliRunner().invoke(app, command, catch_exceptions=False).stdout
    assert "robustness index" in shown
    assert "k = 3" in shown
