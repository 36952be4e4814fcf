"""No text of a file is a formula of a spreadsheet, and our own readers give every text back."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from latentprint.files import write_table
from latentprint.photos import open_photos
from latentprint.photos.manifest import column_names, read_table
from latentprint.report.inputs import read_run
from latentprint.results import results_table, write_results
from latentprint.spreadsheets import guarded, guarded_cell, restored, restored_cell

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "-", "＝1"]
PLAIN = ["cat", "", "a=b", "-5", "+3.5e-2", "-.5", "1", "'quoted'", "é", "5-3"]
TRICKY = ["'=1", "''=1", "'-5", "''", "'", "'@"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_written_as_text(text: str) -> None:
    assert guarded_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_and_numbers_are_written_as_they_are(text: str) -> None:
    assert guarded_cell(text) == text == restored_cell(text)


def test_every_text_comes_back() -> None:
    texts = FORMULAS + PLAIN + TRICKY
    assert [restored_cell(guarded_cell(each)) for each in texts] == texts
    table = pl.DataFrame({"=a": [*texts, None], "n": [-1.5] * (len(texts) + 1)})
    written = guarded(table.with_columns(c=pl.col("=a").cast(pl.Categorical)))
    assert written.columns == ["'=a", "n", "c"]
    assert written["'=a"].to_list() == [*map(guarded_cell, texts), None]
    assert written["c"].to_list() == [*map(guarded_cell, texts), None]
    assert written["n"].to_list() == table["n"].to_list()
    assert restored(written.drop("c")).equals(table)


def test_a_table_that_is_written_is_harmless_and_reads_back(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "path": ["-a.jpg", "=b.jpg", "c.jpg"],
            "label": ["=HYPERLINK(1)", "-5", "x"],
            "@s": [1, -2, 3],
        }
    )
    file = tmp_path / "t.csv"
    write_table(file, table)
    with file.open(newline="") as opened:
        rows = list(csv.reader(opened))
    assert rows == [
        ["path", "label", "'@s"],
        ["'-a.jpg", "'=HYPERLINK(1)", "1"],
        ["'=b.jpg", "-5", "-2"],
        ["c.jpg", "x", "3"],
    ]
    assert column_names(file) == table.columns
    assert read_table(file).rows() == [
        (path, label, str(number)) for path, label, number in table.rows()
    ]
    photos = open_photos(file)
    assert photos.table["path"].to_list() == table["path"].to_list()
    assert photos.table["label"].to_list() == table["label"].to_list()
    assert any("3 texts" in note for note in photos.notes)


def test_a_report_reads_the_names_of_photos_as_they_are(tmp_path: Path) -> None:
    write_results(results_table([]), tmp_path)
    write_table(tmp_path / "photos.csv", pl.DataFrame({"id": ["=x", "-5"], "path": ["=x", "-5"]}))
    photos = read_run(tmp_path).photos
    assert photos is not None
    assert photos["id"].to_list() == ["=x", "-5"]
