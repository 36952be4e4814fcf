"""Changes that everybody knows, in whose terms a canary tells how far vectors moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from latentprint.canary.stages import Change
from latentprint.encoders.preparation import Preparation
from latentprint.encoders.preprocess import Kernel, Preprocess
from latentprint.photos import Decoded
from latentprint.photos.turning import turned_back
from latentprint.processing.operations import Jpeg, Operation

if TYPE_CHECKING:
    import torch

_JPEGS = (Jpeg(95, "4:4:4"), Jpeg(85, "4:2:0"), Jpeg(75, "4:2:0"))
_KERNELS: tuple[Kernel, ...] = ("bilinear", "bicubic", "lanczos")
_MIDDLE = 0.875


def known_changes(preparation: Preparation) -> dict[str, Change]:
    """The changes that can be made to the photos of an encoder, by their names in a sentence.

    Args:
        preparation: How the encoder prepares photos; those that are no crop can be re-saved,
            turned and given the colours the wrong way round alone.
    """
    return dict(_changes(preparation))


def _changes(preparation: Preparation) -> Iterator[tuple[str, Change]]:
    for jpeg in _JPEGS:
        name = f"re-saving as JPEG {jpeg.quality} {jpeg.subsampling}"
        yield name, partial(_processed, preparation, jpeg)
    yield "leaving the EXIF orientation out", partial(_not_turned, preparation)
    yield "BGR in place of RGB", partial(_bgr, preparation)
    if not isinstance(preparation, Preprocess):
        return
    for kernel in _KERNELS:
        if kernel != preparation.kernel:
            other = replace(preparation, kernel=kernel)
            yield f"{kernel} in place of {preparation.kernel}", partial(_prepared, other)
    for antialias in (True, False):
        word = "with" if antialias else "without"
        yield (
            f"resizing as a tensor {word} antialiasing",
            partial(_prepared, TensorResize(preparation, antialias=antialias)),
        )
    if preparation.fit == "crop":
        whole = preparation.resize == preparation.crop
        resize = int(preparation.crop / _MIDDLE) if whole else preparation.crop
        name = "cropping to the middle" if whole else "showing the whole shorter side"
        yield name, partial(_prepared, replace(preparation, resize=resize))


@dataclass(frozen=True)
class TensorResize:
    """The resize of a pipeline on tensors, as a ``Preparation``, with the crop of another.

    Attributes:
        preprocess: What is done otherwise; kernels that PyTorch has not become bicubic.
        antialias: Whether the kernel is widened where the photo shrinks, as Pillow's always is.
    """

    preprocess: Preprocess
    antialias: bool

    def pixels(self, image: Image.Image) -> np.ndarray:
        """Fit and crop an RGB image to uint8 pixels [crop, crop, 3]."""
        import torch

        width, height = self.preprocess.fitted(*image.size)
        levels = torch.from_numpy(np.array(image, dtype=np.float32)).permute(2, 0, 1)[None]
        resized = self._resized(levels, (height, width))
        rounded = resized[0].round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0)
        return self.preprocess.pixels(Image.fromarray(rounded.contiguous().numpy()))

    def as_dict(self) -> dict[str, Any]:
        """The specification as plain JSON values."""
        return {**self.preprocess.as_dict(), "tensor": True, "antialias": self.antialias}

    def _resized(self, levels: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        from torch.nn.functional import interpolate

        mode = "bilinear" if self.preprocess.kernel == "bilinear" else "bicubic"
        return interpolate(levels, size, mode=mode, antialias=self.antialias)


def _prepared(preparation: Preparation, photo: Decoded) -> np.ndarray:
    return preparation.pixels(photo.image)


def _processed(preparation: Preparation, operation: Operation, photo: Decoded) -> np.ndarray:
    return preparation.pixels(operation(photo.image, ""))


def _not_turned(preparation: Preparation, photo: Decoded) -> np.ndarray:
    return preparation.pixels(turned_back(photo.image, photo.exif.orientation or 1))


def _bgr(preparation: Preparation, photo: Decoded) -> np.ndarray:
    red, green, blue = photo.image.split()
    return preparation.pixels(Image.merge("RGB", (blue, green, red)))
