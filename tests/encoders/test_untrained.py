"""Untrained controls of timm and OpenCLIP models, on small architectures."""

import pytest
import torch

from latentprint.encoders import load_encoder
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.timm_encoder import load_timm
from latentprint.errors import LatentprintError, UsageError

SMALL = ["random:default", "random:timm:test_resnet.r160_in1k", "random:timm:test_vit"]


@pytest.mark.parametrize("spec", SMALL)
def test_seeded_and_deterministic(spec):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first, again, other = (load_encoder(spec, device="cpu", seed=seed) for seed in (3, 3, 4))
    assert torch.equal(before, torch.random.get_rng_state())
    side = first.input_size
    pixels = torch.randint(0, 256, (3, side, side, 3), dtype=torch.uint8)
    assert torch.equal(first.embed(pixels), again.embed(pixels))
    assert not torch.equal(first.embed(pixels), other.embed(pixels))
    assert first.identity() == again.identity() != other.identity()
    assert first.family == "control"
    assert first.name.endswith(", untrained")


@pytest.mark.parametrize("spec", SMALL)
def test_embeddings_do_not_depend_on_the_batch(spec):
    encoder = load_encoder(spec, device="cpu")
    side = encoder.input_size
    pixels = torch.randint(0, 256, (5, side, side, 3), dtype=torch.uint8)
    alone = torch.cat([encoder.embed(each[None]) for each in pixels])
    assert (encoder.embed(pixels) - alone).abs().max() < 1e-5


def test_timm_preprocessing_is_the_models_own():
    encoder = load_encoder("random:timm:test_resnet.r160_in1k", device="cpu")
    preprocess = encoder.preprocess
    assert (preprocess.resize, preprocess.crop, preprocess.kernel) == (160, 160, "bilinear")
    assert preprocess.mean == (0.5, 0.5, 0.5)
    assert encoder.name == "timm:test_resnet.r160_in1k, untrained"


def test_dinov2_sees_224_pixels():
    encoder = load_encoder("random:timm:vit_small_patch14_reg4_dinov2", device="cpu")
    assert (encoder.input_size, encoder.preprocess.crop, encoder.dimension) == (224, 224, 384)
    assert encoder.name == "DINOv2 (ViT-S/14 reg, LVD-142M), untrained"


def test_inputs_that_are_not_square_are_refused():
    with pytest.raises(UsageError, match="square"):
        load_encoder("random:timm:vit_base_patch16_sapiens2", device="cpu")


def test_open_clip_embeds_images_without_normalising():
    import open_clip

    encoder = load_encoder("random:open_clip:ViT-S-32-alt", device="cpu", seed=1)
    pixels = torch.randint(0, 256, (2, 224, 224, 3), dtype=torch.uint8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = open_clip.create_model("ViT-S-32-alt").eval()
    with torch.inference_mode():
        expected = model.encode_image(encoder.preprocess.normalise(pixels))
    assert torch.allclose(encoder.embed(pixels), expected, atol=1e-5)
    assert not torch.allclose(expected.norm(dim=1), torch.ones(2))
    assert encoder.preprocess.mean == open_clip.OPENAI_DATASET_MEAN


def test_open_clip_runs_openai_weights_with_quick_gelu():
    from open_clip.transformer import QuickGELU

    for tag, expected in (("openai", True), ("laion2b_s34b_b79k", False)):
        encoder = load_encoder(f"random:open_clip:ViT-B-32/{tag}", device="cpu")
        layers = [type(layer) for layer in encoder._module.modules()]
        assert (QuickGELU in layers) is expected
    assert encoder.name == "OpenCLIP (ViT-B/32, LAION-2B), untrained"


def test_open_clip_reads_a_local_file_of_weights(tmp_path):
    import open_clip

    model = open_clip.create_model("ViT-S-32-alt").eval()
    path = tmp_path / "weights.pt"
    torch.save(model.state_dict(), path)
    encoder = load_encoder(f"open_clip:ViT-S-32-alt/{path}", device="cpu")
    pixels = torch.randint(0, 256, (1, 224, 224, 3), dtype=torch.uint8)
    with torch.inference_mode():
        expected = model.encode_image(encoder.preprocess.normalise(pixels))
    assert torch.allclose(encoder.embed(pixels), expected, atol=1e-5)
    assert encoder.family == "yours"
    path.write_bytes(b"not weights")
    with pytest.raises(LatentprintError, match="nothing in it was run"):
        load_encoder(f"open_clip:ViT-S-32-alt/{path}", device="cpu")


@pytest.mark.parametrize(
    ("model", "warned"),
    [
        ("vit_base_patch32_clip_224.openai", True),
        ("vit_base_patch32_clip_quickgelu_224.openai", False),
        ("vit_base_patch32_clip_224.laion2b", False),
    ],
)
def test_timm_models_with_another_activation_than_their_weights_are_told(model, warned, caplog):
    load_timm(model, LoadOptions(outline=True))
    assert ("QuickGELU" in caplog.text) is warned
