"""Specifications: parsing, misspellings, options, and what importing the package loads."""

import subprocess
import sys

import pytest
import torch

from latentprint.encoders import libraries, list_encoders, load_encoder, untrained_spec
from latentprint.encoders import spec as spec_module
from latentprint.encoders.torch_embedding import resolve_device
from latentprint.errors import LatentprintError, UsageError


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
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
    assert untrained_spec("default") == "random:default"
    assert untrained_spec("timm:resnet50") == "random:timm:resnet50"
    assert untrained_spec("open_clip:RN50/openai") == "random:open_clip:RN50/openai"
    assert untrained_spec("onnx:model.onnx") is None
    assert untrained_spec("python:module:factory") is None
    assert untrained_spec("random:default") is None


def test_the_list_names_every_form():
    rows = list_encoders()
    assert [row["spec"] for row in rows if row["default"]] == ["default"]
    assert {row["spec"].partition(":")[0] for row in rows} == set(spec_module.FORMS)
    assert all(row["installed"] for row in rows)


def test_a_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "open_clip", None)

    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(libraries.importlib, "import_module", missing)
    with pytest.raises(LatentprintError, match=r"install latentprint\[open-clip\]"):
        load_encoder("open_clip:ViT-B-32/openai")


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import sys, latentprint.encoders;"
        "print([name for name in ('torch', 'timm', 'open_clip', 'onnxruntime', 'huggingface_hub')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
