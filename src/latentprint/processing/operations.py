"""Operations on the full-size RGB photo, composable and bit-exact with Pillow."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, get_args

from PIL import Image, ImageEnhance

from latentprint.errors import UsageError, unknown_name

Kernel = Literal["bilinear", "bicubic", "lanczos", "box"]
Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]


class Operation(Protocol):
    """One step of a processing class; must be a frozen dataclass, so that it can be recorded."""

    def __call__(self, image: Image.Image, photo_id: str) -> Image.Image:
        """Return the changed RGB image; randomness may depend on the photo's id alone."""
        ...


@dataclass(frozen=True)
class Jpeg:
    """Encode as baseline JPEG (Pillow, not optimised, not progressive) and decode again."""

    quality: int
    subsampling: Subsampling

    def __post_init__(self) -> None:
        """Refuse settings that Pillow has not.

        Raises:
            UsageError: One is out of range.
        """
        if type(self.quality) is not int or not 1 <= self.quality <= 100:
            raise UsageError(f"JPEG quality must be a whole number from 1 to 100: {self.quality!r}")
        if self.subsampling not in get_args(Subsampling):
            raise unknown_name("subsampling", str(self.subsampling), get_args(Subsampling))

    def __call__(self, image: Image.Image, photo_id: str) -> Image.Image:
        """Return the decoded pixels."""
        file = io.BytesIO()
        # An empty comment: one inherited from the source file could exceed what JPEG allows.
        image.save(file, "JPEG", quality=self.quality, subsampling=self.subsampling, comment=b"")
        file.seek(0)
        return Image.open(file).convert("RGB")


@dataclass(frozen=True)
class Sharpen:
    """Pillow's ``ImageEnhance.Sharpness``; a factor of 1 changes nothing."""

    factor: float

    def __post_init__(self) -> None:
        """Refuse what is no factor.

        Raises:
            UsageError: The factor is not a number from 0.
        """
        _require_number("The factor of sharpening", self.factor, least=0.0)

    def __call__(self, image: Image.Image, photo_id: str) -> Image.Image:
        """Return the sharpened image."""
        return ImageEnhance.Sharpness(image).enhance(self.factor)


def _require_number(what: str, value: float, *, least: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value <= 100:
        raise UsageError(f"{what} must be a number from {least:g} to 100: {value!r}")


def _require_kernel(kernel: str) -> None:
    if kernel not in get_args(Kernel):
        raise unknown_name("kernel", str(kernel), get_args(Kernel))


def _scaled(image: Image.Image, factor: float, kernel: Kernel) -> Image.Image:
    # Sides are truncated to whole pixels, as the study does, but never to nothing.
    size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    return image.resize(size, Image.Resampling[kernel.upper()])


@dataclass(frozen=True)
class Resize:
    """Scale both sides by a fixed factor; sides are truncated to whole pixels."""

    factor: float
    kernel: Kernel = "bilinear"

    def __post_init__(self) -> None:
        """Refuse what is no factor or kernel.

        Raises:
            UsageError: The factor is not above zero, or the kernel unknown.
        """
        _require_number("The factor of resizing", self.factor, least=0.01)
        _require_kernel(self.kernel)

    def __call__(self, image: Image.Image, photo_id: str) -> Image.Image:
        """Return the scaled image."""
        return _scaled(image, self.factor, self.kernel)


@dataclass(frozen=True)
class Rescale:
    """Scale both sides by one factor drawn from U(low, high) for each photo.

    The factor depends on the photo's id and the seed alone: never on the kernel, the order of work
    or the number of workers.
    """

    low: float
    high: float
    kernel: Kernel
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no range or kernel.

        Raises:
            UsageError: A factor is not above zero, they are the wrong way round, or the kernel is
                unknown.
        """
        _require_number("The low factor of rescaling", self.low, least=0.01)
        _require_number("The high factor of rescaling", self.high, least=self.low)
        _require_kernel(self.kernel)

    def factor(self, photo_id: str) -> float:
        """The factor of one photo."""
        digest = hashlib.blake2b(f"rescale:{self.seed}:{photo_id}".encode(), digest_size=8)
        share = int.from_bytes(digest.digest(), "big") / 2**64
        return self.low + (self.high - self.low) * share

    def __call__(self, image: Image.Image, photo_id: str) -> Image.Image:
        """Return the scaled image."""
        return _scaled(image, self.factor(photo_id), self.kernel)


@dataclass(frozen=True)
class Processing:
    """A processing class: a name and a chain of operations on the full-size image.

    Attributes:
        name: The published name, or one's own.
        operations: Applied in this order; none leaves the photo as it is.
    """

    name: str
    operations: tuple[Operation, ...] = ()

    def __call__(self, image: Image.Image, photo_id: str) -> Image.Image:
        """Process an RGB image of any size."""
        for operation in self.operations:
            image = operation(image, photo_id)
        return image

    def as_list(self) -> list[dict[str, Any]]:
        """The operations and their parameters as JSON values, for the store's manifest."""
        return [
            {"operation": type(each).__name__.lower(), **asdict(each)}  # type: ignore[call-overload]
            for each in self.operations
        ]


def unique(classes: Iterable[Processing]) -> tuple[Processing, ...]:
    """Drop repeated classes by name, keeping the order: attributes share their reference class."""
    return tuple({each.name: each for each in classes}.values())
