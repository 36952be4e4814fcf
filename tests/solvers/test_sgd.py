from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from latentprint.errors import LatentprintError, UsageError
from latentprint.solvers import (
    Features,
    Normalisation,
    SGDSetting,
    SolverOptions,
    fit_sgd,
    fit_softmax,
)
from latentprint.solvers.sgd import rate_share
from tests.solvers.made_up import embeddings, labelled

pytestmark = pytest.mark.usefixtures("library")

TRIALS = (SGDSetting(0.3, 3e-2), SGDSetting(5.0, 1e-8), SGDSetting(60.0, 1e-12))


def plain(
    X: np.ndarray, labels: np.ndarray, rate: float, decay: float, seed: int, *, shuffle_alike: bool
) -> torch.nn.Linear:
    """One trial of the study's protocol with torch's own layer, loss, optimiser and schedule."""
    model = torch.nn.Linear(X.shape[1], int(labels.max()) + 1)
    if shuffle_alike:
        torch.nn.init.zeros_(model.weight)
        torch.nn.init.zeros_(model.bias)
    optimiser = torch.optim.SGD(model.parameters(), rate, 0.9, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 100)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(100):
        if shuffle_alike:
            order = torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(len(X)))
        else:
            order = torch.randperm(len(X), generator=generator)
        for batch in order.split(1024):
            scores = model(torch.from_numpy(X)[batch])
            loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels)[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if epoch:
            schedule.step()
    return model


def accuracy(model: torch.nn.Linear, X: np.ndarray, labels: np.ndarray) -> float:
    with torch.no_grad():
        return float((model(torch.from_numpy(X)).argmax(1).numpy() == labels).mean())


def test_trials_together_equal_trials_one_after_another() -> None:
    X, labels = embeddings(2500, 16, 4, trace=0.3)
    # Unequal classes need intercepts, which decay as weights do.
    kept = (labels == 0) | (np.arange(2500) % 4 == 0)
    X, labels = X[kept], labels[kept]
    fits = fit_sgd(labelled(X, labels, 4), TRIALS, SolverOptions(seed=3, class_weight="none"))
    assert fits.converged.all()
    assert fits.iterations == 200
    for trial, each in enumerate(TRIALS):
        model = plain(X, labels, each.learning_rate, each.weight_decay, 3, shuffle_alike=True)
        weights, intercepts = (each.detach().numpy().T for each in (model.weight, model.bias))
        scale = np.abs(weights).max()
        np.testing.assert_allclose(fits.weights[trial], weights, atol=2e-3 * scale)
        np.testing.assert_allclose(fits.intercepts[trial], intercepts, atol=2e-3 * scale)


def test_balanced_classes_count_alike() -> None:
    X, labels = embeddings(1500, 16, 3, trace=0.05)
    kept = (labels == 0) | (np.arange(1500) % 6 == 0)
    plain, balanced = (
        fit_sgd(
            labelled(X[kept], labels[kept], 3),
            [SGDSetting(1.0, 1e-8)],
            SolverOptions(class_weight=how),
        )
        for how in ("none", "balanced")
    )
    assert (plain.predict(X)[0] == 0).mean() > 0.9
    assert np.bincount(balanced.predict(X)[0], minlength=3).min() > 200


def test_accuracy_is_within_the_spread_of_plain_runs() -> None:
    X, labels = embeddings(3500, 16, 4, trace=0.1)
    others = [
        accuracy(plain(X[:1500], labels[:1500], 5.0, 1e-8, seed, shuffle_alike=False), X[1500:],
                 labels[1500:])
        for seed in range(3)
    ]  # fmt: skip
    fits = fit_sgd(labelled(X[:1500], labels[:1500], 4), [SGDSetting(5.0, 1e-8)])
    ours = (fits.predict(X[1500:])[0] == labels[1500:]).mean()
    assert min(others) - 0.01 <= ours <= max(others) + 0.01


def test_it_ends_near_the_optimum_where_it_has_time() -> None:
    X, labels = embeddings(6000, 8, 3, trace=0.2)
    sgd = fit_sgd(labelled(X[:4000], labels[:4000], 3), [SGDSetting(20.0, 1e-12)])
    best = fit_softmax(labelled(X[:4000], labels[:4000], 3), [1e6])
    ours, optimum = ((each.predict(X[4000:])[0] == labels[4000:]).mean() for each in (sgd, best))
    assert optimum > 0.5
    assert abs(ours - optimum) < 0.02


def test_the_rate_is_a_cosine_one_epoch_late() -> None:
    shares = [rate_share(epoch, 100) for epoch in range(100)]
    assert shares[0] == shares[1] == 1.0
    assert shares[51] == pytest.approx(0.5)
    assert all(a > b for a, b in pairwise(shares[1:]))
    assert 0 < shares[-1] < 1.1e-3


def test_a_trial_does_not_depend_on_its_neighbours() -> None:
    X, labels = embeddings(300, 8, 3, trace=0.2)
    together = fit_sgd(labelled(X, labels, 3), TRIALS, SolverOptions(seed=1))
    alone = fit_sgd(labelled(X, labels, 3), TRIALS[1:2], SolverOptions(seed=1))
    np.testing.assert_allclose(together.weights[1], alone.weights[0], rtol=1e-3, atol=1e-3)


def test_a_diverged_trial_is_told_and_harms_no_other() -> None:
    X, labels = embeddings(300, 8, 3, trace=0.2)
    fits = fit_sgd(labelled(X, labels, 3), [SGDSetting(1e30, 1e30), SGDSetting(1.0, 0.0)])
    assert fits.converged.tolist() == [False, True]
    assert (fits.predict(X)[1] == labels).mean() > 0.4


@pytest.mark.parametrize("how", ["l2", "standardise"])
def test_memory_changes_nothing(how: Normalisation, tmp_path: Path) -> None:
    X, labels = embeddings(4000, 100, 3, trace=0.1)
    np.save(tmp_path / "X.npy", X)
    mapped = Features.of(np.load(tmp_path / "X.npy", mmap_mode="r"))
    one, other = (
        fit_sgd(
            labelled(each, labels, 3),
            [SGDSetting(1.0, 1e-6)],
            SolverOptions(normalise=how, memory_mb=memory),
            epochs=5,
        )
        for each, memory in ((X, 1024), (mapped, 1))
    )
    np.testing.assert_array_equal(one.predict(X), other.predict(X))


def test_wrong_numbers() -> None:
    X, labels = embeddings(30, 8, 3, trace=0.2)
    with pytest.raises(UsageError, match="at least one trial"):
        fit_sgd(labelled(X, labels, 3), [])
    with pytest.raises(UsageError, match="at least one epoch"):
        fit_sgd(labelled(X, labels, 3), [SGDSetting(1.0, 0.0)], epochs=0)
    with pytest.raises(LatentprintError, match="Class 3"):
        fit_sgd(labelled(X, labels, 4), [SGDSetting(1.0, 0.0)])
