from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import latentprint as lp


def made(n: int = 200, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Rows [n, 12] of classes that lie apart, and their names."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % classes
    return rng.normal(size=(classes, 12))[y] * 1.5 + rng.normal(size=(n, 12)), y.astype(str)


def test_it_is_the_optimum_of_scikit_learn_at_the_chosen_c() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    X, y = made()
    probe = lp.Probe(normalise="none").fit(X, y)
    theirs = linear.LogisticRegression(
        C=probe.C_, class_weight="balanced", tol=1e-10, max_iter=5000
    ).fit(X.astype(np.float32), y)
    assert probe.C_ in probe.tuning_
    np.testing.assert_array_equal(probe.classes_, theirs.classes_)
    np.testing.assert_allclose(probe.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    assert probe.score(X, y) == theirs.score(X.astype(np.float32), y)
    assert probe.coef_.shape == (3, 12)


def test_rows_of_a_photo_are_held_out_together() -> None:
    rng = np.random.default_rng(1)
    X = np.repeat(rng.normal(size=(60, 30)), 5, axis=0)
    X += 1e-6 * rng.normal(size=X.shape)
    y = np.repeat(rng.integers(0, 2, 60), 5)
    photo = np.repeat(np.arange(60), 5)
    apart, together = lp.Probe().fit(X, y), lp.Probe().fit(X, y, photo=photo)
    assert max(apart.tuning_.values()) > 99
    assert max(together.tuning_.values()) < 75


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (lp.Eraser, {}),
        (lambda: lp.Probe(normalise="standardise"), {}),
        (lp.Probe, {"check_estimators_dtypes": "a row that is zero has no direction"}),
    ],
    ids=["eraser", "probe, standardised", "probe"],
)
def test_the_checks_of_scikit_learn_pass(estimator: Any, expected: dict[str, str]) -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    found = checks.check_estimator(
        estimator(), expected_failed_checks=expected, on_skip=None, on_fail="raise"
    )
    states = [each["status"] for each in found]
    assert states.count("passed") > 40
    assert states.count("xfail") == len(expected)


def test_wrong_calls_are_said() -> None:
    X, y = made(30)
    with pytest.raises(lp.UsageError, match="not fitted yet"):
        lp.Probe().predict(X)
    with pytest.raises(lp.UsageError, match="two classes"):
        lp.Probe().fit(X, ["a"] * 30)
    with pytest.raises(lp.UsageError, match="photos of 3"):
        lp.Probe().fit(X, y, photo=[1, 2, 3])
    with pytest.raises(lp.LatentprintError, match="zero"):
        lp.Probe().fit(np.where(np.arange(30)[:, None] == 3, 0.0, X), y)
    fitted = lp.Probe().fit(X, y)
    with pytest.raises(lp.UsageError, match="12 features"):
        fitted.predict(X[:, :5])


def test_it_needs_no_scikit_learn() -> None:
    code = """
import sys
sys.modules["sklearn"] = sys.modules["sklearn.base"] = None
import numpy as np
import latentprint as lp
rng = np.random.default_rng(0)
y = np.arange(60) % 2
X = rng.normal(size=(60, 4)) + 3 * y[:, None]
probe = lp.Probe(normalise="none").fit(X, y)
assert probe.score(X, y) > 0.95
for wrong in (X[:, :2], np.full((2, 4), np.nan)):
    try:
        probe.predict(wrong)
    except lp.LatentprintError:
        print("fine")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("fine\nfine\n", "")
