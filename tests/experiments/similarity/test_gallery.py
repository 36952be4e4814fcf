"""Neighbour galleries against a full sort of every set-up."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.similarity import gallery as module
from latentprint.experiments.similarity.gallery import galleries
from latentprint.experiments.similarity.options import QueryOptions
from latentprint.neighbours import nearest as search
from latentprint.processing import ATTRIBUTES, Attribute
from tests.experiments.fakes import FakeSource, fake_source, shuffled

SHARPENING = ATTRIBUTES["sharpening"]


def source_with_copies() -> FakeSource:
    source = fake_source(40, 12, trace=0.6)
    for vectors in source.by_class.values():
        vectors[10:16] = vectors[3]
    return source


def plain(
    source: FakeSource, query: int, p: str, q: str, setup: str, k: int
) -> list[tuple[str, bool, str]]:
    """Id, right or wrong, and processing of the k nearest training photos."""
    rows = source.photos.rows(named=True)
    positives, negatives = {"all-same": (p, p), "pos-same": (p, q), "neg-same": (q, p)}[setup]
    found = []
    for at, row in enumerate(rows):
        if row["split"] != "train" or at == query:
            continue
        right = row["label"] == rows[query]["label"]
        processing = positives if right else negatives
        a, b = (
            source.by_class[p][query].astype(float),
            source.by_class[processing][at].astype(float),
        )
        cosine = float((a / np.linalg.norm(a)) @ (b / np.linalg.norm(b)))
        found.append((-round(cosine, 10), row["id"], right, processing))
    return [each[1:] for each in sorted(found)[:k]]


def neighbours(gallery: dict[str, Any], setup: str) -> list[tuple[str, bool, str]]:
    (shown,) = (each for each in gallery["setups"] if each["setup"] == setup)
    assert [each["rank"] for each in shown["neighbours"]] == list(range(1, gallery["k"] + 1))
    assert shown["right"] == sum(each["right"] for each in shown["neighbours"])
    return [(each["id"], each["right"], each["processing"]) for each in shown["neighbours"]]


def loss(source: FakeSource, query: int, p: str, q: str) -> int:
    right = [
        sum(each[1] for each in plain(source, query, p, q, setup, 10))
        for setup in ("pos-same", "neg-same")
    ]
    return right[0] - right[1]


def test_the_most_telling_queries_and_their_neighbours() -> None:
    source = source_with_copies()
    names = SHARPENING.classes
    pairs = [(p, q) for p in names for q in names if p != q]
    most = [max(loss(source, at, p, q) for p, q in pairs) for at in range(40, 52)]
    order = sorted(range(12), key=lambda at: (-most[at], at))[:3]
    found = galleries(source, SHARPENING)
    assert [each["query"]["id"] for each in found] == [f"photo{40 + at:05d}" for at in order]
    for gallery, at in zip(found, order, strict=True):
        p, q = gallery["query"]["processing"], gallery["other_processing"]
        assert loss(source, 40 + at, p, q) == most[at]
        for setup in ("all-same", "pos-same", "neg-same"):
            assert neighbours(gallery, setup) == plain(source, 40 + at, p, q, setup, 10)


def test_a_training_photo_is_not_its_own_neighbour() -> None:
    source = source_with_copies()
    options = QueryOptions(query="photo00003", processing="SHARPEN_4")
    (gallery,) = galleries(source, SHARPENING, options, k=4)
    assert gallery["query"]["processing"] == "SHARPEN_4"
    assert gallery["query"]["label"] == source.photos["label"][3]
    # Its copies are equally near: they come by id.
    expected = plain(source, 3, "SHARPEN_4", gallery["other_processing"], "all-same", 4)
    assert neighbours(gallery, "all-same") == expected
    assert expected[0][0] == "photo00010"


def test_groups_may_be_left_out() -> None:
    source = source_with_copies()
    source.photos = source.photos.with_columns(
        group=pl.when(pl.col("id").is_in([f"photo{i:05d}" for i in (3, 10, 11, 12)]))
        .then(pl.lit("series"))
        .otherwise(pl.col("group"))
    )
    options = QueryOptions(query="photo00003", exclude_group=True)
    (gallery,) = galleries(source, SHARPENING, options)
    ids = {each["id"] for setup in gallery["setups"] for each in setup["neighbours"]}
    assert not ids & {"photo00003", "photo00010", "photo00011", "photo00012"}
    assert "photo00013" in ids


@pytest.mark.parametrize("choice", ["telling", "random"])
def test_neither_blocks_nor_the_order_of_photos_matter(
    choice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_with_copies()
    whole = galleries(source, SHARPENING, choice=choice)
    assert galleries(shuffled(source), SHARPENING, choice=choice) == whole
    monkeypatch.setattr(search, "_BLOCK", 9)
    monkeypatch.setattr(module, "_CHUNK", 5)
    assert galleries(source, SHARPENING, choice=choice) == whole


def test_random_galleries_follow_the_seed() -> None:
    source = source_with_copies()
    ids = [
        [
            each["query"]["id"]
            for each in galleries(source, SHARPENING, QueryOptions(seed=seed), choice="random")
        ]
        for seed in (0, 1)
    ]
    assert ids[0] != ids[1]


def test_fewer_photos_than_neighbours_and_a_path() -> None:
    source = fake_source(5, 3, labels=2)
    source.photos = source.photos.with_columns(path=pl.col("id") + ".jpg")
    for gallery in galleries(source, SHARPENING, k=10):
        assert gallery["query"]["path"] == gallery["query"]["id"] + ".jpg"
        for setup in gallery["setups"]:
            assert len(setup["neighbours"]) == 5


def test_mistakes() -> None:
    source = source_with_copies()
    with pytest.raises(UsageError, match="at least 1"):
        galleries(source, SHARPENING, k=0)
    with pytest.raises(UsageError, match="one class"):
        galleries(source, Attribute("own", ("SHARPEN_2",)))
    with pytest.raises(UsageError, match="Did you mean 'photo00003'"):
        galleries(source, SHARPENING, QueryOptions(query="foto00003"))
    with pytest.raises(UsageError, match="Did you mean 'SHARPEN_4'"):
        galleries(source, SHARPENING, QueryOptions(processing="SHARPEN4"))
    labels = source.photos.with_columns(
        label=pl.when(pl.col("id") == "photo00050").then(pl.lit("rare")).otherwise(pl.col("label"))
    )
    alone = replace(source, photos=labels)
    with pytest.raises(LatentprintError, match="no training photo of the class 'rare'"):
        galleries(alone, SHARPENING, QueryOptions(query="photo00050"))
    # Where queries are chosen, such a photo is none.
    assert len(galleries(alone, SHARPENING, count=50)) == 11
    source.photos = source.photos.with_columns(label=pl.lit(None, dtype=pl.String))
    with pytest.raises(LatentprintError, match="holds no values"):
        galleries(source, SHARPENING)
