"""Blocks of a network: find them, and pool over space what each of them gives.

A block's embedding is the mean of its output over the positions of the image, in float32: over the
pixels of a feature map, or over the patch tokens of a sequence, without the class and register
tokens before them. It is the output as the next block receives it, before any final normalisation;
the last block's is therefore not the network's embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import isqrt
from typing import TYPE_CHECKING, Any, Literal

from latentprint.encoders.preprocess import Preprocess
from latentprint.errors import UsageError
from latentprint.words import UNTRAINED

if TYPE_CHECKING:
    import torch

    from latentprint.encoders.torch_embedding import TorchEncoder

# Under which names the libraries keep their sequence of blocks, or of stages with blocks.
SEQUENCES = ("blocks", "resblocks", "stages", "layers", "layer")
# ResNets have one attribute for each stage instead, until there is no further number.
NUMBERED_STAGE = "layer"

PROBE_ROWS = 3
"""Images in the batch that tells the axes of a block's output apart."""


def find_blocks(module: torch.nn.Module, name: str) -> list[torch.nn.Module]:
    """Find the blocks of a network, in the order in which they run.

    The first sequence of blocks counts that is met from the outside in; stages are opened, so that
    a ResNet-50 has 16 blocks and EfficientNet-Lite0 too.

    Args:
        module: The network, which may lie inside other modules.
        name: The encoder, as the error names it.

    Raises:
        UsageError: If there is no such sequence.
    """
    for parent in module.modules():
        found = [block for stage in _stages(parent) for block in _flattened(stage)]
        if len(found) > 1:
            return found
    raise UsageError(f"The blocks of {name} are not known: leave out --layers.")


def _stages(parent: torch.nn.Module) -> list[torch.nn.Module]:
    from torch import nn

    for name in SEQUENCES:
        sequence = getattr(parent, name, None)
        if isinstance(sequence, nn.Sequential | nn.ModuleList):
            return list(sequence)
    numbered = (getattr(parent, f"{NUMBERED_STAGE}{number}", None) for number in count(1))
    stages: list[torch.nn.Module] = []
    for stage in numbered:
        if not isinstance(stage, nn.Sequential):
            return stages
        stages.append(stage)
    return stages


def _flattened(stage: torch.nn.Module) -> Iterator[torch.nn.Module]:
    from torch import nn

    inner = getattr(stage, "blocks", stage)
    if isinstance(inner, nn.Sequential | nn.ModuleList):
        for each in inner:
            yield from _flattened(each)
    else:
        yield stage


def block_numbers(
    layers: tuple[int, ...] | Literal["all"], blocks: int, name: str
) -> tuple[int, ...]:
    """The numbers of the wanted blocks, from 1, ascending and each once.

    Raises:
        UsageError: If a number is not one of the network's.
    """
    if layers == "all":
        return tuple(range(1, blocks + 1))
    wrong = [number for number in layers if not 1 <= number <= blocks]
    if wrong:
        raise UsageError(
            f"{name} has no block {wrong[0]}: its {blocks} blocks are counted from 1 to {blocks}."
        )
    return tuple(sorted(set(layers)))


@dataclass(frozen=True)
class Pooling:
    """Which axes of a block's output are averaged, after leaving out the first positions.

    Attributes:
        axes: The axes of the positions.
        prefix: Class and register tokens at the start of a sequence, left out; 0 for maps.
    """

    axes: tuple[int, ...]
    prefix: int = 0

    def __call__(self, output: Any) -> torch.Tensor:
        """Pool a block's output to float32 [B, C]."""
        import torch

        features = _tensor(output)
        if self.prefix:
            features = features.narrow(
                self.axes[0], self.prefix, features.shape[self.axes[0]] - self.prefix
            )
        pooled: torch.Tensor = features.mean(self.axes, dtype=torch.float32)
        return pooled


def _tensor(output: Any) -> Any:
    """Some blocks return their features first, and more after them."""
    return output[0] if isinstance(output, tuple | list) and output else output


def find_poolings(
    blocks: Sequence[torch.nn.Module], numbers: Sequence[int], run: Callable[[], object], name: str
) -> list[Pooling]:
    """Learn the layout of blocks' outputs from one forward pass.

    Args:
        blocks: All blocks.
        numbers: The wanted blocks, from 1.
        run: Sends ``PROBE_ROWS`` square images through the network.
        name: The encoder, as the error names it.

    Raises:
        UsageError: If a wanted block does not run exactly once, or its output is neither a map nor
            a sequence.
    """
    shapes: list[list[tuple[int, ...]]] = [[] for _ in blocks]

    def note(place: int, _module: object, _inputs: object, output: Any) -> None:
        shapes[place].append(tuple(getattr(_tensor(output), "shape", ())))

    with _hooked(blocks, note):
        run()
    channels_last = _channels_last([shape for seen in shapes for shape in seen])
    poolings = []
    for number in numbers:
        seen = shapes[number - 1]
        pooling = _pooling(seen[0], channels_last) if len(seen) == 1 else None
        if pooling is None:
            raise UsageError(
                f"Block {number} of {name} gives {seen or 'nothing'} for {PROBE_ROWS} images, not "
                "one square feature map or sequence of tokens: leave it out of --layers."
            )
        poolings.append(pooling)
    return poolings


@contextmanager
def _hooked(blocks: Sequence[torch.nn.Module], hook: Callable[..., None]) -> Iterator[None]:
    handles = [
        block.register_forward_hook(partial(hook, number)) for number, block in enumerate(blocks)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _channels_last(shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether the maps are [B, H, W, C]: images are square, so that equal sides tell."""
    return any(len(each) == 4 and each[1] == each[2] != each[3] for each in shapes)


def _pooling(shape: tuple[int, ...], channels_last: bool) -> Pooling | None:
    if len(shape) == 4 and shape[0] == PROBE_ROWS:
        axes = (1, 2) if channels_last else (2, 3)
        return Pooling(axes) if shape[axes[0]] == shape[axes[1]] else None
    if len(shape) == 3 and (shape[0] == PROBE_ROWS) != (shape[1] == PROBE_ROWS):
        positions = 1 if shape[0] == PROBE_ROWS else 0
        # The patches of a square image are a square number; what is left over stands before them.
        return Pooling((positions,), shape[positions] - isqrt(shape[positions]) ** 2)
    return None


class Tapped:
    """A forward pass that returns the pooled features of blocks beside its own result.

    Features are pooled while the network runs and never kept at full size.
    """

    def __init__(
        self,
        forward: Callable[[torch.Tensor], Any],
        blocks: Sequence[torch.nn.Module],
        poolings: Sequence[Pooling],
    ) -> None:
        """Hook into the blocks, for good."""
        self._forward, self._pooled = forward, list[Any]()
        for block, pooling in zip(blocks, poolings, strict=True):
            block.register_forward_hook(partial(self._keep, pooling))

    def __call__(self, values: torch.Tensor) -> list[Any]:
        """Run once: the result, then float32 [B, C] for each block."""
        self._pooled = []
        result = self._forward(values)
        return [result, *self._pooled]

    def _keep(self, pooling: Pooling, _module: object, _inputs: object, output: Any) -> None:
        self._pooled.append(pooling(output))


def block_name(network: str, number: int) -> str:
    """The name of a block's encoder; a control's ends with ``", untrained"``, as every control's.

    >>> block_name("X, untrained", 7)
    'X, block 7, untrained'
    """
    trained = network.removesuffix(UNTRAINED)
    return f"{trained}, block {number}{network[len(trained) :]}"


class BlockEncoder:
    """The pooled features of one block of a network, as an :class:`Encoder`.

    It shares the network's forward pass: see :meth:`TorchEncoder.block_encoders`.
    """

    def __init__(
        self, network: TorchEncoder, output: int, block: int, blocks: int, dimension: int
    ) -> None:
        """Look at one output of a network.

        Args:
            network: The encoder whose block this is.
            output: Which of its outputs.
            block: Number of the block, from 1.
            blocks: How many blocks the network has.
            dimension: Length of the block's embedding.
        """
        self._network, self._output, self._block, self._blocks = network, output, block, blocks
        self.name, self.family = block_name(network.name, block), network.family
        self.input_size, self.dimension = network.input_size, dimension
        self.preprocess: Preprocess = network.preprocess
        self.device = network.device

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed uint8 pixels [B, H, W, 3] (any device) as float32 [B, D] on the CPU.

        Raises:
            LatentprintError: If a value is NaN or infinite.
        """
        return self._network.output(pixels, self._output)

    def identity(self) -> dict[str, Any]:
        """The network's identity, its name, the block's number and the number of blocks."""
        place = {"network": self._network.name, "block": self._block, "blocks": self._blocks}
        return {**self._network.identity(), **place}
