"""Findings that are no rows of the result table: shown, handed on, written as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import latentprint as lp
from latentprint.canary.comparing import Stage
from latentprint.canary.drift import Drift
from tests.inspection.made_up import made_vectors, write_store

RULE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One finding of each kind, about names that would be code."""
    folder = tmp_path_factory.mktemp("found")
    vectors = made_vectors(80, 4, trace=1.0)
    labels = {"label": [RULE if at < 40 else "b" for at in range(80)]}
    store = write_store(folder / "store", vectors, labels=labels)
    np.save(folder / "one.npy", vectors[3])
    np.save(folder / "two.npy", vectors[2])
    kinds = ["a", "b", "c", "d"] * 20
    table = pl.DataFrame(
        {"id": [str(at) for at in range(80)], "kind": kinds, RULE: np.arange(80) // 4 % 2}
    )
    for run, rows in (("first", vectors[3]), ("second", vectors[2])):
        lp.robustness({RULE: rows}, metadata=table, nuisance=RULE, label="kind", k=3,
                      permutations=9, out=folder / run)  # fmt: skip
    check = lp.CanaryCheck(
        RULE, 9, Drift.ARITHMETIC, "It moved.", (f"{RULE} moved.",),
        (Stage("vectors", 8, 9, RULE),), None, 0.9, None, None, "", 0.1, (), (),
    )  # fmt: skip
    return {
        "inspection": lp.inspect("photo00003.png", store=store),
        "pair": lp.inspect("photo00003.png", "photo00004.png", store=store),
        "affected": lp.affected(store),
        "runs": lp.compare(folder / "first", folder / "second"),
        "stores": lp.compare(folder / "one.npy", folder / "two.npy", encoders=("one", "two")),
        "canary": check,
    }


KINDS = ("inspection", "pair", "affected", "runs", "stores", "canary")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_shown_handed_on_and_written(
    kind: str, found: dict[str, Any], tmp_path: Path
) -> None:
    each = found[kind]
    assert each.table.height > 0
    pandas = pytest.importorskip("pandas")
    assert isinstance(each.to_pandas(), pandas.DataFrame)
    assert each.to_pandas().shape == each.table.shape
    html = each._repr_html_()
    assert html.count("<tr>") > 1
    assert "http" not in html
    said = repr(each)
    assert said.startswith(f"<{type(each).__name__}: ")
    assert "\n" not in said
    assert len(said) < 250
    written = each.report(str(tmp_path / "page.html"))
    page = written.read_text("utf-8")
    assert written == tmp_path / "page.html"
    for text in (html, page):
        assert RULE not in text
    assert "<h1" in page


def test_they_say_what_was_found(found: dict[str, Any]) -> None:
    photo = found["inspection"].photos[0]
    assert photo.readings[0].word in repr(found["inspection"])
    assert found["pair"].pair.verdict in repr(found["pair"])
    assert found["pair"].pair.verdict in found["pair"]._repr_html_()
    assert "of 10 neighbours leave" in repr(found["affected"])
    assert "no difference shown" in found["runs"]._repr_html_()
    assert found["stores"].table["measure"].n_unique() == 3
    assert f"{found['stores'].table['value'][0]:.3g}" in found["stores"]._repr_html_()
    assert "&lt;script&gt;" in found["canary"]._repr_html_()
    assert repr(found["canary"]).endswith("drifted>")
