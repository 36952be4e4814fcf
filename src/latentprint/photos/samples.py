"""The values of pictures with more than 8 bits a channel, or other than whole positive numbers.

Pillow holds such values in types that are too small, or of another kind, without a word; of PNG it
is asked in two steps.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

UNSIGNED, SIGNED, FLOAT = "unsigned", "signed", "floating-point"


@dataclass(frozen=True)
class Depth:
    """How the values of a picture are stored.

    Attributes:
        number: "unsigned", "signed" or "floating-point".
        bits: Bits of a value, as the file declares them.
        modality: Kind of a medical picture, such as "CT"; empty for other pictures.
    """

    number: str
    bits: int
    modality: str = ""

    @property
    def kind(self) -> str:
        """What pictures share that are scaled alike, such as "signed 16-bit"."""
        words = f"{self.bits}-bit" if self.number == UNSIGNED else f"{self.number} {self.bits}-bit"
        return f"{self.modality} ({words})" if self.modality else words


@dataclass(frozen=True)
class Samples:
    """A picture's values.

    Attributes:
        values: The values as stored: [H, W] of grey, [H, W, 3] of RGB or [H, W, 4] of CMYK.
        depth: How they are stored.
        inverted: Whether the lowest value is white.
        window: The values that become black and white, where a medical file states them.
    """

    values: np.ndarray[Any, Any]
    depth: Depth
    inverted: bool = False
    window: tuple[float, float] | None = None


def png_depth(image: Image.Image) -> Depth | None:
    """How an opened PNG stores its values; None if 8 bits hold them."""
    return Depth(UNSIGNED, 16) if ";16" in _raw_mode(image) else None


def read_png(open_again: Callable[[], Image.Image], depth: Depth) -> Samples:
    """Read the values of a 16-bit PNG, its alpha channel dropped."""
    image = open_again()
    if image.mode in ("RGB", "RGBA"):
        return Samples(_colours(image, open_again()), depth)
    return Samples(np.asarray(image), depth)


def _colours(first: Image.Image, second: Image.Image) -> np.ndarray[Any, Any]:
    """16-bit channels from two readings: of the high bytes and of the low bytes, uint16 [H, W, C].

    Pillow has no picture of 16-bit channels. Its raw modes ``;16B`` and ``;16L`` keep the first
    and the last byte of each value, so that the wrong one of the two gives the low bytes.
    """
    if _raw_mode(first).startswith("LA"):
        # Grey and alpha: the two bytes of one, and the two of the other.
        _set_raw_mode(first, lambda _: "RGBA")
        pair = np.asarray(first).astype(np.uint16)
        return pair[..., 0] << 8 | pair[..., 1]
    _set_raw_mode(second, lambda mode: mode[:-1] + "L")
    high = np.asarray(first)[..., :3].astype(np.uint16)
    values: np.ndarray[Any, Any] = high << 8 | np.asarray(second)[..., :3]
    return values


def _raw_mode(image: Image.Image) -> str:
    tiles: list[Any] = getattr(image, "tile", None) or []
    arguments = tiles[0][3] if tiles else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments or "")


def _set_raw_mode(image: Image.Image, change: Callable[[str], str]) -> None:
    changed = []
    for tile in image.tile:  # type: ignore[attr-defined]
        arguments = tile[3]
        if isinstance(arguments, tuple):
            arguments = (change(str(arguments[0])), *arguments[1:])
        else:
            arguments = change(str(arguments))
        changed.append(type(tile)(*tile[:3], arguments))
    image.tile = changed  # type: ignore[attr-defined]
