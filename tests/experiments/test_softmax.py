import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from latentprint.experiments.softmax import fit_softmax

PATH = tuple(10.0**power for power in range(-2, 5))


def features(n: int, dimensions: int, classes: int, trace: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(classes, size=n)
    X = rng.normal(size=(n, dimensions)) * np.arange(1, dimensions + 1) ** -0.3
    X += 1.0 + trace * rng.normal(size=(classes, dimensions))[labels]
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X.astype(np.float32), labels


@pytest.mark.parametrize(("n", "dimensions", "classes"), [(300, 20, 6), (90, 120, 3)])
def test_agrees_with_scikit_learn_along_the_path(n: int, dimensions: int, classes: int) -> None:
    X, labels = features(n + 2000, dimensions, classes, trace=0.2)
    fits = fit_softmax(X[:n], labels[:n], classes, PATH)
    assert fits.converged.all()
    ours = fits.predict(X[n:])
    for index, C in enumerate(PATH):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=C, tol=1e-7, max_iter=5000)
            theirs = model.fit(X[:n].astype(float), labels[:n])
        accuracy = (ours[index] == labels[n:]).mean()
        assert abs(accuracy - theirs.score(X[n:], labels[n:])) <= 0.002
        scores = np.exp(fits.logits(X[n:])[index])
        probabilities = scores / scores.sum(1, keepdims=True)
        np.testing.assert_allclose(probabilities, theirs.predict_proba(X[n:]), atol=0.01)


def test_the_reduction_changes_no_prediction() -> None:
    X, labels = features(60, 40, 3, trace=0.2)
    wide = np.hstack([X, np.zeros((60, 200), np.float32)])
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(240, 240)))[0]
    one = fit_softmax(X, labels, 3, [10.0])
    other = fit_softmax(wide @ rotation, labels, 3, [10.0])
    np.testing.assert_allclose(other.logits(wide @ rotation), one.logits(X), atol=1e-3)


def test_a_batch_equals_single_fits() -> None:
    X, labels = features(100, 10, 3, trace=0.2)
    batch = fit_softmax(X, labels, 3, [0.1, 100.0])
    for index, C in enumerate([0.1, 100.0]):
        single = fit_softmax(X, labels, 3, [C])
        np.testing.assert_allclose(batch.logits(X)[index], single.logits(X)[0], atol=1e-6)


def test_stopping_early_is_told() -> None:
    X, labels = features(100, 10, 3, trace=0.2)
    assert not fit_softmax(X, labels, 3, [1e4], max_iterations=1).converged.any()


def test_features_without_any_difference() -> None:
    fits = fit_softmax(np.ones((9, 4), np.float32), np.repeat([0, 1, 2], [2, 2, 5]), 3, [1.0])
    assert fits.converged.all()
    assert (fits.predict(np.ones((2, 4), np.float32)) == 2).all()
