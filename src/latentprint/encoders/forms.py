"""The forms of specification: how each is written, what it needs, and what loads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from latentprint.encoders.checkpoint_encoder import load_checkpoint
from latentprint.encoders.default import load_default
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.huggingface_encoder import load_huggingface
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.onnx_encoder import load_onnx
from latentprint.encoders.open_clip_encoder import load_open_clip
from latentprint.encoders.pixel_statistics import load_pixels
from latentprint.encoders.python_encoder import load_python
from latentprint.encoders.timm_encoder import load_timm
from latentprint.encoders.torch_library_encoder import load_torch

RANDOM = "random"

Loader = Callable[[str, LoadOptions], Encoder]


def _load_default(_: str, options: LoadOptions) -> Encoder:
    return load_default(options)


def _load_pixels(statistic: str, options: LoadOptions) -> Encoder:
    options.refuse(f"pixels:{statistic}", "weights", "layers", "name")
    return load_pixels(statistic)


class Form(NamedTuple):
    """One form of specification.

    Attributes:
        spec: How it is written.
        explanation: What it names.
        library: The library that it needs.
        load: What loads it.
        control: The beginning of what follows the colon where an untrained control can be made;
            None where it never can.
        represented: Whether ``#`` and a representation may follow.
    """

    spec: str
    explanation: str
    library: str
    load: Loader
    control: str | None = None
    represented: bool = False


FORMS = {
    "default": Form(
        "default",
        "EfficientNet-Lite0, supervised on ImageNet-1k; its weights come with latentprint",
        "timm",
        _load_default,
        control="",
    ),
    "timm": Form(
        "timm:MODEL[.TAG]",
        "a model of the timm library",
        "timm",
        load_timm,
        control="",
        represented=True,
    ),
    "open_clip": Form(
        "open_clip:MODEL/TAG",
        "the image encoder of an OpenCLIP model; TAG may be a local file of weights",
        "open_clip",
        load_open_clip,
        control="",
        represented=True,
    ),
    "hf": Form(
        "hf:REPOSITORY",
        "a vision model of the Hugging Face hub (REPOSITORY@REVISION), or of a local folder",
        "transformers",
        load_huggingface,
        control="",
        represented=True,
    ),
    "torch": Form(
        "torch:REPO:ENTRY",
        "torch:torchvision:MODEL[.WEIGHTS], or an entry point of a torch.hub repository or folder",
        "torchvision",
        load_torch,
        control="torchvision:",
    ),
    "checkpoint": Form(
        "checkpoint:NAME",
        "the released file of an encoder that no library fetches: DINO's ResNet-50, MoCo v3",
        "timm",
        load_checkpoint,
        control="",
        represented=True,
    ),
    "onnx": Form(
        "onnx:FILE[#OUTPUT]",
        "an ONNX file, its preprocessing in FILE.preprocess.json",
        "onnxruntime",
        load_onnx,
        represented=True,
    ),
    "python": Form(
        "python:module:factory",
        "your own code: factory() returns an Encoder, or a PyTorch module and its Preprocess",
        "torch",
        load_python,
    ),
    "pixels": Form(
        "pixels:colour|dct",
        "a control without a network: colours of the crop, or DCT energies of the whole photo",
        "torch",
        _load_pixels,
    ),
}
WORDS = (
    (
        "NAME",
        "a published encoder by name, alias or pattern: clip-vit-b-16-wit, 'dinov2-*'; "
        "published is all 47",
        "timm",
    ),
    (
        "SPEC#REPRESENTATION",
        "another embedding than the usual one: #class_token or #patch_mean, of timm, open_clip, hf",
        "torch",
    ),
    (
        "NAME=SPEC",
        "any of these under a name of your own, such as base=timm:resnet18",
        "torch",
    ),
    (
        "SPEC@FILE",
        "with the weights of a local file: tuned=timm:resnet18@tuned.pth",
        "torch",
    ),
    (f"{RANDOM}:SPEC", "a control: the architecture of SPEC, untrained and seeded", "torch"),
)
"""What stands for other specifications: how it is written, what it names, what it needs."""
