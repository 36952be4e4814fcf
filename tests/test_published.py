from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from latentprint.experiments.pairs.pairs_table import QUERY_GALLERY, TARGET_GALLERY
from latentprint.published import KEYS, PAIR_SETUPS, published
from latentprint.results import SCHEMA


def test_columns_are_those_of_the_result_table() -> None:
    table = published()
    assert table.height == 2726
    assert table["encoder"].n_unique() == 47
    assert dict(table.schema) == {name: SCHEMA[name] for name in table.columns}
    assert table.columns == [name for name in SCHEMA if name in table.columns]


def test_attributes_are_keys_and_probes_have_no_setup() -> None:
    table = published()
    assert set(table["attribute"]) == set(KEYS.values())
    probes = table.filter(pl.col("experiment").str.ends_with("_probe"))
    assert set(probes["setup"]) == {""}
    assert probes["chance"].null_count() == 0


def test_nothing_is_missing_or_out_of_range() -> None:
    table = published()
    assert table["value"].null_count() == 0
    assert table["value"].is_between(0, 100).all()
    recalls = table.filter(pl.col("experiment") == "near_duplicate")
    assert recalls["value"].is_between(1, 100).all()
    assert set(recalls["setup"]) == {QUERY_GALLERY, TARGET_GALLERY} == set(PAIR_SETUPS.values())


def test_a_known_number() -> None:
    row = published().row(
        by_predicate=(pl.col("encoder") == "CLIP (ViT-L/14@336, WIT)")
        & (pl.col("experiment") == "processing_probe")
        & (pl.col("dataset") == "ImageNet")
        & (pl.col("attribute") == "jpeg"),
        named=True,
    )
    assert row["value"] == pytest.approx(81.4298)
    assert row["chance"] == pytest.approx(16.6667)


def test_every_number_is_the_published_one(shared_data: Path) -> None:
    source = shared_data.parent / "reference" / "published.csv"
    if not source.exists():
        pytest.skip(f"the reference figures are not there: {source}")
    given = pl.read_csv(source, infer_schema_length=None)
    ours = published()
    names = {key: name for name, key in KEYS.items()}
    assert len(names) == len(KEYS)
    setups = {ours: theirs for theirs, ours in PAIR_SETUPS.items()}
    back = ours.with_columns(
        pl.col("attribute").replace_strict(names),
        pl.when(pl.col("setup") != "").then(pl.col("setup").replace(setups)).alias("setup"),
        pl.when(pl.col("experiment") == "near_duplicate")
        .then(pl.col("value") / 100)
        .otherwise("value"),
    ).select(given.columns)
    assert back.drop("value").equals(given.drop("value"))
    assert back["value"].to_list() == pytest.approx(given["value"].to_list(), abs=1e-9)
