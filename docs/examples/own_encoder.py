"""An encoder of your own: copy this file, and change what make() returns."""

import torch

from latentprint import Preprocess


def make() -> tuple[torch.nn.Module, Preprocess]:
    """Return a module from images [B, 3, 224, 224] to embeddings [B, D], and its preprocessing."""
    torch.manual_seed(0)
    # Here: load your network and its weights.
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 32, kernel_size=16, stride=16),
        torch.nn.GELU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
    )
    preprocess = Preprocess(
        resize=224,
        crop=224,
        kernel="bicubic",
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    )
    return module.eval(), preprocess
