"""The files that examples of the documentation name, small and made up."""

from __future__ import annotations

import json
import shutil
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from safetensors.numpy import save_file

from latentprint.encoders import Encoder, spec
from latentprint.encoders.default import ARCHITECTURE, NAME
from latentprint.encoders.forms import RANDOM
from latentprint.encoders.load_options import LoadOptions
from latentprint.words import CONTROL
from tests.docs.pages import DOCS
from tests.embeddings.toy import ToyEncoder

PHOTOS = 64
DIMENSION = 64
CLIP = "model=CLIP_variant=ViT-B-32"
CLASSES = ("JPEG75_420", "JPEG75_444", "JPEG85_420", "JPEG85_444", "JPEG95_420", "JPEG95_444")


class StandIn(ToyEncoder):
    """In place of an encoder whose weights would have to be fetched."""

    dimension = DIMENSION

    def __init__(self, parsed: spec.Parsed) -> None:
        model = ARCHITECTURE if parsed.key == "default" else parsed.rest
        name = NAME if parsed.full_spec == "default" else parsed.full_spec
        super().__init__(parsed.name or name)
        self.model = f"{RANDOM}:{model}" if parsed.untrained else f"{model}{parsed.weights or ''}"
        self.family = CONTROL if parsed.untrained else "SUP"
        # What was exported to ONNX is the embedded encoder.
        weights = ARCHITECTURE if parsed.key == "onnx" else self.model
        generator = torch.Generator().manual_seed(zlib.crc32(weights.encode()))
        self.weights = torch.randn(16 * 16 * 3, DIMENSION, generator=generator)

    def identity(self) -> dict[str, Any]:
        return {"library": "timm", "model": self.model}


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load a stand-in where weights would be loaded."""
    load = spec._load

    def loaded(text: str, options: LoadOptions) -> Encoder:
        parsed = spec.parse_spec(text)
        if options.outline or parsed.key in ("python", "pixels"):
            return load(text, options)
        return StandIn(replace(parsed, name=parsed.name or options.name))

    monkeypatch.setattr(spec, "_load", loaded)


def write_files(folder: Path) -> None:
    """Write all that has to be there before the first command."""
    rows = _write_photos(folder)
    table = pl.DataFrame(rows)
    table.write_csv(folder / "manifest.csv")
    table.write_parquet(folder / "photos.parquet")
    known = table.drop("path")
    for name in ("photos", "table", "cameras"):
        known.write_csv(folder / f"{name}.csv")
    _write_vectors(folder, known)
    _write_study(folder, known)
    for name, first in (("photo", "cat/01"), ("other", "dog/02")):
        shutil.copy(folder / "photos" / f"{first}.jpg", folder / f"{name}.jpg")
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for file in sorted((folder / "photos").rglob("*.jpg")):
            archive.write(file, file.relative_to(folder / "photos"))
    for file in filter(Path.is_file, (DOCS / "examples").iterdir()):
        shutil.copy(file, folder)
    shutil.copy(folder / "post.md", folder / "article.md")
    (folder / "_posts").mkdir()
    shutil.copy(folder / "post.md", folder / "_posts" / "2000-01-01-distill.md")
    shutil.copy(folder / "works.bib", folder / "_posts")
    for name in ("tuned.pth", "ViT-B-32.pt", "r-50-1000ep.pth.tar", "last.ckpt", "checkpoint.pth"):
        (folder / name).touch()


def _write_photos(folder: Path) -> list[dict[str, Any]]:
    generator = np.random.default_rng(0)
    rows = []
    for at in range(PHOTOS):
        label, phone = ("cat", "dog")[at // 2 % 2], at % 2
        file = folder / "photos" / label / f"{at:02}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = (("Canon", "EOS 5D"), ("Apple", "iPhone 6"))[phone]
        details = exif.get_ifd(0x8769)
        details[0x829D], details[0x8827] = (2.8, 4.0, 5.6, 8.0)[at // 4 % 4], 100 * (1 + at % 8)
        pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((32, 24)).save(file, quality=95, exif=exif)
        rows.append(
            {
                "path": f"photos/{label}/{at:02}.jpg",
                "id": f"{label}/{at:02}.jpg",
                "label": label,
                "class": label,
                "species": label,
                "photographer": f"p{at // 4}",
                "patient": f"p{at // 4}",
                "site": ("north", "south")[at // 32],
                "batch": at // 8,
                "scanner": "ab"[phone],
                "device": "ab"[phone],
                "subject": f"s{at // 2}",
                "scene": f"s{at // 2}",
                "device_type": ("camera", "phone")[phone],
                "camera": ("camera", "phone")[phone],
            }
        )
    return rows


def _write_vectors(folder: Path, known: pl.DataFrame) -> None:
    generator = np.random.default_rng(1)
    vectors = generator.normal(size=(PHOTOS, DIMENSION)).astype(np.float32)
    made = known.with_columns(make=pl.Series(["Canon", "Apple"] * (PHOTOS // 2)))
    made.write_csv(folder / "photos.csv")
    trace = vectors.copy()
    trace[::2] += 0.5
    trace /= np.linalg.norm(trace, axis=1, keepdims=True)
    np.save(folder / "vectors.npy", trace)
    for number, name in enumerate(("plain", "resized", "uploaded")):
        np.save(folder / f"{name}.npy", vectors + 0.2 * number)
    for name in "ab":
        (folder / name).mkdir()
        np.save(folder / name / "vectors.npy", trace)
    numbered = {f"emb_{at}": trace[:, at] for at in range(DIMENSION)}
    made.with_columns(**numbered).write_parquet(folder / "vectors.parquet")
    several = {"image_embedding": pl.Series(trace.tolist()), "x1": trace[:, 0], "x2": trace[:, 1]}
    made.with_columns(y=trace[:, 2], **several, **numbered).write_parquet(
        folder / "several.parquet"
    )
    with h5py.File(folder / "vectors.h5", "w") as file:
        file["train/images"], file["train/texts"] = trace, vectors
        for name in ("make", "label"):
            file[name] = made[name].to_list()
    np.save(folder / "served.npy", vectors[:48])


def _write_study(folder: Path, known: pl.DataFrame) -> None:
    """Embeddings in the files of the study's own code, and a split of it."""
    generator = np.random.default_rng(2)

    def write(file: Path, count: int, **columns: np.ndarray) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        vectors = generator.normal(size=(count, 8)).astype(np.float32)
        named = {name.replace("_", " "): each for name, each in columns.items()}
        save_file({"image_embeddings": vectors, **named}, file)

    for name in ("folder", "embeddings", "ImageNet"):
        for processing in CLASSES:
            for split, count in (("train", 40), ("val", 20)):
                file = folder / name / processing / f"{CLIP}_split={split}.safetensors"
                write(file, count, label=np.arange(count) // 2 % 2)
    at = np.arange(PHOTOS)
    write(folder / "PairCams" / f"{CLIP}.safetensors", PHOTOS, subject=at // 2, model=at % 2)
    write(folder / "FlickrExif" / f"{CLIP}.safetensors", PHOTOS, Flickr_ID=at)
    (folder / "flickrexif").mkdir()
    numbers, ids = at.tolist(), known["id"].to_list()
    for root in (folder, folder / "flickrexif"):
        parts = {"train": slice(32), "val": slice(32, 48), "test": slice(48, None)}
        sides = {side: [*numbers[part], *ids[part]] for side, part in parts.items()}
        split = {"target_attribute": "Make", "label_encoder_classes": ["Canon", "Apple"]}
        for side, chosen in sides.items():
            split |= {f"{side}_ids": chosen, f"encoded_{side}_labels": [0, 1] * (len(chosen) // 2)}
        (root / "split_data_target_attribute=Make.json").write_text(json.dumps(split))
