"""Half precision, compiling, outlines: what they change, and that identities tell weights."""

import csv
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from latentprint.encoders import Preprocess
from latentprint.encoders.default import load_default
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.open_clip_encoder import load_open_clip
from latentprint.encoders.python_encoder import load_python
from latentprint.encoders.timm_encoder import load_timm
from latentprint.encoders.torch_embedding import TorchEncoder
from latentprint.errors import LatentprintError, UsageError
from tests.made_photos import made_photo


def options(**changes) -> LoadOptions:
    return LoadOptions(**{"device": "cpu", "untrained": True, **changes})


def noise(encoder, rows: int) -> torch.Tensor:
    side = encoder.input_size
    generator = torch.Generator().manual_seed(2)
    return torch.randint(0, 256, (rows, side, side, 3), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module", params=["made", "real"])
def photos(request: pytest.FixtureRequest) -> list[Image.Image]:
    if request.param == "made":
        return [made_photo(500, 375, seed) for seed in range(8)]
    sample = request.getfixturevalue("shared_data") / "imagenet_1k_sample"
    with (sample / "manifest.csv").open() as stream:
        rows = list(csv.DictReader(stream))[::125][:8]
    return [Image.open(sample / row["file"]).convert("RGB") for row in rows]


def load_small(how: LoadOptions) -> TorchEncoder:
    return load_timm("vit_tiny_patch16_224", how)


@pytest.mark.parametrize("load", [load_default, load_small])
def test_bfloat16_is_close_on_photos(load, photos):
    trained = load is load_default
    full, half = (
        load(options(untrained=not trained, precision=each)) for each in ("float32", "bfloat16")
    )
    pixels = torch.from_numpy(np.stack([full.preprocess.pixels(each) for each in photos]))
    found = half.embed(pixels)
    assert found.dtype == torch.float32
    assert torch.cosine_similarity(full.embed(pixels), found).min() > 0.999


@pytest.mark.parametrize("load", [load_default, load_small])
def test_the_same_weights_differ_in_precision_only(load):
    full, half = (load(options(precision=each)).identity() for each in ("float32", "bfloat16"))
    assert {key for key in full if full[key] != half[key]} == {"precision"}


def test_other_weights_have_another_identity():
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
    before = toy(module).identity()
    assert toy(module).identity() == before
    with torch.no_grad():
        module[1].bias[2] += 1e-6
    after = toy(module).identity()
    assert {key for key in before if before[key] != after[key]} == {"weights"}


def toy(module: nn.Module, **changes) -> TorchEncoder:
    return TorchEncoder(
        module,
        Preprocess(2, 2),
        name="toy",
        family="yours",
        source={"library": "toy"},
        options=options(untrained=False, **changes),
    )


@pytest.fixture
def without_compiler(monkeypatch):
    """PyTorch reads the module as to compile it, but generates no code: that takes minutes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()


def test_compiled_once_for_all_batches_and_blocks(without_compiler):
    how = options(layers=(2, 5))
    plain = load_timm("test_vit", how)
    compiled = load_timm("test_vit", options(layers=(2, 5), compile=True))
    first, smaller = noise(plain, 4), noise(plain, 3)[1:]
    for pixels in (first, smaller, first[:1]):
        for one, other in zip(everyone(plain), everyone(compiled), strict=True):
            answer = other.embed(pixels)
            assert answer.shape == (len(pixels), one.dimension)
            assert torch.allclose(answer, one.embed(pixels), atol=1e-5)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert compiled.identity() == {**plain.identity(), "compiled": True}


def everyone(encoder):
    return [encoder, *encoder.block_encoders()]


def test_compiling_the_default_encoder_keeps_the_digest(without_compiler):
    plain = load_default(options())
    compiled = load_default(options(compile=True))
    pixels = noise(plain, 2)
    assert torch.allclose(plain.embed(pixels), compiled.embed(pixels), atol=1e-4)
    assert compiled.identity()["weights"] == plain.identity()["weights"]


def test_a_compiler_that_fails_is_one_sentence(monkeypatch):
    def failing(_graph, _inputs):
        raise RuntimeError("no compiler\nhere")

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=failing))
    encoder = toy(nn.Sequential(nn.Flatten(), nn.Linear(12, 4)), compile=True)
    with pytest.raises(
        LatentprintError, match=r"toy could not be compiled .*: leave out --comp"
    ) as e:
        encoder.embed(noise(encoder, 2))
    assert "\n" not in str(e.value)


@pytest.mark.slow
def test_really_compiled_code_computes_the_same():
    module = nn.Sequential(nn.Conv2d(3, 4, 2), nn.GELU(), nn.Flatten(), nn.Linear(4, 4))
    plain, compiled = toy(module), toy(module, compile=True)
    pixels = noise(plain, 5)
    assert torch.allclose(plain.embed(pixels), compiled.embed(pixels), atol=1e-5)
    assert torch.allclose(plain.embed(pixels[:2]), compiled.embed(pixels[:2]), atol=1e-5)


@pytest.mark.parametrize(
    "load",
    [
        load_default,
        partial(load_timm, "vit_giant_patch14_reg4_dinov2"),
        partial(load_open_clip, "ViT-bigG-14/laion2b_s39b_b160k"),
    ],
)
def test_an_outline_describes_without_weights_or_memory(load):
    outline = load(options(untrained=False, outline=True, layers=(1,)))
    assert all(each.is_meta for each in outline._module.parameters())
    assert outline.dimension in (1280, 1536)
    assert outline.parameters > 3e6
    assert "weights" not in outline.identity()
    for each in everyone(outline):
        with pytest.raises(LatentprintError, match="only described"):
            each.embed(noise(outline, 1))


def test_an_outline_says_what_the_loaded_encoder_says():
    outline, loaded = (load_timm("test_vit", options(outline=each)) for each in (True, False))
    assert (outline.name, outline.family) == (loaded.name, loaded.family)
    assert (outline.dimension, outline.preprocess) == (loaded.dimension, loaded.preprocess)
    weights = {"weights": loaded.identity()["weights"]}
    assert {**outline.identity(), **weights} == loaded.identity()


def test_an_outlined_module_of_another_shape_is_refused():
    with pytest.raises(LatentprintError, match="returned"):
        toy(nn.Conv2d(3, 4, 2, device="meta"), outline=True)


OWN_CODE = """
import torch
from latentprint.encoders import Preprocess

class Mine:
    name, family, input_size, dimension = "mine", "yours", 2, 12
    preprocess = Preprocess(2, 2)

    def embed(self, pixels):
        return pixels.flatten(1).float()

    def identity(self):
        return {}

class Blocks(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.Conv2d(4, 5, 1))

    def forward(self, values):
        return self.blocks(values).mean((2, 3))

def pair():
    return Blocks(), Preprocess(2, 2)
"""


def test_own_code_has_layers_if_it_is_a_module(tmp_path, monkeypatch):
    (tmp_path / "own_code_with_blocks.py").write_text(OWN_CODE)
    monkeypatch.chdir(tmp_path)
    target = "own_code_with_blocks"
    pair = load_python(f"{target}:pair", options(untrained=False, layers="all"))
    assert [each.dimension for each in pair.block_encoders()] == [4, 5]
    assert load_python(f"{target}:pair", options(untrained=False, outline=True)).dimension == 5
    for changes in ({"layers": "all"}, {"compile": True}, {"representation": "pooled"}):
        with pytest.raises(UsageError, match="does not take"):
            load_python(f"{target}:Mine", options(untrained=False, **changes))
