from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.erasure import apply as module
from latentprint.erasure.apply import Application, apply_to_npy, apply_to_parquet
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError, UsageError
from tests.erasure.made_up import versions
from tests.erasure.test_leace import fitted


@pytest.fixture
def eraser() -> LinearEraser:
    return fitted(versions())


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 7)


@pytest.mark.parametrize(
    ("given", "made"),
    [("<f4", "<f4"), (">f4", "<f4"), ("<f2", "<f4"), ("<f8", "<f8"), (">f8", "<f8")],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_npy_file_is_erased_whatever_its_type_and_order(
    tmp_path: Path, eraser: LinearEraser, given: str, made: str, order: str
) -> None:
    rows = versions().rows.astype(given, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "a.npy", rows)
    assert apply_to_npy(Application(eraser), tmp_path / "a.npy", tmp_path / "b.npy") == len(rows)
    erased = np.load(tmp_path / "b.npy")
    assert erased.dtype.str == made
    assert erased.flags.c_contiguous
    expected = eraser.transform(rows.astype(np.float64))
    np.testing.assert_allclose(erased, expected, atol=1e-12 if made == "<f8" else 1e-5)


@pytest.mark.parametrize("kind", [pl.Array(pl.Float32, 24), pl.List(pl.Float64), None])
def test_a_parquet_file_keeps_its_other_columns(
    tmp_path: Path, eraser: LinearEraser, kind: pl.DataType | None
) -> None:
    rows = versions().rows
    ids = pl.DataFrame({"id": [f"photo {each}" for each in range(len(rows))]})
    vectors = (
        pl.DataFrame(rows.astype(np.float32), schema=[f"d{each}" for each in range(24)])
        if kind is None
        else pl.DataFrame({"vector": pl.Series(rows.tolist(), dtype=kind)})
    )
    table = pl.concat([vectors, ids], how="horizontal")
    table.write_parquet(tmp_path / "a.parquet", row_group_size=50)
    count = apply_to_parquet(Application(eraser), tmp_path / "a.parquet", tmp_path / "b.parquet")
    erased = pl.read_parquet(tmp_path / "b.parquet")
    assert (count, erased.schema) == (len(rows), table.schema)
    assert erased["id"].equals(ids["id"])
    found = np.array(erased["vector"].to_list()) if kind else erased.drop("id").to_numpy()
    np.testing.assert_allclose(found, eraser.transform(rows), atol=1e-5)


@pytest.mark.parametrize("listed", [True, False])
def test_a_float_beside_the_vectors_is_no_dimension(
    tmp_path: Path, eraser: LinearEraser, listed: bool
) -> None:
    rows = versions().rows
    names = [f"d{each}" for each in range(24)]
    vectors = (
        pl.DataFrame({"vector": rows.tolist()})
        if listed
        # Sorted by name, as many writers leave them: d0, d1, d10, d11 ... d2.
        else pl.DataFrame(rows, schema=names).select(sorted(names))
    )
    aperture = pl.Series("aperture", np.linspace(1.4, 22.0, len(rows)))
    vectors.insert_column(0, aperture).write_parquet(tmp_path / "a[1].parquet")
    apply_to_parquet(Application(eraser), tmp_path / "a[1].parquet", tmp_path / "b.parquet")
    erased = pl.read_parquet(tmp_path / "b.parquet")
    assert erased["aperture"].equals(aperture)
    found = np.array(erased["vector"].to_list()) if listed else erased.select(names).to_numpy()
    np.testing.assert_allclose(found, eraser.transform(rows), atol=1e-12)


def test_vectors_are_named_where_several_columns_can_be_them(
    tmp_path: Path, eraser: LinearEraser
) -> None:
    rows = versions().rows
    table = pl.DataFrame({"one": rows.tolist(), "other": rows.tolist()})
    table.write_parquet(tmp_path / "a.parquet")
    application, paths = Application(eraser), (tmp_path / "a.parquet", tmp_path / "b.parquet")
    with pytest.raises(UsageError, match="several columns that can be the vectors"):
        apply_to_parquet(application, *paths)
    apply_to_parquet(application, *paths, ["other"])
    erased = pl.read_parquet(tmp_path / "b.parquet")
    assert erased["one"].equals(table["one"])
    np.testing.assert_allclose(
        np.array(erased["other"].to_list()), eraser.transform(rows), atol=1e-12
    )


def test_rows_are_of_unit_length_where_the_fit_had_such_rows(eraser: LinearEraser) -> None:
    unit = replace(eraser, about={"unit_rows": True})
    rows = versions().rows
    with pytest.raises(LatentprintError, match=r"row b has length \d.*add --normalise"):
        Application(unit)(np.stack([rows[0] / np.linalg.norm(rows[0]), rows[1]]), ["a", "b"])
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected = eraser.transform(units)
    for application, given in (
        (Application(unit), units),
        (Application(unit, normalise=True), rows),
    ):
        np.testing.assert_allclose(application(given, range(len(rows))), expected, atol=1e-12)
    again = Application(unit, renormalise=True)(units, range(len(rows)))
    np.testing.assert_allclose(
        again, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-12
    )
    with pytest.raises(LatentprintError, match="zero and have no direction: b"):
        Application(unit, normalise=True)(np.stack([rows[0], 0 * rows[0]]), ["a", "b"])


def test_a_bad_row_is_named_and_no_file_is_left(tmp_path: Path, eraser: LinearEraser) -> None:
    rows = versions().rows
    rows[17, 3] = np.nan
    np.save(tmp_path / "a.npy", rows)
    with pytest.raises(LatentprintError, match="1 rows are not finite: 17"):
        apply_to_npy(Application(eraser), tmp_path / "a.npy", tmp_path / "b.npy")
    pl.DataFrame({"v": pl.Series(rows.tolist(), dtype=pl.List(pl.Float64))}).write_parquet(
        tmp_path / "a.parquet"
    )
    with pytest.raises(LatentprintError, match="1 rows are not finite: 17"):
        apply_to_parquet(Application(eraser), tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.npy", "a.parquet"]


def test_files_that_hold_no_vectors_are_refused(tmp_path: Path, eraser: LinearEraser) -> None:
    application, out = Application(eraser), tmp_path / "out"
    with pytest.raises(LatentprintError, match="There is no file"):
        apply_to_npy(application, tmp_path / "none.npy", out)
    for name, array in (
        ("objects", np.array([{}])),
        ("flat", np.zeros(3)),
        ("text", np.array([["a"]])),
    ):
        np.save(tmp_path / f"{name}.npy", array, allow_pickle=True)
        with pytest.raises(LatentprintError, match=r"cannot be read|no matrix of floats"):
            apply_to_npy(application, tmp_path / f"{name}.npy", out)
    np.save(tmp_path / "short.npy", np.zeros((2, 5)))
    with pytest.raises(LatentprintError, match="24 dimensions, and these have 5"):
        apply_to_npy(application, tmp_path / "short.npy", out)
    pl.DataFrame({"a": ["x"]}).write_parquet(tmp_path / "text.parquet")
    with pytest.raises(LatentprintError, match="no column of lists of floats"):
        apply_to_parquet(application, tmp_path / "text.parquet", out)
    pl.DataFrame({"v": [[1.0] * 24, [1.0] * 23]}).write_parquet(tmp_path / "odd.parquet")
    with pytest.raises(LatentprintError, match="'v' has 23 in row 1"):
        apply_to_parquet(application, tmp_path / "odd.parquet", out)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(LatentprintError, match="cannot be read as a table"):
        apply_to_parquet(application, tmp_path / "bad.parquet", out)
