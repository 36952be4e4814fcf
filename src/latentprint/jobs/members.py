"""An encoder among others in a job: whose failure is told as its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentprint.encoders.encoder import Encoder
from latentprint.errors import LatentprintError, brief

if TYPE_CHECKING:
    import torch

    from latentprint.encoders.preparation import Preparation


class EmbeddingError(LatentprintError):
    """An encoder failed on photos.

    Attributes:
        spec: The encoder.
    """

    def __init__(self, spec: str, message: str) -> None:
        super().__init__(message)
        self.spec = spec


class Member:
    """An encoder with the specification that it was loaded from; an ``Encoder`` itself."""

    def __init__(self, spec: str, encoder: Encoder) -> None:
        self.spec, self.encoder = spec, encoder
        self.name, self.family = encoder.name, encoder.family
        self.input_size, self.dimension = encoder.input_size, encoder.dimension
        self.device = str(getattr(encoder, "device", "cpu"))

    @property
    def preprocess(self) -> Preparation:
        """How a photo becomes its pixels."""
        return self.encoder.preprocess

    @property
    def megabytes(self) -> float:
        """Memory of its weights; 0 where that is not known, and for the blocks of a network."""
        parameters = getattr(self.encoder, "parameters", 0)
        return 4 * parameters / 2**20 if isinstance(parameters, int) else 0.0

    def identity(self) -> dict[str, Any]:
        """What tells it from every other encoder."""
        return self.encoder.identity()

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed uint8 pixels [B, H, W, 3] as float32 [B, D].

        Raises:
            EmbeddingError: It failed, for whatever reason.
        """
        try:
            return self.encoder.embed(pixels)
        except LatentprintError as error:
            raise EmbeddingError(self.spec, str(error)) from error
        except Exception as error:  # a library's, or of the user's own code
            raise EmbeddingError(self.spec, f"{self.name} failed: {reason_of(error)}") from error


def reason_of(error: BaseException) -> str:
    """A short reason for an error that a library, or the user's own code, raised."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return "it does not fit into memory; use a smaller --batch-size, or another --device."
    return brief(error)
