"""Blocks: which there are, that their pooled features are right, and that one pass gives all."""

import pytest
import torch
from torch import nn

from latentprint.encoders import Encoder, Preprocess
from latentprint.encoders.default import classifier, load_default
from latentprint.encoders.layers import block_name, find_blocks
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.open_clip_encoder import load_open_clip
from latentprint.encoders.timm_encoder import load_timm
from latentprint.encoders.torch_embedding import Origin, TorchEncoder
from latentprint.errors import UsageError


def options(**changes) -> LoadOptions:
    return LoadOptions(**{"device": "cpu", "untrained": True, "layers": "all", **changes})


def pixels_for(encoder, rows: int = 2) -> torch.Tensor:
    side = encoder.input_size
    generator = torch.Generator().manual_seed(5)
    return torch.randint(0, 256, (rows, side, side, 3), dtype=torch.uint8, generator=generator)


def counted(encoder) -> list[int]:
    """Fills with the number of images of every forward pass from now on."""
    passes: list[int] = []
    encoder._module.register_forward_hook(lambda _m, inputs, _o: passes.append(len(inputs[0])))
    return passes


@pytest.fixture(scope="module")
def default():
    return load_default(LoadOptions(device="cpu", layers="all"))


@pytest.mark.parametrize(
    ("model", "widths"),
    [
        ("tf_efficientnet_lite0", [16, 24, 24, 40, 40, *[80] * 3, *[112] * 3, *[192] * 4, 320]),
        ("resnet18", [64, 64, 128, 128, 256, 256, 512, 512]),
        ("resnet50", [*[256] * 3, *[512] * 4, *[1024] * 6, *[2048] * 3]),
        ("vit_small_patch16_224", [384] * 12),
        ("vit_small_patch14_reg4_dinov2", [384] * 12),
        ("deit_tiny_distilled_patch16_224", [192] * 12),
        ("convnext_tiny", [*[96] * 3, *[192] * 3, *[384] * 9, *[768] * 3]),
        ("swin_tiny_patch4_window7_224", [96, 96, 192, 192, *[384] * 6, 768, 768]),
        ("mobilenetv3_small_100", [16, 24, 24, *[40] * 3, 48, 48, *[96] * 3, 576]),
        ("cait_xxs24_224", [192] * 24),
    ],
)
def test_the_blocks_of_timm_models(model, widths):
    outline = load_timm(model, options(outline=True))
    assert [each.dimension for each in outline.block_encoders()] == widths


@pytest.mark.parametrize(
    ("model", "widths"),
    [
        ("RN50", [*[256] * 3, *[512] * 4, *[1024] * 6, *[2048] * 3]),
        ("ViT-B-32", [768] * 12),
        ("convnext_base", [*[128] * 3, *[256] * 3, *[512] * 27, *[1024] * 3]),
        ("ViT-B-16-SigLIP", [768] * 12),
        ("coca_ViT-B-32", [768] * 12),
    ],
)
def test_the_blocks_of_open_clip_towers(model, widths):
    tag = {"RN50": "/openai", "ViT-B-32": "/openai"}.get(model, "")
    outline = load_open_clip(f"{model}{tag}", options(outline=True))
    assert [each.dimension for each in outline.block_encoders()] == widths


@pytest.mark.parametrize("model", ["test_vit", "test_vit3", "test_resnet", "test_convnext"])
def test_pooled_features_equal_timms_own_intermediates(model):
    encoder = load_timm(model, options())
    pixels = pixels_for(encoder)
    with torch.inference_mode():
        values = encoder.preprocess.normalise(pixels)
        maps = encoder._module.forward_intermediates(values, intermediates_only=True)
    found = [each.embed(pixels) for each in encoder.block_encoders()]
    # timm gives the last block of each stage; a transformer's stages are its blocks.
    widths = [each.shape[1] for each in found]
    is_last = [width != after for width, after in zip(widths, [*widths[1:], 0], strict=True)]
    last = (
        found if "vit" in model else [each for each, it in zip(found, is_last, strict=True) if it]
    )
    maps = maps[1:] if len(maps) > len(last) else maps  # a ResNet's first map is its stem's
    assert len(maps) == len(last)
    for expected, embedding in zip(maps, last, strict=True):
        assert torch.allclose(embedding, expected.mean((2, 3)), atol=1e-5, rtol=1e-4)


def test_maps_with_channels_last_are_averaged_over_the_image():
    encoder = load_timm("swin_tiny_patch4_window7_224", options(layers=(2, 12)))
    pixels = pixels_for(encoder, 1)
    with torch.inference_mode():
        values = encoder.preprocess.normalise(pixels)
        maps = encoder._module.forward_intermediates(values, intermediates_only=True)
    first, last = (each.embed(pixels) for each in encoder.block_encoders())
    assert torch.allclose(first, maps[0].mean((2, 3)), atol=1e-5)
    assert torch.allclose(last, maps[3].mean((2, 3)), atol=1e-5)


def test_register_tokens_are_left_out():
    encoder = load_timm("vit_small_patch14_reg4_dinov2", options(layers=(3,)))
    pixels = pixels_for(encoder, 1)
    kept = []
    handle = encoder._module.blocks[2].register_forward_hook(lambda _m, _i, out: kept.append(out))
    embedding = encoder.block_encoders()[0].embed(pixels)
    handle.remove()
    assert kept[0].shape[1] == 1 + 4 + 16 * 16
    assert torch.allclose(embedding, kept[0][:, 5:].mean(1), atol=1e-6)


def test_open_clip_transformer_equals_its_own_intermediates():
    encoder = load_open_clip("ViT-S-32-alt", options())
    pixels = pixels_for(encoder)
    with torch.inference_mode():
        values = encoder.preprocess.normalise(pixels)
        maps = encoder._module.forward_intermediates(values)["image_intermediates"]
    for expected, block in zip(maps, encoder.block_encoders(), strict=True):
        assert torch.allclose(block.embed(pixels), expected.mean((2, 3)), atol=1e-5)


class LengthFirst(nn.Module):
    """A transformer whose blocks see [L, B, D], one class token before 16 patches."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(2))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(values).flatten(2).permute(2, 0, 1)
        tokens = torch.cat([torch.zeros_like(tokens[:1]), tokens])
        for block in self.blocks:
            tokens = block(tokens)
        return tokens[0]


def toy(module: nn.Module, **changes) -> TorchEncoder:
    source = {"library": "toy"}
    preprocess = Preprocess(16, 16)
    return TorchEncoder(
        module,
        preprocess,
        Origin("toy", "yours", source),
        options(untrained=False, **changes),
    )


def test_sequences_with_the_batch_in_the_middle():
    module = LengthFirst()
    encoder = toy(module)
    pixels = pixels_for(encoder, 4)
    with torch.inference_mode():
        patches = module.patches(encoder.preprocess.normalise(pixels)).flatten(2).permute(2, 0, 1)
        expected = module.blocks[0](patches).mean(0)
    assert torch.allclose(encoder.block_encoders()[0].embed(pixels), expected, atol=1e-6)


def test_the_default_encoders_blocks_equal_the_unfused_network(default):
    pixels = pixels_for(default)
    model, kept = classifier(), []
    for stage in model.blocks:
        for block in stage:
            block.register_forward_hook(lambda _m, _i, out: kept.append(out.mean((2, 3))))
    with torch.inference_mode():
        model(default.preprocess.normalise(pixels))
    assert len(default.block_encoders()) == 16
    for expected, block in zip(kept, default.block_encoders(), strict=True):
        assert torch.allclose(block.embed(pixels), expected, atol=1e-4, rtol=1e-4)


def test_the_final_embedding_is_the_same_with_and_without_layers(default):
    plain = load_default(LoadOptions(device="cpu"))
    pixels = pixels_for(default, 3)
    assert torch.equal(default.embed(pixels), plain.embed(pixels))
    assert default.identity() == plain.identity()
    assert plain.block_encoders() == []


def test_blocks_do_not_depend_on_the_batch(default):
    pixels = pixels_for(default, 3)
    for block in default.block_encoders()[::5]:
        alone = torch.cat([block.embed(each[None]) for each in pixels])
        together = block.embed(pixels)
        assert (together - alone).abs().max() < 1e-5 * together.abs().max() + 1e-5


def test_one_pass_serves_all_in_any_order():
    encoder = load_timm("test_vit", options())
    everyone = [encoder, *encoder.block_encoders()]
    passes = counted(encoder)
    for order in (everyone, everyone[::-1]):
        pixels = pixels_for(encoder)
        for each in order:
            each.embed(pixels)
    assert passes == [2, 2]


def test_pixels_that_were_seen_by_all_and_then_changed_are_run_again():
    encoder = load_timm("test_vit", options(layers=(2,)))
    block = encoder.block_encoders()[0]
    pixels = pixels_for(encoder)
    before = encoder.embed(pixels), block.embed(pixels)
    pixels.zero_()
    after = encoder.embed(pixels), block.embed(pixels)
    black = torch.zeros_like(pixels)
    assert not torch.equal(before[1], after[1])
    assert torch.equal(after[0], encoder.embed(black))
    assert torch.equal(after[1], block.embed(black))


def test_what_a_block_says_of_itself(default):
    block = default.block_encoders()[6]
    assert isinstance(block, Encoder)
    assert block.name == "EfficientNet-Lite0 (ImageNet-1k), block 7"
    assert (block.family, block.input_size, block.dimension) == ("SUP", 224, 80)
    place = {"network": "EfficientNet-Lite0 (ImageNet-1k)", "block": 7, "blocks": 16}
    assert block.identity() == {**default.identity(), **place}
    assert block.preprocess == default.preprocess
    assert block.device == default.device


def test_the_control_of_a_block_has_the_name_of_the_block_and_untrained():
    untrained = load_default(options(layers=(7,)))
    block = untrained.block_encoders()[0]
    assert block.name == "EfficientNet-Lite0 (ImageNet-1k), block 7, untrained"
    assert block.identity()["network"] == "EfficientNet-Lite0 (ImageNet-1k), untrained"
    assert block.family == "control"
    assert block_name("X", 2) == "X, block 2"


def test_numbers_are_sorted_and_each_counts_once():
    encoder = load_timm("test_vit", options(layers=(4, 2, 4), outline=True))
    assert [each.identity()["block"] for each in encoder.block_encoders()] == [2, 4]


@pytest.mark.parametrize("number", [0, 17, -1])
def test_a_number_out_of_range_is_told_with_the_number_of_blocks(number):
    with pytest.raises(UsageError, match=rf"no block {number}: its 16 blocks"):
        load_default(LoadOptions(device="cpu", layers=(7, number)))


def test_a_network_without_known_blocks_is_refused():
    module = nn.Sequential(nn.Flatten(), nn.Linear(16 * 16 * 3, 4))
    with pytest.raises(UsageError, match="blocks of toy are not known"):
        toy(module)


class Twice(LengthFirst):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        first = self.blocks[0](self.patches(values).flatten(2).mT)
        return self.blocks[1](self.blocks[0](first))[:, 0]


def test_a_block_that_runs_twice_is_refused():
    with pytest.raises(UsageError, match="Block 1 of toy"):
        toy(Twice())
    assert len(toy(Twice(), layers=(2,)).block_encoders()) == 1


def test_find_blocks_goes_from_the_outside_in():
    inner = LengthFirst()
    assert find_blocks(nn.Sequential(nn.Identity(), inner), "toy") == list(inner.blocks)
