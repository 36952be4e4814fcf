"""What latentprint asks of an encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

    from latentprint.encoders.preparation import Preparation


@runtime_checkable
class Encoder(Protocol):
    """A frozen visual encoder: an image in, one embedding out.

    Attributes:
        name: Unique, human-readable name (for published encoders, the study's name).
        family: ``"CVL"``, ``"SUP"``, ``"SSL"``, ``"control"`` or ``"yours"``.
        input_size: Side of the square input, in pixels.
        dimension: Length D of the embedding.
        preprocess: How a photo becomes the encoder's pixels: a :class:`Preprocess`, or another
            ``Preparation``, whose arrays then come in batches to ``embed``.
    """

    name: str
    family: str
    input_size: int
    dimension: int

    @property
    def preprocess(self) -> Preparation: ...  # noqa: D102 - described above

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed uint8 pixels [B, H, W, 3] (any device) as float32 [B, D] on the CPU."""
        ...

    def identity(self) -> dict[str, Any]:
        """JSON values that tell this encoder from every other: library, model, weights digest."""
        ...
