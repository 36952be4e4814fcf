"""Encoders as stores record them, loaded again: the same one, or a clear word."""

from __future__ import annotations

from typing import Any

import pytest

from latentprint.encoders import load_encoder
from latentprint.encoders.recorded import load_recorded, record_of, spec_of
from latentprint.errors import LatentprintError


def record(library: str, family: str = "yours", **identity: Any) -> dict[str, Any]:
    return {
        "name": "made up",
        "family": family,
        "dimension": 8,
        "preprocess": {},
        "identity": {"library": library, **identity},
    }


@pytest.mark.parametrize(
    ("recorded", "spec"),
    [
        (record("timm", model="resnet18.a1_in1k"), "timm:resnet18.a1_in1k"),
        (
            record("timm", model="vit_b", representation="patch_mean"),
            "timm:vit_b#patch_mean",
        ),
        (record("open_clip", model="ViT-B-32", tag="openai"), "open_clip:ViT-B-32/openai"),
        (record("transformers", model="hf:facebook/dinov2-small"), "hf:facebook/dinov2-small"),
        (record("torchvision", model="resnet18", tag="V1"), "torch:torchvision:resnet18.V1"),
        (record("latentprint", "control", model="pixels:dct"), "pixels:dct"),
        (record("checkpoint", model="dino", representation="pooled"), "checkpoint:dino"),
        (record("timm", "control", model="resnet18"), None),  # untrained
        (record("timm", model="resnet18", eraser="abc"), None),
        (record("python", model="python:a:b"), None),  # code that would run
        (record("torch.hub", model="a/b"), None),
        (record("onnxruntime", model="x.onnx"), None),
        (record("open_clip", model="ViT-B-32"), None),
    ],
)
def test_a_specification_is_found_where_it_is_recorded(
    recorded: dict[str, Any], spec: str | None
) -> None:
    assert spec_of(recorded) == spec


def test_encoders_come_back_with_the_same_identity() -> None:
    for spec in ("pixels:colour", "pixels:dct"):
        encoder = load_encoder(spec)
        recorded = {**record_of(encoder), "family": encoder.family}
        assert record_of(load_recorded(recorded)) == record_of(encoder)


def test_the_default_encoder_comes_back_under_either_margin_and_as_a_block() -> None:
    for margin in ("published", "model"):
        encoder = load_encoder("default", device="cpu", margin=margin)  # type: ignore[arg-type]
        recorded = {**record_of(encoder), "family": "SUP"}
        assert spec_of(recorded) == "default"
        assert record_of(load_recorded(recorded, device="cpu")) == record_of(encoder)
    whole: Any = load_encoder("default", device="cpu", layers=(2,))
    (block,) = whole.block_encoders()
    recorded = {**record_of(block), "family": "SUP"}
    assert record_of(load_recorded(recorded, device="cpu")) == record_of(block)


def test_another_encoder_is_refused_by_what_differs() -> None:
    encoder = load_encoder("pixels:colour")
    recorded = {**record_of(encoder), "family": "control"}
    changed = {**recorded, "identity": {**recorded["identity"], "version": 0}}
    with pytest.raises(LatentprintError, match="its identity is another"):
        load_recorded(changed)
    with pytest.raises(LatentprintError, match="its dimension is another"):
        load_recorded(recorded, load_encoder("pixels:dct"))
    with pytest.raises(LatentprintError, match="name it with -e SPEC"):
        load_recorded(record("python", model="python:a:b"))
