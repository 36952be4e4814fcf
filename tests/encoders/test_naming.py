"""``NAME=SPEC`` and ``SPEC@FILE``: how they are read, and what bears the name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import timm
import torch
from PIL import Image

from latentprint import audit, embed, load_encoder, open_collection
from latentprint.encoders import expand_specs, untrained_spec
from latentprint.encoders.description import describe
from latentprint.encoders.spec import parse_spec
from latentprint.errors import UsageError


@pytest.fixture
def weights(tmp_path: Path) -> list[Path]:
    """Two files of weights for one architecture."""
    files = [tmp_path / "base.pth", tmp_path / "tuned.pth"]
    for seed, file in enumerate(files):
        torch.manual_seed(seed)
        torch.save(timm.create_model("test_resnet").state_dict(), file)
    return files


@pytest.mark.parametrize(
    ("spec", "name", "model", "file"),
    [
        ("base=timm:resnet18", "base", "timm:resnet18", None),
        ("tuned=timm:resnet18@ft.pth", "tuned", "timm:resnet18", "ft.pth"),
        ("timm:vit_tiny#class_token@a/b.pth", "", "timm:vit_tiny#class_token", "a/b.pth"),
        ("my net (v2.1)=default", "my net (v2.1)", "default", None),
        ("hf:owner/model@main", "", "hf:owner/model@main", None),
        ("mine=hf:owner/model@main", "mine", "hf:owner/model@main", None),
        ("onnx:run=3/model.onnx", "", "onnx:run=3/model.onnx", None),
        ("a=onnx:run=3/model.onnx", "a", "onnx:run=3/model.onnx", None),
    ],
)  # fmt: skip
def test_a_specification_is_split(spec: str, name: str, model: str, file: str | None) -> None:
    parsed = parse_spec(spec)
    assert (parsed.name, parsed.model) == (name, model)
    assert parsed.weights == (Path(file) if file else None)
    assert parsed.full_spec == spec


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("=default", "cannot name an encoder"),
        ("a, untrained=default", "cannot name an encoder"),
        (f"{'x' * 61}=default", "cannot name an encoder"),
        ("colour statistics=default", "name of a control"),
        ("a=tim:resnet18", "'timm'"),
        ("a=pixels:colour", "does not take a="),
        ("a=default@pyproject.toml.pth", "no file"),
        ("a=timm:test_resnet@nowhere.pth", "no file 'nowhere.pth'"),
        ("a=random:timm:test_resnet@nowhere.pth", "untrained"),
    ],
)
def test_what_cannot_be_named_or_filled_is_refused(spec: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_encoder(spec)


def test_a_published_name_is_no_name_for_another() -> None:
    with pytest.raises(UsageError, match="published encoder"):
        parse_spec("clip-vit-b-32-wit=default")


def test_names_expand_with_what_they_name() -> None:
    (full,) = expand_specs(["mine=clip-vit-b-32-wit@ft.pt"])
    assert full.startswith("mine=open_clip:ViT-B-32")
    assert full.endswith("@ft.pt")
    with pytest.raises(UsageError, match="a name or a file of weights is for one"):
        expand_specs(["mine=dinov2-*"])


def test_the_control_bears_the_name_and_has_no_weights() -> None:
    assert untrained_spec("mine=timm:resnet18@ft.pth") == "mine=random:timm:resnet18"
    assert untrained_spec("timm:resnet18") == "random:timm:resnet18"
    assert load_encoder("mine=random:timm:test_resnet", device="cpu").name == "mine, untrained"


def test_an_encoder_bears_the_name_and_has_the_weights(weights: list[Path]) -> None:
    pixels = torch.zeros(1, 160, 160, 3, dtype=torch.uint8)
    mine = load_encoder(f"mine=timm:test_resnet@{weights[0]}", device="cpu")
    same = load_encoder("timm:test_resnet", weights=weights[0], device="cpu")
    assert (mine.name, mine.family) == ("mine", "yours")
    assert torch.equal(mine.embed(pixels), same.embed(pixels))
    assert mine.identity() == same.identity()
    with pytest.raises(UsageError, match="leave out --weights"):
        load_encoder(f"timm:test_resnet@{weights[0]}", weights=weights[1])
    told = describe(f"mine=timm:test_resnet@{weights[0]}")
    assert (told["name"], told["weights"]) == ("mine", f"the file {weights[0]}")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for number in range(24):
        file = tmp_path / "photos" / "xy"[number % 2] / f"{number:02}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((64, 48)).save(file, quality=95)
    return tmp_path / "photos"


def test_two_checkpoints_of_one_model_stand_side_by_side(
    photos: Path, weights: list[Path], tmp_path: Path
) -> None:
    specs = [f"{file.stem}=timm:test_resnet@{file}" for file in weights]
    run = audit(
        photos, tmp_path / "run", encoder=specs, attribute="jpeg:JPEG75_420,JPEG95_444", workers=0
    )
    names = set(run.table["encoder"])
    assert names >= {"base", "tuned", "base, untrained", "tuned, untrained"}
    values = run.table.group_by("encoder").agg("value")
    by_name = dict(values.rows())
    assert by_name["base"] != by_name["tuned"]
    assert by_name["base, untrained"] == by_name["tuned, untrained"]
    probes = run.table.filter(pl.col("experiment") == "processing_probe", pl.col("setup") == "all")
    assert probes.filter(pl.col("encoder").is_in(["base", "tuned"]))["twin"].null_count() == 0
    stores = {source.encoder for source in open_collection(tmp_path / "run")}
    assert stores >= {"base", "tuned"}
    page = (tmp_path / "run" / "report.html").read_text()
    assert "tuned" in page


def test_equal_names_are_refused_before_anything_is_loaded(
    photos: Path, weights: list[Path], tmp_path: Path
) -> None:
    specs = [f"mine=timm:test_resnet@{file}" for file in weights]
    with pytest.raises(UsageError, match="both named 'mine'"):
        embed(photos, tmp_path / "store", encoder=specs, attribute="none")
    unnamed = [f"timm:test_resnet@{file}" for file in weights]
    with pytest.raises(UsageError, match="NAME=SPEC"):
        embed(photos, tmp_path / "store", encoder=unnamed, attribute="none", workers=0)
