"""How encoders are loaded: what a user may choose, and how many fit into memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from latentprint.encoders import Margin, Precision
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import UsageError

Layers = tuple[int, ...] | Literal["all"]

SHARE_FOR_WEIGHTS = 1 / 3
"""Share of a device's memory for weights; loading and computing need about as much again."""


@dataclass(frozen=True)
class Loading:
    """Which encoders are loaded, and how.

    Attributes:
        device: auto, cpu, cuda or mps.
        precision: float32, bfloat16 or float16.
        control: Load controls as well: the untrained network of every encoder that has one, and
            the two controls without a network, ``pixels:colour`` and ``pixels:dct``.
        margin: ``"published"`` sees the photo's whole shorter side, ``"model"`` crops as the
            model's own preprocessing does.
        weights: A local file of weights, for exactly one encoder.
        layers: Blocks to embed with beside the final embedding, counted from 1, or ``"all"``.
        compile: Compile networks with ``torch.compile``.
        family: Only published encoders of this family: CVL, SUP or SSL.
        memory_mb: Encoders are loaded together until their weights take more than this; then
            photos are embedded, and the next encoders are loaded. Every round reads and processes
            the photos anew, so that little memory costs time; no figure depends on it. By default
            a third of the device's memory.
        eraser: Erase the vectors of the one encoder that is asked for; controls stay as they are.
        trust_code: Whether code of a torch.hub repository on GitHub may run on this machine.
    """

    device: str = "auto"
    precision: Precision = "float32"
    control: bool = True
    margin: Margin = "published"
    weights: Path | None = None
    layers: Layers = ()
    compile: bool = False
    family: str | None = None
    memory_mb: float | None = None
    eraser: LinearEraser | None = None
    trust_code: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.layers, str):
            object.__setattr__(self, "layers", parse_layers(self.layers))


def parse_layers(text: str | None) -> Layers:
    """Read blocks as a user writes them.

    Args:
        text: ``"all"``, or numbers and ranges: ``"3,7,11"``, ``"1-4,12"``; None for no block.

    Returns:
        The numbers, ascending and each once, or ``"all"``.

    Raises:
        UsageError: It is written otherwise.
    """
    if text is None:
        return ()
    if text.strip().lower() == "all":
        return "all"
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        try:
            start, end = int(first), int(last if dash else first)
        except ValueError:
            start, end = 0, 0
        if not 1 <= start <= end:
            raise UsageError(
                f"--layers {text!r}: {part.strip()!r} is neither a block, counted from 1, nor a "
                "range of blocks; write 3,7,11 or 1-4 or all."
            )
        numbers.update(range(start, end + 1))
    return tuple(sorted(numbers))


def memory_for_weights(device: str) -> float:
    """Memory that weights may take on a device by default, in MiB."""
    return _device_memory(device) * SHARE_FOR_WEIGHTS / 2**20


def _device_memory(device: str) -> int:
    """The memory of a device, or of this machine, in bytes."""
    import torch

    kind, _, number = device.partition(":")
    if kind == "cuda":
        return int(torch.cuda.mem_get_info(int(number or 0))[1])
    if kind == "mps":
        return int(torch.mps.recommended_max_memory())
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(physical, _container_memory() or physical)


def _container_memory() -> int | None:
    """The limit of a Linux container, in bytes, where there is one."""
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(file).read_text())
        except (OSError, ValueError):
            continue
    return None
