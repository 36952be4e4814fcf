"""Our pixels equal those of each library's own transform, on made and on real photographs.

Under ``--margin model`` timm, OpenCLIP, torchvision and transformers' Pillow backend give the same
uint8 pixels to the last bit, and the same normalised values within 1e-6. Under ``--margin
published`` they equal the library's transform with its resize set to the crop.

The one that cannot be equalled is transformers' torchvision backend, its default, which resizes
tensors where all others resize Pillow images. On the real photographs 0.3 to 2.5 % of the values
differ by one of 255 levels, and less than 0.01 % by more (9 at most). DINOv3's processor resizes in
floating point and never rounds: its values differ by less than one level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import timm
import torch
import torchvision
import transformers
from PIL import Image

from latentprint.encoders.library_transforms import (
    PLAIN_PROCESSORS,
    from_open_clip,
    from_timm,
    from_torchvision,
    from_transformers,
)
from latentprint.encoders.load_options import LoadOptions
from tests.made_photos import made_photo

# Landscape, portrait, square, odd sides, long and narrow, and smaller than every crop.
MADE = [(500, 375), (333, 500), (256, 256), (421, 287), (800, 150), (131, 97), (96, 223)]
# Landscape, portrait, square, long and narrow, odd sides, and one with a camera's full metadata.
FILES = [
    "imagenet_1k_sample/n01443537_goldfish.JPEG",
    "imagenet_1k_sample/n03272010_electric_guitar.JPEG",
    "imagenet_1k_sample/n01773549_barn_spider.JPEG",
    "imagenet_1k_sample/n04332243_strainer.JPEG",
    "imagenet_1k_sample/n03777754_modem.JPEG",
    "imagenet_1k_sample/n01978287_Dungeness_crab.JPEG",
    "exif/imagen/imagen/n03942813_5408_ping-pong_ball.jpg",
]
SMALLER_THAN_THE_CROP = [(131, 97), (96, 223), (224, 180)]

TIMM = [
    "vit_base_patch16_224.augreg_in21k",
    "vit_base_patch16_224.orig_in21k",
    "convnext_tiny.fb_in22k_ft_in1k_384",
    "convnext_tiny.fb_in22k_ft_in1k",
    "vit_base_patch16_siglip_256.webli",
    "resnet50.a1_in1k",
    "vit_small_patch14_reg4_dinov2.lvd142m",
    "vit_small_patch16_224.dino",
    "tf_efficientnet_b0.ns_jft_in1k",
    "tf_efficientnet_lite0.in1k",
    "swin_tiny_patch4_window7_224.ms_in1k",
    "mobilenetv4_conv_small.e2400_r224_in1k",
]
OPEN_CLIP = [
    ("ViT-B-32", "openai"),
    ("ViT-L-14-336", "openai"),
    ("ViT-B-16-SigLIP", "webli"),
    ("ViT-B-16-SigLIP-512", "webli"),
    ("convnext_large_d_320", "laion2b_s29b_b131k_ft_soup"),
    ("RN50x4", "openai"),
    ("ViT-L-14-CLIPA", "datacomp1b"),
]
TORCHVISION = [
    "ResNet50_Weights.IMAGENET1K_V1",
    "ResNet50_Weights.IMAGENET1K_V2",
    "ViT_B_16_Weights.IMAGENET1K_V1",
    "ViT_H_14_Weights.IMAGENET1K_SWAG_E2E_V1",
    "Swin_T_Weights.IMAGENET1K_V1",
    "Swin_V2_T_Weights.IMAGENET1K_V1",
    "ConvNeXt_Tiny_Weights.IMAGENET1K_V1",
    "EfficientNet_B3_Weights.IMAGENET1K_V1",
    "Inception_V3_Weights.IMAGENET1K_V1",
]
DINOV2 = {
    "size": {"shortest_edge": 256},
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}
TRANSFORMERS = [
    ("CLIP", {}),
    ("CLIP", {"size": {"shortest_edge": 336}, "crop_size": 336}),
    ("Siglip", {}),
    ("Siglip", {"size": {"height": 256, "width": 256}, "resample": 2}),
    ("ViT", {}),
    ("ViT", {"size": {"height": 224, "width": 224}, "do_normalize": False}),
    ("Bit", DINOV2),  # DINOv2's
    ("ConvNext", {}),
    ("ConvNext", {"size": {"shortest_edge": 224}}),
    ("DeiT", {}),
    ("Beit", {"do_center_crop": True}),
    ("Blip", {}),
    ("ChineseCLIP", {}),
    ("MobileNetV1", {}),
    ("MobileNetV2", {}),
    ("Pvt", {}),
    ("Levit", {}),
    ("EfficientNet", {}),
    ("EfficientNet", {"rescale_factor": 1 / 127.5, "rescale_offset": True, "include_top": False}),
]
MODEL, PUBLISHED = LoadOptions(margin="model"), LoadOptions(margin="published")


@dataclass(frozen=True)
class Case:
    """A library's transform, from an RGB Pillow image to float32 [3, H, W], beside ours."""

    library: str
    model: str
    theirs: object
    ours: object


def timm_case(name, options=MODEL, **changes):
    config = timm.data.resolve_data_config({}, timm.get_pretrained_cfg(name).to_dict())
    theirs = timm.data.create_transform(**{**config, **changes})
    return Case("timm", name, theirs, from_timm(config, options))


def open_clip_case(name, tag, options=MODEL, **changes):
    import open_clip
    from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict

    size = open_clip.get_model_config(name)["vision_cfg"]["image_size"]
    pretrained = {"size": size, **open_clip.get_pretrained_cfg(name, tag)}
    config = merge_preprocess_dict(PreprocessCfg(), pretrained)
    theirs = image_transform_v2(PreprocessCfg(**{**config, **changes}), is_train=False)
    return Case("open_clip", f"{name}/{tag}", theirs, from_open_clip(config, options))


def torchvision_case(weights, options=MODEL, *, to_the_crop=False):
    transforms = torchvision.models.get_weight(weights).transforms()
    ours = from_torchvision(transforms, options)
    if to_the_crop:
        transforms.resize_size = transforms.crop_size
    return Case("torchvision", weights, transforms, ours)


def transformers_case(name, settings, backend="Pil", options=MODEL, **changes):
    kind = getattr(transformers, f"{name}ImageProcessor{backend}")
    ours = from_transformers(kind(**settings).to_dict(), options)
    processor = kind(**{**settings, **changes})

    def theirs(image):
        return torch.as_tensor(processor(image, return_tensors="pt")["pixel_values"][0])

    settled = " ".join(f"{key}={value}" for key, value in settings.items() if key != "image_std")
    return Case(f"transformers{backend}", f"{name} {settled}".strip(), theirs, ours)


def difference(case, photos):
    """Largest difference of levels, the share of levels that differ, and of normalised values."""
    levels, values = [], []
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (case.ours.mean, case.ours.std))
    for photo in photos:
        pixels = torch.from_numpy(case.ours.pixels(photo).copy())
        expected = case.theirs(photo)
        assert expected.shape == (3, *pixels.shape[:2])
        theirs = (expected * std + mean) * 255
        levels.append((pixels.permute(2, 0, 1) - theirs).flatten())
        values.append((case.ours.normalise(pixels[None])[0] - expected).abs().flatten())
    rounded = torch.cat(levels).round()
    return (
        float(torch.cat(levels).abs().max()),
        float((rounded != 0).double().mean()),
        float(torch.cat(values).max()),
    )


def check_equal(case, photos):
    largest, share, values = difference(case, photos)
    assert share == 0, f"{case.model}: {share:.2%} of values differ, by up to {largest:.1f} levels"
    assert values < 1e-6 * max(1, 0.5 / min(case.ours.std))


@pytest.fixture(scope="module")
def real_photos(shared_data):
    whole = [Image.open(shared_data / file).convert("RGB") for file in FILES]
    cuts = [whole[0].crop((0, 0, *size)) for size in SMALLER_THAN_THE_CROP]
    return [*whole, *cuts]


@pytest.fixture(scope="module", params=["made", "real"])
def photos(request):
    if request.param == "made":
        return [made_photo(*size) for size in MADE]
    return request.getfixturevalue("real_photos")


@pytest.mark.parametrize("name", TIMM)
def test_timm(name, photos):
    check_equal(timm_case(name), photos)
    check_equal(timm_case(name, PUBLISHED, crop_pct=1.0, crop_mode="center"), photos[::3])


@pytest.mark.parametrize("mode", ["squash", "border", "center"])
@pytest.mark.parametrize("crop_pct", [0.9, 1.0])
def test_timms_crop_modes(mode, crop_pct, photos):
    config = timm.data.resolve_data_config({}, timm.get_pretrained_cfg("resnet50").to_dict())
    config |= {"crop_mode": mode, "crop_pct": crop_pct, "interpolation": "lanczos"}
    transform = timm.data.create_transform(**config)
    check_equal(Case("timm", mode, transform, from_timm(config, MODEL)), photos)


@pytest.mark.parametrize(("name", "tag"), OPEN_CLIP)
def test_open_clip(name, tag, photos):
    check_equal(open_clip_case(name, tag), photos)
    check_equal(open_clip_case(name, tag, PUBLISHED, resize_mode="shortest"), photos[::3])


@pytest.mark.parametrize("fill_color", [0, 127])
def test_open_clips_longest_side(fill_color, photos):
    from open_clip.transform import PreprocessCfg, image_transform_v2

    config = {"size": 225, "resize_mode": "longest", "fill_color": fill_color, "mean": (0.5,) * 3}
    config |= {"std": (0.25,) * 3, "interpolation": "bicubic"}
    transform = image_transform_v2(PreprocessCfg(**config), is_train=False)
    check_equal(Case("open_clip", "longest", transform, from_open_clip(config, MODEL)), photos)


@pytest.mark.parametrize("weights", TORCHVISION)
def test_torchvision(weights, photos):
    check_equal(torchvision_case(weights), photos)
    check_equal(torchvision_case(weights, PUBLISHED, to_the_crop=True), photos[::3])


@pytest.mark.parametrize(("name", "settings"), TRANSFORMERS)
def test_transformers_on_pillow(name, settings, photos):
    check_equal(transformers_case(name, settings), photos)


@pytest.mark.parametrize(
    ("name", "settings"), [each for each in TRANSFORMERS if each[0] in ("CLIP", "Bit", "Siglip")]
)
def test_transformers_published_margin(name, settings, photos):
    crop = transformers_case(name, settings).ours.crop
    changes = {"size": {"shortest_edge": crop}, "do_center_crop": True}
    changes["crop_size"] = {"height": crop, "width": crop}
    check_equal(transformers_case(name, settings, "Pil", PUBLISHED, **changes), photos)


@pytest.mark.parametrize(("name", "settings"), TRANSFORMERS)
def test_transformers_on_tensors(name, settings, real_photos):
    largest, share, _ = difference(transformers_case(name, settings, backend=""), real_photos)
    assert 0 < share < 0.03
    assert largest < 10


def test_dinov3_which_resizes_in_floating_point(real_photos):
    largest, share, _ = difference(transformers_case("DINOv3ViT", {}, backend=""), real_photos)
    assert share < 0.15
    assert largest < 1


def test_plain_processors_are_plain():
    """Those said to do nothing else inherit every step, or only read segmentation maps besides."""
    steps = ("resize", "center_crop", "rescale", "normalize")
    for name in PLAIN_PROCESSORS:
        kind = getattr(transformers, f"{name}Pil", None) or getattr(transformers, name)
        base = next(each for each in kind.__mro__ if each.__name__.endswith("Backend"))
        assert all(getattr(kind, step) is getattr(base, step) for step in steps)


def test_the_comparison_sees_a_crop_that_is_one_pixel_off(photos):
    case = transformers_case("Bit", DINOV2)
    moved = replace(case, ours=replace(case.ours, crop_rounding="nearest"))
    with pytest.raises(AssertionError, match="of values differ"):
        check_equal(moved, photos)
