"""Which of a network's outputs is the embedding: ``#pooled``, ``#class_token``, ``#patch_mean``.

``pooled`` is the library's usual embedding. The other two read the tokens of a transformer's last
block after the model's own final normalisation: the class token, or the mean of the patch tokens,
without class and register tokens. Where a model itself pools one of the two ways, that is its
pooled embedding, to the last bit, and has its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from latentprint.encoders.catalogue import published_identity
from latentprint.encoders.load_options import LoadOptions
from latentprint.errors import UsageError, unknown_name

if TYPE_CHECKING:
    import torch

POOLED, CLASS_TOKEN, PATCH_MEAN = "pooled", "class_token", "patch_mean"
REPRESENTATIONS = (POOLED, CLASS_TOKEN, PATCH_MEAN)


def chosen_representation(options: LoadOptions) -> str:
    """The representation asked for; empty for the usual one, by whichever name.

    Raises:
        UsageError: If there is none of that name.
    """
    if options.representation in ("", POOLED):
        return ""
    if options.representation not in REPRESENTATIONS:
        raise unknown_name("representation", options.representation, REPRESENTATIONS)
    return options.representation


def identity_of(spec: str, representation: str) -> tuple[str, str]:
    """Name and family of an encoder; another than the usual representation is part of the name.

    Args:
        spec: The specification without a representation.
        representation: The representation asked for, or empty.
    """
    name, family = published_identity(spec)
    return (f"{name}#{representation}" if representation else name), family


def unless_usual(model: torch.nn.Module, representation: str) -> str:
    """Empty if a timm model pools so by itself: one embedding has one name."""
    network: Any = model
    if not hasattr(network, "num_prefix_tokens") or hasattr(network, "dist_token"):
        return representation  # a distilled model averages its two class tokens
    by_attention = getattr(network, "attn_pool", None) is not None
    if by_attention or getattr(network, "pool_include_prefix", False):
        return representation
    usual = {"token": CLASS_TOKEN, "avg": PATCH_MEAN}.get(network.global_pool)
    return "" if representation == usual else representation


def timm_forward(
    model: torch.nn.Module, representation: str, spec: str
) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """How a timm model computes a representation; None where calling it does.

    Raises:
        UsageError: If the model has no class token. That it has no tokens at all shows, with the
            same error, when it runs.
    """
    if not representation:
        return None
    network: Any = model
    if representation == CLASS_TOKEN and getattr(network, "cls_token", None) is None:
        raise UsageError(f"{spec} has no class token; it has #{POOLED}.")
    prefix = getattr(network, "num_prefix_tokens", 0)
    # Models that average patches normalise after the mean, and their last block's output not at
    # all before; for the class token the same weights apply.
    norm = getattr(network, "fc_norm", None)

    def forward(values: torch.Tensor) -> torch.Tensor:
        pooled = pool_tokens(network.forward_features(values), representation, prefix, spec)
        return norm(pooled) if norm is not None else pooled

    return forward


def pool_tokens(tokens: Any, representation: str, prefix: int, spec: str) -> torch.Tensor:
    """Take the class token, or average the patch tokens.

    Args:
        tokens: Features, [B, L, D].
        representation: ``"class_token"`` or ``"patch_mean"``.
        prefix: How many class and register tokens come first.
        spec: The encoder, as the error names it.

    Raises:
        UsageError: If these are no tokens, or there are none of patches.
    """
    if getattr(tokens, "ndim", 0) != 3 or tokens.shape[1] <= prefix:
        raise UsageError(
            f"{spec} has no patch tokens, so no #{representation}; its #{POOLED} is the mean over "
            "the image."
        )
    pooled: torch.Tensor = (
        tokens[:, 0] if representation == CLASS_TOKEN else tokens[:, prefix:].mean(1)
    )
    return pooled
