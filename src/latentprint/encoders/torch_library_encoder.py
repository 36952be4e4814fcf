"""Encoders of torchvision, ``torch:torchvision:MODEL[.WEIGHTS]``, or else of torch.hub."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from latentprint.encoders.downloads import download
from latentprint.encoders.libraries import import_library
from latentprint.encoders.library_transforms import from_torchvision
from latentprint.encoders.load_options import LoadOptions, built, seeded
from latentprint.encoders.torch_embedding import Origin, TorchEncoder
from latentprint.encoders.torch_hub_encoder import load_hub
from latentprint.encoders.torch_weights import explained, fill, tensors_only
from latentprint.errors import UsageError, unknown_name

if TYPE_CHECKING:
    import torch

TORCHVISION = "torchvision"
# Their training classifiers stand beside the main one; the published weights expect the input that
# transform_input makes.
WITH_AUXILIARY = ("googlenet", "inception_v3")


def load_torch(target: str, options: LoadOptions) -> TorchEncoder:
    """Load an encoder of torchvision or of torch.hub.

    Args:
        target: ``torchvision:MODEL[.WEIGHTS]``, ``OWNER/REPO[:REF]:ENTRY`` of GitHub, or
            ``FOLDER:ENTRY`` with a ``hubconf.py`` in the folder.
        options: How to load it; ``weights`` may be a local file of weights.

    Raises:
        UsageError: If there is no such model, weights, repository or entry point.
        LatentprintError: If the weights cannot be fetched or read, or are not the model's.
    """
    options.refuse(f"torch:{target}", "representation")
    place, colon, entry = target.rpartition(":")
    if not colon or not place or not entry:
        raise UsageError(
            f"'torch:{target}' is not of the form torch:torchvision:MODEL[.WEIGHTS] or "
            "torch:REPO:ENTRY."
        )
    if place == TORCHVISION:
        return load_torchvision(entry, options)
    return load_hub(place, entry, options)


def load_torchvision(model_name: str, options: LoadOptions) -> TorchEncoder:
    """Load the features that enter the last layer of a torchvision classifier.

    The last linear layer is removed; SqueezeNet, which ends in a convolution, gives the mean over
    space of what enters it. Photos are prepared as the weights' own transforms say.

    Args:
        model_name: ``MODEL``, with the weights that torchvision prefers, or ``MODEL.WEIGHTS``.
        options: How to load it.

    Raises:
        UsageError: If torchvision has no such classifier, or no such weights of it.
        LatentprintError: If the weights cannot be fetched or read, or are not the model's.
    """
    models = import_library("torchvision", "torchvision").models
    base, _, tag = model_name.partition(".")
    weights = _weights(models, base, tag)
    full_name = f"torch:torchvision:{base}.{weights.name}"
    model = _classifier(models, base, weights, options)
    head = remove_head(model)
    if options.weights and not (options.untrained or options.outline):
        fill(model, options.weights, heads=[head])
    return TorchEncoder(
        model,
        from_torchvision(weights.transforms(), options),
        Origin(full_name, "yours", {"library": TORCHVISION, "model": base, "tag": weights.name}),
        options,
    )


def _weights(models: Any, base: str, tag: str) -> Any:
    """The weights of a classifier, those that torchvision prefers unless they are named."""
    known = models.list_models(module=models)
    if base not in known:
        near = ", ".join(difflib.get_close_matches(base.lower(), known, n=3, cutoff=0.5))
        raise UsageError(
            f"torchvision has no classifier {base!r}."
            + (f" Nearest: {near}." if near else f" Known: {', '.join(known)}.")
        )
    kinds = models.get_model_weights(base)
    if tag and tag not in kinds.__members__:
        raise unknown_name(f"weights of torchvision's {base}", tag, kinds.__members__)
    return kinds[tag or "DEFAULT"]


def _classifier(models: Any, base: str, weights: Any, options: LoadOptions) -> torch.nn.Module:
    name = f"torch:torchvision:{base}.{weights.name}"
    arguments: dict[str, Any] = {}
    if base in WITH_AUXILIARY:
        arguments = {"aux_logits": False, "transform_input": True, "init_weights": False}
    if not (options.untrained or options.outline or options.weights):
        digest = re.search(r"-([0-9a-f]{8,})\.", weights.url)
        download(weights.url, name, digest[1] if digest else None)
        with explained(name), tensors_only():
            trained: torch.nn.Module = models.get_model(
                base, weights=weights, progress=False, **arguments
            )
        return trained
    if base.startswith("vit_"):
        arguments["image_size"] = weights.meta["min_size"][0]
    return _built(lambda: models.get_model(base, weights=None, **arguments), options)


def _built(make: Any, options: LoadOptions) -> torch.nn.Module:
    """Build an architecture; in memory, if it computes while it is built, and then leave that."""
    model: torch.nn.Module
    try:
        with built(options):
            model = make()
    except NotImplementedError:
        with seeded(options.seed):
            model = make()
    return model


def remove_head(model: torch.nn.Module) -> str:
    """Remove the last layer of a torchvision classifier, in place.

    Returns:
        What stood before the names of its tensors.
    """
    from torch import nn

    linear: list[str] = [
        name for name, each in model.named_modules() if isinstance(each, nn.Linear)
    ]
    if not linear:  # SqueezeNet
        model.classifier = nn.AdaptiveAvgPool2d(1)
        return "classifier"
    parent, _, name = linear[-1].rpartition(".")
    setattr(model.get_submodule(parent), name, nn.Identity())
    return linear[-1]
