"""How long it takes until a command on a large store begins its work. Anyone can run it.

    python -m benchmarks.opening --photos 10000 --photos 100000

A store of made-up photos, with two encoders that cost nothing, is written as ``embed`` writes it.
Then, for every experiment, the store is opened and the steps are listed, up to the first figure;
and ``embed`` is run again with nothing to do, which looks at each file once. What is printed is CPU
time of all threads, user and system, after libraries were imported.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from latentprint.embeddings import Extraction, extract, write_photos
from latentprint.embeddings.alike import keep_alike
from latentprint.embeddings.extract import manifest_of
from latentprint.embeddings.growth import FEWEST, SHARE
from latentprint.embeddings.store import FACTS_SCHEMA, begin, commit, folder_name
from latentprint.encoders import Preprocess
from latentprint.experiments import STORED
from latentprint.jobs.source_options import Sources
from latentprint.jobs.sources import open_sources
from latentprint.photos import open_photos
from latentprint.processing import ATTRIBUTES, NONE, classes_of

CLASSES = (*classes_of((ATTRIBUTES["jpeg"],)), NONE)
WHAT: dict[str, dict[str, Any]] = {
    "probe": {"names": ("jpeg", "make")},
    "influence": {"attributes": ("jpeg",)},
    "robustness": {"nuisances": ("make",), "label": "label"},
    "similarity": {"attributes": ("jpeg",)},
}


class Cheap:
    """An encoder that nothing is asked of."""

    family, dimension, input_size = "yours", 32, 16

    def __init__(self, name: str) -> None:
        self.name, self.preprocess = name, Preprocess(resize=16, crop=16)

    def identity(self) -> dict[str, Any]:
        """What tells it from others."""
        return {"library": "benchmark"}

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Zeros [B, D]."""
        return torch.zeros(len(pixels), self.dimension)


def make_files(root: Path, count: int) -> None:
    """Photos in a hundred classes; nothing reads them, so that they are empty."""
    for number in range(100):
        (root / f"{number:02}").mkdir(parents=True)
    for number in range(count):
        (root / f"{number % 100:02}" / f"{number:07}.jpg").touch()


def make_store(root: Path, out: Path, encoders: list[Cheap]) -> None:
    """What ``embed`` would leave."""
    photos, how = open_photos(root), Extraction()
    generator, ids = np.random.default_rng(0), photos.table["id"]
    times = pl.Series([(root / each).stat().st_mtime_ns for each in ids])
    facts = made_up_facts(ids, generator).with_columns(bytes=pl.lit(0, pl.Int64), modified=times)
    size = max(FEWEST, len(photos) // SHARE)
    for encoder in encoders:
        stock = begin(out / folder_name(encoder.name), manifest_of(encoder, CLASSES, how))
        for number, start in enumerate(range(0, len(photos), size)):
            rows = facts[start : start + size]
            made = generator.normal(size=(len(CLASSES), len(rows), 32)).astype(np.float32)
            vectors = {each.name: made[at] for at, each in enumerate(CLASSES)}
            stock.store.write_table_shard(number, rows, vectors)
        commit(stock)
    write_photos(out, photos)
    keep_alike(facts, out)


def made_up_facts(ids: pl.Series, generator: np.random.Generator) -> pl.DataFrame:
    """What reading made-up photos would have found, but for sizes and times of files."""
    n = len(ids)
    makes = np.array(["Canon", "Nikon", "Sony", "Apple"])
    columns: dict[str, Any] = {
        "id": ids,
        "status": ["ok"] * n,
        "reason": [""] * n,
        "format": ["JPEG"] * n,
        "width": generator.integers(800, 6000, n),
        "height": generator.integers(800, 6000, n),
        "jpeg_quality": generator.integers(60, 100, n),
        "content": [generator.bytes(16).hex() for _ in range(n)],
        "appearance": [generator.bytes(32).hex() for _ in range(n)],
        "make": makes[generator.integers(4, size=n)],
        "aperture": generator.choice([1.8, 2.8, 4.0, 8.0], n),
        "exif_raw": ['{"Make": "made up", "Model": "none", "LensModel": "50 mm"}'] * n,
    }
    columns |= {name: [None] * n for name in FACTS_SCHEMA if name not in columns}
    return pl.DataFrame({name: columns[name] for name in FACTS_SCHEMA}, schema=FACTS_SCHEMA)


def open_for(experiment: str, store: Path) -> None:
    """All that a command does before its first figure."""
    inquiry = next(each for each in STORED if each.name == experiment).inquiry()
    options = inquiry.options(**WHAT.get(experiment, {}))
    opened = open_sources(Sources(store), seed=0)
    list(inquiry.steps(opened, options))
    for each in opened:
        each.source.vectors("none")


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=int, action="append")
    options = parser.parse_args()
    found: dict[str, list[float]] = {}
    sizes = options.photos or [10_000, 100_000]
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root, out = Path(folder) / "photos", Path(folder) / "store"
            make_files(root, count)
            encoders = [Cheap("one"), Cheap("two")]
            make_store(root, out, encoders)
            photos = open_photos(root)
            open_for("similarity", out)  # imports
            for name in WHAT:
                found.setdefault(name, []).append(seconds(lambda: open_for(name, out)))  # noqa: B023
            found.setdefault("embed, nothing to do", []).append(
                seconds(lambda: extract(photos, encoders, CLASSES, out))  # noqa: B023
            )
    print("| command | " + " | ".join(f"{count:,} photos" for count in sizes) + " |")
    print("| --- |" + " ---: |" * len(sizes))
    for name, times in found.items():
        print(f"| {name} | " + " | ".join(f"{each:.2f} s" for each in times) + " |")


if __name__ == "__main__":
    main()
