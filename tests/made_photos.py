"""Pictures with the look of photographs, for tests that need no real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def made_photo(width: int, height: int, seed: int = 0) -> Image.Image:
    """Amplitudes fall with frequency as in natural scenes; some edges are sharp, colours are close.

    Natural images have power spectra near 1/f² (Field 1987, "Relations between the statistics of
    natural images and the response properties of cortical cells").
    """
    generator = np.random.default_rng([seed, width, height])
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequency[0, 0] = np.inf

    def clouds() -> np.ndarray:
        phases = np.fft.rfft2(generator.normal(size=(height, width)))
        drawn = np.fft.irfft2(phases / frequency, (height, width))
        return drawn / drawn.std()

    light = clouds() + 1.5 * (clouds() > 0.7)
    colours = np.stack([light + 0.3 * clouds() for _ in range(3)], axis=2)
    return Image.fromarray(np.clip(110 + 45 * colours, 0, 255).astype(np.uint8))


def write_noise(folder: Path) -> list[dict[str, str]]:
    """Write forty-eight small pictures of noise; a row for each, as in a manifest."""
    rng = np.random.default_rng(0)
    rows = []
    for at in range(48):
        pixels = rng.integers(0, 256, (20, 24, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{at:02}.png")
        rows.append(
            {
                "path": str(folder / f"{at:02}.png"),
                "label": "xy"[at // 2 % 2],
                "scanner": "ab"[at % 2],
                "subject": f"s{at // 4}",
            }
        )
    return rows
