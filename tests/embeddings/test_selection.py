"""Choosing photos by a condition, and joining further labels."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from latentprint.embeddings import (
    Extraction,
    StoredEmbeddings,
    extract,
    select_photos,
    stored,
    with_labels,
)
from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import Photos
from latentprint.processing import NONE

from .toy import ToyEncoder


@pytest.fixture
def source(photos: Photos, tmp_path: Path) -> StoredEmbeddings:
    how = Extraction(batch_size=7, shard_size=5, workers=0)
    stores = extract(photos, [ToyEncoder()], [NONE], tmp_path / "out", extraction=how)
    return stored(stores, photos.table, photos.name, seed=0)[0]


def test_only_the_photos_that_fulfil_a_condition(source: StoredEmbeddings) -> None:
    first = source.photos["id"][3]
    few = select_photos(source, f"id = '{first}' OR file_width < 0")
    assert few.photos["id"].to_list() == [first]
    np.testing.assert_array_equal(few.vectors("none")[:], source.vectors("none")[3:4])
    assert few.vectors("none").shape == (1, 8)
    assert (few.encoder, few.family, few.dataset) == (source.encoder, source.family, source.dataset)
    assert few.split_made == source.split_made


def test_conditions_that_cannot_be(source: StoredEmbeddings) -> None:
    for condition in ("widht > 3", "width >", "id > 3 AND"):
        with pytest.raises(UsageError, match="Known columns: id"):
            select_photos(source, condition)
    with pytest.raises(LatentprintError, match="No photo fulfils"):
        select_photos(source, "width < 0")


def test_text_columns_of_numbers_compare_as_numbers(
    source: StoredEmbeddings, tmp_path: Path
) -> None:
    ids = source.photos["id"].to_list()
    table = tmp_path / "labels.csv"
    rows = "\n".join(f"{name},{at},s{at}" for at, name in enumerate(ids))
    table.write_text(f"path,score,scanner\n{rows}\n")
    labelled = with_labels(source, table)
    assert select_photos(labelled, "score >= 9").photos["id"].to_list() == ids[9:]
    assert select_photos(labelled, "scanner = 's2'").photos["id"].to_list() == [ids[2]]
    assert labelled.photos["id"].to_list() == ids


def test_splits_and_groups_of_a_table_are_not_taken_and_told(
    source: StoredEmbeddings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = source.photos.select("id", split=pl.lit("train"), group=pl.lit("g"), owner=pl.lit("o"))
    table.write_csv(tmp_path / "labels.csv")
    labelled = with_labels(source, tmp_path / "labels.csv")
    assert labelled.photos.drop("owner").equals(source.photos)
    assert "labels.csv: split and group not taken from here" in caplog.text


@pytest.mark.parametrize(("values", "labels"), [((1, None), ["1", None]), (("a", ""), ["a", None])])
def test_labels_of_a_table_are_names_or_none(
    source: StoredEmbeddings, values: tuple[object, ...], labels: list[str | None]
) -> None:
    ids = source.photos["id"][:2]
    found = with_labels(source, pl.DataFrame({"id": ids, "label": values})).photos
    assert found["label"][:2].to_list() == labels


def test_photos_that_a_table_says_nothing_of_are_told(
    source: StoredEmbeddings, caplog: pytest.LogCaptureFixture
) -> None:
    ids = source.photos["id"].to_list()
    labelled = with_labels(source, pl.DataFrame({"id": ids[1:], "owner": "o"}))
    assert labelled.photos["owner"].null_count() == 1
    assert f"says nothing of 1 of the {len(ids)} embedded photos: {ids[0]}." in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,a\nx,1\n", "no column 'id'"),
        ("id,a\nx,1\nx,2\n", "'x' more than once"),
        ("id,a\nx,1\n", "holds none of the embedded photos"),
    ],
)
def test_tables_that_cannot_be_joined(
    source: StoredEmbeddings, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(LatentprintError, match=message):
        with_labels(source, tmp_path / "labels.csv")
    with pytest.raises(UsageError, match="no table"):
        with_labels(source, tmp_path / "labels.txt")
