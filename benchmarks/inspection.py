"""Time ``inspect`` on a store of 10,000 made-up photos, cold and warm.

The store has unprocessed vectors and those of eight classes, 1,280 numbers each, from the default
encoder's name and identity, so that a photo that is not in it is embedded by the real encoder. Cold
is the first call, which fits probes, an eraser and what is usual in the store; warm every later one
in the same process, where only these are read. Whole commands are timed as well, once all is kept:
a photo of the store needs no encoder, so that PyTorch is imported for others alone.

    python benchmarks/inspection.py              # about 3 min on one core
    python benchmarks/inspection.py --photos 1000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from latentprint.embeddings.alike import keep_alike
from latentprint.embeddings.collection import write_photos
from latentprint.embeddings.store import FACTS_SCHEMA, begin, commit, folder_name
from latentprint.embeddings.worker import Facts
from latentprint.encoders import load_encoder
from latentprint.encoders.recorded import record_of
from latentprint.jobs.affected import affected
from latentprint.jobs.inspect import inspect
from latentprint.photos import Photos
from latentprint.processing import classes_of, find_attributes

_SHARD = 512


def made_store(folder: Path, photos: int) -> Path:
    """Write a store of the default encoder with made-up vectors."""
    encoder = load_encoder("default", device="cpu")
    classes = classes_of(find_attributes(["jpeg", "sharpening"]), extra=["none"])
    ids = [f"photo{at:06d}.jpg" for at in range(photos)]
    nothing = pl.DataFrame(schema={"path": pl.String, "reason": pl.String})
    empty = pl.Series([None] * photos, dtype=pl.String)
    table = pl.DataFrame({"id": ids, "path": ids, "split": empty, "label": empty})
    listed = Photos("made up", folder, table, nothing)
    manifest = {
        "encoder": {
            **record_of(encoder),
            "family": encoder.family,
            "input_size": encoder.input_size,
        },
        "processing": {each.name: each.as_list() for each in classes},
        "settings": {"batch_size": 64, "orient": True, "max_pixels": 10**8, "mask": 0.0},
    }
    stock = begin(folder / folder_name(encoder.name), manifest)
    rng = np.random.default_rng(0)
    scales = np.geomspace(1.0, 0.05, encoder.dimension)
    shifts = 0.1 * rng.standard_normal((len(classes), encoder.dimension)) * scales
    for shard, start in enumerate(range(0, photos, _SHARD)):
        rows = range(start, min(start + _SHARD, photos))
        content = 0.5 + rng.standard_normal((len(rows), encoder.dimension)) * scales
        noise = 0.1 * rng.standard_normal((len(classes), *content.shape)) * scales
        told = [
            Facts(
                ids[row], "ok", "", format="JPEG", width=640, height=480, jpeg_quality=90,
                content=f"{row:032x}", appearance=rng.bytes(32).hex(),
            )
            for row in rows
        ]  # fmt: skip
        vectors = {
            each.name: (content + shifts[at] + noise[at]).astype(np.float32)
            for at, each in enumerate(classes)
        }
        facts = pl.DataFrame([asdict(each) for each in told], schema=FACTS_SCHEMA)
        stock.store.write_table_shard(shard, facts, vectors)
    commit(stock)
    write_photos(folder, listed)
    keep_alike(stock.store.facts(), folder)
    return folder


def seconds(run: Callable[[], Any]) -> dict[str, float]:
    """Seconds on the clock and of the processor, child processes included, that a call takes."""
    begun, used = time.perf_counter(), sum(os.times()[:4])
    run()
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu": round(sum(os.times()[:4]) - used, 2),
    }


def command(*arguments: str) -> Callable[[], Any]:
    """A whole command in a process of its own."""
    run = [sys.executable, "-m", "latentprint", *arguments]
    return lambda: subprocess.run(run, check=True, capture_output=True)


def main() -> None:
    """Make a store, time the calls, and print the times as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--affected", action="store_true", help="also rank all photos")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        store = made_store(Path(place) / "store", options.photos)
        new = Path(place) / "new.jpg"
        pixels = np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).resize((640, 480)).save(new, quality=90)
        stored, other = "photo000003.jpg", "photo000004.jpg"
        encoder = load_encoder("default", device="cpu")
        times = {
            "cold": seconds(lambda: inspect(stored, store=store)),
            "warm": seconds(lambda: inspect(stored, store=store)),
            "two photos, cold": seconds(lambda: inspect(stored, other, store=store)),
            "two photos, warm": seconds(lambda: inspect(stored, other, store=store)),
            "a new photo": seconds(lambda: inspect(new, store=store)),
            "a new photo, encoder given": seconds(
                lambda: inspect(new, store=store, encoder=encoder)
            ),
        }
        for told, names in {"one": [stored], "two": [stored, other], "new": [str(new)]}.items():
            times[f"a command, {told}"] = seconds(command("inspect", *names, "--store", str(store)))
        times["a command, its help"] = seconds(command("inspect", "--help"))
        if options.affected:
            times["affected"] = seconds(lambda: affected(store))
    json.dump({"photos": options.photos, "times": times}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
