"""What an encoder says of a few made-up pictures, by which it is known again.

Names, options and digests of weights do not tell everything of an encoder: the code behind
``python:module:factory`` may change, a library, or the device. So the embeddings of pictures that
are always the same are kept beside the manifest, and a run that goes on with a store compares.
"""

from __future__ import annotations

import json
import logging
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from latentprint.embeddings.shard import digest_of_vectors
from latentprint.embeddings.sharded import DamagedFile, read_header
from latentprint.encoders.encoder import Encoder
from latentprint.encoders.preparation import Preparation
from latentprint.errors import LatentprintError
from latentprint.files import write_bytes

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

REFERENCE = "reference.safetensors"

TOLERANCE = 1e-4
"""Largest 1 - cos between two embeddings of a picture that count as one encoder's, and a hundredth
of the largest relative difference of their lengths."""

_NOTE, _TENSOR = "latentprint", "reference"
_SIDE = 256
_PACKAGES = ("torch", "timm", "open_clip_torch", "transformers", "onnxruntime", "numpy", "pillow")


def keep_or_compare(folder: Path, encoder: Encoder, pixels: torch.Tensor, device: str) -> None:
    """Keep the embeddings of the made-up pictures, or compare them with those that are kept.

    Args:
        folder: The folder of the store.
        encoder: The encoder.
        pixels: The batch of ``made_up``, one for all encoders that prepare photos alike: blocks of
            one network share its pass.
        device: Where it runs.

    Raises:
        LatentprintError: The encoder does not say what it said before.
    """
    found = encoder.embed(pixels).numpy().astype(np.float32)
    where = {"device": device, **_versions()}
    file = folder / REFERENCE
    if not file.exists():
        _keep(file, found, where)
        return
    kept, before = read_reference(file)
    changed = ", ".join(
        f"{name} was {before.get(name, 'absent')} and is {where.get(name, 'absent')}"
        for name in dict.fromkeys([*before, *where])
        if before.get(name) != where.get(name)
    )
    angle, length = _differences(kept, found)
    if angle > TOLERANCE or length > 100 * TOLERANCE:
        told = f"1 - cos = {angle:.2g}" if angle > TOLERANCE else f"lengths by {length:.1%}"
        limit = TOLERANCE if angle > TOLERANCE else f"{100 * TOLERANCE:.0%}"
        raise LatentprintError(
            f"The encoder {encoder.name} is not the one that {folder} was begun with: its "
            f"embeddings of made-up pictures differ by up to {told}, and {limit} is allowed "
            f"({changed or 'versions and device are the same: its own code or data changed'}). "
            "Choose another --out, or go back to what was."
        )
    if changed:
        logger.warning(
            "%s is continued although %s: embeddings of made-up pictures differ by 1 - cos = %.2g "
            "at most, and %g is allowed.",
            folder,
            changed,
            angle,
            TOLERANCE,
        )


def read_reference(file: Path) -> tuple[np.ndarray, dict[str, str]]:
    """The embeddings of the made-up pictures [P, D], and device and versions.

    Raises:
        DamagedFile: The file is not as it was written.
    """
    header = read_header(file)
    vectors = np.array(header.mapped(_TENSOR))
    try:
        note: dict[str, Any] = json.loads(header.metadata[_NOTE])
        where = dict(note["where"])
        digest = note["digest"]
    except (KeyError, ValueError, TypeError) as error:
        raise DamagedFile(file, "it does not say where it was made", repair=file.parent) from error
    if digest != _digest(vectors, where):
        raise DamagedFile(file, "its bytes are not those that were written", repair=file.parent)
    return vectors, where


def made_up(preparation: Preparation) -> torch.Tensor:
    """The made-up pictures as a batch for encoders that prepare photos in one way."""
    import torch

    return torch.from_numpy(np.stack([preparation.pixels(each) for each in pictures()]))


def pictures() -> Iterator[Image.Image]:
    """Three pictures that are always the same: smooth colours, fine texture, edges."""
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.int64)
    smooth = (x, y, (x + y) // 2)
    texture = tuple((x * x * a + y * y * b + x * y) % 251 for a, b in ((3, 5), (7, 2), (1, 11)))
    edges = tuple(255 * ((x // a + y // b) % 2) for a, b in ((8, 16), (32, 8), (64, 64)))
    for channels in (smooth, texture, edges):
        yield Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))


def _keep(file: Path, vectors: np.ndarray, where: dict[str, str]) -> None:
    from safetensors.numpy import save

    note = json.dumps({"where": where, "digest": _digest(vectors, where)})
    write_bytes(file, save({_TENSOR: np.ascontiguousarray(vectors)}, metadata={_NOTE: note}))


def _digest(vectors: np.ndarray, where: dict[str, str]) -> str:
    return digest_of_vectors({json.dumps(where, sort_keys=True): vectors})


def _differences(kept: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """The largest 1 - cos, and the largest relative difference of lengths."""
    if kept.shape != found.shape:
        return 2.0, 1.0
    a, b = kept.astype(np.float64), found.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    longest = np.maximum(np.maximum(*lengths), np.finfo(np.float64).tiny)
    products = np.einsum("pd,pd->p", a, b)
    scale = np.where(lengths[0] * lengths[1] > 0, lengths[0] * lengths[1], 1.0)
    # Two vectors of length zero are alike.
    both_zero = (lengths[0] == 0) & (lengths[1] == 0)
    angles = np.where(both_zero, 0.0, 1 - products / scale)
    return float(angles.max()), float((np.abs(lengths[0] - lengths[1]) / longest).max())


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
