"""Pixels of any mode as 8-bit RGB, and a digest of them.

This module is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from PIL import Image


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert pixels of any mode to RGB by the rules that ``decode`` states.

    Deeper than 8 bits is grey of HEIF alone, which its reader scales to 16; all else that is deeper
    does not come here.
    """
    if image.mode == "I;16":
        return rgb_of((np.asarray(image) / 257 + 0.5).astype(np.uint8))
    if image.mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return converted if converted is not None else image.convert("RGB")
    return image.convert("RGB")


def rgb_of(tones: np.ndarray[Any, Any]) -> Image.Image:
    """Tones as an RGB picture.

    Args:
        tones: uint8 [H, W] of grey, [H, W, 3] of RGB or [H, W, 4] of CMYK.
    """
    if tones.ndim == 3 and tones.shape[2] == 4:
        bands = [Image.fromarray(np.ascontiguousarray(tones[..., each])) for each in range(4)]
        return Image.merge("CMYK", bands).convert("RGB")
    return Image.fromarray(np.ascontiguousarray(tones)).convert("RGB")


def content_digest(image: Image.Image) -> str:
    """A digest of an image's size and pixels, 32 hexadecimal characters."""
    digest = hashlib.blake2b(f"{image.width}x{image.height}:".encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.hexdigest()
