"""Figures: legend, tables and the file behind the link."""

from __future__ import annotations

import base64
import csv
import gzip
import io
from urllib.parse import unquote

from bs4 import BeautifulSoup

from latentprint.report.figures.figure import LONG, ROWS, Figure, Key, download_of
from latentprint.report.figures.panel import hover
from latentprint.report.figures.table import Table


def test_a_spreadsheet_runs_no_cell_and_reads_minus_signs() -> None:
    cells = ("=HYPERLINK(1)", "−2.5", "–", "1,000", "@x", 'a "b",\nc#&%')
    address = str(download_of(Table("c", ("a", "b", "c", "d", "e", "f"), [cells])).address)
    assert not set('"<>#&\n') & set(address)
    head, text = address.split(",", 1)
    assert head == "data:text/csv;charset=utf-8"
    (row,) = list(csv.reader(io.StringIO(unquote(text))))[1:]
    assert row == ["'=HYPERLINK(1)", "-2.5", "", "1000", "'@x", 'a "b",\nc#&%']


def test_a_long_table_is_packed_and_complete() -> None:
    rows = [(f"é {index}", "1.5") for index in range(LONG + 1)]
    soup = BeautifulSoup(
        Figure("x", "C", tables=[("T", Table("c", ("a", "b"), rows))]).html(), "html.parser"
    )
    link = soup.select_one("a.download")
    assert link is not None
    assert link["download"] == "latentprint-x.csv.gz"
    assert "gzip" in link.get_text()
    head, packed = str(link["href"]).split(",", 1)
    assert head == "data:application/gzip;base64"
    text = gzip.decompress(base64.b64decode(packed)).decode("utf-8")
    assert list(csv.reader(io.StringIO(text)))[1:] == [list(row) for row in rows]
    short = download_of(Table("c", ("a", "b"), rows[:LONG]))
    assert short.suffix == ".csv"


def test_a_legend_entry_may_be_off_at_first() -> None:
    keys = [
        Key("a", "A <b>", "bar"),
        Key("b", "B", "bar", shown=False),
        Key("c", "C", "bar", fixed=True),
    ]
    soup = BeautifulSoup(Figure("x", "C", keys=keys).html(), "html.parser")
    assert [each["aria-pressed"] for each in soup.select("button")] == ["true", "false"]
    assert soup.select("button")[0].get_text() == "A <b>"
    assert len(soup.select("li.fixed")) == 1


def test_a_long_table_is_cut_and_says_so() -> None:
    table = Table("c", ("a", "b"), [(str(index), "1") for index in range(ROWS + 50)])
    soup = BeautifulSoup(Figure("x", "C", tables=[("T", table)]).html(), "html.parser")
    assert len(soup.select("tbody tr")) == ROWS
    assert f"The first {ROWS} of {ROWS + 50} rows" in soup.get_text()


def test_labels_wrap_and_escape() -> None:
    lines = hover("x" * 30 + " " + "y" * 30, "<b>&", "").split("<br>")
    assert lines == ["x" * 30, "y" * 30, "&lt;b&gt;&amp;"]
