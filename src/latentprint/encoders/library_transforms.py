"""From each library's own preprocessing configuration to :class:`Preprocess`.

Under ``--margin model`` the pixels equal those of the library's own transform of a Pillow image to
the last bit (timm, OpenCLIP, torchvision, and transformers' Pillow backend). transformers'
torchvision backend, its default, resizes tensors instead: on photographs up to 2.5 % of its values
differ by one of 255 levels, and less than 0.01 % by more. We always resize with Pillow: what a
photo becomes must not depend on which library an encoder came through.

Tensors can also be resized without antialiasing, in torchvision with ``antialias=False``. That is
another image altogether, which no Pillow kernel gives; the libraries ignore that setting for Pillow
images, as is done here.
"""

from __future__ import annotations

import math
from typing import Any

from PIL import Image

from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.preprocess import Fit, Kernel, Preprocess
from latentprint.errors import UsageError

# transformers' image processors that resize, crop, rescale and normalise, in this order, and do
# nothing else to a photo; DINOv3's rescales before it resizes, which Pillow cannot.
PLAIN_PROCESSORS = frozenset(
    f"{name}ImageProcessor"
    for name in (
        "Beit",
        "Bit",
        "Blip",
        "CLIP",
        "ChineseCLIP",
        "DINOv3ViT",
        "DeiT",
        "MobileNetV1",
        "MobileNetV2",
        "Pvt",
        "Siglip",
        "Tipsv2",
        "ViT",
    )
)
OTHER_PROCESSORS = {
    f"{name}ImageProcessor" for name in ("ConvNext", "EfficientNet", "Levit", "Siglip2")
}
SQUASH_FROM = 384
LEVIT_MARGIN = 256 / 224


def from_timm(config: dict[str, Any], options: LoadOptions) -> Preprocess:
    """Read a timm data configuration.

    Args:
        config: What ``timm.data.resolve_model_data_config`` returns: ``input_size``, ``crop_pct``,
            ``crop_mode``, ``interpolation``, ``mean``, ``std``.
        options: The margin.

    Raises:
        UsageError: If the input is not square RGB, or a setting is unknown.
    """
    channels, height, width = config["input_size"]
    if channels != 3:
        raise UsageError(f"The model takes {channels} channels; latentprint reads RGB photos.")
    crop = _square(height, width)
    mode = config.get("crop_mode") or "center"
    fits: dict[str, Fit] = {"center": "crop", "squash": "squash", "border": "pad"}
    if mode not in fits:
        raise UsageError(f"timm's crop mode {mode!r} is not one of {', '.join(fits)}.")
    mean = tuple(config["mean"])
    borders = tuple(round(255 * value) for value in mean) if mode == "border" else (0, 0, 0)
    return Preprocess(
        math.floor(crop / (config.get("crop_pct") or 0.875)),
        crop,
        config["interpolation"],
        mean,
        tuple(config["std"]),
        fit=fits[mode],
        fill=borders,
    ).with_margin(options.margin)


def from_open_clip(config: dict[str, Any], options: LoadOptions) -> Preprocess:
    """Read an OpenCLIP image tower's ``preprocess_cfg``.

    Args:
        config: ``size``, ``mean``, ``std``, ``interpolation``, ``resize_mode``, ``fill_color``.
        options: The margin.

    Raises:
        UsageError: If the input is not square, or a setting is unknown.
    """
    size = config["size"]
    crop = _square(*((size, size) if isinstance(size, int) else size))
    mode = config.get("resize_mode") or "shortest"
    fits: dict[str, Fit] = {"shortest": "crop", "squash": "squash", "longest": "pad"}
    if mode not in fits:
        raise UsageError(f"OpenCLIP's resize mode {mode!r} is not one of {', '.join(fits)}.")
    grey = config.get("fill_color") or 0
    kernel: Kernel = config.get("interpolation") or "bicubic"
    if config.get("interpolation") == "random":
        kernel = "bicubic"  # as OpenCLIP itself evaluates; a kernel for each photo is for training
    return Preprocess(
        crop,
        crop,
        kernel,
        tuple(config["mean"]),
        tuple(config["std"]),
        fit=fits[mode],
        fill=(grey, grey, grey) if mode == "longest" else (0, 0, 0),
    ).with_margin(options.margin)


def from_torchvision(transforms: Any, options: LoadOptions) -> Preprocess:
    """Read the transforms of a torchvision classifier's weights (``WEIGHTS.transforms()``).

    Args:
        transforms: Its ``resize_size``, ``crop_size``, ``interpolation``, ``mean`` and ``std``.
        options: The margin.

    Raises:
        UsageError: If they are not those of image classification, or the input is not square.
    """
    try:
        resize, crop = list(transforms.resize_size), list(transforms.crop_size)
        kernel = str(transforms.interpolation.value)
        mean, std = tuple(transforms.mean), tuple(transforms.std)
    except (AttributeError, TypeError) as error:
        raise UsageError(
            f"{type(transforms).__name__} is not a transform of image classification."
        ) from error
    return Preprocess(
        _square(*resize),
        _square(*crop),
        kernel,  # type: ignore[arg-type]
        mean,
        std,
        fit="crop" if len(resize) == 1 else "squash",
    ).with_margin(options.margin)


def from_transformers(config: dict[str, Any], options: LoadOptions) -> Preprocess:
    """Read the configuration of a transformers image processor.

    Args:
        config: What its ``to_dict()`` returns, or a complete ``preprocessor_config.json``.
        options: The margin.

    Raises:
        UsageError: If a setting is missing, or of a kind that gives no square RGB photo.
    """
    name = processor_name(config)
    if name == "Siglip2ImageProcessor":
        config = _square_siglip2(config, options)
    resize, crop, fit = _transformers_fit(config, name)
    mean, std = _transformers_scale(config, name)
    kernel = _transformers_kernel(config, name)
    fitted = Preprocess(resize, crop, kernel, mean, std, fit=fit, crop_rounding="down")  # type: ignore[arg-type]
    return fitted.with_margin(options.margin)


def processor_name(config: dict[str, Any]) -> str:
    """The class that a configuration is for, without its backend: ``"CLIPImageProcessor"``."""
    name = str(config.get("image_processor_type") or config.get("feature_extractor_type") or "")
    return (
        name.removesuffix("Fast").removesuffix("Pil").replace("FeatureExtractor", "ImageProcessor")
    )


def _square_siglip2(config: dict[str, Any], options: LoadOptions) -> dict[str, Any]:
    """SigLIP2's processor for any proportions, on square photos of as many patches."""
    if options.margin == "model":
        raise UsageError(
            "Siglip2ImageProcessor keeps the proportions of every photo, and latentprint makes "
            "square ones: use --margin published."
        )
    patches = _setting(config, "max_num_patches", "Siglip2ImageProcessor")
    side = math.isqrt(patches) * _setting(config, "patch_size", "Siglip2ImageProcessor")
    return {**config, "do_resize": True, "size": {"height": side, "width": side}}


def _transformers_fit(config: dict[str, Any], name: str) -> tuple[int, int, Fit]:
    """Length of the resized side, the crop, and how the photo is fitted."""
    if name not in PLAIN_PROCESSORS | OTHER_PROCESSORS:
        raise UsageError(
            f"{name or 'An image processor without a name'} is not one of those whose steps "
            f"latentprint knows: {', '.join(sorted(PLAIN_PROCESSORS | OTHER_PROCESSORS))}."
        )
    if not config.get("do_resize", True) or config.get("do_pad"):
        raise UsageError(f"{name} pads photos or leaves their size; latentprint cannot do that.")
    if config.get("do_flip_channel_order"):
        raise UsageError(f"{name} exchanges red and blue; latentprint cannot do that.")
    size = _setting(config, "size", name)
    shorter = size.get("shortest_edge") if isinstance(size, dict) else None
    if name == "ConvNextImageProcessor" and shorter:
        return _convnext_fit(shorter, _setting(config, "crop_pct", name))
    if name == "LevitImageProcessor" and shorter:
        shorter = int(LEVIT_MARGIN * shorter)
    fit: Fit = "crop" if shorter else "squash"
    if not shorter:
        shorter = _square_size(size, name)
    elif "longest_edge" in size:
        raise UsageError(f"{name} limits the longer side too; latentprint cannot do that.")
    if config.get("do_center_crop"):
        return shorter, _square_size(_setting(config, "crop_size", name), name), fit
    if fit == "crop":
        raise UsageError(f"{name} neither squashes nor crops photos to a square.")
    return shorter, shorter, fit


def _convnext_fit(shorter: int, crop_fraction: float) -> tuple[int, int, Fit]:
    """ConvNeXt squashes from 384 pixels on, and crops below."""
    if shorter >= SQUASH_FROM:
        return shorter, shorter, "squash"
    return int(shorter / crop_fraction), shorter, "crop"


def _transformers_scale(
    config: dict[str, Any], name: str
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The mean and standard deviation that have the same effect on values in [0, 1]."""
    mean, std = [0.0] * 3, [1.0] * 3
    if config.get("do_normalize", True):
        mean = _three(_setting(config, "image_mean", name))
        std = _three(_setting(config, "image_std", name))
    factor = config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1.0
    if name == "EfficientNetImageProcessor":
        if config.get("rescale_offset") and config.get("do_rescale", True):
            mean = [value + 1 for value in mean]
        if config.get("include_top", True):  # it divides by the standard deviation once more
            again = _three(_setting(config, "image_std", name))
            std = [value * more for value, more in zip(std, again, strict=True)]
    scale = 255 * factor
    first, second, third = (value / scale for value in mean)
    red, green, blue = (value / scale for value in std)
    return (first, second, third), (red, green, blue)


def _transformers_kernel(config: dict[str, Any], name: str) -> str:
    resample = _setting(config, "resample", name)
    try:
        return Image.Resampling(resample).name.lower()
    except ValueError as error:
        raise UsageError(
            f"{name} resamples with {resample!r}, which is no Pillow kernel."
        ) from error


def _setting(config: dict[str, Any], key: str, name: str) -> Any:
    if config.get(key) is None:
        raise UsageError(f"The configuration of {name or 'the image processor'} lacks {key!r}.")
    return config[key]


def _square_size(size: Any, name: str) -> int:
    if not isinstance(size, dict) or not {"height", "width"} <= set(size):
        raise UsageError(f"{name} has a size {size!r}, not a height and a width.")
    return _square(size["height"], size["width"])


def _square(height: int, width: int | None = None) -> int:
    """The side of a square, given one or two sides.

    Raises:
        UsageError: If it is not square.
    """
    if width not in (None, height):
        raise UsageError(
            f"The model takes images of {height} x {width} px; latentprint makes square ones."
        )
    return height


def _three(value: Any) -> list[float]:
    """One value for each channel, where a configuration may give one for all."""
    return (
        [float(each) for each in value] if isinstance(value, (list, tuple)) else [float(value)] * 3
    )
