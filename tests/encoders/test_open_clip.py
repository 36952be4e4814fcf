"""OpenCLIP's towers: the activation that weights were trained with, one name, OpenAI's files."""

import warnings

import pytest
import torch

from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.open_clip_encoder import load_open_clip


def outline(spec: str, **changes):
    return load_open_clip(spec, LoadOptions(outline=True, **changes))


def activations(encoder) -> set[str]:
    named = (type(module).__name__ for module in encoder._module.modules())
    return {name for name in named if "GELU" in name}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("ViT-B-32/openai", "QuickGELU"),
        ("ViT-B-32-quickgelu/openai", "QuickGELU"),
        ("ViT-B-16/dfn2b", "QuickGELU"),
        ("ViT-B-16-quickgelu/dfn2b", "QuickGELU"),
        ("ViT-B-32/metaclip_400m", "QuickGELU"),
        ("ViT-B-32/laion400m_e32", "QuickGELU"),
        ("ViT-B-32/laion2b_s34b_b79k", "GELU"),
        ("ViT-B-16/laion400m_e32", "GELU"),
    ],
)
def test_the_activation_is_that_of_the_weights(spec, expected):
    assert activations(outline(spec)) == {expected}


def test_a_local_copy_of_the_weights_has_their_activation_too(tmp_path):
    encoder = outline("ViT-B-32/openai", weights=tmp_path / "copy.safetensors")
    assert activations(encoder) == {"QuickGELU"}


@pytest.mark.parametrize("tag", ["openai", "metaclip_400m"])
def test_two_names_of_one_encoder_are_one(tag):
    one, other = (outline(f"{model}/{tag}") for model in ("ViT-B-32", "ViT-B-32-quickgelu"))
    assert (one.name, one.family, one.identity()) == (other.name, other.family, other.identity())
    expected = "CLIP (ViT-B/32, WIT)" if tag == "openai" else f"open_clip:ViT-B-32/{tag}"
    assert one.name == expected


class Holder(torch.nn.Module):
    """A program that holds tensors under dotted names, as OpenAI's releases do."""

    def put(self, name: str, tensor: torch.Tensor) -> None:
        first, _, rest = name.partition(".")
        if not rest:
            self.register_buffer(first, tensor)
            return
        if first not in self._modules:
            self.add_module(first, Holder())
        self._modules[first].put(rest, tensor)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values


def test_openais_own_release_is_a_program_of_which_the_weights_are_taken(tmp_path):
    import open_clip

    torch.manual_seed(4)
    model = open_clip.create_model("ViT-S-32-alt")
    holder = Holder()
    for name, tensor in model.state_dict().items():
        holder.put(name, tensor.half())
    for number in ("input_resolution", "context_length", "vocab_size"):
        holder.put(number, torch.tensor(77))
    path = tmp_path / "ViT.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated; the releases stay
        torch.jit.script(holder).save(path)
    encoder = load_open_clip("ViT-S-32-alt", LoadOptions(device="cpu", weights=path))
    for name, tensor in model.visual.state_dict().items():
        assert torch.equal(encoder._module.state_dict()[name], tensor.half().float())
