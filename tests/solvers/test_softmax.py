from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from latentprint import arrays
from latentprint.errors import LatentprintError, UsageError
from latentprint.solvers import (
    ClassWeight,
    Features,
    Normalisation,
    SolverOptions,
    fit_softmax,
    rows,
    softmax,
)
from tests.solvers.made_up import embeddings, labelled, probabilities

pytestmark = pytest.mark.usefixtures("library")

PATH = tuple(10.0**power for power in range(-3, 5))


def scikit_learn(X: np.ndarray, labels: np.ndarray, C: float) -> LogisticRegression:
    model = LogisticRegression(
        C=C, solver="newton-cholesky", tol=1e-8, max_iter=1000, class_weight="balanced"
    )
    return model.fit(X.astype(float), labels)


def steepness(X: np.ndarray, labels: np.ndarray, C: float, W: np.ndarray, b: np.ndarray) -> float:
    """The largest entry of the objective's gradient over C and the rows: plain NumPy, float64."""
    errors = probabilities(X.astype(float) @ W + b)
    errors[np.arange(len(labels)), labels] -= 1.0
    errors *= (len(labels) / (len(b) * np.bincount(labels)[labels]))[:, None]
    by_weights = X.T.astype(float) @ errors + W / C
    return float(max(np.abs(by_weights).max(), np.abs(errors.sum(0)).max()) / len(labels))


@pytest.mark.parametrize(("n", "dimensions", "classes"), [(300, 20, 6), (90, 120, 3)])
def test_agrees_with_scikit_learn_along_the_path(n: int, dimensions: int, classes: int) -> None:
    X, labels = embeddings(n + 2000, dimensions, classes, trace=0.2)
    fits = fit_softmax(labelled(X[:n], labels[:n], classes), PATH)
    assert fits.converged.all()
    ours = fits.predict(X[n:])
    for index, C in enumerate(PATH):
        theirs = scikit_learn(X[:n], labels[:n], C)
        accuracy = (ours[index] == labels[n:]).mean()
        assert abs(accuracy - theirs.score(X[n:], labels[n:])) <= 0.002
        shares = probabilities(fits.logits(X[n:])[index])
        np.testing.assert_allclose(shares, theirs.predict_proba(X[n:]), atol=2e-3)


@pytest.mark.parametrize("how", ["l2", "standardise", "none"])
def test_every_normalisation_agrees_with_scikit_learn(how: Normalisation) -> None:
    X, labels = embeddings(700, 15, 4, trace=0.2)
    X *= np.random.default_rng(1).uniform(0.5, 4.0, size=(700, 1)).astype(np.float32)
    fits = fit_softmax(labelled(X[:400], labels[:400], 4), [30.0], SolverOptions(normalise=how))
    if how == "l2":
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
    elif how == "standardise":
        scaled = (X - X[:400].mean(0)) / X[:400].std(0)
    theirs = scikit_learn((scaled if how == "standardise" else X)[:400], labels[:400], 30.0)
    tested = scaled if how == "standardise" else X
    shares = probabilities(fits.logits(X[400:])[0])
    np.testing.assert_allclose(shares, theirs.predict_proba(tested[400:]), atol=1e-3)


def test_single_precision_finds_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    X, labels = embeddings(3000, 64, 5, trace=0.1, decay=1.0)
    exact = fit_softmax(labelled(X, labels, 5), PATH)
    monkeypatch.setattr(softmax, "_DOUBLE", 0)
    fits = fit_softmax(labelled(X, labels, 5), PATH)
    assert fits.converged.all()
    for C, W, b in zip(PATH, fits.weights, fits.intercepts, strict=True):
        assert steepness(X, labels, C, W, b) < 1e-5
    shares, expected = (probabilities(each.logits(X)) for each in (fits, exact))
    np.testing.assert_allclose(shares, expected, atol=1e-3)
    assert (fits.predict(X) != exact.predict(X)).mean() < 1e-3


def test_classes_that_can_be_told_apart_without_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights grow until the penalty holds them, where rounding eats the small errors."""
    X, labels = embeddings(3000, 64, 5, trace=1.0)
    monkeypatch.setattr(softmax, "_DOUBLE", 0)
    fits = fit_softmax(labelled(X, labels, 5), [1e2, 1e6])
    assert fits.converged.all()
    assert fits.iterations < 200
    assert (fits.predict(X) == labels).all()


def test_nearly_collinear_features() -> None:
    """The mean cosine is 0.99, as of photos under a mask."""
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=3000)
    X = 10.0 + rng.normal(size=(3000, 40)) + 0.3 * rng.normal(size=(4, 40))[labels]
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    assert (X[:100] @ X[:100].T).mean() > 0.98
    fits = fit_softmax(labelled(X[:1000], labels[:1000], 4), [1e4])
    theirs = scikit_learn(X[:1000], labels[:1000], 1e4)
    ours = (fits.predict(X[1000:])[0] == labels[1000:]).mean()
    assert ours > 0.6
    assert abs(ours - theirs.score(X[1000:], labels[1000:])) <= 0.002
    standardised = fit_softmax(
        labelled(X[:1000], labels[:1000], 4), [1.0], SolverOptions(normalise="standardise")
    )
    assert (standardised.predict(X[1000:])[0] == labels[1000:]).mean() > 0.6


def test_dimensions_that_repeat_others_or_say_nothing() -> None:
    X, labels = embeddings(60, 40, 3, trace=0.2)
    wide = np.hstack([X, np.zeros((60, 200), np.float32)])
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(240, 240)))[0]
    for n in (60, 20):
        one = fit_softmax(labelled(X[:n], labels[:n], 3), [10.0])
        other = fit_softmax(labelled((wide @ rotation)[:n], labels[:n], 3), [10.0])
        np.testing.assert_allclose(other.logits(wide @ rotation), one.logits(X), atol=1e-3)


def test_a_batch_equals_single_fits() -> None:
    X, labels = embeddings(400, 10, 3, trace=0.2)
    batch = fit_softmax(labelled(X, labels, 3), [0.1, 100.0])
    for index, C in enumerate([0.1, 100.0]):
        single = fit_softmax(labelled(X, labels, 3), [C])
        np.testing.assert_allclose(batch.logits(X)[index], single.logits(X)[0], atol=1e-6)
        np.testing.assert_allclose(batch.only(index).logits(X)[0], batch.logits(X)[index])


def test_rare_classes() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [2000, 60, 8])
    X = 1.0 + rng.normal(size=(len(labels), 30)) + rng.normal(size=(3, 30))[labels]
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    fits = fit_softmax(labelled(X, labels, 3), PATH)
    assert fits.converged.all()
    for C, W, b in zip(PATH, fits.weights, fits.intercepts, strict=True):
        assert steepness(X, labels, C, W, b) < 1e-5


def test_the_tiniest_inverse_regularisation_reads_on() -> None:
    """One photo more of a class must not make its intercept outweigh what the features say."""
    X, labels = embeddings(300, 20, 3, trace=0.2)
    kept = np.concatenate([np.flatnonzero(labels == k)[: 80 + (k == 1)] for k in range(3)])
    balanced = fit_softmax(labelled(X[kept], labels[kept], 3), [1e-9])
    assert balanced.converged.all()
    assert (balanced.predict(X)[0] == labels).mean() > 0.5
    plain = fit_softmax(
        labelled(X[kept], labels[kept], 3), [1e-9], SolverOptions(class_weight="none")
    )
    assert (plain.predict(X) == 1).all()


def test_features_without_any_difference() -> None:
    X, labels = np.ones((9, 4), np.float32), np.repeat([0, 1, 2], [2, 2, 5])
    X[::2] *= 1 + 1e-7
    cases: dict[ClassWeight, np.ndarray] = {
        "none": np.array([2, 2, 5]) / 9,
        "balanced": np.full(3, 1 / 3),
    }
    for how, expected in cases.items():
        fits = fit_softmax(labelled(X, labels, 3), [1.0, 1e6], SolverOptions(class_weight=how))
        assert fits.converged.all()
        assert len(np.unique(fits.predict(np.ones((2, 4), np.float32))[1])) == 1
        shares = probabilities(fits.logits(np.ones((1, 4), np.float32))[:, 0])
        np.testing.assert_allclose(shares, [expected, expected], atol=1e-6)


def test_fits_with_rows_of_their_own_equal_single_fits() -> None:
    X, labels = embeddings(120, 40, 3, trace=0.2)
    rng = np.random.default_rng(0)
    counts = rng.integers(3, size=(3, 120)).astype(float)
    counts[:, :15] = 1.0
    for n in (120, 30):
        C = [0.1, 10.0, 1000.0]
        together = fit_softmax(labelled(X[:n], labels[:n], 3), C, counts=counts[:, :n])
        assert together.converged.all()
        for at, each in enumerate(counts[:, :n]):
            rows = np.repeat(np.arange(n), each.astype(int))
            alone = fit_softmax(labelled(X[rows], labels[rows], 3), C[at : at + 1])
            np.testing.assert_allclose(together.logits(X)[at], alone.logits(X)[0], atol=0.02)
            assert (together.predict(X)[at] == alone.predict(X)[0]).mean() > 0.99
    with pytest.raises(UsageError, match="2 fits to 120 rows"):
        fit_softmax(labelled(X, labels, 3), [1.0, 2.0], counts=counts)
    with pytest.raises(UsageError, match="Did you mean 'balanced'"):
        fit_softmax(labelled(X, labels, 3), [1.0], SolverOptions(class_weight="balance"))  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("how", ["l2", "standardise", "none"])
def test_memory_and_threads_change_nothing(
    how: Normalisation, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, labels = embeddings(9000, 100, 3, trace=0.1)
    np.save(tmp_path / "X.npy", X)
    mapped = Features.of(np.load(tmp_path / "X.npy", mmap_mode="r"))
    monkeypatch.setattr(softmax, "_DOUBLE", 0 if precision == "single" else 2**30)
    found = []
    for memory, each, threads in ((1, mapped, 1), (1024, Features.of(X), 1), (1024, mapped, 2)):
        torch.set_num_threads(threads)
        found.append(
            fit_softmax(
                labelled(each, labels, 3),
                [1.0, 1e3],
                SolverOptions(normalise=how, memory_mb=memory),
            )
        )
        assert torch.get_num_threads() == threads
    for other in found[1:]:
        np.testing.assert_array_equal(other.predict(X), found[0].predict(X))
        np.testing.assert_allclose(other.logits(X), found[0].logits(X), rtol=1e-3, atol=1e-3)


def test_little_memory_fits_the_path_in_parts() -> None:
    X, labels = embeddings(500, 200, 10, trace=0.2)
    whole = fit_softmax(labelled(X, labels, 10), PATH)
    parts = fit_softmax(labelled(X, labels, 10), PATH, SolverOptions(memory_mb=1))
    np.testing.assert_allclose(parts.logits(X), whole.logits(X), atol=1e-5)
    assert parts.converged.shape == (len(PATH),)


@pytest.mark.parametrize("n", [20, 40, 400])
def test_the_preconditioner_of_other_rows_serves(n: int) -> None:
    X, labels = embeddings(2 * n, 120, 3, trace=0.2)
    first = fit_softmax(labelled(X[:n], labels[:n], 3), [100.0])
    own = fit_softmax(labelled(X[n:], labels[n:], 3), [100.0])
    shared = fit_softmax(
        labelled(X[n:], labels[n:], 3), [100.0], preconditioner=first.preconditioner
    )
    assert shared.converged.all()
    assert shared.iterations <= 3 * own.iterations
    np.testing.assert_allclose(shared.logits(X), own.logits(X), atol=0.02)


def test_stopping_early_is_told() -> None:
    X, labels = embeddings(100, 10, 3, trace=0.2)
    assert not fit_softmax(labelled(X, labels, 3), [1e4], max_iterations=1).converged.any()


def test_the_order_of_rows_does_not_matter() -> None:
    X, labels = embeddings(500, 20, 3, trace=0.2)
    order = np.random.default_rng(0).permutation(500)
    one, other = (
        fit_softmax(labelled(X, labels, 3), [10.0]),
        fit_softmax(labelled(X[order], labels[order], 3), [10.0]),
    )
    np.testing.assert_allclose(one.logits(X), other.logits(X), atol=1e-3)


def test_classes_that_were_never_seen_are_refused() -> None:
    X, labels = embeddings(50, 10, 3, trace=0.2)
    with pytest.raises(LatentprintError, match="Class 3 has no photo to train on"):
        fit_softmax(labelled(X, labels, 5), [1.0])
    with pytest.raises(LatentprintError, match="50 rows of features have 49 labels"):
        fit_softmax(labelled(X, labels[1:], 3), [1.0])
    with pytest.raises(LatentprintError, match="between 0 and 1"):
        fit_softmax(labelled(X, labels, 2), [1.0])


@pytest.mark.parametrize("C", [[], [0.0], [1.0, -1.0], [np.inf], [np.nan]])
def test_impossible_inverse_regularisation(C: list[float]) -> None:
    X, labels = embeddings(50, 10, 3, trace=0.2)
    with pytest.raises(UsageError, match="positive"):
        fit_softmax(labelled(X, labels, 3), C)


def test_small_fits_are_numpys_and_go_on_from_those_of_torch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = labelled(*embeddings(120, 8, 3, trace=0.2), 3)
    monkeypatch.setattr(arrays, "has_torch", lambda: True)
    monkeypatch.setattr(rows, "_SMALL", 0)
    of_torch = fit_softmax(data, [1.0])
    assert isinstance(of_torch.preconditioner.axes, torch.Tensor)
    monkeypatch.setattr(rows, "_SMALL", 2**26)
    small = fit_softmax(data, [1.0], preconditioner=of_torch.preconditioner)
    assert isinstance(small.preconditioner.axes, np.ndarray)
    np.testing.assert_allclose(small.weights, of_torch.weights, atol=1e-6)
