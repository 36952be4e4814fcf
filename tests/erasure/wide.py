"""A tiny encoder with enough dimensions to erase some."""

from __future__ import annotations

import torch

from tests.embeddings.toy import ToyEncoder


class WideEncoder(ToyEncoder):
    dimension = 64

    def __init__(self) -> None:
        super().__init__("wide")
        generator = torch.Generator().manual_seed(1)
        self.weights = torch.randn(16 * 16 * 3, 64, generator=generator)
