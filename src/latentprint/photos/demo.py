"""Real photos for trying the toolkit: tiles of those that two Python packages carry."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from PIL import Image

from latentprint.errors import LatentprintError
from latentprint.files import write_table, write_text, writing

TILE = 128
"""Side of a tile in pixels."""

_MOST_ACROSS = 4

_THUMBNAIL = """\
name = "thumbnail"

[classes]
ORIGINAL = []
THUMBNAIL = [
    { operation = "resize", factor = 0.25 },
    { operation = "jpeg", quality = 70, subsampling = "4:2:0" },
]
"""


@dataclass(frozen=True)
class _Source:
    """A photo inside an installed package, and where its tiles go."""

    package: str
    file: str
    split: str
    label: str


# The split is by photo: no photo is on both sides. Every label is true of the whole photo, though
# not always to be seen in each of its tiles, and stands for different photos in train and val.
SOURCES = tuple(
    _Source(*row)
    for row in (
        ("skimage", "data/astronaut.png", "train", "person"),
        ("skimage", "data/camera.png", "val", "person"),
        ("skimage", "data/brick.png", "train", "ground"),
        ("skimage", "data/gravel.png", "train", "ground"),
        ("skimage", "data/grass.png", "val", "ground"),
        ("skimage", "data/hubble_deep_field.jpg", "train", "space"),
        ("skimage", "data/moon.png", "val", "space"),
        ("skimage", "data/retina.jpg", "train", "medicine"),
        ("skimage", "data/ihc.png", "val", "medicine"),
        ("skimage", "data/coffee.png", "train", "object"),
        ("skimage", "data/motorcycle_left.png", "train", "object"),
        ("skimage", "data/coins.png", "val", "object"),
        ("skimage", "data/rocket.jpg", "train", "structure"),
        ("sklearn", "datasets/images/china.jpg", "val", "structure"),
        ("sklearn", "datasets/images/flower.jpg", "train", "living"),
        ("skimage", "data/chelsea.png", "val", "living"),
        ("skimage", "data/page.png", "train", "writing"),
        ("skimage", "data/text.png", "val", "writing"),
    )
)


def write_demo_photos(folder: Path) -> None:
    """Write about 190 tiles of real photos in the layout ``train|val/<label>/<photo>_<r>_<c>.png``.

    The photos come with scikit-image and scikit-learn; nothing is downloaded. The tiles are PNG
    files, so that they bear no JPEG traces but those their source had: hubble_deep_field, retina,
    rocket, china and flower are JPEG files. Files of the same names are written over.

    A manifest.csv beside them names the photo that each tile was cut from as its ``group``: tiles
    of one photo are no independent witnesses, and intervals must count them as one. Its column
    ``coin`` alternates between heads and tails from tile to tile: a label that no picture shows. A
    file thumbnail.toml composes an attribute of two classes, a tile as it is and its thumbnail of a
    quarter of the size.

    Args:
        folder: Where to write; made if it is not there.

    Raises:
        LatentprintError: If scikit-image or scikit-learn is not installed, or the folder cannot be
            written to.
    """
    found = [(source, _find(source)) for source in SOURCES]
    rows = []
    with writing(folder):
        for source, file in found:
            target = folder / source.split / source.label
            target.mkdir(parents=True, exist_ok=True)
            with Image.open(file) as photo:
                for tile, row, column in _tiles(photo.convert("RGB")):
                    path = target / f"{file.stem}_{row}_{column}.png"
                    tile.save(path)
                    rows.append(
                        {
                            "path": path.relative_to(folder).as_posix(),
                            "split": source.split,
                            "label": source.label,
                            "group": file.stem,
                            "coin": ("heads", "tails")[(row + column) % 2],
                        }
                    )
    write_table(folder / "manifest.csv", pl.DataFrame(rows).sort("path"))
    write_text(folder / "thumbnail.toml", _THUMBNAIL)


def _find(source: _Source) -> Path:
    """The file inside the installed package, which is not imported for it."""
    spec = importlib.util.find_spec(source.package)
    file = Path(spec.origin).parent / source.file if spec and spec.origin else None
    if file is None or not file.is_file():
        raise LatentprintError(
            "The demo's photos come with scikit-image and scikit-learn: "
            "install them with: pip install 'latentprint[demo]'"
        )
    return file


def _tiles(photo: Image.Image) -> Iterator[tuple[Image.Image, int, int]]:
    """The middle of a photo in whole tiles, at most four a side, each with its row and column."""
    columns, rows = (min(side // TILE, _MOST_ACROSS) for side in photo.size)
    left, top = (photo.width - columns * TILE) // 2, (photo.height - rows * TILE) // 2
    for row in range(rows):
        for column in range(columns):
            x, y = left + column * TILE, top + row * TILE
            yield photo.crop((x, y, x + TILE, y + TILE)), row, column
