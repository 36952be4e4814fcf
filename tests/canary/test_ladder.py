"""The ladder on real photographs: what each change of a pipeline does to the default encoder.

Orders of magnitude are those that were measured on 48 photographs of ImageNet.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
import torch
from PIL import Image

from latentprint import CanaryCheck, check_canary, load_encoder, make_canary
from latentprint.canary import Drift
from latentprint.canary.changes import TensorResize
from latentprint.encoders import Encoder
from latentprint.encoders.preparation import Preparation
from latentprint.photos import decode

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def canary(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ladder") / "canary"
    make_canary(shared_data / "imagenet_1k_sample", folder, count=32, device="cpu")
    return folder


class Changed:
    """The default encoder with another preparation, or other pixels."""

    def __init__(
        self,
        preparation: Callable[[Encoder], Preparation] = lambda encoder: encoder.preprocess,
        pixels: Callable[[torch.Tensor], torch.Tensor] = lambda pixels: pixels,
    ) -> None:
        self.encoder = load_encoder("default", device="cpu")
        self.name, self.family = self.encoder.name, self.encoder.family
        self.input_size, self.dimension = self.encoder.input_size, self.encoder.dimension
        self.preprocess, self.change = preparation(self.encoder), pixels

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.encoder.embed(self.change(pixels))

    def identity(self) -> dict[str, object]:
        return self.encoder.identity()


def mean(found: CanaryCheck) -> float:
    assert found.distance is not None
    return found.distance.mean


def test_the_same_again_is_identical(canary: Path) -> None:
    found = check_canary(canary, device="cpu")
    assert (found.verdict, found.passed) == (Drift.IDENTICAL, True)
    assert found.nearest_other > 0.3


def test_another_batch_is_arithmetic(canary: Path) -> None:
    found = check_canary(canary, device="cpu", batch_size=7)
    assert (found.verdict, found.passed) == (Drift.ARITHMETIC, True)
    assert found.distance is not None
    assert 0 < found.distance.largest < 1e-10


def test_half_precision_is_a_changed_encoder(canary: Path) -> None:
    found = check_canary(canary, device="cpu", precision="bfloat16")
    assert (found.verdict, found.passed) == (Drift.ENCODER, False)
    assert 1e-4 < mean(found) < 1e-3
    assert {each.name for each in found.settings} >= {"encoder.precision"}
    assert check_canary(canary, device="cpu", precision="bfloat16", max_drift=2e-3,
                        min_overlap=0.9).passed  # fmt: skip


def test_a_tensor_resize_is_a_changed_input(canary: Path) -> None:
    encoder = Changed(lambda encoder: TensorResize(encoder.preprocess, antialias=True))  # type: ignore[arg-type]
    found = check_canary(canary, encoder=encoder)
    assert (found.verdict, found.passed) == (Drift.INPUT, False)
    assert found.same_as == "resizing as a tensor with antialiasing"
    assert 5e-5 < mean(found) < 8e-4


def test_photos_saved_again_are_changed_pixels(canary: Path, tmp_path: Path) -> None:
    again = Path(copytree(canary, tmp_path / "again"))
    for file in (again / "photos").iterdir():
        written = io.BytesIO()
        decode(file).image.save(written, "JPEG", quality=75, subsampling="4:2:0")
        file.write_bytes(written.getvalue())
    found = check_canary(again, device="cpu")
    assert (found.verdict, found.passed) == (Drift.PIXELS, False)
    assert found.same_as == "re-saving as JPEG 75 4:2:0"
    assert 7e-3 < mean(found) < 7e-2
    for file in (again / "photos").iterdir():
        Image.open(file).save(file, "JPEG", quality=92, subsampling="4:4:4")
    assert "moves them" in check_canary(again, device="cpu").sentence


def test_bgr_is_named_and_an_untrained_network_is_another_model(canary: Path) -> None:
    found = check_canary(canary, encoder=Changed(pixels=lambda pixels: pixels.flip(3)))
    assert (found.verdict, found.passed) == (Drift.ENCODER, False)
    assert found.same_as == "BGR in place of RGB"
    assert 4e-2 < mean(found) < 3e-1
    other = check_canary(canary, encoder="random:default", device="cpu")
    assert (other.verdict, other.passed) == (Drift.OTHER, False)
    assert mean(other) > 0.1
