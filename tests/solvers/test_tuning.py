import numpy as np
import pytest

from latentprint.errors import LatentprintError, UsageError
from latentprint.solvers import (
    Features,
    LBFGSSetting,
    SGDSetting,
    final_fits,
    fit_softmax,
    hold_out,
    tune,
)
from latentprint.solvers.tuning import sgd_trials
from tests.solvers.made_up import embeddings


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


def test_the_first_of_the_best_is_taken() -> None:
    X, labels = embeddings(500, 30, 3, trace=0.1)
    tuning = tune(X, labels, names(500), 3, C_grid=[100.0, 0.001, 1.0, 1e5])
    assert [setting.C for setting, _ in tuning.table] == [0.001, 1.0, 100.0, 1e5]  # type: ignore[union-attr]
    accuracies = [accuracy for _, accuracy in tuning.table]
    assert tuning.setting == tuning.table[int(np.argmax(accuracies))][0]
    assert tuning.converged
    held = hold_out(names(500), labels, 0)
    assert isinstance(tuning.setting, LBFGSSetting)
    alone = fit_softmax(X[~held], labels[~held], 3, [tuning.setting.C])
    measured = 100.0 * (alone.predict(X[held])[0] == labels[held]).mean()
    assert max(accuracies) == pytest.approx(measured)


def test_the_edge_of_the_grid_is_told() -> None:
    X, labels = embeddings(1000, 300, 3, trace=0.04)
    assert tune(X, labels, names(1000), 3, C_grid=[1e-6, 10.0]).edge
    assert not tune(X, labels, names(1000), 3, C_grid=[1e-6, 10.0, 1e6]).edge
    assert not tune(X, labels, names(1000), 3, C_grid=[10.0]).edge


def test_given_rows_are_held_out() -> None:
    X, labels = embeddings(200, 20, 3, trace=0.2)
    hold = np.arange(200) >= 150
    holds = [(np.arange(150), np.arange(150, 200))]
    # Labels of the held rows that no training row supports: the accuracy must collapse.
    wrong = np.where(hold, (labels + 1) % 3, labels)
    right = max(accuracy for _, accuracy in tune(X, labels, (), 3, holds=holds).table)
    assert right > 60
    assert tune(X, wrong, (), 3, holds=holds, C_grid=[100.0]).table[0][1] < 40


def test_nothing_to_hold_out() -> None:
    X, labels = embeddings(30, 8, 3, trace=0.2)
    with pytest.raises(LatentprintError, match="cannot be tuned"):
        tune(X, labels, ["the same"] * 30, 3)
    nothing = np.arange(0)
    with pytest.raises(LatentprintError, match="cannot be tuned"):
        tune(X, labels, (), 3, holds=[(np.arange(30), nothing), (nothing, np.arange(30))])
    without, only = np.flatnonzero(labels != 2), np.flatnonzero(labels == 2)
    with pytest.raises(LatentprintError, match="Class 2 has no photo"):
        tune(X, labels, (), 3, holds=[(without, only)])


def test_several_ways_to_hold_out_count_by_their_rows() -> None:
    X, labels = embeddings(300, 20, 3, trace=0.1)
    holds = [(np.arange(100, 300), np.arange(100)), (np.arange(250), np.arange(250, 300))]
    grid = [0.1, 1.0, 10.0]
    both = tune(X, labels, (), 3, holds=holds, C_grid=grid)
    alone = [tune(X, labels, (), 3, holds=[hold], C_grid=grid).table for hold in holds]
    expected = [(2 * one[1] + other[1]) / 3 for one, other in zip(*alone, strict=True)]
    assert [accuracy for _, accuracy in both.table] == pytest.approx(expected)
    assert both.setting == both.table[int(np.argmax(expected))][0]


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
    tuning = tune(X[:600], labels[:600], names(600), 3, solver="sgd", trials=4)
    assert isinstance(tuning.setting, SGDSetting)
    assert len(tuning.table) == 4
    assert not tuning.edge
    rows = [np.arange(600), np.arange(100, 600)]
    fits = final_fits([Features.of(X).take(each) for each in rows], [labels[each] for each in rows],
                      3, tuning)  # fmt: skip
    for fit in fits:
        assert (fit.predict(X[600:])[0] == labels[600:]).mean() > 0.6


def test_a_diverged_trial_never_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    # It names the first class throughout, which is right for nine in ten.
    X, _ = embeddings(400, 10, 2, trace=0.0)
    labels = (np.arange(400) % 10 == 0).astype(np.int64)
    bad, good = SGDSetting(1e30, 1e30), SGDSetting(60.0, 0.0)
    monkeypatch.setattr("latentprint.solvers.tuning.sgd_trials", lambda trials, seed: [bad, good])
    tuning = tune(X, labels, names(400), 2, solver="sgd", trials=2)
    assert tuning.table[0][1] == pytest.approx(90.0)
    assert tuning.table[0][1] >= tuning.table[1][1]
    assert tuning.setting == good
    assert tuning.converged


@pytest.mark.parametrize("normalise", ["l2", "standardise"])
def test_final_fits_reach_the_same_optimum_as_fits_on_their_own(normalise: str) -> None:
    X, labels = embeddings(300, 60, 3, trace=0.2)
    tuning = tune(X, labels, names(300), 3, normalise=normalise)  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    rows = [rng.integers(300, size=300) for _ in range(3)]
    fits = final_fits([X[each] for each in rows], [labels[each] for each in rows], 3, tuning)
    assert isinstance(tuning.setting, LBFGSSetting)
    for fit, each in zip(fits, rows, strict=True):
        own = fit_softmax(X[each], labels[each], 3, [tuning.setting.C], normalise=normalise)  # type: ignore[arg-type]
        assert fit.converged.all()
        np.testing.assert_allclose(fit.logits(X), own.logits(X), atol=0.02)


def test_settings_read_as_text() -> None:
    assert str(LBFGSSetting(0.001)) == "C = 0.001"
    assert str(SGDSetting(12.34567, 1e-9)) == "learning rate 12.3, weight decay 1.0e-09"


def test_wrong_options() -> None:
    X, labels = embeddings(60, 8, 3, trace=0.2)
    with pytest.raises(UsageError, match="lbfgs, sgd"):
        tune(X, labels, names(60), 3, solver="newton")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at least one value of C"):
        tune(X, labels, names(60), 3, C_grid=[])
