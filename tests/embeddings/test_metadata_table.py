"""Tables about photos from files and data frames."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.embeddings.metadata_table import open_metadata
from latentprint.errors import LatentprintError, UsageError

COLUMNS = {"id": ["a", "b", "c"], "make": ["Canon ", None, "Nikon"], "iso": [100, None, 400]}


def test_a_data_frame_of_polars_is_tidied_as_a_file_is(tmp_path: Path) -> None:
    frame = pl.DataFrame(COLUMNS)
    frame.write_parquet(tmp_path / "t.parquet")
    opened = open_metadata(str(tmp_path / "t.parquet"))
    assert (opened.stem, opened.id_column) == ("t", "id")
    for given in (frame, frame.lazy()):
        table = open_metadata(given)
        assert table.frame.equals(opened.frame)
        assert table.stem == "photos"
    assert opened.frame["make"].to_list() == ["Canon", None, "Nikon"]


def test_empty_texts_are_nobodys_group() -> None:
    found = open_metadata(pl.DataFrame({"photographer": ["", " ", "\u200b", None, "A"]})).frame
    assert found["photographer"].to_list() == [None, None, None, None, "A"]


def test_a_data_frame_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(COLUMNS)
    frame["group"] = frame["make"].astype("category")
    found = open_metadata(frame).frame
    assert found["make"].to_list() == ["Canon", None, "Nikon"]
    assert found["group"].to_list() == ["Canon", None, "Nikon"]
    assert found["iso"].to_list() == [100.0, None, 400.0]
    frame["aperture"] = pandas.Series([1.8, None, 2.8], dtype="float32")
    frame["any"] = pandas.Series([np.int64(3), None, np.float32(1.5)], dtype=object)
    frame["zoom"] = pandas.Series([1.1, None, 2.2], dtype="Float32")
    found = open_metadata(frame).frame
    assert found["aperture"].to_list() == [1.8, None, 2.8]
    assert found["zoom"].to_list() == [1.1, None, 2.2]
    assert found["any"].to_list() == [3.0, None, 1.5]
    indexed = open_metadata(frame.set_index("id")[::-1])
    assert indexed.frame["id"].to_list() == ["c", "b", "a"]
    assert indexed.frame["iso"].to_list() == [400.0, None, 100.0]


def test_what_is_no_table(tmp_path: Path) -> None:
    for given in (np.zeros((3, 2)), {"id": ["a"]}, 3):
        with pytest.raises(UsageError, match="is no table"):
            open_metadata(given)
    with pytest.raises(LatentprintError, match="'a' twice"):
        open_metadata(pl.DataFrame({"a": [1], " a": [2]}))


def test_a_column_of_pandas_that_is_there_twice_is_refused() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([["a", "b", "c"]], columns=["id", "make", "make "])
    with pytest.raises(LatentprintError, match="has the column 'make' twice"):
        open_metadata(frame)
    frame.columns = ["id", "make", "make"]
    with pytest.raises(LatentprintError, match="has the column 'make' twice"):
        open_metadata(frame)
