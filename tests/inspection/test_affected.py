"""Photos whose neighbours change most: planted ones come first, whatever the blocks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from latentprint.erasure.eraser import LinearEraser
from latentprint.inspection import affected
from latentprint.inspection.affected import (
    Changes,
    Versions,
    find_changes,
    level_of,
    table_of,
)
from latentprint.inspection.neighbours import Lists
from latentprint.neighbours.nearest import Neighbours
from tests.inspection.test_neighbours import along, slow


def versions(photos: int = 120, seed: int = 0) -> tuple[Versions, LinearEraser]:
    """Photos some of which carry a trace along the last axis."""
    rng = np.random.default_rng(seed)
    plain = np.hstack([rng.normal(size=(photos, 12)), np.zeros((photos, 1))])
    plain[:15, 12] = 6.0
    other = plain.copy()
    other[:15, 12] = 0.0
    ids = [f"photo{at:03d}" for at in range(photos)]
    made = Versions(plain, {"B": other, "C": other}, ids, np.arange(photos))
    return made, along(12, 13)


def test_photos_with_a_planted_trace_come_first() -> None:
    photos, eraser = versions()
    changes = find_changes(photos, eraser, np.arange(120))
    table = table_of(changes, photos.ids)
    assert set(table["id"].head(15)) == set(photos.ids[:15])
    assert table["left"].to_list() == sorted(table["left"], reverse=True)
    assert table["because_of_traces"][0] >= 6
    level = level_of(changes)
    assert level.traces.value > 5 * level.random_traces.value
    assert level.erased.value > level.traces.value * 0.99
    assert level.photos == 120


def test_lists_of_the_table_are_those_of_a_slow_search() -> None:
    photos, eraser = versions()
    table = table_of(find_changes(photos, eraser, np.arange(120)), photos.ids)
    plain = np.asarray(photos.plain)
    unit = plain / np.linalg.norm(plain, axis=1, keepdims=True)
    erased = eraser.transform(unit)
    for row in table.head(5).iter_rows(named=True):
        at = photos.ids.index(row["id"])
        before, after = slow(plain[at], plain, [at]), slow(erased[at], erased, [at])
        assert row["neighbours_before"] == [photos.ids[each] for each in before]
        assert row["neighbours_after"] == [photos.ids[each] for each in after]
        left = [photos.ids[each] for each in before if each not in after]
        assert row["leave_erased"] == left
        assert row["left_erased"] == len(left)


def test_blocks_and_order_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    photos, eraser = versions()
    whole = table_of(find_changes(photos, eraser, np.arange(120)), photos.ids)
    monkeypatch.setattr(affected, "_QUERIES", 21)
    parts = table_of(find_changes(photos, eraser, np.arange(120)), photos.ids)
    assert whole.equals(parts)
    order = np.random.default_rng(5).permutation(120)
    turned = Versions(
        np.asarray(photos.plain)[order],
        {name: np.asarray(each)[order] for name, each in photos.others.items()},
        [photos.ids[at] for at in order],
        np.arange(120),
    )
    again = table_of(find_changes(turned, eraser, np.arange(120)), turned.ids)
    assert again.select("id", "left", "because_of_traces").equals(
        whole.select("id", "left", "because_of_traces")
    )


def test_of_as_many_that_leave_those_count_that_leave_both_ways() -> None:
    rows, similarities = np.tile(np.arange(10), (12, 1)), np.ones((12, 10))
    # Three leave: of the first three erased and one encoded again, of the second two and three.
    after, stays = rows.copy(), np.full((12, 10), 2)
    after[0, :3] = after[1, :2] = 11
    stays[0, :1] = stays[1, :3] = 0
    lists = Lists(Neighbours(similarities, rows), Neighbours(similarities, after), stays, 2)
    nobody = np.zeros(0, dtype=np.int64)
    table = table_of(Changes(lists, nobody, nobody), [f"photo{at:02}" for at in range(12)])
    assert table["id"].head(2).to_list() == ["photo01", "photo00"]
    assert table["left"].head(3).to_list() == [3, 3, 0]
    assert table["because_of_traces"].head(2).to_list() == [2, 1]


def test_ties_are_ordered_by_id() -> None:
    photos, eraser = versions()
    nothing = Versions(photos.plain, {}, photos.ids[::-1], photos.alike)
    still = LinearEraser(eraser.read * 0.0, eraser.write * 0.0, eraser.offset)
    changes = find_changes(nothing, still, np.arange(120))
    table = table_of(changes, nothing.ids)
    assert table["left"].sum() == 0
    assert table["id"].to_list() == sorted(nothing.ids)
    assert isinstance(table.schema["leave_erased"], pl.List)


def test_levels_are_means_of_the_table() -> None:
    photos, eraser = versions()
    changes = find_changes(photos, eraser, np.arange(120))
    among = np.arange(120) < 40
    level, table = level_of(changes, among), table_of(changes, photos.ids)
    some = table.filter(pl.col("id").is_in(photos.ids[:40]))
    assert level.photos == 40
    assert level.erased.value == pytest.approx(some["left_erased"].mean())
    assert level.reencoded.value == pytest.approx(some["left_reencoded"].mean())
    assert level.traces.value == pytest.approx(some["because_of_traces"].mean())
    error = 1.96 * some["left_erased"].std(ddof=0) / 40**0.5  # type: ignore[operator]
    assert level.erased.high - level.erased.value == pytest.approx(error, rel=1e-3)
