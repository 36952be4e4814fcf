"""Encoders of the timm library: ``timm:MODEL[.TAG][#REPRESENTATION]``."""

from __future__ import annotations

import difflib
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from latentprint.encoders.libraries import downloading, import_library
from latentprint.encoders.library_transforms import from_timm
from latentprint.encoders.load_options import LoadOptions, built
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.representations import (
    chosen_representation,
    identity_of,
    timm_forward,
    unless_usual,
)
from latentprint.encoders.torch_embedding import Origin, TorchEncoder
from latentprint.encoders.weights_file import load_weights
from latentprint.errors import UsageError

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

# The study runs DINOv2 at 224 px, with position embeddings interpolated from 518.
DINOV2_SIZE = 224


def load_timm(model_name: str, options: LoadOptions) -> TorchEncoder:
    """Load a timm model's pooled features, or another representation.

    Args:
        model_name: ``MODEL`` or ``MODEL.TAG``, as timm names it.
        options: How to load it.

    Raises:
        UsageError: If timm has no such model or weights, its input is not square RGB, or it has
            no such representation or block.
        LatentprintError: If the weights cannot be fetched, or a local file does not hold them.
    """
    timm = import_library("timm", "torch")
    representation = chosen_representation(options)
    fetched = not (options.untrained or options.outline or options.weights)
    check_name(timm, model_name, fetched=fetched)
    model = _create(timm, model_name, options, fetched=fetched)
    representation = unless_usual(model, representation)
    full_name = _full_name(model, model_name, options)
    name, family = identity_of(f"timm:{full_name}", representation)
    chosen = {"representation": representation} if representation else {}
    return TorchEncoder(
        model,
        _preprocessing(timm, model, full_name, options),
        Origin(name, family, {"library": "timm", "model": full_name, **chosen}),
        options,
        forward=timm_forward(model, representation, f"timm:{full_name}"),
    )


def check_name(timm: Any, model_name: str, *, fetched: bool) -> None:
    """Check that timm has a model, and weights for it where they are to be fetched.

    Raises:
        UsageError: If not, with the three nearest names.
    """
    base, _, tag = model_name.partition(".")
    if not timm.is_model(base):
        raise UsageError(f"timm has no model {base!r}. {_nearest(base, timm.list_models())}")
    names = timm.list_models(f"{base}.*", pretrained=True)
    if tag and model_name not in names:
        raise UsageError(f"timm has no weights {model_name!r}. {_nearest(model_name, names)}")
    if fetched and not names:
        raise UsageError(f"timm has no trained weights for {base!r}; try 'random:timm:{base}'.")
    quick = model_name.replace("_clip_", "_clip_quickgelu_")
    if tag and quick != model_name and timm.is_model_pretrained(quick):
        log.warning("timm:%s computes GELU, its weights learned QuickGELU: see %s", base, quick)


def _nearest(name: str, known: list[str]) -> str:
    names = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known[:3]
    return f"Nearest: {', '.join(names)}." if names else ""


def _create(timm: Any, model_name: str, options: LoadOptions, *, fetched: bool) -> torch.nn.Module:
    arguments: dict[str, Any] = {"num_classes": 0}
    if "dinov2" in model_name:
        arguments["img_size"] = DINOV2_SIZE
    model: torch.nn.Module
    if fetched:
        config = timm.get_pretrained_cfg(model_name)
        with downloading(f"timm:{model_name}", config.hf_hub_id or config.url or ""):
            model = timm.create_model(model_name, pretrained=True, **arguments)
        return model
    with built(options):
        model = timm.create_model(model_name, pretrained=False, **arguments)
    if options.weights and not (options.untrained or options.outline):
        heads = model.pretrained_cfg.get("classifier") or ()  # type: ignore[union-attr, operator]
        heads = (heads,) if isinstance(heads, str) else heads
        load_weights(model, options.weights, mapped=_mapping(timm, model), heads=heads)
    return model


def _mapping(timm: Any, model: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """How timm reads a release: its keys mapped, positions interpolated."""
    module = timm.model_entrypoint(model.pretrained_cfg["architecture"]).__module__
    mapping = getattr(sys.modules[module], "checkpoint_filter_fn", None)
    return (lambda tensors: mapping(tensors, model)) if mapping else dict


def _full_name(model: Any, model_name: str, options: LoadOptions) -> str:
    """The name with timm's usual tag, unless the weights are the user's."""
    tag = model.pretrained_cfg.get("tag")
    if "." in model_name or not tag or options.weights:
        return model_name
    return f"{model_name}.{tag}"


def _preprocessing(
    timm: Any, model: torch.nn.Module, name: str, options: LoadOptions
) -> Preprocess:
    import_library("timm.data", "torch")
    config = dict(timm.data.resolve_model_data_config(model))
    if "dinov2" in name:
        config["input_size"] = (3, DINOV2_SIZE, DINOV2_SIZE)
    try:
        return from_timm(config, options)
    except UsageError as error:
        raise UsageError(f"timm:{name}: {error}") from error
