"""A tiny deterministic encoder, also used by processes that tests start."""

from typing import Any

import torch

from latentprint.encoders import Preprocess


class ToyEncoder:
    family = "yours"
    input_size = 16
    dimension = 8

    def __init__(self, name: str = "toy", crop: int = 16) -> None:
        self.name = name
        self.preprocess = Preprocess(resize=crop, crop=crop)
        generator = torch.Generator().manual_seed(0)
        self.weights = torch.randn(crop * crop * 3, 8, generator=generator)
        self.batches: list[int] = []

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(pixels))
        return self.preprocess.normalise(pixels).flatten(1) @ self.weights

    def identity(self) -> dict[str, Any]:
        return {"library": "toy", "weights": "0"}
