from dataclasses import replace

import numpy as np
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.solvers import (
    LBFGSSetting,
    Normalisation,
    SGDSetting,
    SolverOptions,
    fit_holds,
    fit_softmax,
    hold_out,
    tune,
)
from latentprint.solvers import holds as holds_module
from latentprint.solvers.settings import sgd_trials
from latentprint.solvers.tuning import _behind, _towards_the_middle
from tests.solvers.made_up import embeddings, labelled


def names(n: int) -> list[str]:
    return [f"photo {each}" for each in range(n)]


def test_a_fifth_of_every_class_is_held_out() -> None:
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    held = hold_out(names(160), labels, 0)
    assert np.bincount(labels[held]).tolist() == [20, 10, 2]
    assert (hold_out(names(160), labels, 1) != held).any()


def test_groups_stay_whole_and_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(3, size=300), [f"g{each}" for each in rng.integers(60, size=300)]
    held = hold_out(groups, labels, 0)
    assert 30 <= held.sum() <= 60
    for group in set(groups):
        assert len(set(held[[each == group for each in groups]].tolist())) == 1
    order = rng.permutation(300)
    again = hold_out([groups[each] for each in order], labels[order], 0)
    np.testing.assert_array_equal(again, held[order])


def grid(*values: float) -> SolverOptions:
    return SolverOptions(C_grid=values)


def test_the_most_accurate_is_taken_where_others_fall_behind() -> None:
    X, labels = embeddings(3000, 60, 3, trace=0.05)
    tuning = tune(labelled(X, labels, 3), names(3000), grid(100.0, 1e-5, 1e5, 1e-4))
    assert [setting.C for setting, _ in tuning.table] == [1e-5, 1e-4, 100.0, 1e5]  # type: ignore[union-attr]
    assert tuning.setting == LBFGSSetting(100.0)
    assert tuning.converged
    held = hold_out(names(3000), labels, 0)
    alone = fit_softmax(labelled(X[~held], labels[~held], 3), [100.0])
    right = alone.predict(X[held])[0] == labels[held]
    by_class = [right[labels[held] == each].mean() for each in range(3)]
    assert tuning.table[2][1] == pytest.approx(100 * np.mean(by_class))


def test_of_many_that_are_as_good_the_middle_is_taken() -> None:
    X, labels = embeddings(300, 30, 3, trace=3.0)
    data, groups = labelled(X, labels, 3), names(300)
    assert {accuracy for _, accuracy in tune(data, groups).table} == {100.0}
    assert tune(data, groups).setting == LBFGSSetting(1.0)
    assert tune(data, groups, grid(1.0, 10.0, 100.0)).setting == LBFGSSetting(10.0)
    assert tune(data, groups, grid(1.0, 10.0)).setting == LBFGSSetting(1.0)


def test_what_is_as_good_is_judged_by_group() -> None:
    """Ten photos of a scene are no ten pieces of evidence against the other setting."""
    right = np.zeros((3, 200))
    right[0, :120], right[1, :110], right[2, :90] = 1 / 200, 1 / 200, 1 / 200
    assert _towards_the_middle(right, np.arange(200), 0) == 0
    assert _towards_the_middle(right, np.arange(200) // 10, 0) == 0
    right[0, :120], right[1, 10:120] = 1 / 200, 1 / 200
    right[2] = right[1]
    # One scene makes the whole difference: its standard error is as large.
    assert _towards_the_middle(right, np.arange(200) // 10, 0) == 1


def test_a_tie_with_smaller_values_moves_the_choice_nowhere() -> None:
    right = np.zeros((3, 100))
    right[0, :61], right[1, 10:70], right[2, 5:67] = 0.01, 0.01, 0.01
    assert _towards_the_middle(right, np.arange(100), 2) == 2
    assert _towards_the_middle(right[::-1], np.arange(100), 0) == 1


def test_no_trace_is_lost_to_an_uneven_fold() -> None:
    """Of 60 sets that hold a trace, a constant fit at the smallest C once won in five."""
    for seed in range(12):
        X, labels = embeddings(400, 16, 3, trace=0.5, decay=0.0, seed=seed)
        counts = [96 if k == seed % 3 else 95 for k in range(3)]
        kept = np.concatenate([np.flatnonzero(labels == k)[:n] for k, n in enumerate(counts)])
        rest = np.setdiff1d(np.arange(400), kept)
        for C in (1e-5, tune(labelled(X[kept], labels[kept], 3), names(len(kept))).setting.C):  # type: ignore[union-attr]
            fit = fit_softmax(labelled(X[kept], labels[kept], 3), [C])
            assert (fit.predict(X[rest])[0] == labels[rest]).mean() > 0.6


def test_the_edge_of_the_grid_is_told() -> None:
    X, labels = embeddings(1000, 300, 3, trace=0.04)
    assert tune(labelled(X, labels, 3), names(1000), grid(1e-6, 10.0)).edge
    assert not tune(labelled(X, labels, 3), names(1000), grid(1e-6, 10.0, 1e6)).edge
    assert not tune(labelled(X, labels, 3), names(1000), grid(10.0)).edge


def test_given_rows_are_held_out() -> None:
    X, labels = embeddings(200, 20, 3, trace=0.2)
    hold = np.arange(200) >= 150
    holds = [(np.arange(150), np.arange(150, 200))]
    # Labels of the held rows that no training row supports: the accuracy must collapse.
    wrong = np.where(hold, (labels + 1) % 3, labels)
    right = max(
        accuracy for _, accuracy in tune(labelled(X, labels, 3), names(200), holds=holds).table
    )
    assert right > 60
    assert tune(labelled(X, wrong, 3), names(200), grid(100.0), holds).table[0][1] < 40


def test_nothing_to_hold_out() -> None:
    X, labels = embeddings(30, 8, 3, trace=0.2)
    with pytest.raises(LatentprintError, match="cannot be tuned"):
        tune(labelled(X, labels, 3), ["the same"] * 30)
    nothing = np.arange(0)
    with pytest.raises(LatentprintError, match="cannot be tuned"):
        tune(
            labelled(X, labels, 3),
            names(30),
            holds=[(np.arange(30), nothing), (nothing, np.arange(30))],
        )
    without, only = np.flatnonzero(labels != 2), np.flatnonzero(labels == 2)
    with pytest.raises(LatentprintError, match="Class 2 has no photo"):
        tune(labelled(X, labels, 3), names(30), holds=[(without, only)])


def test_several_ways_to_hold_out_count_together() -> None:
    X, labels = embeddings(300, 20, 3, trace=0.1)
    holds = [(np.arange(100, 300), np.arange(100)), (np.arange(250), np.arange(250, 300))]
    options = replace(grid(0.1, 1.0, 10.0), class_weight="none")
    both = tune(labelled(X, labels, 3), names(300), options, holds)
    alone = [tune(labelled(X, labels, 3), names(300), options, [hold]).table for hold in holds]
    expected = [(2 * one[1] + other[1]) / 3 for one, other in zip(*alone, strict=True)]
    assert [accuracy for _, accuracy in both.table] == pytest.approx(expected)


@pytest.mark.parametrize("n", [40, 150])
def test_fits_together_say_what_fits_apart_say(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X, labels = embeddings(n, 60, 3, trace=0.3)
    rng = np.random.default_rng(0)
    fold = np.arange(n) % 4
    holds = [(np.flatnonzero(fold != each), np.flatnonzero(fold == each)) for each in range(4)]
    holds.append((rng.integers(n, size=n), np.array([3, 3, 0])))
    settings = [LBFGSSetting(0.1), LBFGSSetting(100.0)]
    together = fit_holds(labelled(X, labels, 3), holds, settings, SolverOptions())
    monkeypatch.setattr(holds_module, "_OVERHEAD", -1e12)
    apart = fit_holds(labelled(X, labels, 3), holds, settings, SolverOptions())
    assert together.converged.all()
    assert together.converged.shape == apart.converged.shape == (5, 2)
    for one, other, (_, measured) in zip(together.said, apart.said, holds, strict=True):
        assert one.shape == other.shape == (2, len(measured))
        assert (one == other).mean() > 0.97


def test_trials_are_drawn_from_the_published_ranges() -> None:
    trials = sgd_trials(2000, 0)
    rates = np.log10([each.learning_rate for each in trials])
    decays = np.log10([each.weight_decay for each in trials])
    for drawn, low, high in ((rates, -1, 2), (decays, -12, -4)):
        assert low <= drawn.min() < low + 0.05
        assert high - 0.05 < drawn.max() <= high
        assert abs(drawn.mean() - (low + high) / 2) < 0.2
    assert sgd_trials(5, 0) == trials[:5]
    assert sgd_trials(5, 1) != trials[:5]


def test_sgd_is_tuned_and_fitted() -> None:
    X, labels = embeddings(900, 10, 3, trace=0.3)
    options = SolverOptions(solver="sgd", trials=4)
    tuning = tune(labelled(X[:600], labels[:600], 3), names(600), options)
    assert isinstance(tuning.setting, SGDSetting)
    assert len(tuning.table) == 4
    assert not tuning.edge
    holds = [(rows, np.arange(600, 900)) for rows in (np.arange(600), np.arange(100, 600))]
    found = fit_holds(labelled(X, labels, 3), holds, [tuning.setting], options)
    for said in found.said:
        assert (said[0] == labels[600:]).mean() > 0.6


def test_a_diverged_trial_never_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    # It names the first class throughout, which is right for nine in ten.
    X, _ = embeddings(400, 10, 2, trace=0.0)
    labels = (np.arange(400) % 10 == 0).astype(np.int64)
    bad, good = SGDSetting(1e30, 1e30), SGDSetting(60.0, 0.0)
    monkeypatch.setattr("latentprint.solvers.settings.sgd_trials", lambda trials, seed: [bad, good])
    options = SolverOptions(solver="sgd", trials=2, class_weight="none")
    tuning = tune(labelled(X, labels, 2), names(400), options)
    assert tuning.table[0][1] == pytest.approx(90.0)
    assert tuning.table[0][1] >= tuning.table[1][1]
    assert tuning.setting == good
    assert tuning.converged


@pytest.mark.parametrize("normalise", ["l2", "standardise"])
def test_final_fits_reach_the_same_optimum_as_fits_on_their_own(normalise: Normalisation) -> None:
    X, labels = embeddings(300, 60, 3, trace=0.2)
    options = SolverOptions(normalise=normalise)
    tuning = tune(labelled(X, labels, 3), names(300), options)
    rng = np.random.default_rng(0)
    holds = [(rng.integers(300, size=300), np.arange(300)) for _ in range(3)]
    found = fit_holds(
        labelled(X, labels, 3),
        holds,
        [tuning.setting],
        options,
        preconditioner=tuning.preconditioner,
    )
    assert found.converged.all()
    assert isinstance(tuning.setting, LBFGSSetting)
    for said, (each, _) in zip(found.said, holds, strict=True):
        own = fit_softmax(
            labelled(X[each], labels[each], 3),
            [tuning.setting.C],
            SolverOptions(normalise=normalise),
        )
        assert (said[0] == own.predict(X)[0]).mean() > 0.99


def test_settings_read_as_text() -> None:
    assert str(LBFGSSetting(0.001)) == "C = 0.001"
    assert str(SGDSetting(12.34567, 1e-9)) == "learning rate 12.3, weight decay 1.0e-09"


def test_wrong_options() -> None:
    X, labels = embeddings(60, 8, 3, trace=0.2)
    with pytest.raises(UsageError, match="lbfgs, sgd"):
        tune(labelled(X, labels, 3), names(60), SolverOptions(solver="newton"))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at least one value of C"):
        tune(labelled(X, labels, 3), names(60), grid())


def test_large_values_are_left_out_where_accuracy_falls() -> None:
    """Few rows in many dimensions: the largest C take most iterations and overfit."""
    X, labels = embeddings(1700, 800, 3, trace=0.02)
    tuning = tune(labelled(X, labels, 3), names(1700))
    tried = [setting.C for setting, _ in tuning.table]  # type: ignore[union-attr]
    assert tried == sorted(SolverOptions().C_grid)[: len(tried)]
    assert 100.0 <= tried[-1] < 1e6
    assert tuning.setting in [setting for setting, _ in tuning.table]
    accuracies = [accuracy for _, accuracy in tuning.table]
    assert int(np.argmax(accuracies)) <= len(accuracies) - 3


def test_a_loss_that_all_groups_share_by_their_size_has_no_error() -> None:
    right = np.array([np.ones(6), np.zeros(6), [0, 1, 1, 1, 1, 1]]) / 6
    difference, errors = _behind(right, np.array([0, 1, 1, 2, 2, 2]), 0)
    assert difference == pytest.approx([0, 1, 1 / 6])
    assert errors[:2] == pytest.approx([0, 0])
    # By hand: a sixth is lost in the first group, of which a sixth, a third and a half is expected.
    assert errors[2] == pytest.approx(np.sqrt((25 + 4 + 9) / 36**2 * 3 / 2))
