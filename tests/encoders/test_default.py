"""The default encoder: its weights, its accuracy, and what its embeddings depend on."""

import csv
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from latentprint.encoders import Encoder, classifier, load_encoder
from latentprint.encoders.default import (
    fuse_batch_norms,
    load_in_order,
    packaged_weights,
    preprocessing,
)
from latentprint.encoders.load_options import LoadOptions
from latentprint.errors import LatentprintError


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("default", device="cpu")


@pytest.fixture(scope="module")
def pixels():
    return torch.randint(0, 256, (7, 224, 224, 3), dtype=torch.uint8)


def test_what_it_says_of_itself(encoder):
    assert isinstance(encoder, Encoder)
    assert encoder.name == "EfficientNet-Lite0 (ImageNet-1k)"
    assert (encoder.family, encoder.input_size, encoder.dimension) == ("SUP", 224, 1280)
    assert encoder.identity() == load_encoder("efficientnet-lite0", device="cpu").identity()


def test_embeddings_are_the_classifiers_pooled_features(encoder, pixels):
    embeddings = encoder.embed(pixels)
    assert embeddings.shape == (7, 1280)
    assert embeddings.dtype == torch.float32
    model = classifier()
    with torch.inference_mode():
        values = encoder.preprocess.normalise(pixels)
        expected = model.forward_head(model.forward_features(values), pre_logits=True)
    # Fused batch normalisations: equal to float32's rounding.
    assert torch.allclose(embeddings, expected, atol=1e-4, rtol=1e-5)


def test_embeddings_do_not_depend_on_the_batch(encoder, pixels):
    together = encoder.embed(pixels)
    alone = torch.cat([encoder.embed(each[None]) for each in pixels])
    assert (together - alone).abs().max() < 1e-5


def test_bfloat16_is_close_and_has_its_own_identity(encoder, pixels):
    half = load_encoder("default", device="cpu", precision="bfloat16")
    similar = torch.cosine_similarity(half.embed(pixels), encoder.embed(pixels))
    assert similar.min() > 0.98
    assert half.identity() != encoder.identity()


def test_weights_of_another_shape_are_refused():
    weights = packaged_weights()
    with pytest.raises(LatentprintError, match="reinstall"):
        load_in_order(timm.create_model("tf_efficientnet_lite1"), weights)
    weights["_fc.bias"] = torch.zeros(999)
    with pytest.raises(LatentprintError, match="reinstall"):
        load_in_order(timm.create_model("tf_efficientnet_lite0"), weights)


def test_timms_plain_variant_takes_the_weights_and_answers_wrongly(pixels):
    plain = timm.create_model("efficientnet_lite0").eval()
    load_in_order(plain, packaged_weights())
    values = preprocessing(LoadOptions()).normalise(pixels)
    with torch.inference_mode():
        assert (plain(values) - classifier()(values)).abs().max() > 0.1


@pytest.mark.slow
def test_top_1_accuracy(shared_data: Path):
    sample = shared_data / "imagenet_1k_sample"
    with (sample / "manifest.csv").open() as stream:
        rows = list(csv.DictReader(stream))[::4][:150]
    classes = timm.data.ImageNetInfo().label_names()
    preprocess = preprocessing(LoadOptions(margin="model"))
    photos = [Image.open(sample / row["file"]).convert("RGB") for row in rows]
    pixels = torch.from_numpy(np.stack([preprocess.pixels(photo) for photo in photos]))
    model = fuse_batch_norms(classifier()).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        logits = torch.cat([model(preprocess.normalise(part)) for part in pixels.split(50)])
    answers = [classes[index] for index in logits.argmax(1)]
    right = np.mean([answer == row["wnid"] for answer, row in zip(answers, rows, strict=True)])
    assert classes == sorted(classes)
    assert right > 0.8
