"""Specifications: parsing, misspellings, options, and what importing the package loads."""

import subprocess
import sys

import pytest
import torch

from latentprint.encoders import (
    describe_encoder,
    libraries,
    list_encoders,
    load_encoder,
    untrained_spec,
)
from latentprint.encoders.forms import FORMS
from latentprint.encoders.load_options import resolve_device
from latentprint.encoders.spec import parse_spec
from latentprint.errors import LatentprintError, UsageError


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("clip-vit-b16", "clip-vit-b-16-wit"),
        ("CLIP (ViT-B/16 WIT)", "clip-vit-b-16-wit"),
        ("checkpoint:moco_vit_small", "'mocov3_vit_small'"),
        ("torch:torchvision:resnet5O", "resnet50"),
        ("torch:resnet50", "torch:torchvision:MODEL"),
        ("torch:torchvision:resnet50#pooled", "one representation"),
        ("timm:vit_tiny_patch16_224#clas_token", "'class_token'"),
        ("timm:#class_token", "timm:MODEL"),
        ("random:", "random:SPEC"),
        ("random:torch:owner/repo:entry", "no untrained control"),
        ("resnet50", "'timm:resnet50'"),
        ("resnet50.a1_in1k", "'timm:resnet50.a1_in1k'"),
        ("defualt", "'default'"),
        ("model.onnx", "'onnx:model.onnx'"),
        ("tim:resnet50", "'timm'"),
        ("timm:", "timm:MODEL"),
        ("timm:resnet5O", "resnet50"),
        ("timm:resnet50.a1_in1", "resnet50.a1_in1k"),
        ("open_clip:ViT-B32/openai", "'ViT-B-32'"),
        ("open_clip:ViT-B-32/opnai", "'openai'"),
        ("open_clip:ViT-B-32", "laion2b_s34b_b79k"),
        ("random:onnx:model.onnx", "no untrained control"),
        ("random:random:default", "no untrained control"),
    ],
)
def test_a_wrong_specification_names_the_nearest(spec, hint):
    with pytest.raises(UsageError) as caught:
        load_encoder(spec)
    assert hint in str(caught.value)
    assert len(str(caught.value)) < 4000


def test_a_misspelt_timm_model_lists_three_names_only():
    with pytest.raises(UsageError) as caught:
        load_encoder("timm:vit_base_patch61_224")
    assert str(caught.value).count(",") == 2


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"precision": "float61"}, "'float16'"),
        ({"margin": "modle"}, "'model'"),
        ({"device": "gpu"}, "cuda"),
        ({"device": "cpu", "precision": "float16"}, "bfloat16"),
    ],
)
def test_a_wrong_option_is_a_usage_error(options, hint):
    with pytest.raises(UsageError, match=hint):
        load_encoder("default", **options)


def test_an_unavailable_device_is_a_usage_error():
    with pytest.raises(UsageError, match="not available"):
        resolve_device(f"cuda:{torch.cuda.device_count()}", "float32")


def test_controls():
    for spec in (
        "default",
        "timm:resnet50",
        "open_clip:RN50/openai",
        "hf:owner/model",
        "torch:torchvision:resnet50",
        "checkpoint:mocov3_vit_small",
        "clip-rn50-wit",
        "CLIP (RN50, WIT)",
    ):
        assert untrained_spec(spec) == f"random:{spec}"
    for spec in (
        "onnx:model.onnx",
        "python:module:factory",
        "pixels:dct",
        "torch:owner/repo:entry",
        "random:default",
        "random:clip-rn50-wit",
    ):
        assert untrained_spec(spec) is None


def test_a_specification_in_its_parts(tmp_path):
    parts = {
        "default": ("default", "", ""),
        "timm:vit_tiny_patch16_224.augreg_in21k#class_token": (
            "timm",
            "vit_tiny_patch16_224.augreg_in21k",
            "class_token",
        ),
        "onnx:a folder/model.onnx#features": ("onnx", "a folder/model.onnx", "features"),
        "torch:torchvision:resnet50": ("torch", "torchvision:resnet50", ""),
        "DINO (ViT-S/8, ImageNet-1k)": ("timm", "vit_small_patch8_224.dino", "class_token"),
        "dino-rn50": ("checkpoint", "dino_resnet50", ""),
    }
    for spec, (key, rest, representation) in parts.items():
        for untrained in (False, True) if key != "onnx" else (False,):
            parsed = parse_spec(f"random:{spec}" if untrained else spec)
            assert (parsed.key, parsed.rest, parsed.representation) == (key, rest, representation)
            assert parsed.untrained is untrained
            assert parse_spec(parsed.full_spec) == parsed


def test_a_file_whose_name_holds_the_mark_is_a_file(tmp_path):
    path = tmp_path / "model#2.onnx"
    path.touch()
    assert parse_spec(f"onnx:{path}").rest == str(path)
    parsed = parse_spec(f"onnx:{path}#out")
    assert (parsed.rest, parsed.representation) == (str(path), "out")


def test_published_names_have_the_studys_name_and_family():
    for spec in ("random:dino-vit-s-16", "random:timm:vit_small_patch16_224.dino"):
        encoder = load_encoder(spec, device="cpu")
        assert encoder.name == "DINO (ViT-S/16, ImageNet-1k), untrained"
        assert encoder.family == "control"
    described = describe_encoder("dino-vit-s-16")
    assert (described.name, described.family) == ("DINO (ViT-S/16, ImageNet-1k)", "SSL")


def test_options_reach_the_encoder(tmp_path):
    described = describe_encoder("timm:vit_tiny_patch16_224", margin="model")
    assert (described.preprocess.resize, described.preprocess.crop) == (248, 224)
    with pytest.raises(LatentprintError, match="only described"):
        described.embed(torch.zeros(1, 224, 224, 3, dtype=torch.uint8))
    blocks = load_encoder("random:timm:test_vit", device="cpu", layers=(1, 2)).block_encoders()
    assert [each.identity()["block"] for each in blocks] == [1, 2]
    with pytest.raises(UsageError, match="nowhere"):
        load_encoder("timm:test_vit", device="cpu", weights=tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("options", [{"weights": "file.pth"}, {"layers": "all"}])
def test_pixels_have_neither_weights_nor_layers(options):
    with pytest.raises(UsageError, match="pixels:colour"):
        load_encoder("pixels:colour", **options)


def test_untrained_weights_come_from_no_file():
    with pytest.raises(UsageError, match="untrained"):
        load_encoder("random:default", weights="file.pth")


def test_the_list_names_every_form():
    rows = list_encoders()
    assert [row["spec"] for row in rows if row["default"]] == ["default"]
    prefixes = {row["spec"].partition(":")[0] for row in rows}
    assert prefixes == {*FORMS, "random", "NAME", "NAME=SPEC", "SPEC@FILE", "SPEC#REPRESENTATION"}
    assert all(row["installed"] for row in rows)


def test_a_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "open_clip", None)

    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(libraries.importlib, "import_module", missing)
    with pytest.raises(LatentprintError, match=r"pip install 'latentprint\[open-clip\]'"):
        load_encoder("open_clip:ViT-B-32/openai")


def test_importing_the_package_loads_no_heavy_library():
    heavy = "torch timm open_clip onnxruntime transformers torchvision huggingface_hub polars"
    code = (
        "import sys, latentprint.encoders;"
        f"print([name for name in {heavy.split()} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
