"""From a photo to the pixels an encoder sees: resize, centre crop, normalise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from PIL import Image

from latentprint.errors import unknown_name

if TYPE_CHECKING:
    import torch

Kernel = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
Margin = Literal["published", "model"]


@dataclass(frozen=True)
class Preprocess:
    """An encoder's preprocessing, explicit and printable.

    The photo's shorter side is resized to ``resize`` pixels (with Pillow, antialiased), the centre
    ``crop`` x ``crop`` pixels are cut out, and the values, scaled to [0, 1], are normalised with
    ``mean`` and ``std``.

    Attributes:
        resize: Length of the shorter side after resizing, in pixels. Equal to ``crop`` under the
            published margin (ICCV 2025 study: the whole shorter side is seen).
        crop: Side of the square crop, in pixels.
        kernel: Resampling kernel, as Pillow names it.
        mean: Mean of each RGB channel, for values in [0, 1].
        std: Standard deviation of each RGB channel, for values in [0, 1].
    """

    resize: int
    crop: int
    kernel: Kernel = "bicubic"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        if self.kernel not in get_args(Kernel):
            raise unknown_name("resampling kernel", self.kernel, get_args(Kernel))

    def pixels(self, image: Image.Image) -> np.ndarray:
        """Resize and crop an RGB image to uint8 pixels [crop, crop, 3]."""
        width, height = image.size
        short = min(width, height)
        if short != self.resize:
            # The longer side is truncated, as torchvision's Resize does.
            size = (
                (self.resize, int(self.resize * height / width))
                if width <= height
                else (int(self.resize * width / height), self.resize)
            )
            image = image.resize(size, Image.Resampling[self.kernel.upper()])
        left = _centred(image.width, self.crop)
        top = _centred(image.height, self.crop)
        # Pillow fills with black where the crop is larger than the image, as torchvision does.
        image = image.crop((left, top, left + self.crop, top + self.crop))
        return np.asarray(image, dtype=np.uint8)

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """Turn uint8 pixels [B, H, W, 3] into normalised float32 [B, 3, H, W], on their device."""
        import torch

        mean = torch.tensor(self.mean, device=pixels.device).view(1, 3, 1, 1)
        std = torch.tensor(self.std, device=pixels.device).view(1, 3, 1, 1)
        values = pixels.permute(0, 3, 1, 2).to(torch.float32).div_(255)
        return values.sub_(mean).div_(std)

    def as_dict(self) -> dict[str, Any]:
        """The specification as plain JSON values, for the store's manifest."""
        return asdict(self)


def _centred(length: int, crop: int) -> int:
    """Where a centred crop starts; as torchvision rounds it, also for a crop that is longer."""
    return round((length - crop) / 2) if length >= crop else -((crop - length) // 2)
