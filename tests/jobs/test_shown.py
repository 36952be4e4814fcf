"""What results show of themselves in Python, and how they are handed on."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import latentprint as lp
from latentprint.jobs.shown import Shown

RULE = "<script>alert(1)</script>"


def vectors() -> tuple[np.ndarray, pl.DataFrame]:
    """Vectors [120, 8] with the trace of a device, and the table of their photos."""
    rng = np.random.default_rng(0)
    device = np.arange(120) % 2
    rows = rng.normal(size=(120, 8)) + 2.0 * device[:, None]
    kinds = [f"kind {each % 3}" for each in range(120)]
    table = pl.DataFrame(
        {"id": [f"{each}" for each in range(120)], "label": kinds, RULE: device.astype(str)}
    )
    return rows.astype(np.float32), table


@pytest.fixture(scope="module")
def probed() -> Any:
    rows, table = vectors()
    return lp.probe(
        {RULE: rows}, metadata=table, attribute=RULE, fits=2, curve=False, controls=False
    )


@pytest.fixture(scope="module")
def judged() -> Any:
    rows, table = vectors()
    return lp.robustness({RULE: rows}, metadata=table, nuisance=RULE, permutations=99)


def test_the_card_is_shown_and_what_is_from_data_is_escaped(probed: Any, judged: Any) -> None:
    for result, said in ((probed, "Carries traces?"), (judged, "nuisance purity")):
        html = result._repr_html_()
        assert said in html
        assert RULE not in html
        assert "&lt;script&gt;" in html
        assert "<script" not in html
        assert "http" not in html
        assert "url(" not in html


def test_what_it_says_of_itself_is_short(probed: Any, judged: Any) -> None:
    assert repr(probed) == "<Measured: 1 results of 1 encoder, 1 carried>"
    assert "\n" not in repr(judged)


def test_the_report_is_that_of_the_run_folder(probed: Any, tmp_path: Path) -> None:
    rows, table = vectors()
    lp.probe(
        {RULE: rows}, metadata=table, attribute=RULE, fits=2, curve=False, controls=False,
        out=tmp_path / "run",
    )  # fmt: skip
    ours = probed.report(tmp_path / "ours.html", title="T").read_text("utf-8")
    theirs = lp.write_report(tmp_path / "run", tmp_path / "theirs.html", title="T")
    same = "<td role=.*?</td>"
    assert re.findall(same, ours, re.DOTALL) == re.findall(
        same, theirs.read_text("utf-8"), re.DOTALL
    )
    assert "Carries traces?" in ours
    assert "<title>T</title>" in ours


def test_the_table_goes_to_pandas(probed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    frame = probed.to_pandas()
    assert list(frame.columns) == probed.table.columns
    assert frame["value"].tolist() == probed.table["value"].to_list()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(lp.LatentprintError, match="pip install pandas"):
        probed.to_pandas()


def test_what_was_left_out_is_told() -> None:
    rows, table = vectors()
    found = lp.probe(
        rows, metadata=table.with_columns(rare=pl.lit("one")), attribute=[RULE, "rare"], fits=2,
        curve=False, controls=False,
    )  # fmt: skip
    assert "1 left out" in repr(found)
    assert "has fewer than two classes of at least 10 photos" in found._repr_html_()


def test_what_measures_nothing_is_an_error() -> None:
    rows, table = vectors()
    with pytest.raises(lp.LatentprintError, match=r"^Nothing was measured: The label 'label' has"):
        lp.probe(rows[:9], metadata=table[:9], attribute="label")


def test_a_correlation_has_a_table_a_report_and_a_sentence(tmp_path: Path) -> None:
    _, table = vectors()
    found = lp.correlation(table, permutations=50)
    assert found.table["column"].to_list() == [RULE]
    assert "The one column is not shown to go together with" in found._repr_html_()
    assert RULE not in found._repr_html_()
    assert found.report(tmp_path / "c.html").stat().st_size > 10_000


def test_every_result_of_the_package_is_shown() -> None:
    results = (lp.Measured, lp.Audit, lp.Correlated, lp.Erased, lp.Proof)
    assert all(issubclass(each, Shown) for each in results)


def test_an_eraser_is_fitted_on_arrays_and_proven(tmp_path: Path) -> None:
    rows, table = vectors()
    table = table.rename({RULE: "device"})
    done = lp.erase_fit(rows, metadata=table, nuisance="device", out=tmp_path / "eraser")
    assert set(done.verdicts) == {"device"}
    assert "directions erased" in repr(done)
    proof = lp.erase_test(tmp_path / "eraser", rows, metadata=table, nuisance="device")
    assert proof.verdicts == done.verdicts
    both = {"plain": rows, "moved": rows + 0.5}
    paired = lp.erase_fit(both, pairs=True, test=False, out=tmp_path / "paired")
    assert sorted(paired.eraser.about["classes"]) == ["moved", "plain"]
    assert paired.proof is None
    assert paired._repr_html_()
    with pytest.raises(lp.UsageError, match="same name"):
        lp.erase_fit([rows, rows], pairs=True, out=tmp_path / "no")
