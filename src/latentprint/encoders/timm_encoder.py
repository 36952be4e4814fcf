"""Encoders of the timm library: ``timm:MODEL[.TAG]``."""

from __future__ import annotations

import difflib
import logging
from typing import TYPE_CHECKING, Any

from latentprint.encoders.libraries import downloading, import_library
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.study import published
from latentprint.encoders.torch_embedding import LoadOptions, TorchEncoder, seeded
from latentprint.errors import UsageError

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

# The study runs DINOv2 at 224 px, with position embeddings interpolated from 518.
DINOV2_SIZE = 224


def load_timm(model_name: str, options: LoadOptions) -> TorchEncoder:
    """Load a timm model's pooled features.

    Args:
        model_name: ``MODEL`` or ``MODEL.TAG``, as timm names it.
        options: How to load it.

    Raises:
        UsageError: If timm has no such model or weights, or its input is not square RGB.
        LatentprintError: If the weights cannot be fetched.
    """
    timm = import_library("timm", "all")
    check_name(timm, model_name, trained=not options.untrained)
    model = _create(timm, model_name, options)
    tag = model.pretrained_cfg.get("tag")  # type: ignore[union-attr, operator]
    full_name = f"{model_name.partition('.')[0]}.{tag}" if tag else model_name
    name, family = published(f"timm:{full_name}")
    return TorchEncoder(
        model,
        _preprocessing(timm, model, full_name, options),
        name=f"{name}, untrained" if options.untrained else name,
        family="control" if options.untrained else family,
        source={"library": "timm", "model": full_name},
        options=options,
    )


def check_name(timm: Any, model_name: str, *, trained: bool) -> None:
    """Check that timm has a model, and weights for it.

    Raises:
        UsageError: If not, with the three nearest names.
    """
    base, _, tag = model_name.partition(".")
    if not timm.is_model(base):
        raise UsageError(f"timm has no model {base!r}. {_nearest(base, timm.list_models())}")
    names = timm.list_models(f"{base}.*", pretrained=True)
    if tag and model_name not in names:
        raise UsageError(f"timm has no weights {model_name!r}. {_nearest(model_name, names)}")
    if trained and not names:
        raise UsageError(f"timm has no trained weights for {base!r}; try 'random:timm:{base}'.")


def _nearest(name: str, known: list[str]) -> str:
    names = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known[:3]
    return f"Nearest: {', '.join(names)}." if names else ""


def _create(timm: Any, model_name: str, options: LoadOptions) -> torch.nn.Module:
    arguments: dict[str, Any] = {"num_classes": 0}
    if "dinov2" in model_name:
        arguments["img_size"] = DINOV2_SIZE
    model: torch.nn.Module
    if options.untrained:
        with seeded(options.seed):
            model = timm.create_model(model_name, pretrained=False, **arguments)
    else:
        with downloading(f"timm:{model_name}"):
            model = timm.create_model(model_name, pretrained=True, **arguments)
    return model


def _preprocessing(
    timm: Any, model: torch.nn.Module, name: str, options: LoadOptions
) -> Preprocess:
    import_library("timm.data", "all")
    config = timm.data.resolve_model_data_config(model)
    channels, height, width = config["input_size"]
    if channels != 3 or height != width:
        raise UsageError(
            f"timm:{name} takes {channels} x {height} x {width} inputs; latentprint reads only "
            "square RGB images."
        )
    crop = DINOV2_SIZE if "dinov2" in name else height
    if options.margin == "model" and config["crop_mode"] != "center":
        log.warning("timm:%s: its crop mode %r is read as a centre crop", name, config["crop_mode"])
    return Preprocess(
        options.resize(crop, config["crop_pct"]),
        crop,
        config["interpolation"],
        tuple(config["mean"]),
        tuple(config["std"]),
    )
