"""Encoder specifications: from a word on the command line to an encoder."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from latentprint.encoders.default import load_default
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.onnx_encoder import load_onnx
from latentprint.encoders.open_clip_encoder import load_open_clip
from latentprint.encoders.pixel_statistics import load_pixels
from latentprint.encoders.preprocess import Margin
from latentprint.encoders.python_encoder import load_python
from latentprint.encoders.timm_encoder import load_timm
from latentprint.encoders.torch_embedding import LoadOptions, Precision
from latentprint.errors import UsageError, unknown_name

DEFAULT_NAMES = ("default", "efficientnet-lite0")
UNTRAINED = "random"


class Form(NamedTuple):
    """One form of specification: how it is written, what it needs, what loads it."""

    spec: str
    explanation: str
    library: str
    load: Callable[[str, LoadOptions], Encoder] | None
    has_control: bool


FORMS = {
    "default": Form(
        "default",
        "EfficientNet-Lite0, supervised on ImageNet-1k; its weights come with latentprint",
        "timm",
        lambda _, options: load_default(options),
        has_control=True,
    ),
    "timm": Form(
        "timm:MODEL[.TAG]", "a model of the timm library", "timm", load_timm, has_control=True
    ),
    "open_clip": Form(
        "open_clip:MODEL/TAG",
        "the image encoder of an OpenCLIP model; TAG may be a local file of weights",
        "open_clip",
        load_open_clip,
        has_control=True,
    ),
    "onnx": Form(
        "onnx:FILE",
        "an ONNX file, its preprocessing in FILE.preprocess.json",
        "onnxruntime",
        load_onnx,
        has_control=False,
    ),
    "python": Form(
        "python:module:factory",
        "your own code: factory() returns an Encoder, or a PyTorch module and its Preprocess",
        "torch",
        load_python,
        has_control=False,
    ),
    "pixels": Form(
        "pixels:colour|dct",
        "a control without a network: colours of the crop, or DCT energies of the whole photo",
        "torch",
        lambda statistic, _: load_pixels(statistic),
        has_control=False,
    ),
    UNTRAINED: Form(
        "random:SPEC",
        "a control: the same architecture with untrained, seeded weights",
        "torch",
        None,
        has_control=False,
    ),
}


def load_encoder(
    spec: str,
    *,
    device: str = "auto",
    precision: Precision = "float32",
    margin: Margin = "published",
    seed: int = 0,
) -> Encoder:
    """Load an encoder.

    Args:
        spec: One of the forms that :func:`list_encoders` lists.
        device: ``"auto"`` (CUDA, else MPS, else the CPU) or a PyTorch device. Like the precision
            without effect on ``pixels``, which is computed on the CPU.
        precision: Number format of the forward pass.
        margin: ``"published"`` sees the photo's whole shorter side, as the study does;
            ``"model"`` crops as the model's own preprocessing does. An encoder that brings its
            own preprocessing (ONNX, Python, pixels) keeps it.
        seed: Seed of untrained weights.

    Raises:
        UsageError: If the specification, or an option, is not valid.
        LatentprintError: If a library or weights are missing, or the encoder is not sound.
    """
    form, rest = _parse(spec)
    options = LoadOptions(device, precision, margin, seed)
    if form.load is None:
        spec, options = rest, replace(options, untrained=True)
        form, rest = _parse(spec)
        if form.load is None or not form.has_control:
            raise UsageError(f"{spec!r} has no untrained control; default, timm and open_clip do.")
    return form.load(rest, options)


def untrained_spec(spec: str) -> str | None:
    """The specification of an encoder's untrained control, or None if it has none.

    Raises:
        UsageError: If the specification is of no known form.
    """
    form, _ = _parse(spec)
    return f"{UNTRAINED}:{spec}" if form.has_control else None


def list_encoders() -> list[dict[str, Any]]:
    """List the forms of specification.

    Returns:
        For each form: ``spec``, ``explanation``, ``library``, whether it is ``installed``, and
        whether it is the ``default``.
    """
    return [
        {
            "spec": form.spec,
            "explanation": form.explanation,
            "library": form.library,
            "installed": importlib.util.find_spec(form.library) is not None,
            "default": key == "default",
        }
        for key, form in FORMS.items()
    ]


def _parse(spec: str) -> tuple[Form, str]:
    """Split a specification into its form and what follows the colon."""
    prefix, colon, rest = spec.partition(":")
    if not colon and spec in DEFAULT_NAMES:
        return FORMS["default"], ""
    if not colon:
        raise _bare_word(spec)
    prefixes = [key for key in FORMS if key != "default"]
    if prefix not in prefixes:
        raise unknown_name("form of encoder", prefix, prefixes)
    if not rest:
        raise UsageError(f"{spec!r} names no encoder; write {FORMS[prefix].spec}.")
    return FORMS[prefix], rest


def _bare_word(word: str) -> UsageError:
    """Guess what a word without a colon was meant to be."""
    import timm

    near = difflib.get_close_matches(word.lower(), DEFAULT_NAMES, n=1, cutoff=0.7)
    guess = near[0] if near else None
    if timm.is_model(word.partition(".")[0]):
        guess = f"timm:{word}"
    elif word.endswith(".onnx"):
        guess = f"onnx:{word}"
    elif word in FORMS:
        guess = FORMS[word].spec
    hint = f" Did you mean {guess!r}?" if guess else ""
    forms = ", ".join(form.spec for form in FORMS.values())
    return UsageError(f"There is no encoder {word!r}.{hint} An encoder is one of: {forms}.")
