"""Pooled features, class token, mean of patches: which is which, and what each is called."""

import pytest
import torch

from latentprint.encoders.default import load_default
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.open_clip_encoder import load_open_clip
from latentprint.encoders.timm_encoder import load_timm
from latentprint.errors import UsageError


def options(representation: str = "", **changes) -> LoadOptions:
    untrained = {"device": "cpu", "untrained": True}
    return LoadOptions(**{**untrained, "representation": representation, **changes})


def pixels_for(encoder) -> torch.Tensor:
    side = encoder.input_size
    return torch.randint(0, 256, (2, side, side, 3), dtype=torch.uint8)


def test_a_model_that_pools_its_class_token():
    usual, mean = (load_timm("vit_tiny_patch16_224", options(each)) for each in ("", "patch_mean"))
    pixels = pixels_for(usual)
    model = usual._module
    with torch.inference_mode():
        tokens = model.forward_features(usual.preprocess.normalise(pixels))
    assert torch.allclose(usual.embed(pixels), tokens[:, 0], atol=1e-6)
    assert torch.allclose(mean.embed(pixels), tokens[:, 1:].mean(1), atol=1e-6)
    assert mean.name == "timm:vit_tiny_patch16_224.augreg_in21k_ft_in1k#patch_mean, untrained"
    assert mean.identity() == {**usual.identity(), "representation": "patch_mean"}


def test_a_model_that_averages_its_patches():
    usual, token = (
        load_timm("eva02_tiny_patch14_224", options(each)) for each in ("", "class_token")
    )
    pixels = pixels_for(usual)
    model = usual._module
    assert model.global_pool == "avg"
    with torch.inference_mode():
        tokens = model.forward_features(usual.preprocess.normalise(pixels))
        expected = model.fc_norm(tokens[:, 0])
    assert torch.allclose(token.embed(pixels), expected, atol=1e-6)
    assert not torch.allclose(token.embed(pixels), usual.embed(pixels), atol=1e-2)


@pytest.mark.parametrize(
    ("model", "own"), [("test_vit", "class_token"), ("eva02_tiny_patch14_224", "patch_mean")]
)
def test_the_usual_representation_by_its_own_name_is_the_same_encoder(model, own):
    usual = load_timm(model, options())
    for name in ("pooled", own):
        same = load_timm(model, options(name))
        assert (same.name, same.identity()) == (usual.name, usual.identity())
        pixels = pixels_for(usual)
        assert torch.equal(same.embed(pixels), usual.embed(pixels))


def test_the_published_name_stands_for_the_usual_representation_alone():
    name = "DINO (ViT-S/16, ImageNet-1k)"
    outlines = {
        each: load_timm("vit_small_patch16_224.dino", options(each, untrained=False, outline=True))
        for each in ("", "class_token", "patch_mean")
    }
    assert outlines[""].name == outlines["class_token"].name == name
    assert outlines["patch_mean"].name == f"{name}#patch_mean"
    assert {each.family for each in outlines.values()} == {"SSL"}


def test_a_distilled_models_class_token_is_not_its_pooled_embedding():
    usual, token = (
        load_timm("deit_tiny_distilled_patch16_224", options(each)) for each in ("", "class_token")
    )
    pixels = pixels_for(usual)
    with torch.inference_mode():
        tokens = usual._module.forward_features(usual.preprocess.normalise(pixels))
    assert torch.allclose(token.embed(pixels), tokens[:, 0], atol=1e-6)
    assert torch.allclose(usual.embed(pixels), tokens[:, :2].mean(1), atol=1e-6)


@pytest.mark.parametrize(
    ("model", "representation", "hint"),
    [
        ("test_resnet", "patch_mean", "#pooled is the mean over the image"),
        ("test_resnet", "class_token", "no class token"),
        ("vit_base_patch16_siglip_256", "class_token", "no class token"),
        ("test_vit", "clas_token", "'class_token'"),
        ("swin_tiny_patch4_window7_224", "patch_mean", "no patch tokens"),
    ],
)
def test_what_a_timm_model_does_not_have_is_refused(model, representation, hint):
    with pytest.raises(UsageError, match=hint):
        load_timm(model, options(representation, outline=True))


def test_open_clip_before_the_projection():
    usual = load_open_clip("ViT-S-32-alt", options())
    token, mean = (
        load_open_clip("ViT-S-32-alt", options(r)) for r in ("class_token", "patch_mean")
    )
    pixels = pixels_for(usual)
    tower, kept = usual._module, []
    tower.ln_post.register_forward_hook(lambda _m, _i, out: kept.append(out))
    projected = usual.embed(pixels)
    tokens = kept[0]
    assert (usual.dimension, token.dimension) == (256, 384)
    assert torch.allclose(projected, tokens[:, 0] @ tower.proj, atol=1e-5)
    assert torch.allclose(token.embed(pixels), tokens[:, 0], atol=1e-5)
    assert torch.allclose(mean.embed(pixels), tokens[:, 1:].mean(1), atol=1e-5)
    assert token.identity()["weights"] == usual.identity()["weights"]


def test_open_clip_reads_a_timm_trunk_before_its_head():
    mean = load_open_clip("ViT-B-16-SigLIP", options("patch_mean", outline=True))
    assert (mean.name, mean.dimension) == ("open_clip:ViT-B-16-SigLIP#patch_mean, untrained", 768)


@pytest.mark.parametrize("model", ["RN50/openai", "coca_ViT-B-32/laion2b_s13b_b90k"])
def test_towers_that_pool_with_attention_are_refused(model):
    with pytest.raises(UsageError, match="pools with attention"):
        load_open_clip(model, options("class_token", outline=True))


def test_the_default_encoder_has_no_tokens():
    with pytest.raises(UsageError, match="no tokens"):
        load_default(options("class_token"))
    assert load_default(options("pooled")).name.startswith("EfficientNet-Lite0")
