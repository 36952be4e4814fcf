"""Stores of lists that are handled by ranges of rows are those of lists that are not."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from latentprint import mapped_tables
from latentprint.embeddings import (
    Extraction,
    Share,
    Store,
    alike,
    engine,
    extract,
    index,
    open_collection,
    shard,
)
from latentprint.embeddings.alike import keep_alike
from latentprint.embeddings.growth import plan
from latentprint.embeddings.index import Index
from latentprint.embeddings.making import Making
from latentprint.embeddings.shard import digest_of, digest_of_ids, digest_of_lines
from latentprint.embeddings.shares import Chunk, count_photos
from latentprint.embeddings.store import Stock
from latentprint.embeddings.worker import PhotoTask, Recipe
from latentprint.jobs.store_care import verify
from latentprint.photos import Photos, merge_groups, near_duplicate_groups, open_photos
from latentprint.processing import NONE

from .killing import contents
from .test_growth import HOW, MORE, embed, first
from .toy import ToyEncoder


def history(root: Path, out: Path) -> None:
    """A store that grows by photos and classes, whose photos change, and that is made in shares."""
    changes = root / "a" / "06.png"
    kept = changes.read_bytes()
    photos = open_photos(root)
    for content, second in ((kept, 1), ((root / "b" / "07.png").read_bytes(), 2)):
        changes.write_bytes(content)
        os.utime(changes, (second, second))
        if second == 1:
            embed(first(photos, 2), out)
        embed(photos, out)
    embed(photos, out, MORE, ("toy", "second"))
    how = replace(HOW, shard_size=2, share=Share(1, 2))
    extract(photos, [ToyEncoder("third")], [NONE], out / "share", extraction=how)
    keep_alike(open_collection(out)[0].store.facts().filter(pl.col("status") == "ok"), out)
    changes.write_bytes(kept)


MORE_NAMES = [each.name for each in MORE]


def seen(out: Path) -> list[Any]:
    """What commands read: tables of photos, and vectors."""
    return [
        (
            each.encoder,
            each.photos.rows(),
            [each.vectors(name)[:].tolist() for name in each.store.classes],
        )
        for each in open_collection(out)
    ]


def test_a_store_of_a_long_list(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(folder, tmp_path / "whole")
    whole, conditions = seen(tmp_path / "whole"), verify(tmp_path / "whole")
    monkeypatch.setattr(mapped_tables, "ROWS", 5)
    monkeypatch.setattr(index, "_SHARDS_AT_ONCE", 2)
    history(folder, tmp_path / "ranges")
    assert contents(tmp_path / "ranges") == contents(tmp_path / "whole")
    assert seen(tmp_path / "ranges") == whole
    found = verify(tmp_path / "ranges")
    assert [(each.photos, each.to_embed, each.sound) for each in found] == [
        (each.photos, each.to_embed, each.sound) for each in conditions
    ]
    assert {each.sound for each in found} == {True}


def test_an_index_does_not_tell_in_which_order_shards_were_made(
    photos: Photos, tmp_path: Path
) -> None:
    (store,), _ = embed(photos, tmp_path)
    whole = contents(tmp_path)
    store.shard(1).discard()
    embed(photos, tmp_path)
    assert contents(tmp_path) == whole


def test_photos_are_looked_up_as_they_are_read(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks are not made before their shard, or what is read ahead, comes."""
    asked = list[int]()
    at = Photos.at

    def noted(self: Photos, rows: Sequence[int]) -> Iterator[tuple[str, str]]:
        asked.append(len(rows))
        return at(self, rows)

    monkeypatch.setattr(Photos, "at", noted)
    making = Making(photos, [ToyEncoder()], [], (NONE,), HOW)
    chunks = [range(0, 3), range(3, 6), range(6, 12)]
    prepared = making.prepared(chunks, Recipe((NONE,), (), HOW))
    assert next(prepared).row == 0
    assert asked == [3]
    assert [each.row for each in prepared] == list(range(1, 12))
    assert asked == [3, 3, 6]


def test_workers_ask_for_few_tasks_ahead(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = list[int]()

    def tasks() -> Iterator[PhotoTask]:
        for at in range(1000):
            taken.append(at)
            yield PhotoTask(at, "05.png", folder / "b" / "05.png")

    monkeypatch.setattr(engine, "worker_pool", lambda workers, _: ThreadPoolExecutor(workers))
    prepared = engine.prepare_all(tasks(), Recipe((NONE,), (), HOW), 2)
    assert [next(prepared).row for _ in range(5)] == list(range(5))
    assert len(taken) <= 5 + 2 * engine._AHEAD
    prepared.close()  # type: ignore[attr-defined]


def test_rows_of_shards_that_follow_each_other_are_no_list() -> None:
    """Of ten million photos in shards each, numbers of Python would take 400 MB."""
    lacks = np.ones((1000, 1), bool)
    chunks = plan([Stock(Store(Path(), MANIFEST, Index({})))], [lacks], ~lacks[:, 0], Extraction())
    assert [each.rows for each in chunks[:2]] == [range(128), range(128, 256)]
    assert count_photos([*chunks, Chunk((3, 5, 7), ())]) == 1000
    assert count_photos([]) == 0


MANIFEST = {"encoder": {"dimension": 8}}


def test_digests_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["a", 'b"', "é", "", "d,e", "f\n"]
    for count in range(len(ids)):
        monkeypatch.setattr(shard, "_TEXTS_AT_ONCE", 4)
        assert digest_of_ids(iter(ids[:count])) == digest_of(json.dumps(ids[:count]).encode())
        assert digest_of_lines(iter(ids[:count])) == digest_of("\n".join(ids[:count]).encode())


@pytest.mark.parametrize("seed", range(5))
def test_near_duplicates_by_ranges(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups are those of all hashes and pixels at once, made by loops."""
    rng = np.random.default_rng(seed)
    seeds = [rng.integers(2, size=256) for _ in range(40)]
    hashes = []
    for at in rng.integers(40, size=90):
        flipped = seeds[at] ^ (rng.random(256) < 0.02)
        hashes.append(np.packbits(flipped).tobytes().hex())
    contents = [f"{at:032x}" for at in rng.integers(60, size=90)]
    links = near_duplicate_groups(hashes).tolist()
    monkeypatch.setattr(mapped_tables, "ROWS", 7)
    monkeypatch.setattr(alike, "_SHARE_ALIKE", 1.0)
    assert near_duplicate_groups(pl.Series(hashes)).tolist() == links
    facts = pl.DataFrame({"content": contents, "appearance": hashes})
    assert alike._found(facts).to_list() == merge_groups(contents, [str(each) for each in links])
