import json
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


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    np.save(tmp_path / "mine.npy", VECTORS)
    TABLE.write_csv(tmp_path / "photos.csv")
    return tmp_path / "mine.npy", tmp_path / "photos.csv"


def test_rows_match_by_order(files: tuple[Path, Path]) -> None:
    source = open_own_vectors(*files)
    assert (source.encoder, source.family, source.dataset) == ("mine", "yours", "photos")
    assert source.photos.columns == ["id", "label", "split", "group", "name", "make"]
    assert source.photos["id"].to_list() == [str(at) for at in range(30)]
    assert source.photos["group"].n_unique() == 30
    assert source.split_made
    assert set(source.photos["split"]) == {"train", "val"}
    found = source.vectors("none")
    assert isinstance(found.array, np.memmap)
    assert found.shape == (30, 5)
    np.testing.assert_array_equal(found[np.array([3, 1])], VECTORS[[3, 1]])
    np.testing.assert_array_equal(found[:], VECTORS)
    with pytest.raises(UsageError, match="no processing class 'JPEG75_420'"):
        source.vectors("JPEG75_420")


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.dtype(">f4")])
def test_other_floats(tmp_path: Path, dtype: type) -> None:
    np.save(tmp_path / "mine.npy", np.asfortranarray(VECTORS.astype(dtype)))
    found = open_own_vectors(tmp_path / "mine.npy").vectors("none")[:]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, VECTORS.astype(dtype).astype(np.float32))


def test_given_ids_splits_and_groups(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VECTORS)
    table = TABLE.rename({"name": "id"}).with_columns(
        split=pl.Series(["Training", "test"] * 15), group=pl.Series(["a", "", None] * 10)
    )
    table.write_parquet(tmp_path / "t.parquet")
    source = open_own_vectors(tmp_path / "v.npy", tmp_path / "t.parquet", name="model 3")
    assert (source.encoder, source.split_made) == ("model 3", False)
    assert source.photos.row(1)[:4] == ("photo01", "dog", "val", "photo photo01")
    assert source.photos.row(0)[:4] == ("photo00", "cat", "train", "a")


@pytest.mark.parametrize("form", ["columns", "lists", "arrays"])
def test_parquet(tmp_path: Path, form: str) -> None:
    numbers = pl.DataFrame({f"d{at}": VECTORS[:, at] for at in range(5)})
    if form != "columns":
        numbers = pl.DataFrame({"vector": VECTORS}, schema={"vector": pl.Array(pl.Float32, 5)})
        if form == "lists":
            numbers = numbers.cast({"vector": pl.List(pl.Float64)})
    file = tmp_path / "v.parquet"
    pl.concat([TABLE, numbers], how="horizontal").write_parquet(file)
    source = open_own_vectors(file)
    np.testing.assert_array_equal(source.vectors("none")[:], VECTORS)
    assert source.photos["make"].to_list() == TABLE["make"].to_list()
    order = np.random.default_rng(1).permutation(30)
    TABLE.with_columns(colour=pl.Series(range(30)))[order].write_csv(tmp_path / "t.csv")
    matched = open_own_vectors(file, tmp_path / "t.csv", id_column="name")
    assert matched.photos["colour"].to_list() == [str(at) for at in range(30)]
    assert matched.photos["id"].to_list() == TABLE["name"].to_list()
    np.testing.assert_array_equal(matched.vectors("none")[:], VECTORS)


def test_row_numbers_match_npy(files: tuple[Path, Path], tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(30)
    TABLE.with_columns(row=pl.Series(range(30)))[order].write_csv(tmp_path / "t.csv")
    source = open_own_vectors(files[0], tmp_path / "t.csv", id_column="row")
    assert source.photos["name"].to_list() == TABLE["name"].to_list()


def test_what_does_not_fit_is_said(files: tuple[Path, Path], tmp_path: Path) -> None:
    file, table = files
    TABLE[:29].write_csv(tmp_path / "short.csv")
    with pytest.raises(LatentprintError, match=r"30 vectors and .*short.csv has 29 rows"):
        open_own_vectors(file, tmp_path / "short.csv")
    with pytest.raises(UsageError, match="Did you mean 'name'"):
        open_own_vectors(file, table, id_column="nam")
    with pytest.raises(LatentprintError, match=r"no row for 30 vectors of .*: name 0, 1, 2, 3"):
        open_own_vectors(file, table, id_column="name")
    TABLE.with_columns(row=pl.lit(3)).write_csv(tmp_path / "twice.csv")
    with pytest.raises(LatentprintError, match=r"twice.csv has row 3, .* repeatedly"):
        open_own_vectors(file, tmp_path / "twice.csv", id_column="row")
    TABLE.with_columns(split=pl.lit("tran")).write_csv(tmp_path / "split.csv")
    with pytest.raises(UsageError, match=r"split.*'tran'\. Did you mean 'train'"):
        open_own_vectors(file, tmp_path / "split.csv")
    TABLE.with_columns(id=pl.lit("x")).write_csv(tmp_path / "ids.csv")
    with pytest.raises(LatentprintError, match=r"ids of .*ids.csv are empty or not unique: x"):
        open_own_vectors(file, tmp_path / "ids.csv")


def test_bad_vectors_are_named(tmp_path: Path) -> None:
    file = tmp_path / "v.npy"
    bad = VECTORS.copy()
    bad[3, 1], bad[5], bad[9, 0] = np.nan, 0, np.inf
    np.save(file, bad)
    with pytest.raises(
        LatentprintError, match=r"3 vectors that are zero or not finite.*row 3, 5, 9"
    ):
        open_own_vectors(file)
    np.save(file, VECTORS[0])
    with pytest.raises(LatentprintError, match=r"float32 of shape \[5\]: vectors are a matrix"):
        open_own_vectors(file)
    np.save(file, np.arange(6).reshape(2, 3))
    with pytest.raises(LatentprintError, match="int64 of shape"):
        open_own_vectors(file)
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(LatentprintError, match="Python objects are refused"):
        open_own_vectors(file)
    file.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(LatentprintError, match="cannot be read as an array"):
        open_own_vectors(file)
    np.savez(tmp_path / "z.npz", a=VECTORS)
    (tmp_path / "z.npz").rename(file)
    with pytest.raises(LatentprintError, match="archive of arrays"):
        open_own_vectors(file)
    with pytest.raises(UsageError, match=r"a .npy, .npz or .parquet file is needed"):
        open_own_vectors(tmp_path / "v.csv")
    with pytest.raises(LatentprintError, match="There is no file"):
        open_own_vectors(tmp_path / "none.npy")


def test_an_archive_damaged_inside_is_named(tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    np.savez_compressed(file, vectors=np.tile(VECTORS, (9, 9)))
    content = bytearray(file.read_bytes())
    for start in (60, 200):
        damaged = content[:start] + b"\xff" * 100 + content[start + 100 :]
        file.write_bytes(damaged)
        with pytest.raises(LatentprintError, match=r"v\.npz cannot be read as an array"):
            open_own_vectors(file)


@pytest.mark.parametrize("lists", [[], [None, None]])
def test_a_column_of_no_lists_is_named(tmp_path: Path, lists: list[None]) -> None:
    file = tmp_path / "v.parquet"
    pl.DataFrame({"v": lists}, schema={"v": pl.List(pl.Float32)}).write_parquet(file)
    with pytest.raises(LatentprintError, match=r"holds no vectors: 'v' is empty"):
        open_own_vectors(file)


def test_an_archive_holds_one_matrix_and_columns(tmp_path: Path) -> None:
    file = tmp_path / "mine.npz"
    ids = [f"photo {at}" for at in range(len(VECTORS))]
    np.savez(file, vectors=VECTORS, id=ids, seeds=np.arange(3))
    own = open_own_vectors(file)
    np.testing.assert_array_equal(own.vectors("none")[:], VECTORS)
    assert own.photos["id"].to_list() == ids
    assert "seeds" not in own.photos.columns
    np.savez(file, one=VECTORS, other=VECTORS)
    with pytest.raises(
        LatentprintError, match=r"one matrix of vectors, and holds 2 \(one, other\)"
    ):
        open_own_vectors(file)
    np.savez(file, objects=np.array([{}], dtype=object))
    with pytest.raises(LatentprintError, match="Python objects are refused"):
        open_own_vectors(file)
    np.save(tmp_path / "one.npy", VECTORS)
    (tmp_path / "one.npy").rename(file)
    with pytest.raises(LatentprintError, match=r"name it \.npy"):
        open_own_vectors(file)


def test_bad_parquet(tmp_path: Path) -> None:
    file = tmp_path / "v.parquet"
    pl.DataFrame({"v": [[1.0, 2.0], [3.0], [4.0, 5.0]]}).write_parquet(file)
    with pytest.raises(LatentprintError, match="not equally long: row 1"):
        open_own_vectors(file)
    pl.DataFrame({"v": [[1.0, 2.0], [3.0, None]]}).write_parquet(file)
    with pytest.raises(LatentprintError, match=r"not finite.*row 1"):
        open_own_vectors(file)
    pl.DataFrame({"v": [1.0, None]}).write_parquet(file)
    with pytest.raises(LatentprintError, match="lacks numbers in 'v', row 1"):
        open_own_vectors(file)
    pl.DataFrame({"v": [[1.0]], "w": [[1.0]]}).write_parquet(file)
    with pytest.raises(LatentprintError, match="several columns of lists"):
        open_own_vectors(file)
    pl.DataFrame({"v": ["a"]}).write_parquet(file)
    with pytest.raises(LatentprintError, match="no floats"):
        open_own_vectors(file)


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
