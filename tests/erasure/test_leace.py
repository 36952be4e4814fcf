from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from latentprint.erasure.eraser import LinearEraser
from latentprint.erasure.leace import LeaceOptions, fit_leace, oblique_projection, shrunk
from latentprint.erasure.moments import Moments
from latentprint.errors import LatentprintError, UsageError
from tests.erasure.made_up import Versions, readable, versions


def fitted(
    made: Versions, options: LeaceOptions | None = None, *, paired: bool = True
) -> LinearEraser:
    found = Moments(paired=paired)
    found.add(made.rows, made.nuisance, made.photo if paired else None)
    return fit_leace(found, options or LeaceOptions())


@pytest.mark.parametrize("metric", ["content", "plain"])
@pytest.mark.parametrize("paired", [True, False])
def test_no_class_differs_on_the_rows_of_the_fit(metric: str, paired: bool) -> None:
    made = versions()
    eraser = fitted(made, LeaceOptions(metric), paired=paired)
    before = readable(made.rows, made.nuisance)
    assert readable(eraser.transform(made.rows), made.nuisance) <= 1e-12 * before
    single = eraser.transform(made.rows.astype(np.float32))
    assert readable(single, made.nuisance) <= 1e-6 * before


def test_no_class_differs_in_any_metric() -> None:
    made = versions()
    found = Moments(paired=True)
    found.add(*made.labels)
    for seed in range(5):
        square = np.random.default_rng(seed).normal(size=(24, 24))
        read, write = oblique_projection(found.cross, square @ square.T + 0.01 * np.eye(24))
        erased = made.rows - made.rows @ read.T @ write
        assert readable(erased, made.nuisance) <= 1e-12 * readable(made.rows, made.nuisance)


def test_no_linear_classifier_finds_anything_on_the_rows_of_the_fit() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    made = versions()
    erased = fitted(made).transform(made.rows)
    for classifier in (LogisticRegression(), SVC(kernel="linear", tol=1e-9)):
        read = np.abs(classifier.fit(made.rows, made.nuisance).coef_).max()
        left = np.abs(classifier.fit(erased, made.nuisance).coef_).max()
        assert left < 1e-6 < read


def test_the_same_rows_give_the_same_bits() -> None:
    for options in (LeaceOptions(), LeaceOptions("plain"), LeaceOptions(extra=4)):
        assert fitted(versions(), options).digest == fitted(versions(), options).digest


def test_erasing_twice_is_erasing_once() -> None:
    made = versions()
    eraser = fitted(made, LeaceOptions(extra=3))
    once = eraser.transform(made.rows)
    np.testing.assert_allclose(eraser.transform(once), once, atol=1e-12)
    np.testing.assert_allclose(eraser.read @ eraser.write.T, np.eye(eraser.rank), atol=1e-12)
    np.testing.assert_allclose(eraser.write @ eraser.write.T, np.eye(eraser.rank), atol=1e-12)


def test_rank_is_one_less_than_classes_and_what_is_added() -> None:
    made = versions()
    assert fitted(made).rank == 3
    assert fitted(made, LeaceOptions(extra=5)).rank == 8
    np.testing.assert_allclose(
        fitted(made, LeaceOptions("plain", extra=5)).write[:3].T
        @ fitted(made, LeaceOptions("plain", extra=5)).write[:3],
        fitted(made, LeaceOptions("plain")).write.T @ fitted(made, LeaceOptions("plain")).write,
        atol=1e-10,
    )
    assert fitted(made, LeaceOptions(extra=100)).rank == 24


def test_equal_classes_take_no_direction() -> None:
    made = versions(noise=0.0)
    twin = made.rows.copy()
    twin[made.nuisance == "class 3"] = twin[made.nuisance == "class 2"]
    assert fitted(Versions(twin, made.nuisance, made.photo, made.content, made.traces)).rank == 2


def test_extra_directions_are_those_in_which_versions_differ_most() -> None:
    rng = np.random.default_rng(0)
    made = versions(200, noise=0.0)
    planted = np.linalg.qr(rng.normal(size=(24, 2)))[0].T
    rows = made.rows + rng.normal(size=(800, 2)) @ planted
    eraser = fitted(
        Versions(rows, made.nuisance, made.photo, made.content, made.traces), LeaceOptions(extra=2)
    )
    left = planted - planted @ eraser.read.T @ eraser.write
    assert np.abs(left).max() < 1e-6


def test_turned_vectors_give_the_turned_eraser() -> None:
    made = versions()
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(24, 24)))[0]
    for options in (LeaceOptions(), LeaceOptions("plain"), LeaceOptions(extra=2)):
        plain = fitted(made, options).transform(made.rows)
        turned = Versions(made.rows @ turn, made.nuisance, made.photo, made.content, made.traces)
        np.testing.assert_allclose(
            fitted(turned, options).transform(turned.rows), plain @ turn, atol=1e-9
        )


def test_no_other_projection_of_the_classes_changes_content_less() -> None:
    made = versions()
    found = Moments(paired=True)
    found.add(*made.labels)
    metric = shrunk(found.content, found.photos)
    read, write = oblique_projection(found.cross, metric)

    def change(read: np.ndarray) -> float:
        taken = write.T @ read
        return float(np.trace(taken @ metric @ taken.T))

    least = change(read)
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1, 1.0):
        for _ in range(20):
            # Any read that sends the classes to the same numbers differs by what they lack.
            other = size * rng.normal(size=read.shape)
            other -= other @ write.T @ write
            assert change(read + other) > least


@pytest.mark.parametrize("method", ["leace", "orth"])
def test_the_map_is_that_of_concept_erasure(method: str) -> None:
    with warnings.catch_warnings():
        # It uses torch.jit.script, which torch has deprecated.
        warnings.simplefilter("ignore")
        concept_erasure = pytest.importorskip(
            "concept_erasure", reason="concept-erasure is not installed"
        )
    made = versions(400, classes=3)
    names = np.unique(made.nuisance)
    rows, labels = torch.from_numpy(made.rows), torch.from_numpy(made.nuisance[:, None] == names)
    theirs = concept_erasure.LeaceFitter.fit(
        rows, labels, method=method, svd_tol=1e-9, shrinkage=False, constrain_cov_trace=False
    ).eraser(rows)
    found = Moments(paired=False)
    found.add(made.rows, made.nuisance)
    metric = found.content if method == "leace" else np.eye(24)
    read, write = oblique_projection(found.cross, metric)
    ours = LinearEraser(read, write, read @ found.mean).transform(made.rows)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-9)


def test_pairs_are_immune_to_correlation_of_class_and_content() -> None:
    rng = np.random.default_rng(0)
    made = versions(400, classes=2, noise=0.01)
    seen = rng.normal(size=24)
    seen /= np.linalg.norm(seen)
    shown = np.where(np.arange(400) % 2, 1.0, -1.0)
    paired = Versions(
        made.rows + np.repeat(shown, 2)[:, None] * 20 * seen,
        made.nuisance,
        made.photo,
        made.content,
        made.traces,
    )
    # One version of every photo: what it shows tells its class nine times in ten.
    version = ((shown > 0) ^ (rng.random(400) < 0.1)).astype(int)
    single = paired.reordered(np.arange(400) * 2 + version)

    def kept(eraser: LinearEraser) -> float:
        gap = np.diff(
            [eraser.transform(paired.rows[np.repeat(shown, 2) == s]).mean(axis=0) for s in (-1, 1)],
            axis=0,
        )
        whole = np.diff(
            [paired.rows[np.repeat(shown, 2) == s].mean(axis=0) for s in (-1, 1)], axis=0
        )
        return float(np.linalg.norm(gap) / np.linalg.norm(whole))

    assert kept(fitted(paired)) == pytest.approx(1.0, abs=1e-3)
    assert kept(fitted(paired, LeaceOptions("plain"))) == pytest.approx(1.0, abs=0.05)
    assert kept(fitted(single, LeaceOptions("plain"), paired=False)) < 0.5


@pytest.mark.parametrize("photos", [2, 5])
def test_fewer_photos_than_dimensions_are_enough(photos: int) -> None:
    made = versions(photos)
    eraser = fitted(made)
    assert readable(eraser.transform(made.rows), made.nuisance) < 1e-11
    assert np.isfinite(eraser.transform(made.rows)).all()


def test_constant_dimensions_duplicates_and_collinear_rows_are_taken() -> None:
    made = versions()
    rows = np.hstack([made.rows, np.full((240, 3), 7.0), np.zeros((240, 2))])
    for odd in (rows, rows * 1e-3 + 10.0, np.repeat(rows[:, :1], 4, axis=1) + 1e-9 * rows[:, :4]):
        eraser = fitted(Versions(odd, made.nuisance, made.photo, made.content, made.traces))
        before = readable(odd, made.nuisance)
        assert readable(eraser.transform(odd), made.nuisance) <= 1e-9 * before
    constant = fitted(Versions(rows, made.nuisance, made.photo, made.content, made.traces))
    np.testing.assert_allclose(constant.transform(rows)[:, 24:27], 7.0, atol=1e-12)


def test_what_cannot_be_fitted_is_said() -> None:
    made = versions(8)
    one = made.reordered(np.flatnonzero(made.nuisance == "class 1"))
    with pytest.raises(LatentprintError, match="there is 1 class, class 1"):
        fitted(one)
    rare = made.reordered(np.append(np.flatnonzero(made.nuisance < "class 2"), 2))
    with pytest.raises(LatentprintError, match="'class 2' has one"):
        fitted(rare)
    with pytest.raises(UsageError, match="several versions"):
        fitted(made, LeaceOptions(extra=1), paired=False)
    with pytest.raises(UsageError, match="no metric"):
        LeaceOptions("euclid")  # type: ignore[arg-type]
    made.rows[:] = np.repeat(made.rows[::4], 4, axis=0)
    with pytest.raises(LatentprintError, match="same mean"):
        fitted(made)


def test_numpy_torch_and_the_dense_map_agree() -> None:
    made = versions()
    eraser = fitted(made, LeaceOptions(extra=1))
    matrix, shift = eraser.dense()
    expected = made.rows @ matrix.T + shift
    np.testing.assert_allclose(eraser.transform(made.rows), expected, atol=1e-12)
    single = made.rows.astype(np.float32)
    for rows in (single, np.asfortranarray(single), single.astype(">f4")):
        erased = eraser.transform(rows)
        assert erased.dtype == np.float32
        np.testing.assert_allclose(erased, expected, atol=1e-5)
    for kind, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 0.2)):
        erased = eraser.transform(torch.from_numpy(made.rows).to(kind))
        assert erased.dtype == (torch.float64 if kind == torch.float64 else torch.float32)
        np.testing.assert_allclose(erased, expected, atol=tolerance)
    assert eraser.transform(made.rows.astype(np.float16)).dtype == np.float32


def test_vectors_of_another_length_are_refused() -> None:
    eraser = fitted(versions())
    for rows in (np.zeros((2, 7)), torch.zeros(2, 7)):
        with pytest.raises(LatentprintError, match="24 dimensions, and these have 7"):
            eraser.transform(rows)


def test_shrinkage_is_that_of_the_paper() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 3)) @ np.diag([1.0, 2.0, 3.0])
    covariance = np.cov(rows.T, bias=True)
    trace, square, p, n = np.trace(covariance), np.trace(covariance @ covariance), 3, 30
    # Chen, Wiesel, Eldar and Hero, equation 23.
    weight = ((1 - 2 / p) * square + trace**2) / ((n + 1 - 2 / p) * (square - trace**2 / p))
    assert 0 < weight < 1
    expected = (1 - weight) * covariance + weight * trace / p * np.eye(p)
    np.testing.assert_allclose(shrunk(covariance, n), expected)
