"""CPU time of the pixel controls beside what every class costs anyway, on one photo.

Run: python benchmarks/extract_controls.py [PHOTO]; without a photo it makes one of 500 x 375.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from latentprint.encoders import Preprocess, load_encoder
from latentprint.encoders.pixel_statistics import BlockEnergies
from latentprint.processing import published_classes

CLASSES = ("JPEG95_444", "RESIZE_HALF", "RESIZE_DOUBLE")
REPEATS = 30


def milliseconds(work: Callable[[], object]) -> float:
    """Median CPU time of all threads together; load from other processes hardly changes it."""
    times = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return 1000 * float(np.median(times))


def photo() -> Image.Image:
    """The photo that was named, or a smooth one with some noise."""
    if len(sys.argv) > 1:
        return Image.open(sys.argv[1]).convert("RGB")
    generator = np.random.default_rng(0)
    coarse = Image.fromarray(generator.integers(0, 256, (6, 8, 3), np.uint8))
    smooth = np.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC))
    noisy = smooth + generator.normal(0, 4, smooth.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def main() -> None:
    """Print a table."""
    image, colour, preprocess = photo(), load_encoder("pixels:colour"), Preprocess(224, 224)
    print(f"{image.width} x {image.height} pixels; CPU ms a class, median of {REPEATS}\n")
    print(f"{'class':<16}{'processing':>12}{'preprocess':>12}{'dct':>8}{'colour':>8}")
    for name in CLASSES:
        processing = published_classes()[name]
        made = processing(image, "photo")
        pixels = torch.from_numpy(preprocess.pixels(made)[None].copy())
        figures = [
            milliseconds(lambda processing=processing: processing(image, "photo")),
            milliseconds(lambda made=made: preprocess.pixels(made)),
            milliseconds(lambda made=made: BlockEnergies().pixels(made)),
            milliseconds(lambda pixels=pixels: colour.embed(pixels)),
        ]
        print(
            f"{name:<16}{figures[0]:>12.1f}{figures[1]:>12.1f}{figures[2]:>8.1f}{figures[3]:>8.1f}"
        )


if __name__ == "__main__":
    main()
