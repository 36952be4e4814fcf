"""Encoders whose makers released a file that no library fetches: ``checkpoint:NAME``.

DINO's ResNet-50 (Caron et al., ICCV 2021, arXiv 2104.14294) and MoCo v3 (Chen et al., ICCV 2021,
arXiv 2104.02057), whose files hold both encoders, their heads and the optimiser. The published
encoder is the base encoder without its head. MoCo v3's ViT-S has 12 heads (appendix A), and its
position embedding is sine-cosine and fixed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.encoders import downloads, libraries
from latentprint.encoders.catalogue import PublishedEncoder, published_encoder
from latentprint.encoders.load_options import LoadOptions, built
from latentprint.encoders.preprocess import Kernel, Preprocess
from latentprint.encoders.torch_embedding import Origin, TorchEncoder
from latentprint.encoders.weights_file import load_weights, read_tensors, weights_file
from latentprint.errors import LatentprintError, UsageError, unknown_name

if TYPE_CHECKING:
    import torch

SIZE, CROP_FRACTION = 224, 0.875


@dataclass(frozen=True)
class Release:
    """How a released file becomes an encoder.

    Attributes:
        architecture: timm's name of the architecture, whose tensors have the names of the file.
        representation: The output that is the embedding.
        head: Name of the head, whose tensors are dropped.
        kernel: Resampling kernel of the makers' own evaluation.
        arguments: What differs from timm's architecture.
    """

    architecture: str
    representation: str
    head: str
    kernel: Kernel
    arguments: Mapping[str, Any] = field(default_factory=dict)


RELEASES = {
    "dino_resnet50": Release("resnet50", "pooled", "fc", "bicubic"),
    "mocov3_vit_small": Release(
        "vit_small_patch16_224", "class_token", "head", "bilinear", {"num_heads": 12}
    ),
    "mocov3_vit_base": Release("vit_base_patch16_224", "class_token", "head", "bilinear"),
    "mocov3_resnet50": Release("resnet50", "pooled", "fc", "bilinear"),
}
# Before the names of the base encoder's tensors; a file without them holds nothing else.
PREFIXES = ("module.base_encoder.", "base_encoder.")


def load_checkpoint(name: str, options: LoadOptions) -> TorchEncoder:
    """Load an encoder from the file that its makers released.

    Args:
        name: A key of :data:`RELEASES`, such as ``"mocov3_vit_small"``.
        options: How to load it; ``weights`` may be a copy of the released file.

    Raises:
        UsageError: If there is no such release, representation or local file.
        LatentprintError: If the file cannot be fetched or read, or does not hold the encoder.
    """
    if name not in RELEASES:
        raise unknown_name("released checkpoint", name, RELEASES)
    release, spec = RELEASES[name], f"checkpoint:{name}"
    if options.representation not in ("", release.representation):
        raise UsageError(f"{spec} has one representation, {release.representation!r}.")
    known = published_encoder(spec)
    assert known is not None  # noqa: S101 - the catalogue comes with the package
    trained = not (options.untrained or options.outline)
    # Fetched before the network is built, which takes seconds for nothing if that fails.
    path = _file(known, options.weights) if trained else None
    model = build(release, options)
    if path is not None:
        load_weights(model, path, read=read_base_encoder, heads=[release.head])
    return TorchEncoder(
        model,
        preprocessing(release, options),
        Origin(
            known.name,
            known.family,
            {"library": "checkpoint", "model": name, "representation": release.representation},
        ),
        options,
    )


def preprocessing(release: Release, options: LoadOptions) -> Preprocess:
    """224 px of 256, with ImageNet's mean and standard deviation, as the makers evaluate."""
    resize = options.resize(SIZE, CROP_FRACTION)
    return Preprocess(resize, SIZE, release.kernel)


def build(release: Release, options: LoadOptions) -> torch.nn.Module:
    """Build the architecture with initial weights, seeded where they are kept."""
    import torch

    timm = libraries.import_library("timm", "torch")
    with built(options):
        model: torch.nn.Module = timm.create_model(
            release.architecture, num_classes=0, **release.arguments
        )
        position = getattr(model, "pos_embed", None)
        if isinstance(position, torch.nn.Parameter):
            position.data = sine_cosine_positions(SIZE // 16, position.shape[2])
    return model.eval()


def sine_cosine_positions(side: int, width: int) -> torch.Tensor:
    """MoCo v3's position embedding of a class token, zeros, and of side x side patches.

    A quarter of the values each is the sine and cosine of the row, and of the column, at
    frequencies that fall from 1 to almost 1/10000.

    Returns:
        float32 [1, 1 + side * side, width].
    """
    import torch

    frequencies = 10_000.0 ** -(torch.arange(width // 4, dtype=torch.float32) / (width // 4))
    along = torch.arange(side, dtype=torch.float32)[:, None] * frequencies
    waves = torch.cat([along.sin(), along.cos()], 1)
    patches = torch.cat([waves.repeat_interleave(side, 0), waves.repeat(side, 1)], 1)
    return torch.cat([torch.zeros(1, width), patches])[None]


def _file(known: PublishedEncoder, local: Path | None) -> Path:
    """The released file: a local copy, or fetched."""
    if local is None:
        return downloads.download(known.weights, known.name, known.sha256 or None)
    path = weights_file(local)
    if known.sha256:
        check_digest(path, known.sha256)
    return path


def check_digest(path: Path, sha256: str) -> None:
    """Check that a file's SHA-256 begins with the published digits.

    Raises:
        LatentprintError: If it does not.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(sha256):
        raise LatentprintError(
            f"{path} is not the released file: its SHA-256 is {found}, published is {sha256}."
        )


def read_base_encoder(path: Path) -> dict[str, torch.Tensor]:
    """Read the tensors of the base encoder, under the names of its architecture."""
    tensors = read_tensors(path)
    for prefix in PREFIXES:
        own = {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            if name.startswith(prefix)
        }
        if own:
            return own
    return tensors
