"""The four stages of a photo on its way into an embedding: bytes, pixels, model input, vector."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from latentprint.encoders import Encoder
from latentprint.errors import LatentprintError
from latentprint.photos import BrokenPhoto, Decoded, decode
from latentprint.photos.file_bytes import read_bytes

Change = Callable[[Decoded], np.ndarray]
"""Makes another model input of a photo than the encoder's own preparation does."""


@dataclass(frozen=True)
class Reading:
    """How photos are read and embedded.

    Attributes:
        batch_size: Images that go through the encoder at once.
        orient: Apply the EXIF orientation.
    """

    batch_size: int = 16
    orient: bool = True


@dataclass(frozen=True)
class Stages:
    """What became of N photos.

    Attributes:
        digests: Digest of the bytes of every file [N].
        contents: Digest of size and decoded RGB pixels [N].
        inputs: What the encoder is given: of a crop, uint8 levels [N, H, W, 3].
        vectors: The embeddings, float32 [N, D].
        changed: By the name of a change, the embeddings after it, float32 [N, D] each.
    """

    digests: tuple[str, ...]
    contents: tuple[str, ...]
    inputs: np.ndarray
    vectors: np.ndarray
    changed: Mapping[str, np.ndarray] = field(default_factory=dict)


def pass_through(
    files: Sequence[Path],
    encoder: Encoder,
    reading: Reading,
    changes: Mapping[str, Change] | None = None,
) -> Stages:
    """Take photos through all stages, in batches that depend on nothing but their number.

    Args:
        files: The photos [N].
        encoder: The frozen encoder.
        reading: How it is done.
        changes: Further model inputs to embed, by name.

    Raises:
        LatentprintError: A photo cannot be decoded, or the encoder fails.
    """
    import torch

    makers: dict[str, Change] = {"": lambda photo: encoder.preprocess.pixels(photo.image)}
    makers |= changes or {}
    digests, contents, inputs = [], [], []
    vectors: dict[str, list[np.ndarray]] = {name: [] for name in makers}
    for start in range(0, len(files), reading.batch_size):
        made: dict[str, list[np.ndarray]] = {name: [] for name in makers}
        for file in files[start : start + reading.batch_size]:
            digest, photo = _read(file, reading)
            digests.append(digest)
            contents.append(photo.content)
            for name, make in makers.items():
                made[name].append(make(photo))
        inputs += made[""]
        for name, batch in made.items():
            vectors[name].append(encoder.embed(torch.from_numpy(np.stack(batch))).numpy())
    joined = {name: np.concatenate(parts) for name, parts in vectors.items()}
    plain = joined.pop("")
    return Stages(tuple(digests), tuple(contents), np.stack(inputs), plain, joined)


def file_digest(data: bytes) -> str:
    """The digest of a file, 32 hexadecimal characters."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _read(file: Path, reading: Reading) -> tuple[str, Decoded]:
    try:
        return file_digest(read_bytes(file)), decode(file, orient=reading.orient)
    except BrokenPhoto as error:
        raise LatentprintError(
            f"{file} cannot be used: {error}. A canary needs all its photos as they were: fetch it "
            "again from where it is kept."
        ) from error
