"""An encoder whose vectors go through an eraser before they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentprint.encoders.encoder import Encoder
from latentprint.encoders.recorded import record_of
from latentprint.erasure.apply import Application
from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import LatentprintError, UsageError
from latentprint.words import ERASED

if TYPE_CHECKING:
    import torch

    from latentprint.encoders.preparation import Preparation


class ErasedEncoder:
    """An ``Encoder`` and an eraser that was fitted on its vectors.

    Vectors have unit length before they are erased, where those of the fit had. The eraser's digest
    is part of the identity, so that a store never holds erased vectors beside others.
    """

    def __init__(self, encoder: Encoder, eraser: LinearEraser) -> None:
        refuse_other_encoder(eraser, record_of(encoder))
        self.encoder = encoder
        self.application = Application(eraser, normalise=True)
        self.name, self.family = encoder.name + ERASED, encoder.family
        self.input_size, self.dimension = encoder.input_size, encoder.dimension
        self.device = str(getattr(encoder, "device", "cpu"))
        self.parameters = getattr(encoder, "parameters", 0)

    @property
    def preprocess(self) -> Preparation:
        """How a photo becomes its pixels."""
        return self.encoder.preprocess

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed uint8 pixels [B, H, W, 3] as erased float32 [B, D]."""
        import torch

        vectors = self.encoder.embed(pixels)
        return torch.from_numpy(self.application(vectors, range(len(vectors))))

    def identity(self) -> dict[str, Any]:
        """That of the encoder, and the eraser's digest."""
        return {**self.encoder.identity(), "eraser": self.application.eraser.digest}


def erased_record(encoder: dict[str, Any], eraser: LinearEraser) -> dict[str, Any]:
    """What a store of erased vectors records of its encoder."""
    identity = {**encoder["identity"], "eraser": eraser.digest}
    return {**encoder, "name": f"{encoder['name']}{ERASED}", "identity": identity}


def refuse_other_encoder(eraser: LinearEraser, encoder: dict[str, Any]) -> None:
    """Refuse vectors of another encoder than that of the fit.

    Args:
        eraser: The eraser.
        encoder: What a store records of the encoder.

    Raises:
        UsageError: The eraser was fitted on a file of vectors, whose encoder is not known.
        LatentprintError: Weights, preprocessing or length of vectors are others.
    """
    fitted = eraser.about.get("encoder")
    if not fitted or "identity" not in fitted:
        raise UsageError(
            "The eraser was fitted on a file of vectors and is for such files: fit one on a store."
        )
    for what in ("dimension", "identity", "preprocess"):
        if fitted[what] != encoder[what]:
            raise LatentprintError(
                f"The eraser was fitted on {fitted['name']!r}, and this is {encoder['name']!r} "
                f"with another {what}: fit one on vectors of this encoder."
            )
