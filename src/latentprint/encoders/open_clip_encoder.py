"""Image encoders of the OpenCLIP library: ``open_clip:MODEL/TAG``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latentprint.encoders.libraries import downloading, import_library
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.study import published
from latentprint.encoders.torch_embedding import LoadOptions, TorchEncoder, seeded
from latentprint.errors import UsageError, unknown_name

log = logging.getLogger(__name__)


def load_open_clip(model_and_tag: str, options: LoadOptions) -> TorchEncoder:
    """Load an OpenCLIP model's image embedding, not normalised.

    Args:
        model_and_tag: ``MODEL/TAG``, or ``MODEL/FILE`` with a local ``.safetensors`` or ``.pt``
            file of weights; ``MODEL`` alone is enough for untrained weights.
        options: How to load it.

    Raises:
        UsageError: If OpenCLIP has no such model or tag.
        LatentprintError: If OpenCLIP is not installed, or the weights cannot be loaded.
    """
    open_clip = import_library("open_clip", "open-clip")
    model_name, _, tag = model_and_tag.partition("/")
    check_name(open_clip, model_name, tag, trained=not options.untrained)
    # The image tower alone: its output is encode_image before normalisation.
    tower = _create(open_clip, model_name, tag, options).visual
    tower.register_forward_hook(_first_output)
    name, family = published(f"open_clip:{model_and_tag}")
    return TorchEncoder(
        tower,
        _preprocessing(tower.preprocess_cfg, model_and_tag, options),
        name=f"{name}, untrained" if options.untrained else name,
        family="control" if options.untrained else family,
        source={"library": "open_clip", "model": model_name, "tag": tag},
        options=options,
    )


def check_name(open_clip: Any, model_name: str, tag: str, *, trained: bool) -> None:
    """Check that OpenCLIP has a model, and weights for it.

    Raises:
        UsageError: If not.
    """
    models = open_clip.list_models()
    if model_name not in models:
        raise unknown_name("OpenCLIP model", model_name, models)
    tags = open_clip.list_pretrained_tags_by_model(model_name)
    if not tag and trained:
        raise UsageError(
            f"Name the weights too: open_clip:{model_name}/TAG. Known: {', '.join(tags)}."
        )
    if tag and tag not in tags and not Path(tag).is_file():
        raise unknown_name(f"weights of OpenCLIP's {model_name}", tag, tags)


def _create(open_clip: Any, model_name: str, tag: str, options: LoadOptions) -> Any:
    config = open_clip.get_pretrained_cfg(model_name, tag) or {}
    # OpenCLIP only warns when weights trained with QuickGELU (OpenAI's) meet a model without it.
    arguments = {"force_quick_gelu": bool(config.get("quick_gelu"))}
    if not options.untrained:
        with downloading(f"open_clip:{model_name}/{tag}"):
            # Of a local file, OpenCLIP reads only tensors, never pickled code (weights_only).
            return open_clip.create_model(
                model_name, pretrained=tag, require_pretrained=True, **arguments
            )
    with seeded(options.seed), _quiet():
        return open_clip.create_model(
            model_name, pretrained=None, force_preprocess_cfg=config, **arguments
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence OpenCLIP's warning that untrained weights, asked for, are untrained."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _first_output(_module: object, _inputs: object, output: Any) -> Any:
    """CoCa's tower returns the image's embedding and its tokens; the others, the embedding."""
    return output[0] if isinstance(output, tuple) else output


def _preprocessing(config: dict[str, Any], name: str, options: LoadOptions) -> Preprocess:
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    if height != width:
        raise UsageError(
            f"open_clip:{name} takes {height} x {width} inputs; latentprint reads only square ones."
        )
    if options.margin == "model" and config["resize_mode"] != "shortest":
        mode = config["resize_mode"]
        log.warning("open_clip:%s: its resize mode %r is read as a centre crop", name, mode)
    # OpenCLIP cuts no margin off: both margins are the same.
    mean, std = tuple(config["mean"]), tuple(config["std"])
    return Preprocess(height, height, config["interpolation"], mean, std)
