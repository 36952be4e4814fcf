"""The study's data sets in the layouts they are published in, one module each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from latentprint.errors import UsageError
from latentprint.photos.benchmarks.flickr_exif import is_flickr_exif, read_flickr_exif
from latentprint.photos.benchmarks.imagenet import is_imagenet, read_imagenet
from latentprint.photos.benchmarks.imagenet_es import is_imagenet_es, read_imagenet_es
from latentprint.photos.benchmarks.inaturalist import is_inaturalist, read_inaturalist
from latentprint.photos.benchmarks.paircams import read_paircams
from latentprint.photos.photos import Photos

BENCHMARKS: dict[str, Callable[..., Photos]] = {
    "imagenet": read_imagenet,
    "inaturalist": read_inaturalist,
    "flickr_exif": read_flickr_exif,
    "paircams": read_paircams,
    "imagenet_es": read_imagenet_es,
}
"""The loader of every layout."""

# PairCams has no mark of its own and must be asked for by name.
_MARKS: dict[str, Callable[[Path], bool]] = {
    "imagenet": is_imagenet,
    "inaturalist": is_inaturalist,
    "flickr_exif": is_flickr_exif,
    "imagenet_es": is_imagenet_es,
}

__all__ = ["BENCHMARKS", "detect_benchmark"]


def detect_benchmark(root: Path) -> str | None:
    """The layout whose marks (files or folders that no other has) lie in a folder, or None.

    Raises:
        UsageError: The marks of several layouts are there.
    """
    found = [layout for layout, has_marks in _MARKS.items() if has_marks(root)]
    if len(found) > 1:
        raise UsageError(
            f"{root} looks like {' and like '.join(found)}: say which layout it is, for example "
            f"--layout {found[0]}."
        )
    return found[0] if found else None
