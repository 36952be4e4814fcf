"""Each known change is the one that its name says."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from latentprint.canary.changes import TensorResize, known_changes
from latentprint.encoders import Preprocess, load_encoder
from latentprint.photos import decode
from tests.made_photos import made_photo

PREPROCESS = Preprocess(resize=32, crop=32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    turned = Image.Exif()
    turned[0x0112] = 6
    file = tmp_path / "photo.png"
    made_photo(96, 60).save(file, exif=turned)
    return file


def test_every_change_is_made(file: Path) -> None:
    photo = decode(file)
    changes = known_changes(PREPROCESS)
    plain = PREPROCESS.pixels(photo.image)
    made = {name: change(photo) for name, change in changes.items()}
    for name, pixels in made.items():
        assert (pixels.shape, pixels.dtype) == (plain.shape, plain.dtype), name
        assert not np.array_equal(pixels, plain), name
    assert np.array_equal(made["BGR in place of RGB"], plain[..., ::-1])
    upright = PREPROCESS.pixels(Image.open(file).convert("RGB"))
    assert np.array_equal(made["leaving the EXIF orientation out"], upright)
    saved = io.BytesIO()
    photo.image.save(saved, "JPEG", quality=75, subsampling="4:2:0")
    again = PREPROCESS.pixels(Image.open(saved))
    assert np.array_equal(made["re-saving as JPEG 75 4:2:0"], again)
    linear = Preprocess(resize=32, crop=32, kernel="bilinear").pixels(photo.image)
    assert np.array_equal(made["bilinear in place of bicubic"], linear)


@pytest.mark.parametrize("antialias", [True, False])
def test_a_tensor_is_resized_as_torchvision_does(file: Path, antialias: bool) -> None:
    transforms = pytest.importorskip("torchvision.transforms.v2.functional")
    image = decode(file).image
    # As ToTensor has it: floats, which are no bytes again before the model.
    levels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float()
    mode = transforms.InterpolationMode.BICUBIC
    resized = transforms.resize(levels, [32], interpolation=mode, antialias=antialias)
    wanted = transforms.center_crop(resized, [32, 32]).permute(1, 2, 0).clamp(0, 255).numpy()
    found = TensorResize(PREPROCESS, antialias=antialias).pixels(image)
    assert np.abs(found - wanted).max() <= 0.5


def test_what_is_no_crop_has_the_changes_of_pixels_alone(file: Path) -> None:
    preparation = load_encoder("pixels:dct").preprocess
    changes = known_changes(preparation)
    assert len(changes) == 5
    plain = preparation.pixels(decode(file).image)
    assert all(change(decode(file)).shape == plain.shape for change in changes.values())
