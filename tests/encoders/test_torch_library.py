"""Encoders of torchvision and torch.hub, with random weights and local files."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import warnings

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from latentprint.encoders import load_encoder
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.spec import describe_encoder
from latentprint.encoders.torch_embedding import weights_digest
from latentprint.encoders.torch_library_encoder import load_torch, remove_head
from latentprint.encoders.torch_weights import fill, tensors_only
from latentprint.errors import LatentprintError, UsageError

# One of each family, the smallest.
FAMILIES = {
    "alexnet": 4096,
    "convnext_tiny": 768,
    "densenet121": 1024,
    "efficientnet_b0": 1280,
    "efficientnet_v2_s": 1280,
    "googlenet": 1024,
    "inception_v3": 2048,
    "maxvit_t": 512,
    "mnasnet0_5": 1280,
    "mobilenet_v2": 1280,
    "mobilenet_v3_small": 1024,
    "regnet_y_400mf": 440,
    "resnet18": 512,
    "resnext50_32x4d": 2048,
    "shufflenet_v2_x0_5": 1024,
    "squeezenet1_1": 512,
    "swin_t": 768,
    "swin_v2_t": 768,
    "vgg11": 4096,
    "vit_b_32": 768,
    "wide_resnet50_2": 2048,
}
QUICK = ["resnet18", "mobilenet_v3_small", "mnasnet0_5"]

HUBCONF = """
import torch

def trained(pretrained=False, scale=2.0):
    model = torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 5)
    )
    if pretrained:
        with torch.no_grad():
            model[2].weight.fill_(scale)
            model[2].bias.zero_()
    return model

def plain():
    return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())

def unpickles():
    return torch.load(FILE, weights_only=False)

def broken():
    raise KeyError("no such thing")

def text():
    return "text"
"""


def load(target, **changes):
    return load_torch(target, LoadOptions(device="cpu", **changes))


def classifier(name, **arguments):
    with warnings.catch_warnings():  # googlenet's and inception's, of a future default
        warnings.simplefilter("ignore", FutureWarning)
        return torchvision.models.get_model(name, weights=None, **arguments).eval()


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "nets"
    folder.mkdir()
    text = HUBCONF.replace("FILE", repr(str(tmp_path / "bomb.pth")))
    (folder / "hubconf.py").write_text(text)
    return folder


@pytest.mark.parametrize("name", FAMILIES)
def test_dimension_and_preprocessing_without_weights(name):
    encoder = load(f"torchvision:{name}", outline=True)
    transforms = torchvision.models.get_model_weights(name).DEFAULT.transforms()
    assert encoder.dimension == FAMILIES[name]
    assert [encoder.input_size] == transforms.crop_size
    assert encoder.preprocess.resize == encoder.input_size
    own = load(f"torchvision:{name}", outline=True, margin="model")
    assert [own.preprocess.resize] == transforms.resize_size


@pytest.mark.parametrize("name", [*QUICK, "squeezenet1_1"])
def test_the_embedding_is_what_enters_the_last_layer(name):
    model = classifier(name)
    entering = []
    last = model.classifier if name == "squeezenet1_1" else list(model.modules())[-1]
    if name == "resnet18":
        last = model.fc
    last.register_forward_hook(lambda _module, inputs, _output: entering.append(inputs[0]))
    values = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        model(values)
        expected = entering[0].mean((2, 3)) if entering[0].ndim == 4 else entering[0]
        remove_head(model)
        assert torch.allclose(model(values), expected, atol=1e-5)


def test_untrained_is_seeded():
    first, again, other = (
        load("torchvision:mobilenet_v3_small", untrained=True, seed=seed) for seed in (3, 3, 4)
    )
    pixels = torch.randint(0, 256, (2, 224, 224, 3), dtype=torch.uint8)
    assert torch.equal(first.embed(pixels), again.embed(pixels))
    assert first.identity() == again.identity() != other.identity()
    assert first.name == "torch:torchvision:mobilenet_v3_small.IMAGENET1K_V1, untrained"
    spec = "random:torch:torchvision:mobilenet_v3_small"
    control = load_encoder(spec, device="cpu", seed=3)
    assert control.identity() == first.identity()


def test_local_weights(tmp_path):
    torch.manual_seed(1)
    model = classifier("mobilenet_v3_small")
    file = tmp_path / "w.pth"
    torch.save(model.state_dict(), file)
    fine_tuned = {**model.state_dict(), "classifier.3.weight": torch.zeros(7, 1024)}
    save_file(fine_tuned, tmp_path / "tuned.safetensors")
    encoder = load("torchvision:mobilenet_v3_small", weights=file)
    tuned = load("torchvision:mobilenet_v3_small", weights=tmp_path / "tuned.safetensors")
    assert tuned.identity() == encoder.identity()
    pixels = torch.randint(0, 256, (1, 224, 224, 3), dtype=torch.uint8)
    remove_head(model)
    with torch.inference_mode():
        expected = model(encoder.preprocess.normalise(pixels))
    assert torch.allclose(encoder.embed(pixels), expected, atol=1e-5)


def tiny(name):
    small = {"growth_rate": 2, "block_config": (2, 1), "num_init_features": 4, "num_classes": 3}
    with warnings.catch_warnings():  # of a future default
        warnings.simplefilter("ignore", FutureWarning)
        return {
            "densenet": lambda: torchvision.models.DenseNet(**small),
            "mnasnet": lambda: torchvision.models.MNASNet(0.1, num_classes=3),
            "vit": lambda: torchvision.models.VisionTransformer(8, 4, 1, 2, 8, 8, num_classes=3),
        }[name]()


@pytest.mark.parametrize(
    ("name", "now", "then"),
    [("densenet", "norm1.", "norm.1."), ("mnasnet", "", ""), ("vit", "mlp.0.", "mlp.linear_1.")],
)
def test_local_weights_under_the_names_of_the_release(name, now, then, tmp_path):
    released, model = tiny(name), tiny(name)
    state = {each.replace(now, then): tensor for each, tensor in released.state_dict().items()}
    assert (set(state) != set(model.state_dict())) == (now != then)
    save_file({**state, "aux1.fc.weight": torch.ones(1)}, tmp_path / "w.safetensors")
    fill(model, tmp_path / "w.safetensors")
    for each, tensor in released.state_dict().items():
        assert torch.equal(model.state_dict()[each], tensor)


def test_other_local_weights_are_refused(tmp_path):
    state = classifier("mobilenet_v3_small").state_dict()
    file = tmp_path / "w.safetensors"
    bias = state.pop("features.1.block.0.1.bias")
    save_file(state, file)
    with pytest.raises(LatentprintError, match=r"features.1.block.0.1.bias is missing"):
        load("torchvision:mobilenet_v3_small", weights=file)
    save_file({**state, "features.1.block.0.1.bias": bias, "more": bias + 1}, file)
    with pytest.raises(LatentprintError, match="more is left over"):
        load("torchvision:mobilenet_v3_small", weights=file)
    with pytest.raises(LatentprintError, match="does not hold the weights"):
        load("torchvision:resnet18", weights=file)
    with pytest.raises(UsageError, match="no file"):
        load("torchvision:resnet18", weights=tmp_path / "none.pth")


def test_trained_weights_are_read_from_the_cache_of_torch_hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    torch.manual_seed(2)
    model = classifier("mobilenet_v3_small")
    torch.save(model.state_dict(), tmp_path / "w.pth")
    digest = hashlib.sha256((tmp_path / "w.pth").read_bytes()).hexdigest()[:8]
    (tmp_path / "w.pth").rename(checkpoints / f"net-{digest}.pth")
    weights = torchvision.models.MobileNet_V3_Small_Weights.IMAGENET1K_V1
    monkeypatch.setattr(weights.value, "url", f"https://weights.invalid/net-{digest}.pth")
    encoder = load("torchvision:mobilenet_v3_small")
    remove_head(model)
    assert encoder.identity()["weights"] == weights_digest(model)
    (checkpoints / f"net-{digest}.pth").write_bytes(b"damaged")
    with pytest.raises(LatentprintError, match="SHA-256"):
        load("torchvision:mobilenet_v3_small")


def test_misspelt_names():
    with pytest.raises(UsageError, match=r"no classifier 'resnet5O'. Nearest: .*resnet50"):
        load("torchvision:resnet5O")
    with pytest.raises(UsageError, match="Did you mean 'IMAGENET1K_V2'"):
        load("torchvision:resnet50.IMAGENET_V2")
    with pytest.raises(UsageError, match="not of the form"):
        load("resnet50")
    with pytest.raises(UsageError, match="neither a folder nor OWNER/REPO"):
        load("nothing:entry")
    with pytest.raises(UsageError, match="does not take #class_token"):
        load("torchvision:resnet18", representation="class_token")


def test_a_repository_in_a_folder(repository, caplog):
    side = {"resize": 40, "crop": 32, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    (repository / "trained.preprocess.json").write_text(json.dumps(side))
    encoder = load(f"{repository}:trained")
    pixels = torch.full((1, 32, 32, 3), 255, dtype=torch.uint8)
    assert torch.equal(encoder.embed(pixels), torch.full((1, 5), 6.0))
    assert encoder.name == "torch:nets:trained"
    assert (encoder.preprocess.resize, encoder.input_size) == (40, 32)
    assert "code of this repository runs" in caplog.text


def test_a_repository_without_a_side_file(repository, caplog, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    encoder = load(f"{repository}:plain")
    assert encoder.input_size == 224
    assert "plain.preprocess.json is missing" in caplog.text


def test_a_repositorys_weights(repository, tmp_path):
    file = tmp_path / "own.pth"
    torch.save({"2.weight": torch.ones(5, 3), "2.bias": torch.zeros(5)}, file)
    side = {"resize": 8, "crop": 8, "mean": [0, 0, 0], "std": [1, 1, 1]}
    (tmp_path / "own.pth.preprocess.json").write_text(json.dumps(side))
    encoder = load(f"{repository}:trained", weights=file)
    pixels = torch.full((1, 8, 8, 3), 255, dtype=torch.uint8)
    assert torch.allclose(encoder.embed(pixels), torch.full((1, 5), 3.0))


def test_a_repository_that_returns_random_weights_is_refused(repository):
    text = (repository / "hubconf.py").read_text().replace("if pretrained:", "if False:")
    (repository / "hubconf.py").write_text(text)
    with pytest.raises(LatentprintError, match="returns random weights"):
        load(f"{repository}:trained")


def test_a_repository_unpickles_nothing(repository, tmp_path):
    mark = tmp_path / "it ran"

    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(mark),)

    (tmp_path / "bomb.pth").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(LatentprintError, match="could not be loaded"):
        load(f"{repository}:unpickles")
    assert not mark.exists()


def test_tensors_only_restores_the_environment(monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with tensors_only():
        assert os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] == "1"
        assert "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in os.environ
    assert os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] == "1"
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ


def test_other_repositories(repository, tmp_path):
    with pytest.raises(LatentprintError, match="Cannot find callable trainde"):
        load(f"{repository}:trainde")
    with pytest.raises(LatentprintError, match="KeyError: 'no such thing'"):
        load(f"{repository}:broken")
    with pytest.raises(LatentprintError, match="returned str, not a PyTorch module"):
        load(f"{repository}:text")
    with pytest.raises(UsageError, match=r"no hubconf\.py"):
        load(f"{tmp_path}:trained")
    with pytest.raises(UsageError, match="no untrained control"):
        load(f"{repository}:trained", untrained=True)


def test_code_on_github_runs_with_consent_alone(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(torch.hub, "load", lambda **given: asked.append(given) or "text")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"runs code of https://github\.com/owner/repo on this"):
        load("owner/repo:main:entry")
    with pytest.raises(UsageError, match="--trust-code"):
        load_encoder("torch:owner/repo:entry")
    with pytest.raises(UsageError, match="--trust-code"):
        describe_encoder("torch:owner/repo:entry")
    assert asked == []
    with pytest.raises(LatentprintError, match="returned str"):
        load_encoder("torch:owner/repo:entry", trust_code=True)
    assert [each["repo_or_dir"] for each in asked] == ["owner/repo"]
