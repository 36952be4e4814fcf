"""Pixels of any mode as 8-bit RGB, and a digest of them.

This module is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from PIL import Image


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert pixels of any mode to 8-bit RGB by the rules that ``decode`` states."""
    if image.mode.startswith("I"):
        values = np.asarray(image).clip(0, 65535).astype(np.uint32)
        return _grey((values * 255 + 32767) // 65535)
    if image.mode == "F":
        numbers = np.nan_to_num(np.asarray(image), nan=0.0)
        scale = 255.0 if numbers.max() <= 1 else 1.0
        return _grey((numbers * scale).clip(0, 255).round())
    if image.mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return converted if converted is not None else image.convert("RGB")
    return image.convert("RGB")


def _grey(values: np.ndarray[Any, Any]) -> Image.Image:
    return Image.fromarray(values.astype(np.uint8)).convert("RGB")


def content_digest(image: Image.Image) -> str:
    """A digest of an image's size and pixels, 32 hexadecimal characters."""
    digest = hashlib.blake2b(f"{image.width}x{image.height}:".encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.hexdigest()
