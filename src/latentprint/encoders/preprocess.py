"""From a photo to the pixels an encoder sees: fit, centre crop, normalise."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from PIL import Image

from latentprint.errors import UsageError, unknown_name

if TYPE_CHECKING:
    import torch

Kernel = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
Margin = Literal["published", "model"]
Fit = Literal["crop", "squash", "pad"]
CropRounding = Literal["nearest", "down"]

CHOICES = {"kernel": Kernel, "fit": Fit, "crop_rounding": CropRounding}
# Stores of before these fields existed stay comparable: as_dict leaves them out at their default.
LATER_FIELDS = ("fit", "fill", "crop_rounding")


@dataclass(frozen=True)
class Preprocess:
    """An encoder's preprocessing, explicit and printable, whichever library it comes from.

    The photo is fitted to ``resize`` pixels with Pillow, whose kernels always antialias; the centre
    ``crop`` x ``crop`` pixels are cut out, filled up with ``fill`` where the fitted photo is
    smaller; and the values, scaled to [0, 1], are normalised with ``mean`` and ``std``. A library
    that scales values differently has the same effect as another mean and standard deviation, which
    stand here instead.

    Attributes:
        resize: Length, in pixels, of the side that ``fit`` names. Equal to ``crop`` under the
            published margin (ICCV 2025 study: the whole shorter side is seen).
        crop: Side of the square crop, in pixels.
        kernel: Resampling kernel, as Pillow names it.
        mean: Mean of each RGB channel, for values in [0, 1].
        std: Standard deviation of each RGB channel, for values in [0, 1].
        fit: ``"crop"`` brings the shorter side to ``resize``; ``"squash"`` both sides, so that
            proportions change; ``"pad"`` the longer side, so that the crop has borders.
        fill: RGB colour of borders, from 0 to 255.
        crop_rounding: Where a crop starts that cannot be centred exactly: ``"nearest"`` rounds half
            a pixel to the even pixel, as torchvision, timm and OpenCLIP do; ``"down"`` rounds it
            down, as transformers does.
    """

    resize: int
    crop: int
    kernel: Kernel = "bicubic"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    fit: Fit = "crop"
    fill: tuple[int, int, int] = (0, 0, 0)
    crop_rounding: CropRounding = "nearest"

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in get_args(choices):
                kind = "resampling kernel" if name == "kernel" else f"preprocessing {name!r}"
                raise unknown_name(kind, str(getattr(self, name)), get_args(choices))
        for name in ("resize", "crop"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}, not a number of pixels.")
        for name in ("mean", "std", "fill"):
            if len(getattr(self, name)) != 3:
                raise UsageError(f"{name} is {getattr(self, name)!r}, not three values.")
        if not all(0 <= value <= 255 for value in self.fill):
            raise UsageError(f"fill is {self.fill!r}, not a colour from 0 to 255.")
        if 0 in self.std:
            raise UsageError("std holds a zero, by which no value can be divided.")

    def pixels(self, image: Image.Image) -> np.ndarray:
        """Fit and crop an RGB image to uint8 pixels [crop, crop, 3]."""
        size = self.fitted(*image.size)
        if size != image.size:
            image = image.resize(size, Image.Resampling[self.kernel.upper()])
        left, top = (self._crop_start(length) for length in size)
        cropped = Image.new("RGB", (self.crop, self.crop), self.fill)
        cropped.paste(image, (-left, -top))
        return np.asarray(cropped, dtype=np.uint8)

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """Turn uint8 pixels [B, H, W, 3] into normalised float32 [B, 3, H, W], on their device."""
        import torch

        mean = torch.tensor(self.mean, device=pixels.device).view(1, 3, 1, 1)
        std = torch.tensor(self.std, device=pixels.device).view(1, 3, 1, 1)
        values = pixels.permute(0, 3, 1, 2).to(torch.float32).div_(255)
        return values.sub_(mean).div_(std)

    def with_margin(self, margin: Margin) -> Preprocess:
        """The same under a margin.

        Args:
            margin: ``"model"`` changes nothing; ``"published"`` brings the shorter side straight to
                the crop, for every encoder, whatever its own fit.
        """
        if margin == "model":
            return self
        return replace(self, resize=self.crop, fit="crop", fill=(0, 0, 0))

    def as_dict(self) -> dict[str, Any]:
        """The specification as plain JSON values, for the store's manifest."""
        defaults = {each.name: each.default for each in fields(self) if each.name in LATER_FIELDS}
        missing = object()
        return {k: v for k, v in asdict(self).items() if defaults.get(k, missing) != v}

    def describe(self) -> list[str]:
        """The specification in words, a line for each step."""
        side = {"crop": "shorter side", "squash": "both sides", "pad": "longer side"}[self.fit]
        border = f", borders of RGB {_listed(self.fill)}" if self.fit == "pad" else ""
        half = "to the even pixel" if self.crop_rounding == "nearest" else "down"
        return [
            f"resize: {side} to {self.resize} px, {self.kernel}, antialiased (Pillow)",
            f"crop: centre {self.crop} x {self.crop} px{border}, half pixels {half}",
            f"values: scaled to [0, 1], minus {_listed(self.mean)}, divided by {_listed(self.std)}",
        ]

    def fitted(self, width: int, height: int) -> tuple[int, int]:
        """Width and height after resizing, rounded as the libraries round them."""
        if self.fit == "squash":
            return self.resize, self.resize
        if self.fit == "pad":
            ratio = max(width / self.resize, height / self.resize)
            return max(1, round(width / ratio)), max(1, round(height / ratio))
        # The longer side is truncated, as torchvision's Resize does.
        if width <= height:
            return self.resize, int(self.resize * height / width)
        return int(self.resize * width / height), self.resize

    def _crop_start(self, length: int) -> int:
        """Where a centred crop starts; negative where it is longer than the photo."""
        if self.crop_rounding == "down":
            return (length - self.crop) // 2
        if length >= self.crop:
            return round((length - self.crop) / 2)
        return -((self.crop - length) // 2)


def _listed(values: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"
