"""A forward pass compiled with ``torch.compile``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from latentprint.errors import LatentprintError, brief

if TYPE_CHECKING:
    import torch


class Compiled:
    """A compiled forward pass that is compiled once, for the largest batch.

    Compiled code is made for one shape. A smaller batch, such as the last of a shard, is filled up
    with copies of its last image, whose outputs are dropped.
    """

    def __init__(self, forward: Callable[[torch.Tensor], list[Any]], name: str) -> None:
        """Prepare to compile, which the first batch then does.

        Args:
            forward: Maps normalised pixels [B, 3, H, W] to a list of tensors [B, D].
            name: The encoder, as the error names it.
        """
        import torch

        self._compiled = torch.compile(forward, dynamic=False)
        self._name, self._rows = name, 0

    def __call__(self, values: torch.Tensor) -> list[Any]:
        """Run the compiled pass on [B, 3, H, W].

        Raises:
            LatentprintError: If the compiler fails.
        """
        import torch

        rows = len(values)
        self._rows = max(self._rows, rows)
        copies = values[-1:].expand(self._rows - rows, -1, -1, -1)
        # Strides are part of a shape that is compiled for.
        filled = torch.cat([values, copies]).contiguous(memory_format=torch.channels_last)
        try:
            outputs = self._compiled(filled)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # compilers, and their errors, differ between devices
            raise LatentprintError(
                f"{self._name} could not be compiled ({brief(error)}): leave out --compile."
            ) from error
        return [each[:rows] for each in outputs]
