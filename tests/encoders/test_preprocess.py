"""Preprocessing equals torchvision's, pixel for pixel."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from latentprint.encoders import Preprocess, load_encoder
from latentprint.encoders.default import preprocessing
from latentprint.encoders.torch_embedding import LoadOptions
from latentprint.errors import UsageError

SIZES = [(640, 480), (480, 641), (333, 333), (224, 224), (100, 57), (301, 224), (1023, 255)]


def photo(size):
    generator = np.random.default_rng(size[0])
    coarse = generator.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("resize", [224, 256, 231, 199])
@pytest.mark.parametrize("kernel", ["bicubic", "bilinear"])
def test_equals_torchvision(size, resize, kernel):
    ours = Preprocess(resize, 224, kernel)
    theirs = transforms.Compose(
        [
            transforms.Resize(resize, transforms.InterpolationMode(kernel)),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
        ]
    )
    pixels = ours.pixels(photo(size))
    expected = theirs(photo(size))
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels.transpose(2, 0, 1), (expected.numpy() * 255).round())
    normalised = ours.normalise(torch.from_numpy(pixels.copy())[None])[0]
    wanted = transforms.Normalize(ours.mean, ours.std)(expected)
    assert torch.allclose(normalised, wanted, atol=1e-6)


def test_the_default_scales_as_its_weights_were_trained():
    preprocess = preprocessing(LoadOptions())
    values = torch.arange(256, dtype=torch.uint8).repeat(3, 1).T.reshape(1, 16, 16, 3)
    expected = (torch.arange(256.0) - 127) / 128
    assert torch.allclose(preprocess.normalise(values)[0, 1].flatten(), expected, atol=1e-6)


def test_margins():
    published, model = (preprocessing(LoadOptions(margin=m)) for m in ("published", "model"))
    assert (published.resize, published.crop) == (224, 224)
    assert (model.resize, model.crop) == (256, 224)
    vit = "random:timm:vit_tiny_patch16_224.augreg_in21k"
    preprocess = load_encoder(vit, margin="model", device="cpu").preprocess
    assert (preprocess.resize, preprocess.crop) == (248, 224)  # floor(224 / 0.9), as timm


def test_an_unknown_kernel_is_a_usage_error():
    with pytest.raises(UsageError, match="bicubic"):
        Preprocess(224, 224, "bicubik")
