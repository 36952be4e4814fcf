"""The central mask that hides what a picture shows and leaves how it was taken."""

from __future__ import annotations

import math

import numpy as np


def mask_centre(pixels: np.ndarray, share: float) -> np.ndarray:
    """Paint a centred rectangle black, after resize and crop and before normalisation.

    Args:
        pixels: uint8 [H, W, 3].
        share: Share of the area to cover, from 0 to 1; the rectangle has the crop's aspect. The
            study's acquisition figures use 0.90.

    Returns:
        uint8 [H, W, 3]; the input itself where share is 0.
    """
    if share == 0:
        return pixels
    height, width = pixels.shape[:2]
    # Rounding the border, not the rectangle, keeps the mask exactly centred.
    top, left = (round((1 - math.sqrt(share)) * side / 2) for side in (height, width))
    masked = pixels.copy()
    masked[top : height - top, left : width - left] = 0
    return masked
