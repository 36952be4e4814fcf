import math
import re
from csv import writer
from datetime import timedelta
from pathlib import Path
from unicodedata import normalize

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latentprint.embeddings.own_vectors import open_own_vectors
from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import open_photos, read_manifest, read_table
from latentprint.photos.manifest import column_names, open_table


def csv(folder: Path, text: str) -> Path:
    file = folder / "set.csv"
    file.write_text(text, encoding="utf-8", newline="")
    return file


def test_labels_stay_text_and_columns_are_kept(tmp_path: Path) -> None:
    file = csv(tmp_path, "path,label,split,camera\na.jpg,007,Training,x\nb.jpg,,test,\n")
    photos = open_photos(file)
    assert photos.table.columns == ["id", "path", "split", "label", "camera"]
    assert photos.table.rows() == [
        ("a.jpg", "a.jpg", "train", "007", "x"),
        ("b.jpg", "b.jpg", "val", None, None),
    ]
    assert (photos.name, photos.root, photos.ignored.height) == ("set", tmp_path, 0)


@pytest.mark.parametrize("column", ["path", "file", "filename", "file_name"])
def test_path_columns(tmp_path: Path, column: str) -> None:
    photos = open_photos(csv(tmp_path, f"\ufeff{column},id\r\nx/a.jpg,one\r\n/b.jpg,two\r\n"))
    assert photos.table.select("id", "path").rows() == [("one", "x/a.jpg"), ("two", "/b.jpg")]
    assert photos.file("/b.jpg") == Path("/b.jpg")
    assert photos.table["split"].dtype == photos.table["label"].dtype == pl.String


def test_parquet_and_another_label_column(tmp_path: Path) -> None:
    frame = pl.DataFrame({"file": ["a.jpg", "b.jpg"], "coarse": [1, 2], "boxes": [[1], [2]]})
    frame.write_parquet(tmp_path / "manifest.parquet")
    photos = open_photos(tmp_path / "manifest.parquet", label_column="coarse")
    assert photos.table["label"].to_list() == ["1", "2"]
    assert photos.table["coarse"].to_list() == ["1", "2"]
    assert photos.name == tmp_path.name
    with pytest.raises(UsageError, match=r"no column 'corse'.*Did you mean 'coarse'"):
        open_photos(tmp_path / "manifest.parquet", label_column="corse")
    with pytest.raises(UsageError, match="no plain values"):
        open_photos(tmp_path / "manifest.parquet", label_column="boxes")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,label\na.jpg,x\n", "no column for the paths.*there are name, label"),
        ("path\na.jpg\nb.jpg\na.jpg\n", r"id 'a\.jpg' more than once"),
        ("path,label\na.jpg,x\n ,y\n", "'path' of set.csv is empty in row 2"),
        ("file,id\na.jpg,x\nb.jpg,\nc.jpg,\n", "'id' of set.csv is empty in rows 2, 3"),
        ("path,split\na.jpg,train\nb.jpg,holdout\n", "Row 2 of set.csv.*'holdout'"),
        ("path,label\na.jpg,x,y,z\n", "cannot be read as a table"),
        ("", "cannot be read as a table"),
        ("path,label\n", "lists no photos"),
        ("sep=;\npath;label\na.jpg;x\n", "its first line only names the separator"),
        ("path,label\ra.jpg,x\r", "carriage returns"),
    ],
)
def test_errors(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LatentprintError, match=message):
        open_photos(csv(tmp_path, text))


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    (tmp_path / "a.csv").write_bytes(b"path\ncaf\xe9.jpg\n")
    (tmp_path / "b.csv").write_bytes("path,label\na.jpg,x\n".encode("utf-16"))
    for name in ("a.parquet", "a.csv", "b.csv"):
        utf_8 = "" if name == "a.parquet" else ".*save it as text in UTF-8"
        with pytest.raises(LatentprintError, match=f"cannot be read as a table{utf_8}"):
            open_photos(tmp_path / name)


def test_a_layout_is_for_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is for folders"):
        open_photos(csv(tmp_path, "path\na.jpg\n"), layout="classes")


def test_real_manifests(shared_data: Path) -> None:
    photos = open_photos(shared_data / "labelled" / "manifest.csv")
    assert set(photos.table["split"].unique()) == {"train", "val"}
    assert all(photos.file(path).is_file() for path in photos.table["path"])


def test_white_space_is_stripped_once_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "m.csv").write_text(
        "path , label,maker\na.jpg,cat,A\nb.jpg,cat ,\u00a0B\nc .jpg,  ,B\n"
    )
    photos = open_photos(tmp_path / "m.csv")
    assert photos.table.select("path", "label", "maker").rows() == [
        ("a.jpg", "cat", "A"),
        ("b.jpg", "cat", "B"),
        ("c .jpg", None, "B"),
    ]
    assert photos.notes == (
        "m.csv: white space was stripped from the column names path, label.",
        "m.csv: white space was stripped in the columns 'label' (2 values), 'maker' (1 values).",
    )
    assert photos.notes[1] in caplog.text


def test_what_looks_like_a_space_or_nothing_makes_no_other_class(tmp_path: Path) -> None:
    labels = ("big cat", "big\u00a0cat", "\u202abig cat\u202c", "big\u202fcat\u200e")
    rows = "".join(f"{number}.jpg,{label}\n" for number, label in enumerate(labels))
    photos = open_photos(csv(tmp_path, f"path,label\n{rows}"))
    assert set(photos.table["label"]) == {"big cat"}
    assert photos.notes == (
        "set.csv: white space was stripped in the column 'label' (2 values).",
        "set.csv: spaces that do not break became plain ones in the column 'label' (2 values).",
    )


def test_other_separators_are_told(tmp_path: Path) -> None:
    rows = ['path|label|"a, b"', 'a.jpg|"x|y"|-1,8', "b,1.jpg|z|2,8"]
    for mark, decimal in ((";", "."), ("\t", ",")):
        file = csv(tmp_path, "\n".join(row.replace("|", mark) for row in rows))
        photos = open_photos(file)
        assert photos.table.select("path", "label", "a, b").rows() == [
            ("a.jpg", f"x{mark}y", f"-1{decimal}8"),
            ("b,1.jpg", "z", f"2{decimal}8"),
        ]
        assert column_names(file) == ["path", "label", "a, b"]
        file = csv(tmp_path, f"path{mark}label{mark}focal length, mm\na.jpg{mark}x{mark}50\n")
        assert open_photos(file).table["focal length, mm"].to_list() == ["50"]
        word, *decimals = photos.notes
        if mark == ";":
            assert word == "set.csv: columns are separated by semicolons."
            assert decimals == [
                "set.csv: decimal commas became points in the column 'a, b' (2 values)."
            ]
        else:
            assert word == "set.csv: columns are separated by tabs."
            assert decimals == [
                "set.csv: numbers with commas stay texts in the column 'a, b' (2 values): "
                "write them as 1234.5."
            ]


def test_capitals_in_names_that_have_a_meaning_are_told(tmp_path: Path) -> None:
    photos = open_photos(csv(tmp_path, "path,Label,SPLIT,Make\na.jpg,cat,train,A\n"))
    assert photos.notes == ("set.csv: capitals count: it has Label, SPLIT and no label, split.",)


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    file = csv(tmp_path, '\npath,label\n\na.jpg,"x\n\ny"\r\n\r\n  \nb.jpg,\n,\n\n\n')
    table = open_table(file)
    assert table.frame.rows() == [("a.jpg", "x\n\ny"), ("b.jpg", None), (None, None)]
    assert table.notes == ("set.csv: empty lines left out: 5.",)
    assert open_table(csv(tmp_path, "label\nx\n\ny\n")).frame.height == 3
    assert open_table(csv(tmp_path, "path\tlabel\na.jpg\tx\n\t\n\n")).frame.height == 2


def test_what_no_reader_sees_makes_no_class(tmp_path: Path) -> None:
    labels = ["caf\u00e9", "cafe\u0301", "caf\u00e9\u200b ", "\ufeffcaf\u00e9"]
    rows = "".join(f"cafe\u0301{row}.jpg,{label}\n" for row, label in enumerate(labels))
    photos = open_photos(csv(tmp_path, f"path,label\n{rows}"))
    assert set(photos.table["label"]) == {"caf\u00e9"}
    assert photos.table["path"][0] == "cafe\u03010.jpg"
    assert photos.notes == (
        "set.csv: white space was stripped in the column 'label' (2 values).",
        "set.csv: letters and their accents were put together in the column 'label' (1 values).",
    )


@pytest.mark.parametrize("bits", [16, 32])
def test_short_floats_are_the_decimals_that_were_meant(tmp_path: Path, bits: int) -> None:
    given = pl.Series("aperture", [1.8, None, 0.1, 1 / 4]).cast(getattr(pl, f"Float{bits}"))
    given.to_frame().write_parquet(tmp_path / "m.parquet")
    table = open_table(tmp_path / "m.parquet")
    assert table.frame["aperture"].to_list() == [1.8, None, 0.1, 0.25]
    assert table.notes == ()


@pytest.mark.parametrize("column", ["path", "id", "label", "split", "group"])
def test_columns_without_plain_values_are_refused(tmp_path: Path, column: str) -> None:
    for values in ([[1], [2]], [{"a": 1}, {"a": 2}], [b"\xff", b"\xfe"]):
        frame = pl.DataFrame({"path": ["a.jpg", "b.jpg"]}).with_columns(pl.Series(column, values))
        frame.write_parquet(tmp_path / "m.parquet")
        with pytest.raises(LatentprintError, match=f"'{column}' of m.parquet holds no plain"):
            open_photos(tmp_path / "m.parquet")
        with pytest.raises(LatentprintError, match=f"'{column}' of the data frame holds no plain"):
            open_own_vectors(np.eye(2), frame)


def test_values_of_odd_types_are_texts_and_missing_ones_none(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "path": [b"a.jpg", b"b.jpg"],
            "label": [1.0, math.nan],
            "age": [timedelta(days=3), None],
            "taken": pl.Series([complex(1), None], dtype=pl.Object),
        }
    )
    rows = open_own_vectors(np.eye(2), frame).photos.select("id", "label", "age", "taken").rows()
    assert rows == [("a.jpg", "1.0", "3d", "(1+0j)"), ("b.jpg", None, None, None)]
    frame.drop("taken").write_parquet(tmp_path / "m.parquet")
    photos = open_photos(tmp_path / "m.parquet")
    assert photos.table.select("path", "label", "age").rows() == [
        ("a.jpg", "1.0", "3d"),
        ("b.jpg", None, None),
    ]


def test_a_table_that_needs_no_change_has_no_note(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,label\na.jpg,a cat\n")
    assert open_photos(tmp_path / "m.csv").notes == ()


def test_columns_that_differ_in_white_space_alone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,label,label \na.jpg,x,y\n")
    with pytest.raises(LatentprintError, match="has the column 'label' twice"):
        open_photos(tmp_path / "m.csv")


def test_every_reader_of_tables_strips(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frame = pl.DataFrame({"label": pl.Series(["cat", "cat "], dtype=pl.Categorical), "n": [1, 2]})
    frame.write_parquet(tmp_path / "m.parquet")
    assert read_table(tmp_path / "m.parquet")["label"].to_list() == ["cat", "cat"]
    assert "white space was stripped in the column 'label' (1 values)" in caplog.text


def test_labels_that_look_like_numbers_stay_apart(tmp_path: Path) -> None:
    labels = ["00", "39", "007", "7", "1.1", "1.10", "20240105", "20240106", "1e3"]
    rows = "".join(f"{row}.jpg,{label}\n" for row, label in enumerate(labels))
    (tmp_path / "m.csv").write_text(f"path,label\n{rows}")
    assert open_photos(tmp_path / "m.csv").table["label"].to_list() == labels


def test_the_case(shared_cases: Path) -> None:
    photos = open_photos(shared_cases / "labels_with_spaces.csv")
    assert set(photos.table["label"]) == {"cat", "dog"}
    assert len(photos.notes) == 1


# Without marks of format, which are nothing at the ends of a text.
letters = st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=["Cf"])
labels = st.text(letters, max_size=5)
numbers = st.sampled_from(
    ["1e3", "1000", "1000.0", "0x10", "+5", "5", "05", "٥", "1_000", "NaN", "nan", "inf", "True",
     "true", " 7", "7", "7.0", "\u00a07", "07", "7\n8", '"', "null", "None", "-0", "0", ","],
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(labels, numbers), min_size=1, max_size=30))
def test_two_labels_are_one_only_where_they_differ_in_white_space(
    tmp_path: Path, written: list[str]
) -> None:
    with (tmp_path / "list.csv").open("w", newline="", encoding="utf-8") as file:
        rows = writer(file)
        rows.writerow(["path", "label"])
        rows.writerows((f"{at}.jpg", label) for at, label in enumerate(written))
    read = read_manifest(tmp_path / "list.csv").table["label"].to_list()
    white = "".join(map(chr, range(0x1C, 0x20)))  # which Python strips and Unicode does not
    composed = [normalize("NFC", each.strip()) for each in written if not set(each) & set(white)]
    expected = [re.sub("[\u00a0\u202f]", " ", each) or None for each in composed]
    found = [new for new, old in zip(read, written, strict=True) if not set(old) & set(white)]
    assert found == expected


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,label, label\na.jpg,x,y\n")
    with pytest.raises(LatentprintError, match="has the column 'label' twice"):
        read_manifest(tmp_path / "list.csv")
    (tmp_path / "list.csv").write_text("path,label,label\na.jpg,x,y\n")
    with pytest.raises(LatentprintError, match="has the column 'label' twice"):
        read_manifest(tmp_path / "list.csv")


def test_a_column_of_any_name_is_kept(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,row\na.jpg,5\n")
    assert read_manifest(tmp_path / "list.csv").table["row"].to_list() == ["5"]
