"""Local files of weights: all of them used, by the release's own keys, and never run."""

import json
import os
import pickle

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from latentprint.encoders.default import load_default
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.open_clip_encoder import load_open_clip
from latentprint.encoders.python_encoder import load_python
from latentprint.encoders.timm_encoder import load_timm
from latentprint.encoders.torch_library_encoder import load_torchvision
from latentprint.errors import LatentprintError, UsageError

OPEN_CLIP = "a-small-vit-for-tests"
"""Built as OpenCLIP builds its own, of which the smallest has 50 million weights."""


@pytest.fixture(scope="module", autouse=True)
def open_clip_config(tmp_path_factory) -> None:
    import open_clip

    tower = {"layers": 2, "width": 64, "head_width": 32, "patch_size": 32, "image_size": 224}
    text = {"layers": 1, "width": 32, "heads": 1, "context_length": 8, "vocab_size": 100}
    file = tmp_path_factory.mktemp("configs") / f"{OPEN_CLIP}.json"
    file.write_text(json.dumps({"embed_dim": 16, "vision_cfg": tower, "text_cfg": text}))
    open_clip.add_model_config(file)


def open_clip_model() -> torch.nn.Module:
    import open_clip

    torch.manual_seed(3)
    return open_clip.create_model(OPEN_CLIP).eval()


def options(path, **changes) -> LoadOptions:
    return LoadOptions(device="cpu", weights=path, **changes)


def model_of(name: str, **arguments) -> torch.nn.Module:
    torch.manual_seed(11)
    return timm.create_model(name, **arguments).eval()


def pixels_for(encoder) -> torch.Tensor:
    side = encoder.input_size
    return torch.randint(0, 256, (2, side, side, 3), dtype=torch.uint8)


@pytest.mark.parametrize(
    ("suffix", "wrapped"),
    [
        (".safetensors", ""),
        (".pth", ""),
        (".pth", "state_dict"),
        (".bin", "model"),
        (".tar", "state_dict"),
    ],
)
@pytest.mark.parametrize("name", ["test_vit", "test_resnet"])
def test_a_timm_file_in_every_form(tmp_path, name, suffix, wrapped):
    model = model_of(name)  # with its classifier
    path, state = tmp_path / f"weights{suffix}", model.state_dict()
    if suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({wrapped: state, "epoch": 3} if wrapped else state, path)
    encoder = load_timm(name, options(path))
    pixels = pixels_for(encoder)
    with torch.inference_mode():
        values = encoder.preprocess.normalise(pixels)
        expected = model.forward_head(model.forward_features(values), pre_logits=True)
    assert torch.allclose(encoder.embed(pixels), expected, atol=1e-5)


def saved_by(trainer: str, state: dict) -> dict:
    """What a training saves: an encoder's tensors in a place of their own, beside other things."""
    below = lambda prefix: {f"{prefix}{name}": each for name, each in state.items()}  # noqa: E731
    other = {name: torch.zeros_like(each) for name, each in state.items()}
    return {
        "Lightning": {
            "state_dict": {**below("model."), "loss.weight": torch.ones(2)},
            "pytorch-lightning_version": "2.5.0",
            "optimizer_states": [{"state": {0: {"step": torch.ones(1)}}}],
        },
        "parallel and compiled": {"model": below("module._orig_mod.")},
        "a wrapper of wrappers": below("net.encoder.backbone."),
        "DINO": {
            "student": {f"backbone.{name}": each for name, each in other.items()},
            "teacher": {**below("backbone."), "head.mlp.0.weight": torch.ones(3, 3)},
            "epoch": 100,
        },
        "averages": {"model": other, "model_ema": below("module.")},
    }[trainer]


TRAINERS = {
    "Lightning": "below 'model.'. Left out beside them: loss (1).",
    "parallel and compiled": "below 'module._orig_mod.'.",
    "a wrapper of wrappers": "below 'net.encoder.backbone.'.",
    "DINO": "below 'teacher.backbone.', as complete below 'student.backbone.'.",
    "averages": "holds 'model_ema' and 'model': the first is taken.",
}


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize("library", ["timm", "torchvision", "open_clip"])
def test_what_a_training_put_before_names_is_left_out_and_said(tmp_path, caplog, library, trainer):
    if library == "timm":
        model, load, name = model_of("test_vit", num_classes=0), load_timm, "test_vit"
    elif library == "open_clip":
        model, load, name = open_clip_model(), load_open_clip, OPEN_CLIP
    else:
        torch.manual_seed(5)
        model, load, name = torchvision.models.squeezenet1_1(), load_torchvision, "squeezenet1_1"
    own = model.state_dict()
    path = tmp_path / "last.ckpt"
    torch.save(saved_by(trainer, own), path)
    encoder = load(name, options(path))
    assert TRAINERS[trainer] in caplog.text
    plain = tmp_path / "plain.pth"
    torch.save(own, plain)
    caplog.clear()
    again = load(name, options(plain))
    assert not caplog.records
    assert encoder.identity()["weights"] == again.identity()["weights"]


def test_a_prefix_does_not_hide_what_is_missing_or_left_over(tmp_path):
    state, path = dict(model_of("test_vit", num_classes=0).state_dict()), tmp_path / "last.ckpt"
    state["extra"] = torch.ones(1)
    del state["blocks.2.norm1.weight"]
    torch.save({"state_dict": {f"model.{name}": each for name, each in state.items()}}, path)
    with pytest.raises(LatentprintError, match=r"blocks.2.norm1.weight is missing; extra is left"):
        load_timm("test_vit", options(path))


def test_the_users_weights_do_not_bear_the_name_of_timms(tmp_path):
    path = tmp_path / "mine.pth"
    torch.save(model_of("test_vit").state_dict(), path)
    assert load_timm("test_vit", options(path)).name == "timm:test_vit"
    assert load_timm("test_vit.r160_in1k", options(path)).name == "timm:test_vit.r160_in1k"


def test_the_release_of_dinov2_is_mapped_and_its_positions_interpolated(tmp_path):
    name = "vit_small_patch14_reg4_dinov2"
    model = model_of(name, num_classes=0, img_size=224, init_values=1e-5)
    full = timm.create_model(name, num_classes=0)  # 518 px
    released = {**full.state_dict(), "mask_token": torch.zeros(1, 384)}
    released["register_tokens"] = released.pop("reg_token")
    # The release adds the class token's position; timm keeps it within the token.
    released["pos_embed"] = torch.cat([torch.zeros(1, 1, 384), released["pos_embed"]], 1)
    path = tmp_path / "dinov2.pth"
    torch.save(released, path)
    encoder = load_timm(f"{name}.lvd142m", options(path))
    assert encoder.name == "DINOv2 (ViT-S/14 reg, LVD-142M)"
    own = encoder._module.state_dict()
    assert own["pos_embed"].shape == model.state_dict()["pos_embed"].shape == (1, 256, 384)
    assert torch.equal(
        own["blocks.3.attn.qkv.weight"], full.state_dict()["blocks.3.attn.qkv.weight"]
    )
    assert torch.equal(own["reg_token"], full.state_dict()["reg_token"])


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda state: state.pop("blocks.2.norm1.weight"), "blocks.2.norm1.weight is missing"),
        (lambda state: state.update(extra=torch.ones(1)), "extra is left over"),
        (lambda state: state.update({"head2.a": torch.ones(1)}), "head2.a is left over"),
        (
            lambda state: state.update({"norm.weight": torch.ones(3)}),
            "norm.weight is of another shape",
        ),
        (lambda state: state.clear(), "and .* more are missing"),
    ],
)
def test_tensors_that_do_not_fit_are_named(tmp_path, change, hint):
    path, state = tmp_path / "weights.pth", dict(model_of("test_vit").state_dict())
    change(state)
    torch.save(state, path)
    with pytest.raises(LatentprintError, match=hint) as caught:
        load_timm("test_vit", options(path))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


class Bomb:
    def __init__(self, folder) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder / "ran"),)


LOADERS = {"timm": (load_timm, "test_vit"), "open_clip": (load_open_clip, OPEN_CLIP)}


@pytest.mark.parametrize("library", LOADERS)
def test_no_file_is_run(tmp_path, library):
    load, name = LOADERS[library]
    path = tmp_path / "bomb.pth"
    path.write_bytes(pickle.dumps({"state_dict": Bomb(tmp_path)}, protocol=2))
    with pytest.raises(LatentprintError, match="nothing in it was run"):
        load(name, options(path))
    torch.save({"state_dict": Bomb(tmp_path)}, path)
    with pytest.raises(LatentprintError, match="nothing in it was run"):
        load(name, options(path))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("library", LOADERS)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_truncated_file_is_one_sentence(tmp_path, library, suffix):
    load, name = LOADERS[library]
    path = tmp_path / f"weights{suffix}"
    state = {"a": torch.ones(1000)}
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(LatentprintError) as caught:
        load(name, options(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("library", LOADERS)
def test_a_file_that_is_not_there_or_of_another_kind(tmp_path, library):
    load, name = LOADERS[library]
    with pytest.raises(UsageError, match="There is no file"):
        load(name, options(tmp_path / "none.pth"))
    other = tmp_path / "weights.npz"
    other.write_bytes(b"")
    with pytest.raises(UsageError, match=r"not one of \.safetensors"):
        load(name, options(other))


def image_embeddings(model, encoder, pixels: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return model.encode_image(encoder.preprocess.normalise(pixels))


def test_an_open_clip_file_by_option_or_in_the_place_of_the_tag(tmp_path):
    model, path = open_clip_model(), tmp_path / "weights.pt"
    torch.save({"state_dict": model.state_dict()}, path)
    by_option = load_open_clip(OPEN_CLIP, options(path))
    by_tag = load_open_clip(f"{OPEN_CLIP}/{path}", LoadOptions(device="cpu"))
    pixels = pixels_for(by_option)
    expected = image_embeddings(model, by_option, pixels)
    for encoder in (by_option, by_tag):
        assert torch.allclose(encoder.embed(pixels), expected, atol=1e-5)
        assert encoder.family == "yours"
    assert by_option.identity()["weights"] == by_tag.identity()["weights"]


def test_an_open_clip_file_that_lacks_a_tensor(tmp_path):
    state, path = dict(open_clip_model().state_dict()), tmp_path / "weights.safetensors"
    del state["visual.proj"]
    save_file({name: each.contiguous() for name, each in state.items()}, path)
    with pytest.raises(LatentprintError, match=r"visual\.proj is missing"):
        load_open_clip(OPEN_CLIP, options(path))


def test_the_default_encoder_and_own_code_take_no_file(tmp_path):
    path = tmp_path / "weights.pth"
    with pytest.raises(UsageError, match="does not take --weights"):
        load_default(options(path))
    with pytest.raises(UsageError, match="does not take --weights"):
        load_python("somewhere:factory", options(path))
