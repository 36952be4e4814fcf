"""How an encoder is loaded: device, precision, preprocessing, weights, and what is computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from latentprint.arrays import has_torch, needs_torch
from latentprint.encoders.preprocess import Margin
from latentprint.errors import UsageError, unknown_name

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
        representation: Which output is the embedding, such as ``"class_token"``, where a library
            offers several; empty for the library's usual one.
        weights: A local file of weights to load instead of the library's own.
        layers: Blocks whose pooled features are wanted beside the final embedding, counted from
            1; ``"all"`` for every block, empty for none.
        compile: Whether the module is compiled with ``torch.compile``.
        name: The user's own name for the encoder, in place of its library's; empty for none.
        outline: Whether to build the architecture without weights or memory, on PyTorch's meta
            device: enough to describe an encoder, not to run it.
        trust_code: Whether code of a torch.hub repository on GitHub may run on this machine.
    """

    device: str = "auto"
    precision: Precision = "float32"
    margin: Margin = "published"
    seed: int = 0
    untrained: bool = False
    representation: str = ""
    weights: Path | None = None
    layers: tuple[int, ...] | Literal["all"] = ()
    compile: bool = False
    name: str = ""
    outline: bool = False
    trust_code: bool = False

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            raise unknown_name("precision", self.precision, get_args(Precision))
        if self.margin not in get_args(Margin):
            raise unknown_name("margin", self.margin, get_args(Margin))

    def refuse(self, what: str, *names: str) -> None:
        """Refuse the options among these that are set, where a kind of encoder has no use for them.

        Args:
            what: The encoder, as the error names it.
            names: ``"representation"``, ``"weights"``, ``"layers"``, ``"compile"`` or ``"name"``.

        Raises:
            UsageError: If one of them is set.
        """
        for name in names:
            if getattr(self, name) != type(self).__dataclass_fields__[name].default:
                marks = {"representation": f"#{self.representation}", "name": f"{self.name}="}
                written = marks.get(name, f"--{name}")
                raise UsageError(f"{what} does not take {written}: leave it out.")

    def resize(self, crop: int, crop_fraction: float) -> int:
        """Length of the resized shorter side, for a model that crops this fraction of it."""
        return crop if self.margin == "published" else int(crop / crop_fraction)


def resolve_device(device: str, precision: Precision) -> torch.device:
    """Choose the device: ``"auto"`` is CUDA, else MPS, else the CPU.

    Raises:
        UsageError: If the device is unknown or unavailable, or cannot compute in the precision, or
            torch is not installed.
    """
    if not has_torch():
        raise needs_torch("Embedding photos")
    import torch

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next((name for name, present in available.items() if present), "cpu")
    try:
        chosen = torch.device(device)
    except (RuntimeError, TypeError) as error:
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


@contextmanager
def built(options: LoadOptions) -> Iterator[None]:
    """Inside the block, modules are made as the options ask: seeded, or without any memory."""
    import torch

    with torch.device("meta") if options.outline else seeded(options.seed):
        yield
