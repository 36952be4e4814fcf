"""Which stage changed, and what is said of it; with an encoder of one matrix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentprint import CanaryCheck, check_canary
from latentprint.canary import Drift
from latentprint.canary.comparing import Tolerances
from latentprint.errors import LatentprintError, UsageError
from tests.canary.conftest import with_comment
from tests.embeddings.toy import ToyEncoder


def check(canary: Path, encoder: ToyEncoder | None = None, **options: object) -> CanaryCheck:
    return check_canary(canary, encoder=encoder or ToyEncoder(), **options)  # type: ignore[arg-type]


def same(found: CanaryCheck) -> dict[str, int]:
    return {stage.name: stage.same for stage in found.stages}


def test_nothing_changed(made: Path) -> None:
    found = check(made)
    assert (found.verdict, found.passed, found.failures) == (Drift.IDENTICAL, True, ())
    assert set(same(found).values()) == {32}
    assert found.overlap == 1.0
    assert found.settings == ()


def test_other_bytes_with_the_same_pixels_are_told_and_pass(
    canary: Path, resave: Callable[..., str]
) -> None:
    name = resave(with_comment)
    found = check(canary)
    assert (found.verdict, found.passed) == (Drift.IDENTICAL, True)
    assert same(found) == {"bytes": 31, "decoded pixels": 32, "model input": 32, "vectors": 32}
    assert found.stages[0].note == name


def test_other_pixels_of_one_photo_are_told(canary: Path, resave: Callable[..., str]) -> None:
    def darker(_: bytes) -> bytes:
        file = canary / "darker.png"
        Image.new("RGB", (48, 36), "maroon").save(file)
        return file.read_bytes()

    name = resave(darker)
    found = check(canary)
    assert (found.verdict, found.passed) == (Drift.PIXELS, False)
    assert same(found) == {"bytes": 31, "decoded pixels": 31, "model input": 31, "vectors": 31}
    assert found.sentence.startswith("The decoded pixels of 1 of 32 photos changed")
    assert found.worst[0][0] == name
    assert len(found.worst) == 1


class Other(ToyEncoder):
    """The toy encoder with something changed."""

    def __init__(self, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.change = change

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.change(super().embed(pixels))


def test_rounding_is_arithmetic_and_passes(made: Path) -> None:
    found = check(made, Other(lambda vectors: vectors * (1 + 1e-7)))
    assert (found.verdict, found.passed) == (Drift.ARITHMETIC, True)
    assert found.distance is not None
    assert 0 < found.distance.largest < 1e-12


def test_other_lengths_alone_are_told_and_do_not_pass(made: Path) -> None:
    found = check(made, Other(lambda vectors: vectors / vectors.norm(dim=1, keepdim=True)))
    assert (found.verdict, found.passed) == (Drift.LENGTH, False)
    assert "Lengths changed" in found.failures[0]
    assert found.overlap == 1.0


def test_the_same_input_with_other_vectors_is_the_encoder(made: Path) -> None:
    def noisy(vectors: torch.Tensor) -> torch.Tensor:
        generator = torch.Generator().manual_seed(0)
        return vectors + 0.05 * vectors.std() * torch.randn(vectors.shape, generator=generator)

    found = check(made, Other(noisy))
    assert (found.verdict, found.passed) == (Drift.ENCODER, False)
    assert found.sentence.startswith("The same model input gives other vectors")
    assert same(found)["model input"] == 32


def test_vectors_of_another_model_are_told(made: Path) -> None:
    assert check(made, Other(lambda vectors: vectors.flip(1))).verdict == Drift.OTHER
    found = check(made, Other(lambda vectors: vectors[:, :5]))
    assert (found.verdict, found.passed, found.distance) == (Drift.OTHER, False, None)
    assert "5 dimensions, and had 8" in found.sentence


def test_another_kernel_is_recognised(made: Path) -> None:
    encoder = ToyEncoder()
    encoder.preprocess = type(encoder.preprocess)(resize=16, crop=16, kernel="bilinear")
    found = check(made, encoder)
    assert (found.verdict, found.passed) == (Drift.INPUT, False)
    assert found.same_as == "bilinear in place of bicubic"
    assert "these are the vectors of bilinear in place of bicubic" in found.sentence
    assert found.levels is not None
    assert 0 < found.levels < 255
    changed = [(each.name, each.then, each.now) for each in found.settings]
    assert changed == [("encoder.preprocess.kernel", "bicubic", "bilinear")]

    def nudged(vectors: torch.Tensor) -> torch.Tensor:
        vectors = vectors.clone()
        vectors[0] += 5e-3 * vectors[0].norm() * torch.eye(vectors.shape[1])[0]
        return vectors

    # A single photo that did not go along is another change.
    other = Other(nudged)
    other.preprocess = encoder.preprocess
    assert check(made, other).same_as == ""


def test_lengths_may_change_by_the_error_that_directions_may() -> None:
    assert Tolerances(max_drift=0.005).max_length == pytest.approx(0.1)


def test_tolerances_decide_what_passes(made: Path) -> None:
    encoder = ToyEncoder()
    encoder.preprocess = type(encoder.preprocess)(resize=16, crop=16, kernel="bilinear")
    strict = check(made, encoder)
    assert strict.failures[0].startswith("1 - cos is up to")
    wide = check(made, encoder, max_drift=1.0, min_overlap=0.0)
    assert wide.passed
    assert wide.verdict == Drift.INPUT
    overlap = check(made, encoder, max_drift=1.0, min_overlap=1.0)
    assert [failure for failure in overlap.failures if "neighbours" in failure]
    for wrong in ({"max_drift": -1.0}, {"max_drift": float("nan")}, {"min_overlap": 1.5}):
        with pytest.raises(UsageError):
            check(made, **wrong)


def test_a_truncated_or_missing_photo_is_no_drift(canary: Path, resave: Callable[..., str]) -> None:
    name = resave(lambda jpeg: jpeg[: len(jpeg) // 2])
    with pytest.raises(LatentprintError, match=f"{name} cannot be used: the image is truncated"):
        check(canary)
    (canary / "photos" / name).unlink()
    with pytest.raises(LatentprintError, match=f"{name} cannot be used: there is no such file"):
        check(canary)


def test_vectors_of_another_program_are_compared(made: Path, tmp_path: Path) -> None:
    from latentprint.canary import read_canary

    file = tmp_path / "mine.npy"
    vectors = read_canary(made).stages.vectors
    np.save(file, vectors)
    found = check_canary(made, vectors=file)
    assert (found.verdict, same(found), found.settings) == (
        Drift.IDENTICAL,
        {"vectors": 32},
        found.settings,
    )
    np.save(file, vectors + 0.1 * vectors.std(axis=0)[::-1])
    assert check_canary(made, vectors=file).verdict == Drift.VECTORS
    np.save(file, vectors[:, ::-1])
    assert check_canary(made, vectors=file).verdict == Drift.OTHER
    np.save(file, vectors[1:])
    with pytest.raises(LatentprintError, match="31 vectors"):
        check_canary(made, vectors=file)
    with pytest.raises(UsageError, match="one or the other"):
        check_canary(made, vectors=file, encoder="default")


def test_a_check_is_json(made: Path) -> None:
    from dataclasses import asdict

    json.dumps(asdict(check(made)))
