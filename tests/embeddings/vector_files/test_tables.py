"""Which columns of a Parquet file are the vectors."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.embeddings.vector_files.tables import vector_columns
from latentprint.errors import LatentprintError, UsageError
from tests.embeddings.vector_files.conftest import IDS, VECTORS, read

FLOAT, TEXT, WHOLE = pl.Float32(), pl.String(), pl.Int64()
LISTS, FIXED = pl.List(pl.Float32()), pl.Array(pl.Float64(), 5)


@pytest.mark.parametrize(
    ("schema", "taken"),
    [
        ({"class": TEXT, "v": LISTS, "aperture": FLOAT}, ["v"]),
        ({"v": FIXED, "tags": pl.List(TEXT), "box": pl.List(WHOLE)}, ["v"]),
        ({"e0": FLOAT, "e1": FLOAT, "aperture": FLOAT, "iso_1": WHOLE}, ["e0", "e1"]),
        ({"v_1": FLOAT, "v_2": FLOAT, "tag_1": TEXT, "tag_2": TEXT}, ["v_1", "v_2"]),
        ({f"v{at}": FLOAT for at in (0, 10, *range(1, 10))}, [f"v{at}" for at in range(11)]),
        ({"e0": FLOAT, "e1": FLOAT, "box_0": WHOLE, "box_1": WHOLE}, ["e0", "e1"]),
        ({"0": FLOAT, "1": FLOAT, "class": TEXT}, ["0", "1"]),
        ({"emb_00": FLOAT, "emb_01": FLOAT}, ["emb_00", "emb_01"]),
        ({"v2_0": FLOAT, "v2_1": FLOAT}, ["v2_0", "v2_1"]),
    ],
)  # fmt: skip
def test_one_place_for_the_vectors_is_found(
    schema: dict[str, pl.DataType], taken: list[str]
) -> None:
    assert list(vector_columns(schema, (), "v.parquet").names) == taken


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"x": FLOAT, "y": FLOAT, "aperture": FLOAT}, r"no numbered columns.*aperture \(Float32\)"),
        ({"aperture": FLOAT}, "aperture"),
        ({"v": LISTS, "w": FIXED}, "the column 'v', the column 'w'"),
        ({"v": LISTS, "e0": FLOAT, "e1": FLOAT}, "the column 'v', the 2 columns e0 to e1"),
        ({"a0": FLOAT, "a1": FLOAT, "b0": FLOAT, "b1": FLOAT}, "columns a0 to a1, the 2 columns b"),
        ({"e0": FLOAT, "e2": FLOAT, "e4": FLOAT}, "number 1, 3 is missing"),
        ({"e2": FLOAT, "e3": FLOAT}, "number 1 is missing"),
        ({"e0": FLOAT, "e1": WHOLE, "e2": FLOAT}, r"e1 \(Int64\) in the 3 columns"),
        ({"e0": FLOAT, "e1": FLOAT, "e01": FLOAT}, "e1 and e01 have one number"),
        ({"tags": pl.List(TEXT)}, r"tags \(List\(String\)\)"),
    ],
)
def test_what_is_not_clear_is_asked_for(schema: dict[str, pl.DataType], message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        vector_columns(schema, (), "v.parquet")
    assert "--vector-columns" in str(refused.value)


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        (("w",), ["w"]),
        (("e",), ["e0", "e1", "e10"]),
        (("e*",), ["e0", "e1", "e10"]),
        (("e1", "e0"), ["e1", "e0"]),
        (("e?", "x"), ["e0", "e1", "x"]),
        (("[ex]*",), ["e0", "e1", "e10", "x"]),
    ],
)
def test_columns_are_named_by_name_stem_or_pattern(
    asked: tuple[str, ...], taken: list[str]
) -> None:
    schema = {"e10": FLOAT, "e0": FLOAT, "e1": FLOAT, "x": FLOAT, "v": LISTS, "w": LISTS}
    if asked == ("e",):
        schema |= {f"e{at}": FLOAT for at in range(10)}
        taken = [f"e{at}" for at in range(11)]
    assert list(vector_columns(schema, asked, "v.parquet").names) == taken


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("clas",), "Did you mean 'class'"),
        (("z*",), "no column, stem or pattern of columns 'z\\*'"),
        (("class",), r"class \(String\) in the column 'class' is no column of floats"),
        (("v", "e0"), "v holds lists"),
        (("e",), "number 1 is missing"),
    ],
)
def test_what_cannot_be_the_vectors_is_refused(asked: tuple[str, ...], message: str) -> None:
    schema = {"e0": FLOAT, "e2": FLOAT, "v": LISTS, "class": TEXT}
    with pytest.raises(UsageError, match=message):
        vector_columns(schema, asked, "v.parquet")


@pytest.mark.parametrize("form", ["columns", "lists", "arrays"])
@pytest.mark.usefixtures("small_parts")
def test_a_file_is_read_in_parts(tmp_path: Path, form: str) -> None:
    numbers = pl.DataFrame(VECTORS, schema=[f"d{at}" for at in range(5)])
    if form != "columns":
        numbers = pl.DataFrame({"vector": VECTORS}, schema={"vector": pl.Array(pl.Float32, 5)})
        if form == "lists":
            numbers = numbers.cast({"vector": pl.List(pl.Float64)})
    file = tmp_path / "v.parquet"
    table = pl.DataFrame({"id": IDS, "aperture": np.arange(30.0)})
    pl.concat([table, numbers], how="horizontal").write_parquet(file, row_group_size=4)
    found = read(file)
    np.testing.assert_array_equal(found.rows[:], VECTORS)
    assert isinstance(found.rows.parts[0], np.memmap)
    assert found.beside.equals(table)
    (note,) = found.notes
    assert re.search(
        "vectors are the (col|5 col).*; what is known of the photos: id, aperture.$", note
    )


def test_white_space_and_brackets_in_names(tmp_path: Path) -> None:
    file = tmp_path / "v[1].parquet"
    frame = pl.DataFrame({" id ": ["a ", "b"], "e0 ": [1.0, 2.0], " e1": [3.0, 4.0]})
    frame.write_parquet(file)
    with pytest.raises(UsageError, match="no numbered columns"):
        read(file)
    found = read(file, ("e0 ", " e1"))
    assert found.beside.to_dict(as_series=False) == {"id": ["a", "b"]}
    assert found.rows.shape == (2, 2)


@pytest.mark.usefixtures("small_parts")
def test_lists_of_other_lengths_are_named(tmp_path: Path) -> None:
    file = tmp_path / "v.parquet"
    lists = [[1.0, 2.0]] * 20 + [[3.0], None, [4.0, 5.0]]
    pl.DataFrame({"v": lists}).write_parquet(file)
    with pytest.raises(LatentprintError, match="hold 2 numbers: row 20, 21, counted from 0"):
        read(file)
    pl.DataFrame({"v": [[1.0, 2.0], [3.0, None]]}).write_parquet(file)
    assert np.isnan(read(file).rows[:][1, 1])
    pl.DataFrame({"e0": [1.0, None], "e1": [1.0, 2.0]}).write_parquet(file)
    assert np.isnan(read(file).rows[:][1, 0])


@pytest.mark.parametrize("lists", [[], [None, None], [[], []]])
def test_a_column_of_no_lists_is_named(tmp_path: Path, lists: list[None]) -> None:
    file = tmp_path / "v.parquet"
    pl.DataFrame({"v": lists}, schema={"v": pl.List(pl.Float32)}).write_parquet(file)
    with pytest.raises(LatentprintError, match="holds no vectors"):
        read(file)


@pytest.mark.parametrize("keep", [0, 4, 100, 1000])
def test_a_file_that_was_cut_off_is_named(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "v.parquet"
    pl.DataFrame({"v": VECTORS}).write_parquet(file)
    content = file.read_bytes()
    file.write_bytes(content[:keep])
    with pytest.raises(LatentprintError, match=r"v\.parquet cannot be read as a table"):
        read(file)
    file.write_bytes(content[:60] + bytes([0xFF]) * 200 + content[260:])
    with pytest.raises(LatentprintError, match=r"v\.parquet cannot be read as a table"):
        read(file)
