"""Photos to time with: the user's, or generated ones."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from latentprint.photos import Photos
from latentprint.photos.location import Address, Location

SIZES = ((500, 375), (4000, 3000))
"""Width and height of generated photos: one of ImageNet's size, one of 12 megapixels."""

MOST_FILES = 64
"""Photos of the user's that are read, again and again."""

_GENERATED = 8


def repeated(files: Sequence[Location], count: int) -> Photos:
    """A table in which files come again and again, under new ids."""
    texts = [each.text if isinstance(each, Address) else str(each) for each in files]
    paths = [texts[at % len(texts)] for at in range(count)]
    none = pl.Series([None] * count, dtype=pl.String)
    table = pl.DataFrame(
        {"id": map(str, range(count)), "path": paths, "split": none, "label": none}
    )
    nothing = pl.DataFrame(schema={"path": pl.String, "reason": pl.String})
    return Photos("bench", Path(), table, nothing)


def photo_sets(photos: Photos | None, folder: Path) -> Iterator[tuple[str, list[Location]]]:
    """Names and files of the photos to time: the user's, or generated ones in a folder."""
    if photos is not None:
        files = [photos.file(path) for path in photos.table["path"].to_list()]
        yield str(photos.root), files[:: max(1, len(files) // MOST_FILES)][:MOST_FILES]
        return
    for width, height in SIZES:
        made = [folder / f"{width}-{number}.jpg" for number in range(_GENERATED)]
        for number, file in enumerate(made):
            file.write_bytes(generated_jpeg(width, height, seed=number))
        yield f"{width} x {height} generated", list(made)


def generated_jpeg(width: int, height: int, *, seed: int = 0) -> bytes:
    """A JPEG file of smooth colours with some noise, about as large as a photograph's."""
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 256, (9, 12, 3), np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    noise = generator.normal(0, 6, (height, width, 1)).astype(np.float32)
    image = Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=92)
    return written.getvalue()
