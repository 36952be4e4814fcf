"""Time how fast EXIF is read, in this process and in others.

python benchmarks/exif.py PHOTOS --repeats 10
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import polars as pl

from latentprint.photos import Photos, open_photos
from latentprint.photos.exif_files import exif_table


def main() -> None:
    """Print one line for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--repeats", type=int, default=10, help="read every photo so many times")
    options = parser.parse_args()
    once = open_photos(options.photos, layout="folder")
    photos = Photos(once.name, once.root, pl.concat([once.table] * options.repeats), once.ignored)
    exif_table(once, workers=0)
    for workers in (0, 1, 2):
        begun, busy = time.perf_counter(), time.process_time()
        exif_table(photos, workers=workers)
        seconds = time.perf_counter() - begun
        cpu = f", {1e3 * (time.process_time() - busy) / len(photos):.2f} CPU ms each"
        print(f"{workers} workers: {len(photos) / seconds:6.0f} photos/s{'' if workers else cpu}")


if __name__ == "__main__":
    main()
