from pathlib import Path

import numpy as np
import pytest
import torch

from latentprint.errors import LatentprintError, UsageError
from latentprint.solvers import Features
from latentprint.solvers.normaliser import Normaliser
from latentprint.solvers.rows import Rows


def some_features(seed: int = 0) -> tuple[Features, np.ndarray]:
    """Features from three arrays, and the matrix that they stand for."""
    rng = np.random.default_rng(seed)
    arrays = tuple(rng.normal(size=(n, 5)).astype(np.float32) for n in (7, 30, 11))
    part = rng.integers(3, size=40)
    row = np.array([rng.integers(len(arrays[each])) for each in part])
    matrix = np.stack([arrays[p][r] for p, r in zip(part, row, strict=True)])
    return Features(arrays, part, row), matrix


def test_rows_come_from_their_arrays() -> None:
    features, matrix = some_features()
    assert features.shape == matrix.shape
    np.testing.assert_array_equal(features.read(), matrix)
    np.testing.assert_array_equal(features.read(3, 9), matrix[3:9])
    np.testing.assert_array_equal(features.read(38, 50), matrix[38:])
    assert features.read(5, 5).shape == (0, 5)


def test_taking_rows_by_mask_numbers_and_slice() -> None:
    features, matrix = some_features()
    for index in (matrix[:, 0] > 0, np.array([4, 4, 0, 39]), slice(2, 30)):
        np.testing.assert_array_equal(features.take(index).read(), matrix[index])
        twice = features.take(index).take(slice(1, 3))
        np.testing.assert_array_equal(twice.read(), matrix[index][1:3])


def test_half_precision_and_mapped_files(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float16)
    np.save(tmp_path / "half.npy", matrix)
    mapped = np.load(tmp_path / "half.npy", mmap_mode="r")
    read = Features.of(mapped).take(slice(5, 15)).read()
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, matrix[5:15].astype(np.float32))
    single = np.lib.format.open_memmap(
        tmp_path / "single.npy", mode="w+", dtype=np.float32, shape=(20, 4)
    )
    single[:] = matrix
    single.flush()
    features = Features.of(np.load(tmp_path / "single.npy", mmap_mode="r"))
    # Torch warns of read-only arrays, and warnings fail tests.
    rows = Rows(features, Normaliser("none"), torch.zeros(4))
    np.testing.assert_array_equal(np.concatenate([each for _, each in rows]), matrix)


def normalised(X: np.ndarray, how: str, fitted: np.ndarray | None = None) -> np.ndarray:
    features = Features.of(X)
    normaliser = Normaliser.fit(features if fitted is None else Features.of(fitted), how)  # type: ignore[arg-type]
    origin = np.zeros(X.shape[1])
    return np.concatenate([rows for _, rows in Rows(features, normaliser, origin)])


def test_normalisations() -> None:
    rng = np.random.default_rng(0)
    # A mean far from zero: sums of squares about zero would lose the variance.
    X = (1e3 + rng.normal(size=(5000, 300))).astype(np.float32)
    exact = X.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    np.testing.assert_allclose(normalised(X, "l2"), exact / lengths, rtol=1e-9)
    np.testing.assert_array_equal(normalised(X, "none"), exact)
    fitted = (exact - exact.mean(0)) / exact.std(0)
    np.testing.assert_allclose(normalised(X, "standardise"), fitted, atol=1e-6)
    other = X[:100] + 1
    expected = (other - exact.mean(0)) / exact.std(0)
    np.testing.assert_allclose(normalised(other, "standardise", X), expected, atol=1e-6)


def test_a_constant_dimension_is_not_blown_up() -> None:
    X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    X[:, 1] = 0.1
    assert np.abs(normalised(X, "standardise")[:, 1]).max() < 1e-6


def test_a_misspelt_normalisation() -> None:
    with pytest.raises(UsageError, match="standardise"):
        Normaliser.fit(Features.of(np.ones((2, 2))), "standardize")  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_that_is_not_finite_is_named(bad: float) -> None:
    features, _ = some_features()
    features.parts[1][features.row[features.part == 1][2], 3] = bad
    row = features.row[features.part == 1][2]
    rows = Rows(features, Normaliser("none"), np.zeros(5, np.float32))
    with pytest.raises(LatentprintError, match=f"Row {row} of array 1 .* not finite"):
        list(rows)


def test_a_zero_row_has_no_direction() -> None:
    X = np.ones((9, 3), np.float32)
    X[6] = 0
    with pytest.raises(LatentprintError, match="Row 6 of the features is zero"):
        list(Rows(Features.of(X), Normaliser("l2"), np.zeros(3, np.float32)))
    assert (
        len(next(iter(Rows(Features.of(X), Normaliser("none"), np.zeros(3, np.float32))))[1]) == 9
    )
