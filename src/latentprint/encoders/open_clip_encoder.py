"""Image encoders of the OpenCLIP library: ``open_clip:MODEL/TAG[#REPRESENTATION]``."""

from __future__ import annotations

import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.encoders.libraries import downloading, import_library
from latentprint.encoders.library_transforms import from_open_clip
from latentprint.encoders.load_options import LoadOptions, built
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.representations import (
    chosen_representation,
    identity_of,
    pool_tokens,
    timm_forward,
)
from latentprint.encoders.torch_embedding import Origin, TorchEncoder
from latentprint.encoders.weight_prefixes import without_prefix
from latentprint.encoders.weights_file import read_tensors, reading, refuse_misfits, weights_file
from latentprint.errors import UsageError, unknown_name

if TYPE_CHECKING:
    import torch

QUICK_GELU = "-quickgelu"
# What OpenAI's files hold beside weights.
OPENAI_NUMBERS = ("input_resolution", "context_length", "vocab_size")


def load_open_clip(model_and_tag: str, options: LoadOptions) -> TorchEncoder:
    """Load an OpenCLIP model's image embedding, projected, not normalised.

    Args:
        model_and_tag: ``MODEL/TAG``, or ``MODEL/FILE`` with a local file of weights; ``MODEL``
            alone is enough for untrained weights, or with ``options.weights``.
        options: How to load it. ``class_token`` and ``patch_mean`` are those of a ViT tower
            before the projection.

    Raises:
        UsageError: If OpenCLIP has no such model or tag, or the tower no such representation.
        LatentprintError: If OpenCLIP is not installed, or the weights cannot be loaded.
    """
    open_clip = import_library("open_clip", "open-clip")
    representation = chosen_representation(options)
    model_name, _, tag = model_and_tag.partition("/")
    check_name(open_clip, model_name, tag, needs_tag=not (options.untrained or options.weights))
    model_name = _first_name(open_clip, model_name, tag)
    spec = f"open_clip:{model_name}/{tag}" if tag else f"open_clip:{model_name}"
    # The image tower alone: its output is encode_image before normalisation.
    tower = _create(open_clip, model_name, tag, options).visual
    name, family = identity_of(spec, representation)
    chosen = {"representation": representation} if representation else {}
    return TorchEncoder(
        tower,
        _preprocessing(tower.preprocess_cfg, spec, options),
        Origin(name, family, {"library": "open_clip", "model": model_name, "tag": tag, **chosen}),
        options,
        forward=_forward(tower, representation, spec),
    )


def check_name(open_clip: Any, model_name: str, tag: str, *, needs_tag: bool) -> None:
    """Check that OpenCLIP has a model, and weights for it.

    Raises:
        UsageError: If not.
    """
    models = open_clip.list_models()
    if model_name not in models:
        raise unknown_name("OpenCLIP model", model_name, models)
    tags = open_clip.list_pretrained_tags_by_model(model_name)
    if not tag and needs_tag:
        raise UsageError(
            f"Name the weights too: open_clip:{model_name}/TAG. Known: {', '.join(tags)}."
        )
    if tag and tag not in tags and not Path(tag).is_file():
        raise unknown_name(f"weights of OpenCLIP's {model_name}", tag, tags)


def _first_name(open_clip: Any, model_name: str, tag: str) -> str:
    """One name for one encoder: OpenCLIP lists weights trained with QuickGELU under two."""
    plain = model_name.removesuffix(QUICK_GELU)
    same = open_clip.get_pretrained_cfg(plain, tag) if tag else {}
    return plain if same.get("quick_gelu") else model_name


def _create(open_clip: Any, model_name: str, tag: str, options: LoadOptions) -> Any:
    """Build the model with the activation that its weights were trained with, and load them."""
    config = open_clip.get_pretrained_cfg(model_name, tag) or {}
    # OpenCLIP only warns when weights trained with QuickGELU (OpenAI's, DFN's, MetaCLIP's, some of
    # LAION-400M) meet a model without it.
    arguments = {"force_quick_gelu": bool(config.get("quick_gelu"))}
    local = options.weights or (Path(tag) if tag and not config else None)
    if not (local or options.untrained or options.outline):
        source = config.get("hf_hub", "").strip("/") or config.get("url", "")
        with downloading(f"open_clip:{model_name}/{tag}", source):
            return open_clip.create_model(
                model_name, pretrained=tag, require_pretrained=True, **arguments
            )
    with built(options), _quiet():
        model = open_clip.create_model(
            model_name,
            pretrained=None,
            force_preprocess_cfg=config,
            device="meta" if options.outline else "cpu",
            **arguments,
        )
    if local and not (options.untrained or options.outline):
        _load_file(open_clip, model, weights_file(local))
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence OpenCLIP's warning that untrained weights, asked for, are untrained."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _load_file(open_clip: Any, model: torch.nn.Module, path: Path) -> None:
    """Load a local file of both towers: OpenCLIP's, or one that it knows how to convert.

    Raises:
        LatentprintError: If it is not sound, or tensors are missing or left over.
    """
    with reading(path):
        if _is_torchscript(path):
            result = model.load_state_dict(_openai_tensors(path), strict=False)
        elif (found := without_prefix(path, read_tensors(path), model.state_dict()))[0]:
            result = model.load_state_dict(found[1], strict=False)
        else:
            result = open_clip.load_checkpoint(model, str(path), strict=False, weights_only=True)
    refuse_misfits(path, result.missing_keys, result.unexpected_keys)


def _openai_tensors(path: Path) -> dict[str, torch.Tensor]:
    """OpenAI released its models as programs, of which only the tensors are taken."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the format is deprecated
        program = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    tensors: dict[str, torch.Tensor] = program.state_dict()
    return {name: each for name, each in tensors.items() if name not in OPENAI_NUMBERS}


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _forward(tower: Any, representation: str, spec: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """How a tower computes a representation."""
    if not representation:
        return lambda values: _embedding(tower(values))
    if hasattr(tower, "trunk"):
        return timm_forward(tower.trunk, representation, spec) or tower
    if not hasattr(tower, "transformer") or tower.attn_pool is not None:
        raise UsageError(
            f"{spec} has no #{representation}: its image tower pools with attention, not tokens."
        )

    def forward(values: torch.Tensor) -> torch.Tensor:
        tokens = tower.transformer(tower._embeds(values))
        if not tower.final_ln_after_pool:
            return pool_tokens(tower.ln_post(tokens), representation, 1, spec)
        normalised: torch.Tensor = tower.ln_post(pool_tokens(tokens, representation, 1, spec))
        return normalised

    return forward


def _embedding(output: Any) -> Any:
    """CoCa's tower returns the image's embedding and its tokens; the others, the embedding."""
    return output[0] if isinstance(output, tuple) else output


def _preprocessing(config: dict[str, Any], spec: str, options: LoadOptions) -> Preprocess:
    try:
        return from_open_clip(config, options)
    except UsageError as error:
        raise UsageError(f"{spec}: {error}") from error
