"""Results as tables for papers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.published import published
from latentprint.report import result_tables
from latentprint.report.paper_tables import TABLES, tables_of
from latentprint.report.published_run import published_run
from latentprint.words import Verdict
from tests.report.made_runs import (
    everything,
    influence_run,
    probe_run,
    run_of,
    write_made,
)

NAME = r"A & B_1 100% {x} \y | *z*"


def test_every_number_stands_with_its_interval_and_its_star() -> None:
    run = run_of(everything(0.5))
    table = tables_of(run, ["neighbours"])[0]
    row = next(row for row in run.neighbours if row["setup"] == "influence")
    cell = table.rows[0][1]
    found = re.findall(r"[+−]?[\d.]+", cell.replace("−", "-"))
    assert [float(each) for each in found] == pytest.approx(
        [row["value"], row["low"], row["high"]], abs=0.051
    )
    assert ("*" in cell) == (row["verdict"] == Verdict.CHANGE)
    assert f"k = {row['k']}" in table.caption


def test_every_kind_of_table_of_a_run_is_there() -> None:
    run = run_of(everything(0.5))
    for key in set(TABLES) - {"labels"}:
        assert tables_of(run, [key]), key


def test_chance_is_in_the_table_and_what_the_star_means_in_the_caption() -> None:
    (table, *_) = tables_of(run_of(probe_run(0.5)), ["processing"])
    assert [row[0] for row in table.rows][1] == "Chance"
    assert table.rows[1][1] == "33.3"
    assert "* carried." in table.caption


def test_all_published_encoders_and_no_interval() -> None:
    (table, _) = tables_of(published_run(), ["processing"])
    names = [row[0] for row in table.rows]
    assert sorted(names[:-1]) == sorted(published()["encoder"].unique())
    assert names[-1] == "Chance"
    row = dict(zip(table.head, table.rows[0], strict=True))
    assert row["Encoder"] == "CLIP (ViT-B/16, WIT)"
    assert row["JPEG compression"] == "64.8"
    assert "interval" not in table.caption


def test_latex_is_escaped(tmp_path: Path) -> None:
    run = write_made(influence_run(0.5, NAME, "yours"), tmp_path / "run")
    text = result_tables(run, latex=True)
    assert r"A \& B\_1 100\% \{x\} \textbackslash{}y | *z* &" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") > 0
    assert "−" not in text


def test_markdown_is_escaped(tmp_path: Path) -> None:
    run = write_made(influence_run(0.5, NAME, "yours"), tmp_path / "run")
    lines = result_tables(run).splitlines()
    assert lines[2].startswith("| Encoder |")
    assert lines[3] == "| --- | ---: |"
    assert lines[4].startswith(r"| A & B\_1 100% {x} \\y \| \*z\* |")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"only": ["probes"]}, "There is no table 'probes'"),
        ({"published": True}, "either run folders, or --published"),
    ],
)
def test_wrong_calls_are_refused(tmp_path: Path, options: dict[str, object], said: str) -> None:
    run = write_made(influence_run(0.5), tmp_path / "run")
    with pytest.raises(UsageError, match=said):
        result_tables(run, **options)  # type: ignore[arg-type]


def test_a_run_without_such_results_is_told(tmp_path: Path) -> None:
    run = write_made(influence_run(0.5), tmp_path / "run")
    with pytest.raises(LatentprintError, match="a table of pairs: measure it first"):
        result_tables(run, only=["pairs"])
