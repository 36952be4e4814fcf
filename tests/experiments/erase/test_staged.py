"""Intervals of a change: paired, by group."""

from __future__ import annotations

import numpy as np
import pytest

from latentprint.experiments.erase.staged import (
    CROSSED,
    About,
    Paired,
    seen_of,
    staged_rows,
    widened,
)
from latentprint.words import ErasureMeasure, Seen, Stage
from tests.experiments.erase.made_up import stages


def rows_of(before: np.ndarray, after: np.ndarray, groups: list[str], **how: object) -> list:
    paired = Paired(ErasureMeasure.SELF, before, after, groups, share=False, widening=1.0, **how)  # type: ignore[arg-type]
    return staged_rows(stages(1.0), About("jpeg"), paired)


def test_what_photos_differ_by_is_no_part_of_the_interval_of_a_change() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(scale=50.0, size=200)
    noise = rng.normal(size=200)
    names = [str(each) for each in range(200)]
    one, other, change = rows_of(before, before - 5.0 + noise, names)
    assert [each.stage for each in (one, other, change)] == list(Stage)
    assert np.isclose(change.value, other.value - one.value)
    # The standard error of a mean of 200, by hand.
    assert np.isclose(change.high - change.low, 3.92 * noise.std() / np.sqrt(200), rtol=0.15)
    assert one.high - one.low > 10 * (change.high - change.low)


def test_photos_of_a_group_count_as_one() -> None:
    values = np.repeat(np.random.default_rng(1).normal(size=50), 4)
    alone = [str(each) for each in range(200)]
    grouped = [str(each // 4) for each in range(200)]
    widths = []
    for groups in (alone, grouped):
        change = rows_of(np.zeros(200), values, groups)[2]
        widths.append(change.high - change.low)
    assert 1.7 < widths[1] / widths[0] < 2.3


def test_only_what_is_asked_for_is_tested() -> None:
    names = [str(each) for each in range(40)]
    values = np.random.default_rng(2).normal(size=40)
    assert all(row.p is None for row in rows_of(values, values, names))
    before, after, change = rows_of(np.full(40, 9.0) + values, values, names, tested=True)
    assert before.p < 1e-6
    assert after.p > 1e-3
    # All photos change by the same.
    assert change.p < 1e-6
    assert change.low < change.value < change.high < 0.0


def test_shares_that_are_all_equal_still_have_an_interval() -> None:
    names = [str(each) for each in range(50)]
    full = np.full(50, 100.0)
    paired = Paired(ErasureMeasure.RECALL, full, full, names)
    before, _, change = staged_rows(stages(1.0), About("pairs"), paired)
    # None of fifty failed: the exact bound of a binomial share.
    bound = 100.0 * (1.0 - 0.025 ** (1 / 50))
    assert np.isclose(before.low, 100.0 - bound)
    assert before.high == 100.0
    assert np.allclose((change.low, change.high), (-bound, bound))


def test_harm_that_all_photos_share_is_tested_by_their_number() -> None:
    names = [str(each) for each in range(50)]
    before, after, _ = rows_of(np.full(50, 100.0), np.zeros(50), names, tested=True)
    assert before.p < 1e-12
    assert after.p == 1.0
    assert before.low == 100.0 - after.high < 100.0
    assert rows_of(np.full(3, 100.0), np.zeros(3), names[:3], tested=True)[0].p == 0.25


def test_the_fewer_are_asked_the_less_their_neighbours_add() -> None:
    assert widened(CROSSED, 1.0) ** 2 == pytest.approx(2.0)
    assert widened(CROSSED, 0.1) ** 2 == pytest.approx(1.1)


def test_whether_classes_were_seen() -> None:
    seen = ("JPEG75_420", "JPEG95_444")
    assert seen_of(["JPEG95_444"], seen) == Seen.SEEN
    assert seen_of(["JPEG95_444", "SMOOTH"], seen) == Seen.PARTLY
    assert seen_of(["SMOOTH"], seen) == Seen.UNSEEN
