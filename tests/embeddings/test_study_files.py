from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from latentprint.embeddings.study_files import open_study_files
from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import straddling_groups


def vectors(rows: int, seed: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, 6, generator=generator).to(dtype)


def write(
    folder: Path,
    processing: str,
    embeddings: torch.Tensor,
    split: str | None = None,
    model: str = "clip",
    **columns: Any,
) -> Path:
    part = "" if split is None else f"_split={split}"
    file = folder / processing / f"model={model}_variant=ViT-B-16_openai{part}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name.replace("_", " "): torch.tensor(each) for name, each in columns.items()}
    save_file({"image_embeddings": embeddings, **tensors}, file)
    return file


def imagenet(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    for seed, processing in enumerate(("JPEG75_420", "JPEG95_444")):
        write(folder, processing, vectors(2, seed + 10, dtype), "val", label=[7, 3])
        write(folder, processing, vectors(3, seed, dtype), "train", label=[3, 7, 7])
    return folder


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_rows_labels_and_vectors(tmp_path: Path, dtype: torch.dtype) -> None:
    (source,) = open_study_files(imagenet(tmp_path / "ImageNet", dtype))
    assert (source.encoder, source.family) == ("clip (ViT-B-16_openai)", "yours")
    assert (source.dataset, source.split_made) == ("ImageNet", False)
    assert source.photos.rows() == [
        ("train/0", "3", "train", "train/0"),
        ("train/1", "7", "train", "train/1"),
        ("train/2", "7", "train", "train/2"),
        ("val/0", "7", "val", "val/0"),
        ("val/1", "3", "val", "val/1"),
    ]
    found = source.vectors("JPEG95_444")
    assert found.dtype == np.float32
    expected = torch.cat([vectors(3, 1, dtype), vectors(2, 11, dtype)]).float().numpy()
    assert np.array_equal(found, expected)
    with pytest.raises(UsageError, match="Did you mean 'JPEG75_420'"):
        source.vectors("JPEG75_42")


def test_flickr_ids(tmp_path: Path) -> None:
    ids = [53587418976, 12284931776, *range(10)]
    for processing in ("", "MASK_95"):
        write(tmp_path, processing, vectors(12, 0), Flickr_ID=ids)
    (source,) = open_study_files(tmp_path, dataset="FlickrExif", family="CVL", seed=3)
    assert (source.dataset, source.family, set(source.files)) == (
        *("FlickrExif", "CVL"),
        {"none", "MASK_95"},
    )
    assert source.photos["id"].to_list() == [str(each) for each in ids]
    assert source.split_made
    assert set(source.photos["split"]) == {"train", "val"}
    again = open_study_files(tmp_path, seed=3)[0].photos
    assert source.photos.equals(again)
    assert source.vectors("MASK_95").shape == (12, 6)


def test_pairs(tmp_path: Path) -> None:
    # The tensor "model" shares its name with a part of the file's name.
    columns = {"subject": torch.tensor([0, 1] * 4), "model": torch.tensor([0] * 4 + [1] * 4)}
    file = tmp_path / "model=clip_variant=RN50.safetensors"
    save_file({"image_embeddings": vectors(8, 0), **columns}, file)
    (source,) = open_study_files(tmp_path)
    assert source.photos["subject"].to_list() == ["0", "1"] * 4
    assert source.photos["group"].to_list() == ["0", "1"] * 4
    older, modern = "older_digital_camera", "modern_smartphone"
    assert source.photos["device_type"].to_list() == [older] * 4 + [modern] * 4
    assert straddling_groups(source.photos) == []


def test_one_side_alone_gets_a_split(tmp_path: Path) -> None:
    write(tmp_path, "JPEG75_420", vectors(12, 0), "val", label=[0, 1] * 6)
    (source,) = open_study_files(tmp_path)
    assert source.split_made
    assert set(source.photos["split"]) == {"train", "val"}
    assert source.photos["id"].to_list() == [f"val/{row}" for row in range(12)]


def test_several_encoders_and_other_files(tmp_path: Path) -> None:
    imagenet(tmp_path)
    write(tmp_path, "JPEG75_420", vectors(3, 5), "train", model="dino", label=[1, 2, 3])
    save_file({"x": torch.zeros(1)}, tmp_path / "JPEG75_420" / "other.safetensors")
    names = [source.encoder for source in open_study_files(tmp_path)]
    assert names == ["clip (ViT-B-16_openai)", "dino (ViT-B-16_openai)"]


def other(folder: Path, embeddings: torch.Tensor, split: str = "train", **columns: Any) -> None:
    write(folder, "JPEG95_444", embeddings, split, **columns)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda at: other(at, vectors(3, 1), label=[3, 7, 3]),
            "Row 2 has the label 7 in one .* 3 in",
        ),
        (
            lambda at: other(at, vectors(2, 1), label=[3, 7]),
            "Two files have 3 and 2 rows: .*JPEG95",
        ),
        (lambda at: other(at, vectors(3, 1)[:, :4].clone(), label=[3, 7, 7]), "6 numbers and .* 4"),
        (lambda at: other(at, vectors(3, 1), Flickr_ID=[3, 7, 7]), "hold different things"),
        (
            lambda at: other(at, vectors(3, 1), label=[3, 7]),
            r"shape \[3, 6\] for \[2\] rows of label",
        ),
        (
            lambda at: other(at, vectors(3, 1), name=[3, 7, 7]),
            "must hold .* it holds image_emb.*name",
        ),
        (
            lambda at: next(at.glob("JPEG95*/*train*")).unlink(),
            "JPEG95_444 .* none of its split train",
        ),
        (lambda at: next(at.glob("*/*val*")).write_bytes(b"x"), "cannot be read as safetensors"),
    ],
)
def test_files_that_do_not_agree(tmp_path: Path, spoil: Any, message: str) -> None:
    spoil(imagenet(tmp_path))
    with pytest.raises(LatentprintError, match=message):
        open_study_files(tmp_path)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_vectors_without_a_direction_are_named(tmp_path: Path, value: float) -> None:
    bad = vectors(3, 1)
    bad[1] = value
    other(imagenet(tmp_path), bad, label=[3, 7, 7])
    (source,) = open_study_files(tmp_path)
    assert source.vectors("JPEG75_420").shape == (5, 6)
    with pytest.raises(
        LatentprintError, match=r"train\.safetensors has 1 vectors .* row 1, counted"
    ):
        source.vectors("JPEG95_444")


def test_nothing_there_and_ids_twice(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match="holds no files <processing>/model"):
        open_study_files(tmp_path)
    write(tmp_path, "", vectors(3, 0), Flickr_ID=[1, 2, 1])
    with pytest.raises(LatentprintError, match="hold 1 twice"):
        open_study_files(tmp_path)
