"""Neighbours kept, copies, pairs, nuisances, and what is left of class means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import stdtrit

from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments.erase import views
from latentprint.experiments.erase.copies import copy_rows
from latentprint.experiments.erase.left import guarantee_rows, shift_rows, variance_row
from latentprint.experiments.erase.neighbours import overlap_rows
from latentprint.experiments.erase.nuisance import nuisance_rows
from latentprint.experiments.erase.pairs import pair_rows
from latentprint.experiments.erase.ranks import rank_rows, ranks_of
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.experiments.pairs.options import PairsOptions
from latentprint.words import ErasureMeasure, PairGallery, Seen, Stage
from tests.experiments.erase.made_up import SHARPENING, figure, photos, stages, unit
from tests.experiments.fakes import FakeSource

FIRST = SHARPENING.classes[0]


def test_neighbours_kept_are_those_of_a_slow_loop() -> None:
    found = stages(1.0)
    shares = []
    vectors = [
        unit(view.vectors(FIRST)[:].astype(np.float64)) for view in (found.before, found.after)
    ]
    for at in range(120):
        near = []
        for each in vectors:
            similar = each @ each[at]
            similar[at] = -np.inf
            near.append(set(np.argsort(-similar)[:10].tolist()))
        shares.append(len(near[0] & near[1]) / 10)
    row = figure(overlap_rows(found, FIRST, k=10), ErasureMeasure.OVERLAP, Stage.AFTER)
    assert np.isclose(row.value, 100 * np.mean(shares))
    assert row.low < row.value < row.high < 100


def test_an_index_that_is_erased_by_half_falls_into_halves() -> None:
    strong, weak = (
        figure(overlap_rows(stages(trace), FIRST, k=10), ErasureMeasure.MIXED, Stage.AFTER)
        for trace in (3.0, 0.05)
    )
    assert strong.chance == pytest.approx(100 * 59 / 119)
    assert strong.low > strong.chance + 5
    assert strong.value > weak.value


def test_copies_are_missed_less_and_the_threshold_makes_as_many_false_matches() -> None:
    found = stages(0.8)
    rows = copy_rows(found, SHARPENING, 0.6)
    selves, matches = {}, {}
    for stage, view in ((Stage.BEFORE, found.before), (Stage.AFTER, found.after)):
        vectors = [unit(view.vectors(name)[:].astype(float)) for name in SHARPENING.classes]
        selves[stage] = np.stack(
            [(vectors[a] * vectors[b]).sum(axis=1) for a, b in ((0, 1), (0, 2), (1, 2))], axis=1
        )
        matches[stage] = np.concatenate(
            [(each @ each.T)[np.triu_indices(120, 1)] for each in vectors]
        )
        row = figure(rows, ErasureMeasure.SELF, stage)
        assert np.isclose(row.value, 100 * selves[stage].mean())
        missed = figure(rows, ErasureMeasure.MISSED, stage)
        assert np.isclose(missed.value, 100 * (selves[stage] < 0.6).mean())
    anew = figure(rows, ErasureMeasure.THRESHOLD, Stage.AFTER).value / 100
    assert (matches[Stage.AFTER] >= anew - 1e-12).sum() == (matches[Stage.BEFORE] >= 0.6).sum()
    missed = figure(rows, ErasureMeasure.MISSED_ANEW, Stage.AFTER)
    assert np.isclose(missed.value, 100 * (selves[Stage.AFTER] < anew).mean())
    assert figure(rows, ErasureMeasure.MISSED, Stage.CHANGE).high < 0


def test_photos_of_a_group_are_no_false_matches() -> None:
    pairs = pl.Series([f"pair{each // 2}" for each in range(120)])
    rows = copy_rows(stages(0.8).labelled(group=pairs), SHARPENING, 0.6)
    told = figure(rows, ErasureMeasure.THRESHOLD, Stage.AFTER).notes
    assert f"of {3 * (120 * 119 // 2 - 60):,} pairs" in told


def test_a_threshold_that_no_other_photo_reaches_cannot_be_set_anew() -> None:
    rows = copy_rows(stages(0.8), SHARPENING, 0.999)
    assert ErasureMeasure.THRESHOLD not in {row.setup for row in rows}
    assert "too few" in figure(rows, ErasureMeasure.MISSED, Stage.AFTER).notes
    with pytest.raises(UsageError, match="between -1 and 1"):
        copy_rows(stages(0.8), SHARPENING, 1.5)


def test_the_guarantee_holds_on_the_photos_of_the_fit_and_lengths_bring_a_little_back() -> None:
    fitted = ViewedEmbeddings.of(photos(1.0), np.arange(240) < 120)
    rows = guarantee_rows(stages(1.0), fitted, SHARPENING.classes)
    assert figure(rows, ErasureMeasure.MEANS, Stage.AFTER).value < 1e-3
    assert 0.01 < figure(rows, ErasureMeasure.LENGTHS, Stage.AFTER).value < 50


def test_what_is_left_of_a_shift_is_little_of_one_that_was_seen_and_all_of_another() -> None:
    found = stages(1.0)
    (seen,) = shift_rows(found, SHARPENING)
    assert seen.low <= seen.value <= seen.high < 10
    other = replace(found, eraser=stages(1.0, seed=7).eraser)
    (unseen,) = shift_rows(other, SHARPENING)
    assert unseen.low > 50
    removed = variance_row(found, FIRST)
    own = unit(found.before.vectors(FIRST)[:].astype(float))
    taken = own - found.after.vectors(FIRST)[:]
    expected = 100 * taken.var(axis=0).sum() / own.var(axis=0).sum()
    assert np.isclose(removed.value, expected, rtol=1e-4)


def test_what_is_left_is_that_of_a_slow_loop_however_few_photos_are_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = np.random.default_rng(0).integers(13, size=120)
    found = stages(1.0, 7).labelled(group=pl.Series([f"g{each}" for each in groups]))
    found = replace(found, eraser=stages(1.0).eraser)
    squares = []
    for view in (found.before, found.after):
        read = [view.vectors(name)[:].astype(np.float64) for name in SHARPENING.classes]
        vectors = np.stack([unit(each) for each in read] if view.eraser is None else read, axis=1)
        moved = (vectors - vectors.mean(axis=1, keepdims=True)).reshape(120, -1)
        apart = groups[:, None] != groups
        products = moved @ moved.T
        whole = products[apart].mean()
        left = [
            products[apart & (groups != each)[:, None] & (groups != each)].mean()
            for each in range(13)
        ]
        squares.append((whole, np.array(left)))
    value = squares[1][0] / squares[0][0]
    left = squares[1][1] / squares[0][1]
    error = np.sqrt(12 / 13 * ((left - left.mean()) ** 2).sum())
    expected = [100 * value, 100 * (value - stdtrit(12, 0.975) * error)]
    taken = variance_row(found, FIRST).value
    # Of two photos at a time no block ends where a group does.
    for numbers in (2**21, 2 * 3 * 48):
        monkeypatch.setattr(views, "_NUMBERS_AT_ONCE", numbers)
        (row,) = shift_rows(found, SHARPENING)
        np.testing.assert_allclose([row.value, row.low], expected, rtol=1e-5)
        assert variance_row(found, FIRST).value == pytest.approx(taken, rel=1e-6)


def test_nothing_is_said_of_a_shift_that_is_not_there() -> None:
    with pytest.raises(LatentprintError, match="not shown to move these 120 photos alike"):
        shift_rows(noisy(0.0), SHARPENING)
    assert shift_rows(noisy(1.0), SHARPENING)


def noisy(trace: float) -> Stages:
    """Versions that differ by chance, beside a trace."""
    found = stages(1.0)
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(240, 48))
    by_class = {
        name: (rows + trace * shift + 0.3 * rng.normal(size=rows.shape)).astype(np.float32)
        for name, shift in zip(SHARPENING.classes, rng.normal(size=(3, 48)), strict=True)
    }
    return replace(
        found, before=replace(found.before, whole=FakeSource(photos(1.0).photos, by_class))
    )


def test_rare_values_of_a_nuisance_are_left_out() -> None:
    found = devices(6.0)
    kinds = found.photos["device_type"].to_list()
    kinds[:4] = ["scanner"] * 4
    rows = nuisance_rows(found.labelled(device_type=pl.Series(kinds)), "device_type", "none", k=5)
    assert {row.n_test for row in rows if row.setup == ErasureMeasure.NUISANCE} == {116}
    assert {row.condition for row in rows} == {Seen.UNSEEN}
    few = found.labelled(device_type=pl.Series(["camera"] * 119 + ["phone"]))
    with pytest.raises(LatentprintError, match="Fewer than two values of 'device_type'"):
        nuisance_rows(few, "device_type", "none", k=5)


def test_a_curve_of_ranks_ends_below_the_rank_and_falls() -> None:
    assert ranks_of(9) == [1, 2, 4, 8]
    assert ranks_of(1) == []
    rows = rank_rows(stages(1.0), SHARPENING, FIRST, k=5)
    assert {row.rank for row in rows} == {1}
    assert all(row.p is None for row in rows)


def devices(trace: float) -> Stages:
    """Sixty subjects by two devices, and an eraser of the direction between these."""
    rng = np.random.default_rng(3)
    subject, kind = np.repeat(np.arange(60), 2), np.tile(np.arange(2), 60)
    shift = np.zeros(24)
    shift[0] = trace
    rows = rng.normal(size=(60, 24))[subject] + np.outer(kind - 0.5, shift)
    rows += 0.7 * rng.normal(size=rows.shape)
    table = pl.DataFrame(
        {
            "id": [f"{each:03}" for each in range(120)],
            "label": [f"{each % 3}" for each in subject],
            "split": ["val"] * 120,
            "group": [f"{each}" for each in subject],
            "subject": [f"{each}" for each in subject],
            "device_type": [("camera", "phone")[each] for each in kind],
        }
    )
    source = FakeSource(table, {"none": rows.astype(np.float32)})
    first = np.eye(24)[:1]
    erased = replace(stages(1.0).eraser, read=first, write=first, offset=np.zeros(1))
    view = ViewedEmbeddings.of(source, np.ones(120, dtype=bool))
    return Stages(view, erased, "own", ("device_type",), ("none",))


def test_pairs_find_each_other_again_and_neighbours_leave_their_device() -> None:
    found = devices(6.0)
    rows = pair_rows(found, "none", PairsOptions())
    hard = [row for row in rows if row.condition == PairGallery.QUERY]
    assert figure(hard, ErasureMeasure.RECALL, Stage.CHANGE).low > 20
    assert figure(hard, ErasureMeasure.MARGIN, Stage.CHANGE).low > 0
    rows = nuisance_rows(found, "device_type", "none", k=5)
    before, after = (
        figure(rows, ErasureMeasure.NUISANCE, stage) for stage in (Stage.BEFORE, Stage.AFTER)
    )
    assert before.value > 80
    assert before.p < 0.001
    assert after.p > 10 * before.p
    assert abs(after.value - 50) < 10
    assert figure(rows, ErasureMeasure.INDEX, Stage.CHANGE).low > 5
    tied = found.labelled(label=found.photos["device_type"])
    told = nuisance_rows(tied, "device_type", "none", k=5)
    assert ErasureMeasure.INDEX not in {row.setup for row in told}


def test_what_holds_of_all_photos_still_has_an_interval() -> None:
    rows = nuisance_rows(devices(60.0), "device_type", "none", k=3)
    purity, index = (
        figure(rows, setup, Stage.BEFORE)
        for setup in (ErasureMeasure.NUISANCE, ErasureMeasure.INDEX)
    )
    # Exact binomials of sixty subjects.
    bound = 100 * (1 - 0.025 ** (1 / 60))
    assert (purity.value, purity.low, purity.high) == pytest.approx((100, 100 - bound, 100))
    assert (index.value, index.low, index.high) == pytest.approx((0, 0, bound))
    mixed = figure(overlap_rows(devices(60.0), "none", k=3), ErasureMeasure.MIXED, Stage.AFTER)
    assert mixed.high - mixed.low > 1
