"""Every published encoder, built from its library without weights, against a table of its own.

The table is written down from the libraries' configurations and the makers' own evaluation code,
not from the catalogue: dimension, side of the input, and, under the model's own margin, the length
that the photo is resized to, how, with which kernel, mean and standard deviation.
"""

from collections import Counter

import pytest
import torch

from latentprint.encoders import describe_encoder, load_encoder, published_encoders

CLIP = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)

# alias: dimension, side, resized to, fit, kernel, (mean, standard deviation)
TABLE = {
    "clip-vit-b-16-wit": (512, 224, 224, "crop", "bicubic", CLIP),
    "clip-vit-b-32-wit": (512, 224, 224, "crop", "bicubic", CLIP),
    "clip-vit-l-14-wit": (768, 224, 224, "crop", "bicubic", CLIP),
    "clip-vit-l-14-336-wit": (768, 336, 336, "crop", "bicubic", CLIP),
    "clip-rn50-wit": (1024, 224, 224, "crop", "bicubic", CLIP),
    "clip-rn101-wit": (512, 224, 224, "crop", "bicubic", CLIP),
    "clip-rn50x4-wit": (640, 288, 288, "crop", "bicubic", CLIP),
    "clip-rn50x16-wit": (768, 384, 384, "crop", "bicubic", CLIP),
    "clip-rn50x64-wit": (1024, 448, 448, "crop", "bicubic", CLIP),
    "openclip-vit-b-16-laion2b": (512, 224, 224, "crop", "bicubic", CLIP),
    "openclip-vit-b-32-laion2b": (512, 224, 224, "crop", "bicubic", CLIP),
    "openclip-vit-l-14-laion2b": (768, 224, 224, "crop", "bicubic", HALF),
    "openclip-vit-h-14-laion2b": (1024, 224, 224, "crop", "bicubic", CLIP),
    "openclip-vit-g-14-laion2b": (1024, 224, 224, "crop", "bicubic", CLIP),
    "openclip-vit-b-16-datacomp": (512, 224, 224, "crop", "bicubic", CLIP),
    "openclip-vit-b-32-datacomp": (512, 224, 224, "crop", "bicubic", CLIP),
    "openclip-vit-l-14-datacomp": (768, 224, 224, "crop", "bicubic", CLIP),
    "openclip-convnext-b-laion2b": (640, 256, 256, "crop", "bicubic", CLIP),
    "openclip-convnext-l-laion2b": (768, 320, 320, "crop", "bicubic", CLIP),
    "openclip-convnext-xxl-laion2b": (1024, 256, 256, "crop", "bicubic", CLIP),
    "siglip-vit-b-16": (768, 256, 284, "crop", "bicubic", HALF),
    "siglip-vit-l-16": (1024, 256, 284, "crop", "bicubic", HALF),
    "siglip2-vit-b-16": (768, 256, 284, "crop", "bicubic", HALF),
    "siglip2-vit-l-16": (1024, 256, 284, "crop", "bicubic", HALF),
    "vit-b-16-in21k": (768, 224, 248, "crop", "bicubic", HALF),
    "vit-b-32-in21k": (768, 224, 248, "crop", "bicubic", HALF),
    "vit-l-16-in21k": (1024, 224, 248, "crop", "bicubic", HALF),
    "vit-l-32-in21k": (1024, 224, 248, "crop", "bicubic", HALF),
    "vit-h-14-in21k": (1280, 224, 248, "crop", "bicubic", HALF),
    "resnet50-in1k": (2048, 224, 235, "crop", "bicubic", IMAGENET),
    "resnet101-in1k": (2048, 224, 235, "crop", "bicubic", IMAGENET),
    "convnext-t-in21k": (768, 384, 384, "squash", "bicubic", IMAGENET),
    "convnext-b-in21k": (1024, 384, 384, "squash", "bicubic", IMAGENET),
    "convnext-l-in21k": (1536, 384, 384, "squash", "bicubic", IMAGENET),
    "convnext-xl-in21k": (2048, 384, 384, "squash", "bicubic", IMAGENET),
    "dino-vit-s-16": (384, 224, 248, "crop", "bicubic", IMAGENET),
    "dino-vit-s-8": (384, 224, 248, "crop", "bicubic", IMAGENET),
    "dino-vit-b-16": (768, 224, 248, "crop", "bicubic", IMAGENET),
    "dino-vit-b-8": (768, 224, 248, "crop", "bicubic", IMAGENET),
    "dino-rn50": (2048, 224, 256, "crop", "bicubic", IMAGENET),
    "dinov2-vit-s-14-reg": (384, 224, 224, "crop", "bicubic", IMAGENET),
    "dinov2-vit-b-14-reg": (768, 224, 224, "crop", "bicubic", IMAGENET),
    "dinov2-vit-l-14-reg": (1024, 224, 224, "crop", "bicubic", IMAGENET),
    "dinov2-vit-g-14-reg": (1536, 224, 224, "crop", "bicubic", IMAGENET),
    "moco-v3-vit-s": (384, 224, 256, "crop", "bilinear", IMAGENET),
    "moco-v3-vit-b": (768, 224, 256, "crop", "bilinear", IMAGENET),
    "moco-v3-rn50": (2048, 224, 256, "crop", "bilinear", IMAGENET),
}
ALIASES = [each.alias for each in published_encoders()]
QUICK_GELU = {
    "clip-vit-b-16-wit",
    "clip-vit-b-32-wit",
    "clip-vit-l-14-wit",
    "clip-vit-l-14-336-wit",
}
FORWARD = [
    "resnet50-in1k",
    "convnext-t-in21k",
    "dino-vit-s-16",
    "dino-rn50",
    "dinov2-vit-s-14-reg",
    "moco-v3-vit-s",
    "moco-v3-rn50",
]
# What a margin does by default is one thing for all encoders of a library.
DEFAULT_MARGIN = {"clip-vit-b-32-wit", "siglip-vit-b-16", "vit-b-32-in21k"}


def test_the_table_has_every_encoder():
    assert list(TABLE) == ALIASES


@pytest.mark.slow
@pytest.mark.parametrize("alias", ALIASES)
def test_sizes_and_preprocessing(alias):
    dimension, side, resize, fit, kernel, (mean, std) = TABLE[alias]
    (known,) = (each for each in published_encoders() if each.alias == alias)
    encoder = describe_encoder(alias, margin="model")
    assert (encoder.name, encoder.family) == (known.name, known.family)
    assert encoder.dimension == known.dimension == dimension
    assert encoder.input_size == known.input_size == encoder.preprocess.crop == side
    own = encoder.preprocess
    assert (own.resize, own.fit, own.kernel) == (resize, fit, kernel)
    assert own.mean == pytest.approx(mean)
    assert own.std == pytest.approx(std)
    published = own.with_margin("published")
    if alias in DEFAULT_MARGIN:
        assert describe_encoder(alias).preprocess == published
    assert (published.resize, published.fit) == (side, "crop")
    # Nothing was allocated: the whole of the largest would be 4 GB.
    assert {each.device.type for each in encoder._module.state_dict().values()} <= {"meta"}
    check_network(alias, encoder._module)


def check_network(alias, module):
    """What tells look-alike networks apart: activations, heads, tokens."""
    kinds = Counter(type(each).__name__ for each in module.modules())
    assert bool(kinds["QuickGELU"]) is (alias in QUICK_GELU)
    if alias in QUICK_GELU:
        assert kinds["GELU"] == 0
    if alias.startswith("moco-v3-vit"):
        assert [block.attn.num_heads for block in module.blocks] == [12] * 12
    if alias.startswith("dinov2"):
        assert module.reg_token.shape[1] == 4
        assert module.patch_embed.grid_size == (16, 16)
    if alias.startswith("siglip"):
        assert module.attn_pool is not None


@pytest.mark.slow
@pytest.mark.parametrize("alias", FORWARD)
def test_small_ones_embed(alias):
    encoder = load_encoder(f"random:{alias}", device="cpu")
    dimension, side, _, _, kernel, (mean, std) = TABLE[alias]
    own = encoder.preprocess
    assert (own.resize, own.crop, own.fit, own.kernel) == (side, side, "crop", kernel)
    assert own.mean == pytest.approx(mean)
    assert own.std == pytest.approx(std)
    pixels = torch.randint(0, 256, (2, side, side, 3), dtype=torch.uint8)
    embeddings = encoder.embed(pixels)
    assert embeddings.shape == (2, dimension)
    assert not torch.equal(*embeddings)
    assert encoder.name.endswith(", untrained")
