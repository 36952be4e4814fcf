"""Encoders of the user's own code."""

import sys

import pytest
import torch

from latentprint.encoders import load_encoder
from latentprint.errors import LatentprintError, UsageError

CODE = """
import torch
from latentprint.encoders import Preprocess

class Mean(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
    def forward(self, x):
        return x.mean((2, 3)) * self.weight

class Broken(Mean):
    def forward(self, x):
        return x

class Infinite(Mean):
    def forward(self, x):
        return x.mean((2, 3)) / 0

def pair():
    return Mean(), Preprocess(32, 32)

def broken():
    return Broken(), Preprocess(32, 32)

def infinite():
    return Infinite(), Preprocess(32, 32)

class Own:
    name, family, input_size, dimension = "own", "yours", 16, 3
    preprocess = Preprocess(16, 16)
    def embed(self, pixels):
        return pixels.double().mean((1, 2))
    def identity(self):
        return {"version": 1}

class OwnModule(torch.nn.Linear, Own):
    def __init__(self):
        super().__init__(2, 2)

class WrongDimension(Own):
    dimension = 5

class WrongRows(Own):
    def embed(self, pixels):
        return torch.zeros(9, 3)

class WrongSize(Own):
    input_size = 17

def fails():
    raise ValueError("no weights here")

class Listed(Own):
    def embed(self, pixels):
        return [[0.0, 0.0, 0.0]]

def number():
    return 3
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "my_encoders.py").write_text(CODE)
    (tmp_path / "my_imports.py").write_text("import a_module_that_is_missing")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_encoders", raising=False)
    path = list(sys.path)
    yield
    assert sys.path == path


def load(factory):
    return load_encoder(f"python:my_encoders:{factory}", device="cpu")


def test_a_pair_of_module_and_preprocess():
    encoder = load("pair")
    pixels = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
    expected = encoder.preprocess.normalise(pixels).mean((2, 3))
    assert torch.allclose(encoder.embed(pixels), expected, atol=1e-6)
    assert (encoder.name, encoder.dimension) == ("python:my_encoders:pair", 3)
    assert len(encoder.identity()["weights"]) == 32


def test_an_encoder_of_ones_own():
    encoder = load("Own")
    embeddings = encoder.embed(torch.ones(2, 16, 16, 3, dtype=torch.uint8))
    assert embeddings.dtype == torch.float32
    assert embeddings.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert encoder.name == "own"
    assert encoder.identity()["version"] == 1
    assert "weights" not in encoder.identity()


def test_an_encoder_that_is_a_module_is_told_by_its_weights():
    assert load("OwnModule").identity()["weights"] != load("OwnModule").identity()["weights"]


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("broken", r"returned \[1, 3, 32, 32\] for 1 image"),
        ("infinite", "NaN or infinite"),
        ("WrongDimension", "dimension is 5, but an embedding has 3"),
        ("WrongRows", r"returned \[9, 3\] for 1 image"),
        ("Listed", "returned list for 1 image"),
        ("WrongSize", "input_size is 17"),
        ("fails", "ValueError: no weights here"),
        ("number", "returned int"),
        ("piar", "'pair'"),
    ],
)
def test_wrong_encoders_are_refused(factory, message):
    with pytest.raises(LatentprintError, match=message):
        load(factory)


def test_wrong_names_are_usage_errors():
    with pytest.raises(UsageError, match="no module 'my_encoder'"):
        load_encoder("python:my_encoder:pair")
    with pytest.raises(UsageError, match="python:module:factory"):
        load_encoder("python:my_encoders")
    with pytest.raises(LatentprintError, match="a_module_that_is_missing"):
        load_encoder("python:my_imports:pair")
