from __future__ import annotations

import numpy as np
import pytest
import torch

from latentprint.erasure.moments import Moments
from latentprint.errors import LatentprintError, UsageError
from tests.erasure.made_up import Versions, versions


def moments_of(*chunks: Versions, paired: bool = True) -> Moments:
    found = Moments(paired=paired)
    for each in chunks:
        found.add(each.rows, each.nuisance, each.photo if paired else None)
    return found


def assert_same(one: Moments, other: Moments, products: float = 1e-12) -> None:
    assert (one.rows, one.photos, one.classes) == (other.rows, other.photos, other.classes)
    for name in ("counts", "mean", "cross"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)
    for name in ("content", "within"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=products)


@pytest.mark.parametrize("paired", [True, False])
def test_moments_are_those_of_the_textbook(paired: bool) -> None:
    made = versions()
    found = moments_of(made, paired=paired)
    stack = made.rows.reshape(60, 4, 24)
    rows, photos = made.rows, stack.mean(axis=1)
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.cross, stack.mean(axis=0) - rows.mean(axis=0), atol=1e-12)
    content = photos if paired else rows
    np.testing.assert_allclose(found.content, np.cov(content.T, bias=True), atol=1e-12)
    within = (stack - photos[:, None]).reshape(-1, 24) if paired else 0 * rows
    np.testing.assert_allclose(found.within, within.T @ within / len(rows), atol=1e-12)


def test_incomplete_versions_are_compared_within_their_photos_alone() -> None:
    made = versions(30)
    kept = np.arange(len(made.rows))[np.arange(len(made.rows)) % 7 != 3]
    made = made.reordered(kept)
    expected: dict[str, list[np.ndarray]] = {}
    for photo in np.unique(made.photo):
        mine = made.photo == photo
        centred = made.rows[mine] - made.rows[mine].mean(axis=0)
        for name, row in zip(made.nuisance[mine], centred, strict=True):
            expected.setdefault(name, []).append(row)
    cross = [np.mean(expected[name], axis=0) for name in sorted(expected)]
    np.testing.assert_allclose(moments_of(made).cross, cross, atol=1e-12)


@pytest.mark.parametrize("paired", [True, False])
def test_any_cut_order_and_merge_give_the_same(paired: bool) -> None:
    made = versions(50)
    whole = moments_of(made, paired=paired)
    # Rows that need not come together come in chunks with more of one class than of another.
    units = made.photo if paired else made.nuisance
    names = np.unique(units)
    np.random.default_rng(1).shuffle(names)
    chunks = [
        made.reordered(np.flatnonzero(np.isin(units, part))[::-1])
        for part in np.array_split(names, 4)
    ]
    assert_same(moments_of(*chunks, paired=paired), whole)
    merged = moments_of(*chunks[:2], paired=paired)
    merged.merge(moments_of(*chunks[2:], paired=paired))
    merged.merge(Moments(paired=paired))
    assert_same(merged, whole)
    empty = Moments(paired=paired)
    empty.merge(whole)
    assert_same(empty, whole)


def test_a_chunk_is_cut_between_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    made = versions(20)
    whole = moments_of(made)
    for size in (1, 3, 9):
        monkeypatch.setattr("latentprint.erasure.moments._ROWS_AT_ONCE", size)
        assert_same(moments_of(made), whole)


def test_layout_type_and_byte_order_do_not_matter() -> None:
    made = versions()
    plain = made.rows.astype(np.float32)
    whole = Moments(paired=True)
    whole.add(plain, made.nuisance, made.photo)
    for same in (
        np.asfortranarray(plain),
        plain.astype(">f4"),
        plain.astype(np.float64),
        np.repeat(plain, 2, axis=1)[:, ::2],
        torch.from_numpy(plain),
    ):
        other = Moments(paired=True)
        other.add(same, made.nuisance, made.photo)
        assert_same(other, whole, 1e-5)
    half = Moments(paired=True)
    half.add(plain.astype(np.float16), made.nuisance, made.photo)
    wide = Moments(paired=True)
    wide.add(plain.astype(np.float16).astype(np.float64), made.nuisance, made.photo)
    assert_same(half, wide, 1e-5)


def test_rows_far_from_zero_keep_their_digits() -> None:
    made = versions()
    near = moments_of(made)
    far = Moments(paired=True)
    far.add(made.rows + 1e6, made.nuisance, made.photo)
    np.testing.assert_allclose(far.content, near.content, atol=1e-7)


def test_what_cannot_be_added_is_said() -> None:
    made = versions(6)
    found = moments_of(made)
    with pytest.raises(UsageError, match="earlier chunk already: photo 0, photo 1, photo 2 and 3"):
        found.add(*made.labels)
    with pytest.raises(UsageError, match="earlier chunk"):
        found.merge(moments_of(made))
    with pytest.raises(UsageError, match="need the photo"):
        found.add(made.rows, made.nuisance)
    with pytest.raises(UsageError, match="24 vectors have 3 labels"):
        found.add(made.rows, made.nuisance[:3], made.photo)
    with pytest.raises(LatentprintError, match="7 dimensions; those before had 24"):
        found.add(made.rows[:, :7], made.nuisance, made.photo)
    with pytest.raises(UsageError, match="of pairs and of labels"):
        found.merge(Moments(paired=False))
    with pytest.raises(UsageError, match="matrix of numbers"):
        found.add(made.rows[0], made.nuisance[:24])
    with pytest.raises(UsageError, match="no class: 1"):
        found.add(made.rows[:2], ["a", None], ["b", "b"])
    made.rows[5, 0] = np.nan
    with pytest.raises(LatentprintError, match="1 rows are not finite: photo 1"):
        moments_of(made)
