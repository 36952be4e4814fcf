"""An encoder as a store records it, loaded again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from latentprint.encoders.default import ARCHITECTURE, NAME
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.preprocess import Margin
from latentprint.encoders.spec import load_encoder
from latentprint.errors import LatentprintError
from latentprint.words import CONTROL

_KEYS = {
    "timm": "timm:{model}",
    "open_clip": "open_clip:{model}/{tag}",
    "transformers": "{model}",
    "torchvision": "torch:torchvision:{model}.{tag}",
    "checkpoint": "checkpoint:{model}",
    "latentprint": "{model}",
}
"""The specification behind an identity, by its library; those that would run code are not here."""

_ALIKE = ("dimension", "identity", "preprocess")


def spec_of(record: Mapping[str, Any]) -> str | None:
    """The specification of an encoder, from what a store records of it.

    Args:
        record: Name, family and identity.

    Returns:
        None where it is not recorded (a local file, untrained weights, erased vectors), or names
        code that would run.
    """
    identity = record["identity"]
    pattern = _KEYS.get(str(identity.get("library")))
    untrained = record["family"] == CONTROL and identity.get("library") != "latentprint"
    if pattern is None or untrained or "eraser" in identity:
        return None
    if identity.get("model") == ARCHITECTURE and str(record["name"]).startswith(NAME):
        return "default"
    try:
        spec = pattern.format(**identity)
    except KeyError:
        return None
    representation = identity.get("representation")
    represented = representation and identity["library"] in ("timm", "open_clip", "transformers")
    return f"{spec}#{representation}" if represented else spec


def load_recorded(
    record: Mapping[str, Any],
    given: str | Encoder | None = None,
    *,
    device: str = "auto",
    trust_code: bool = False,
) -> Encoder:
    """Load the encoder that a store records, and make sure that it is the same.

    Args:
        record: What a store's manifest says of its encoder.
        given: Its specification, or the encoder, where the record does not tell it.
        device: See ``load_encoder``.
        trust_code: See ``load_encoder``.

    Raises:
        UsageError: The specification is not valid.
        LatentprintError: It cannot be loaded, or is another encoder.
    """
    given = given or spec_of(record)
    name = record["name"]
    if given is None:
        raise LatentprintError(
            f"The encoder {name!r} cannot be rebuilt from what the store records of it: name it "
            "with -e SPEC, or inspect photos of the store."
        )
    told = ""
    loaded = (
        _loaded(given, record, device, trust_code=trust_code)
        if isinstance(given, str)
        else iter([given])
    )
    for found in loaded:
        mine = record_of(found)
        told = next((what for what in _ALIKE if mine[what] != record[what]), "")
        if not told:
            return found
    shown = given if isinstance(given, str) else given.name
    raise LatentprintError(
        f"The encoder {shown!r} is not the one of the store, {name!r}: its {told} is another. Name "
        "that one with -e SPEC, or inspect photos of the store."
    )


def record_of(encoder: Encoder) -> dict[str, Any]:
    """What a store records of an encoder, as JSON values."""
    found: dict[str, Any] = json.loads(
        json.dumps(
            {
                "name": encoder.name,
                "dimension": encoder.dimension,
                "preprocess": encoder.preprocess.as_dict(),
                "identity": encoder.identity(),
            }
        )
    )
    return found


def _loaded(
    spec: str, record: Mapping[str, Any], device: str, *, trust_code: bool
) -> Iterator[Encoder]:
    """The encoder under the margins that the record may have been made with."""
    identity = record["identity"]
    block = identity.get("block")
    for margin in get_args(Margin):
        whole = load_encoder(
            spec,
            device=device,
            precision=identity.get("precision", "float32"),
            margin=margin,
            layers=() if block is None else (int(block),),
            trust_code=trust_code,
        )
        if block is None:
            yield whole
        else:
            yield from cast("Any", whole).block_encoders()
