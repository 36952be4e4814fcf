"""Released checkpoints: files of the exact form of the releases, and every kind of wrong file."""

import hashlib
import math
import pickle
from collections import OrderedDict
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torchvision.models import resnet50

from latentprint.encoders import checkpoint_encoder, describe_encoder, downloads, load_encoder
from latentprint.encoders.checkpoint_encoder import RELEASES, Release, sine_cosine_positions
from latentprint.errors import LatentprintError, UsageError


def positions(side, width):
    """MoCo v3's position embedding, one value at a time."""
    quarter = width // 4
    rows = [[0.0] * width]
    for row in range(side):
        for column in range(side):
            angles = [
                [at / 10_000 ** (i / quarter) for i in range(quarter)] for at in (row, column)
            ]
            rows.append(
                [wave(angle) for each in angles for wave in (math.sin, math.cos) for angle in each]
            )
    return torch.tensor([rows])


def projector(*widths):
    """MoCo v3's heads: batch normalisation throughout, at the end without weights."""
    layers = []
    for number, (before, after) in enumerate(pairwise(widths), 2):
        last = number == len(widths)
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after, affine=not last)]
        layers += [] if last else [nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class MoCo(nn.Module):
    """The training module of MoCo v3, whose state the release holds."""

    def __init__(self, base_encoder, momentum_encoder):
        super().__init__()
        self.base_encoder, self.momentum_encoder = base_encoder, momentum_encoder
        self.predictor = projector(256, 512, 256)


def vit(width, depth=12, head=None):
    norm = partial(nn.LayerNorm, eps=1e-6)
    model = VisionTransformer(
        embed_dim=width, depth=depth, num_heads=12, norm_layer=norm, num_classes=0
    )
    model.pos_embed.data = positions(14, width)
    model.head = head or nn.Identity()
    return model


def save_release(path, moco, arch):
    """Save what MoCo v3's training script saves, of a module in DistributedDataParallel."""
    state = OrderedDict((f"module.{name}", each) for name, each in moco.state_dict().items())
    optimizer = torch.optim.AdamW(moco.predictor.parameters(), 1.5e-4)
    sum(each.sum() for each in moco.predictor.parameters()).backward()
    optimizer.step()
    scaler = {"scale": 65536.0, "growth_factor": 2.0, "growth_interval": 2000, "_growth_tracker": 7}
    content = {"epoch": 300, "arch": arch, "state_dict": state}
    torch.save({**content, "optimizer": optimizer.state_dict(), "scaler": scaler}, path)


def randomised(model):
    """Give no tensor its initial values: vectors one by one, the rest, random by itself, scaled."""
    generator = torch.Generator().manual_seed(3)
    for each in model.state_dict().values():
        if not each.is_floating_point():
            each.fill_(11)
        elif each.ndim == 1:
            each.mul_(1 + 0.2 * torch.rand(each.shape, generator=generator))
            each.add_(0.01 * torch.rand(each.shape, generator=generator))
        else:
            each.mul_(1 + 0.2 * torch.rand(1, generator=generator))
    return model.eval()


def pixels_of(count=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 224, 224, 3), dtype=torch.uint8, generator=generator)


@torch.inference_mode()
def expected(model, pixels):
    """Embeddings of uint8 pixels [B, 224, 224, 3] with ImageNet's normalisation."""
    values = pixels.permute(0, 3, 1, 2) / 255
    mean, std = (
        torch.tensor(each).view(3, 1, 1) for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    return model((values - mean) / std)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "width"), [("mocov3_vit_small", 384), ("mocov3_resnet50", 2048)])
def test_a_release_of_moco_v3_gives_the_embeddings_of_its_base_encoder(name, width, tmp_path):
    if name == "mocov3_resnet50":
        encoders = [resnet50(), resnet50()]
        for each in encoders:
            each.fc = projector(2048, 512, 256)
    else:
        encoders = [vit(width, head=projector(width, 512, 512, 256)) for _ in range(2)]
    path = tmp_path / "release.pth.tar"
    save_release(path, randomised(MoCo(*encoders)), name)
    encoder = load_encoder(f"checkpoint:{name}", device="cpu", weights=path)
    setattr(encoders[0], "fc" if name == "mocov3_resnet50" else "head", nn.Identity())
    pixels = pixels_of()
    base = expected(encoders[0], pixels)
    assert (encoder.dimension, encoder.family) == (width, "SSL")
    assert (encoder.embed(pixels) - base).abs().max() < 1e-5 * base.abs().max()


@pytest.mark.slow
def test_a_release_of_dino_gives_the_embeddings_of_its_trunk(tmp_path):
    model = resnet50()
    model.fc = nn.Identity()
    randomised(model)
    path = tmp_path / "dino_resnet50_pretrain.pth"
    torch.save(model.state_dict(), path)
    encoder = load_encoder("DINO (RN50, ImageNet-1k)", device="cpu", weights=path)
    pixels = pixels_of()
    trunk = expected(model, pixels)
    assert (encoder.embed(pixels) - trunk).abs().max() < 1e-5 * trunk.abs().max()
    assert encoder.name == "DINO (RN50, ImageNet-1k)"
    assert encoder.identity()["model"] == "dino_resnet50"


def test_margins_and_kernels_are_the_makers():
    found = {}
    for name in RELEASES:
        both = [
            describe_encoder(f"checkpoint:{name}", margin=each) for each in ("published", "model")
        ]
        found[name] = [(each.preprocess.resize, each.preprocess.kernel) for each in both]
    assert found.pop("dino_resnet50") == [(224, "bicubic"), (256, "bicubic")]
    assert set(map(tuple, found.values())) == {((224, "bilinear"), (256, "bilinear"))}


def test_the_vits_have_twelve_heads_and_their_own_positions():
    for name in ("mocov3_vit_small", "mocov3_vit_base"):
        module = describe_encoder(f"checkpoint:{name}")._module
        assert [block.attn.num_heads for block in module.blocks] == [12] * 12
    assert (sine_cosine_positions(14, 96) - positions(14, 96)).abs().max() < 1e-5
    untrained = load_encoder("random:checkpoint:mocov3_vit_small", device="cpu", seed=1)
    assert torch.equal(untrained._module.pos_embed, sine_cosine_positions(14, 384))
    assert untrained.name == "MoCo v3 (ViT-S, ImageNet-1k), untrained"


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The ViT-S release with two narrow blocks, and a sound file of it."""
    arguments = {"num_heads": 12, "embed_dim": 48, "depth": 2}
    release = Release("vit_small_patch16_224", "class_token", "head", "bilinear", arguments)
    monkeypatch.setitem(RELEASES, "mocov3_vit_small", release)
    state = {
        f"module.base_encoder.{name}": each
        for name, each in randomised(vit(48, 2)).state_dict().items()
    }
    path = tmp_path / "vit-s-300ep.pth.tar"
    torch.save({"state_dict": state}, path)
    return path, state


def load(path):
    return load_encoder("moco-v3-vit-s", device="cpu", weights=path)


def one_sentence(path):
    with pytest.raises(LatentprintError) as caught:
        load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 500
    return message


def test_converted_files_are_read_too(small, tmp_path):
    path, state = small
    plain = {name.removeprefix("module.base_encoder."): each for name, each in state.items()}
    torch.save(plain, tmp_path / "plain.pth")
    torch.save({"state_dict": state}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file(plain, tmp_path / "plain.safetensors")
    pixels = pixels_of(1)
    digests = set()
    for file in (
        path,
        *(tmp_path / each for each in ("plain.pth", "old.pth", "plain.safetensors")),
    ):
        encoder = load(file)
        digests.add(encoder.identity()["weights"])
        assert torch.equal(encoder.embed(pixels), load(path).embed(pixels))
    assert len(digests) == 1


def test_a_missing_tensor_is_named(small):
    path, state = small
    for name in ("norm.weight", "blocks.1.attn.qkv.bias"):
        del state[f"module.base_encoder.{name}"]
    torch.save({"state_dict": state}, path)
    message = one_sentence(path)
    assert "blocks.1.attn.qkv.bias, norm.weight are missing" in message


def test_tensors_left_over_are_named(small):
    path, state = small
    for number in range(5):
        state[f"module.base_encoder.blocks.2.extra{number}"] = torch.zeros(1)
    torch.save({"state_dict": state}, path)
    assert "blocks.2.extra0, blocks.2.extra1, blocks.2.extra2 and 2 more are left over" in (
        one_sentence(path)
    )


def test_tensors_of_another_shape_are_named(small):
    path, state = small
    state["module.base_encoder.pos_embed"] = torch.zeros(1, 257, 48)
    torch.save({"state_dict": state}, path)
    assert "pos_embed is of another shape" in one_sentence(path)


def test_weights_of_another_encoder_are_refused(small):
    path, _ = small
    torch.save(resnet50().state_dict(), path)
    assert "are missing" in one_sentence(path)


def test_counts_of_training_batches_may_be_missing(tmp_path):
    state = {
        name: each
        for name, each in resnet50().state_dict().items()
        if "num_batches_tracked" not in name
    }
    torch.save(state, tmp_path / "file.pth")
    load_encoder("checkpoint:dino_resnet50", device="cpu", weights=tmp_path / "file.pth")
    del state["bn1.running_mean"]
    torch.save(state, tmp_path / "file.pth")
    with pytest.raises(LatentprintError, match=r"bn1\.running_mean is missing"):
        load_encoder("checkpoint:dino_resnet50", device="cpu", weights=tmp_path / "file.pth")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9, 0.999])
def test_a_truncated_file_is_refused(small, share):
    path, _ = small
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    one_sentence(path)


def test_other_content_is_refused(small):
    path, _ = small
    path.write_text("<html>Not found</html>")
    one_sentence(path)
    torch.save([torch.zeros(1)], path)
    assert "no named tensors" in one_sentence(path)
    torch.save({"state_dict": {"epoch": 3}}, path)
    one_sentence(path)


class Bomb:
    """An object whose unpickling would write a file."""

    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_refused_and_not_run(small, zipped, tmp_path):
    path, state = small
    target = tmp_path / "ran"
    torch.save(
        {"state_dict": state, "args": Bomb(target)}, path, _use_new_zipfile_serialization=zipped
    )
    assert "nothing in it was run" in one_sentence(path)
    path.write_bytes(pickle.dumps(Bomb(target)))
    one_sentence(path)
    assert not target.exists()


def test_a_published_digest_is_checked(small, monkeypatch):
    path, _ = small
    known = checkpoint_encoder.published_encoder("moco-v3-vit-s")
    monkeypatch.setattr(
        checkpoint_encoder, "published_encoder", lambda _: replace(known, sha256="0123abcd")
    )
    assert "published is 0123abcd" in one_sentence(path)
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(
        checkpoint_encoder, "published_encoder", lambda _: replace(known, sha256=right[:8])
    )
    load(path)


def test_without_a_local_file_the_release_is_fetched(small, monkeypatch):
    path, _ = small
    asked = []

    def download(*arguments):
        asked.append(arguments)
        return path

    monkeypatch.setattr(downloads, "download", download)
    load_encoder("moco-v3-vit-s", device="cpu")
    url = "https://dl.fbaipublicfiles.com/moco-v3/vit-s-300ep/vit-s-300ep.pth.tar"
    assert asked == [(url, "MoCo v3 (ViT-S, ImageNet-1k)", None)]


@pytest.mark.parametrize(
    ("spec", "weights", "hint"),
    [
        ("checkpoint:mocov3_vit_smal", None, "'mocov3_vit_small'"),
        ("checkpoint:dino_resnet50#class_token", None, "'pooled'"),
        ("checkpoint:dino_resnet50", "nowhere.pth", "no file 'nowhere.pth'"),
        ("random:dino-rn50", "nowhere.pth", "untrained"),
    ],
)
def test_wrong_usage(spec, weights, hint):
    with pytest.raises(UsageError) as caught:
        load_encoder(spec, device="cpu", weights=weights)
    assert hint in str(caught.value)
