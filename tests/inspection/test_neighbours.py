"""Neighbours of single photos: against a slow search, and planted traces are found out."""

from __future__ import annotations

import numpy as np

from latentprint.erasure.eraser import LinearEraser
from latentprint.inspection.neighbours import NEIGHBOURS, Gallery, list_neighbours, unit


def along(axis: int, dimension: int) -> LinearEraser:
    """Takes one axis away."""
    direction = np.eye(dimension)[[axis]]
    return LinearEraser(direction, direction, np.zeros(1))


def slow(query: np.ndarray, gallery: np.ndarray, left_out: list[int]) -> list[int]:
    cosines = gallery @ query / np.linalg.norm(gallery, axis=1) / np.linalg.norm(query)
    order = sorted(range(len(gallery)), key=lambda row: (-cosines[row], row))
    return [row for row in order if row not in left_out][:NEIGHBOURS]


def test_lists_are_those_of_a_slow_search() -> None:
    rng = np.random.default_rng(0)
    gallery = rng.normal(size=(80, 8))
    alike = np.arange(80)
    alike[7] = 3  # a copy of the fourth photo
    eraser = along(2, 8)
    versions = unit(rng.normal(size=(3, 4, 8)))
    asked = np.array([3, -1, 20])
    lists = list_neighbours(
        versions, asked, Gallery(gallery, alike), Gallery(gallery, alike, eraser)
    )
    for query in range(3):
        own = np.flatnonzero(alike == asked[query]).tolist()
        assert lists.before.rows[query].tolist() == slow(versions[query, 0], gallery, own)
        assert lists.after is not None
        erased = eraser.transform(unit(gallery))
        expected = slow(eraser.transform(versions[query, :1])[0], erased, own)
        assert lists.after.rows[query].tolist() == expected
        others = [slow(versions[query, at], gallery, own) for at in (1, 2, 3)]
        for place, row in enumerate(lists.before.rows[query].tolist()):
            stays = sum(row in each for each in others)
            assert lists.stays[query, place] == stays
            leaves = row not in expected
            assert lists.left_erased[query, place] == leaves
            assert lists.left_reencoded[query, place] == (stays < 1.5)
            assert lists.because_of_traces[query, place] == (leaves and stays < 1.5)
    assert lists.versions == 3


def test_a_photo_that_is_near_by_a_trace_alone_is_found_out() -> None:
    rng = np.random.default_rng(1)
    content = rng.normal(size=(60, 8))
    gallery = np.hstack([content, np.zeros((60, 1))])
    query = np.append(content[0], 4.0)  # carries a trace
    stranger = np.append(-0.3 * content[0], 4.0)  # shows something else, carries the same
    gallery[5] = stranger
    gallery[11:21] = query + 0.4 * rng.normal(size=(10, 9)) * np.append(np.ones(8), 0)
    clean = np.append(content[0], 0.0)
    versions = unit(np.stack([query, clean, clean])[None])
    alike = np.arange(60)
    plain, erased = Gallery(gallery, alike), Gallery(gallery, alike, along(8, 9))
    # As it is, the stranger is among the ten; of eleven rivals one is left out to make room.
    lists = list_neighbours(versions, np.array([20]), plain, erased)
    tagged = lists.before.rows[0][lists.because_of_traces[0]].tolist()
    assert 5 in lists.before.rows[0]
    assert tagged == [5]


def test_without_an_eraser_nothing_is_there_because_of_traces() -> None:
    rng = np.random.default_rng(2)
    gallery, alike = rng.normal(size=(30, 6)), np.arange(30)
    plain = Gallery(gallery, alike)
    lists = list_neighbours(unit(rng.normal(size=(2, 3, 6))), np.array([0, 1]), plain, plain)
    assert lists.after is None
    assert not lists.because_of_traces.any()


def test_of_few_photos_places_stay_empty() -> None:
    rng = np.random.default_rng(3)
    gallery, alike = rng.normal(size=(4, 6)), np.arange(4)
    eraser = along(0, 6)
    lists = list_neighbours(
        unit(gallery[None, :1]),
        np.array([0]),
        Gallery(gallery, alike),
        Gallery(gallery, alike, eraser),
    )
    assert lists.there[0].tolist() == [True] * 3 + [False] * 7
    assert not lists.left_erased[0, 3:].any()
    assert not lists.left_reencoded[0, 3:].any()
