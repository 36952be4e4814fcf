"""A store belongs to one encoder, and to one way of running it: everything else is refused."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from latentprint.embeddings import Extraction, Store, extract
from latentprint.encoders import Encoder, load_encoder
from latentprint.errors import LatentprintError
from latentprint.photos import Photos
from latentprint.processing import NONE

HOW = Extraction(batch_size=8, shard_size=16, workers=0)
SPEC = "timm:test_vit.r160_in1k"


def load(spec: str = f"random:{SPEC}", **how: Any) -> Encoder:
    return load_encoder(spec, device="cpu", **how)


def store(photos: Photos, encoder: Encoder, out: Path) -> Store:
    return extract(photos, [encoder], (NONE,), out, extraction=HOW)[0]


def content(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"seed": 3}, r'encoder\.identity\.weights is "\w+" there and "\w+" now\.'),
        ({"margin": "model"}, r"encoder\.preprocess\.resize is 160 there and 168 now\."),
        ({"precision": "bfloat16"}, r'precision is "float32" there and "bfloat16" now\.'),
        ({"compile": True}, r"encoder\.identity\.compiled is absent there and true now\."),
    ],
)
def test_another_way_of_running_it_is_refused(
    photos: Photos, tmp_path: Path, how: dict[str, Any], message: str
) -> None:
    out = tmp_path / "out"
    made = store(photos, load(), out)
    before = content(made.folder)
    with pytest.raises(LatentprintError, match="already holds other embeddings: .*" + message):
        store(photos, load(**how), out)
    assert content(made.folder) == before
    assert content(store(photos, load(), out).folder) == before


def test_another_representation_is_another_encoder(photos: Photos, tmp_path: Path) -> None:
    usual = store(photos, load(), tmp_path)
    patches = load(f"random:{SPEC}#patch_mean")
    assert store(photos, patches, tmp_path).folder != usual.folder
    patches.name = load().name
    with pytest.raises(
        LatentprintError, match=r'representation is absent there and "patch_mean" now'
    ):
        store(photos, patches, tmp_path)


def test_a_block_is_another_encoder_and_knows_which(photos: Photos, tmp_path: Path) -> None:
    final, second, third = [load(), *load(layers=(2, 3)).block_encoders()]  # type: ignore[attr-defined]
    folders = {store(photos, each, tmp_path).folder for each in (final, second, third)}
    assert len(folders) == 3
    third.name = second.name
    with pytest.raises(LatentprintError, match=r"encoder\.identity\.block is 2 there and 3 now"):
        store(photos, third, tmp_path)


def test_files_of_weights_are_told_apart_by_what_they_hold(photos: Photos, tmp_path: Path) -> None:
    import timm

    files = []
    for number, scale in enumerate((1.0, 1.0, 1.5)):
        torch.manual_seed(0)
        model = timm.create_model("test_vit", pretrained=False)
        with torch.no_grad():
            model.patch_embed.proj.weight.mul_(scale)
        files.append(tmp_path / f"{number}.safetensors")
        save_file(model.state_dict(), files[-1])
    first = store(photos, load(SPEC, weights=files[0]), tmp_path / "out")
    assert store(photos, load(SPEC, weights=files[1]), tmp_path / "out") == first
    with pytest.raises(LatentprintError, match=r"encoder\.identity\.weights is"):
        store(photos, load(SPEC, weights=files[2]), tmp_path / "out")
