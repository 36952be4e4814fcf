"""What every PyTorch encoder shares: device, precision, seeded weights, digest, inference."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from latentprint.encoders.preprocess import Margin, Preprocess
from latentprint.errors import LatentprintError, UsageError, unknown_name

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class LoadOptions:
    """How an encoder is loaded.

    Attributes:
        device: ``"auto"`` or a PyTorch device, such as ``"cuda:1"``.
        precision: Number format of the forward pass.
        margin: ``"published"`` sees the photo's whole shorter side; ``"model"`` crops as the
            model's own preprocessing does.
        seed: Seed of untrained weights.
        untrained: Whether to keep the initial weights instead of loading trained ones.
    """

    device: str = "auto"
    precision: Precision = "float32"
    margin: Margin = "published"
    seed: int = 0
    untrained: bool = False

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            raise unknown_name("precision", self.precision, get_args(Precision))
        if self.margin not in get_args(Margin):
            raise unknown_name("margin", self.margin, get_args(Margin))

    def resize(self, crop: int, crop_fraction: float) -> int:
        """Length of the resized shorter side, for a model that crops this fraction of it."""
        return crop if self.margin == "published" else int(crop / crop_fraction)


def resolve_device(device: str, precision: Precision) -> torch.device:
    """Choose the device: ``"auto"`` is CUDA, else MPS, else the CPU.

    Raises:
        UsageError: If the device is unknown or unavailable, or cannot compute in the precision.
    """
    import torch

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next((name for name, present in available.items() if present), "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise unknown_name("device", device, ["auto", "cpu", "cuda", "mps"]) from error
    too_high = chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count()
    if chosen.type != "cpu" and (not available.get(chosen.type, False) or too_high):
        raise UsageError(f"The device {device!r} is not available here; use --device cpu or auto.")
    if chosen.type == "cpu" and precision == "float16":
        raise UsageError("float16 is not computed on the CPU; use float32 or bfloat16.")
    return chosen


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed PyTorch's generator inside the block, and restore it after."""
    import torch

    # Weights are initialised on the CPU; the accelerators' generators are left alone.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def weights_digest(module: torch.nn.Module) -> str:
    """Digest the names, types, shapes and bytes of every tensor of a module's state."""
    import torch

    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)};".encode())
        content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        digest.update(content.numpy().data)
    return digest.hexdigest()


def check_embeddings(embeddings: torch.Tensor, rows: int, name: str) -> None:
    """Check that an encoder returned one finite vector per image.

    Args:
        embeddings: What it returned, expected as [B, D].
        rows: The number of images, B.
        name: The encoder, as the error names it.

    Raises:
        LatentprintError: If the shape is wrong, or a value is NaN or infinite.
    """
    import torch

    shape = list(embeddings.shape) if torch.is_tensor(embeddings) else []
    if len(shape) != 2 or shape[0] != rows:
        raise LatentprintError(
            f"The encoder {name!r} returned {shape or type(embeddings).__name__} for {rows} "
            f"image(s), not [{rows}, D]."
        )
    if not bool(torch.isfinite(embeddings).all()):
        raise LatentprintError(
            f"The encoder {name!r} returned NaN or infinite values; if it ran in half precision, "
            "which can overflow, use --precision float32."
        )


class TorchEncoder:
    """A PyTorch module with its preprocessing, as an :class:`Encoder`."""

    def __init__(
        self,
        module: torch.nn.Module,
        preprocess: Preprocess,
        *,
        name: str,
        family: str,
        source: dict[str, Any],
        options: LoadOptions,
        faster: Callable[[torch.nn.Module], torch.nn.Module] | None = None,
    ) -> None:
        """Move the module to its device and measure its embedding.

        Args:
            module: Maps normalised pixels [B, 3, H, W] to embeddings [B, D].
            preprocess: How a photo becomes the module's pixels.
            name: Unique, human-readable name.
            family: The encoder's family.
            source: JSON values that say where the module is from.
            options: The device and the precision.
            faster: Rewrites the module for speed, once its weights are digested.

        Raises:
            UsageError: If the device or the precision is not available.
            LatentprintError: If the module does not return [B, D].
        """
        self.device = resolve_device(options.device, options.precision)
        self.name, self.family, self.preprocess = name, family, preprocess
        self.input_size, self.precision = preprocess.crop, options.precision
        self._source, self._weights = source, weights_digest(module)
        module = module.eval().requires_grad_(False)
        self._module = self._place(faster(module) if faster else module)
        self.dimension = self._measure()

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed uint8 pixels [B, H, W, 3] (any device) as float32 [B, D] on the CPU.

        Raises:
            LatentprintError: If a value is NaN or infinite.
        """
        import torch

        dtype = getattr(torch, self.precision)
        half = torch.autocast(self.device.type, dtype, enabled=self.precision != "float32")
        with torch.inference_mode(), half:
            values = self.preprocess.normalise(pixels.to(self.device, non_blocking=True))
            output = self._module(values)
            if torch.is_tensor(output):
                output = output.float().cpu()
        check_embeddings(output, len(pixels), self.name)
        embeddings: torch.Tensor = output
        return embeddings

    def identity(self) -> dict[str, Any]:
        """The source, the digest of the weights, the precision and the input size."""
        identity = {"weights": self._weights, "precision": self.precision}
        return {**self._source, **identity, "input_size": self.input_size}

    def _place(self, module: torch.nn.Module) -> torch.nn.Module:
        import torch

        # Channels last is about 2.5 times as fast for convolutions on the CPU, and the
        # normalised pixels, cut from [B, H, W, 3], already lie so.
        placed: torch.nn.Module = module.to(self.device).to(memory_format=torch.channels_last)
        return placed

    def _measure(self) -> int:
        import torch

        side = self.input_size
        return self.embed(torch.zeros(1, side, side, 3, dtype=torch.uint8)).shape[1]
