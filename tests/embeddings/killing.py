"""A run in a process of its own, and ways to end it; also for benchmarks/faults.py."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from latentprint.embeddings import Extraction, Store, extract, write_photos
from latentprint.photos import Photos
from latentprint.processing import NONE, published_classes

from .toy import ToyEncoder

COUNT, SHARD = 40, 4
HOW = Extraction(batch_size=3, shard_size=SHARD, workers=0, pauses=(0.01,), stop_seconds=0.0)

SCRIPT = """
def run(arguments):
    # Not above: processes that read photos import this file, too, and need no torch.
    import sys, time
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from embeddings.toy import ToyEncoder
    from latentprint.embeddings import Extraction, extract
    from latentprint.photos import open_photos
    from latentprint.processing import NONE, published_classes

    class Slow(ToyEncoder):
        def embed(self, pixels):
            time.sleep({pause})
            return super().embed(pixels)

    how = Extraction(batch_size=3, shard_size=4, workers={workers})
    classes = [NONE, published_classes()["JPEG75_420"]][:{classes}]
    extract(open_photos({photos!r}), [Slow()], classes, Path({out!r}), extraction=how)

if __name__ == "__main__":
    from latentprint.cli import main as cli
    cli.app = run
    cli.main()
"""


def make_photos(root: Path) -> Path:
    """Small pictures, one of which is cut off."""
    root.mkdir()
    generator = np.random.default_rng(0)
    for number in range(COUNT):
        pixels = generator.integers(0, 256, (20, 24, 3), np.uint8)
        Image.fromarray(pixels).save(root / f"{number:02}.png")
    (root / "07.png").write_bytes((root / "07.png").read_bytes()[:300])
    return root


def run(photos: Photos, out: Path, encoder: Any = None, classes: int = 1, **how: Any) -> Store:
    """Embed photos under one class, or, where a store grows, under two."""
    asked = [NONE, published_classes()["JPEG75_420"]][:classes]
    return extract(photos, [encoder or ToyEncoder()], asked, out, extraction=replace(HOW, **how))[0]


def begin_small(photos: Photos, out: Path) -> Photos:
    """A finished store of a third of the photos, one of which has changed since."""
    some = replace(photos, table=photos.table.gather_every(3))
    run(some, out)
    write_photos(out, some)
    Image.new("RGB", (20, 24), (9, 99, 200)).save(photos.root / "03.png")
    return some


def shards(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of shards that count; what else is there changes until a run has ended."""
    kept = {name[:-8] for name in files if "/shard-" in name and name.endswith(".parquet")}
    return {name: each for name, each in files.items() if name.rpartition(".")[0] in kept}


def grown_undisturbed(photos: Photos, out: Path, beside: Path) -> dict[str, bytes]:
    """What a small store becomes, tried on a copy of it."""
    shutil.copytree(out, beside)
    run(photos, beside, classes=2)
    return contents(beside)


def contents(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def start(
    photos: Photos, out: Path, *, workers: int = 1, pause: float = 0.03, classes: int = 1
) -> Any:
    script = out.with_suffix(".py")
    tests = str(Path(__file__).parents[1])
    script.write_text(
        SCRIPT.format(
            tests=tests,
            photos=str(photos.root),
            out=str(out),
            workers=workers,
            pause=pause,
            classes=classes,
        )
    )
    return subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, text=True)


def wait_for_shards(out: Path, count: int, process: Any) -> None:
    deadline = time.monotonic() + 130
    while len(list(out.rglob("*.parquet"))) < count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def workers_of(process: int) -> Iterator[int]:
    for each in Path("/proc").glob("[0-9]*"):
        try:
            stat = (each / "stat").read_text().rpartition(") ")[2].split()
            command = (each / "cmdline").read_bytes()
        except OSError:
            continue
        if int(stat[1]) == process and b"spawn_main" in command:
            yield int(each.name)


def kill_at_random(photos: Photos, out: Path, seed: int, *, classes: int = 1) -> int:
    """Kill workers, then the process itself, at moments of chance; returns how many were killed."""
    chance, killed = random.Random(seed), 0
    before = len(list(out.rglob("*.parquet")))
    process = start(photos, out, workers=2, classes=classes)
    for shards in sorted(chance.sample(range(COUNT // SHARD - 1), 2)):
        wait_for_shards(out, before + shards, process)
        time.sleep(chance.random() / 10)
        # While its pool starts them, the end of a worker can hang Python's own pool.
        begun = time.monotonic()
        while len(list(workers_of(process.pid))) < 2 and time.monotonic() - begun < 10:
            time.sleep(0.01)
        for worker in list(workers_of(process.pid))[:1]:
            os.kill(worker, signal.SIGKILL)
            killed += 1
    wait_for_shards(out, before + chance.randrange(1, COUNT // SHARD), process)
    time.sleep(chance.random() / 20)
    process.kill()
    process.communicate()
    return killed + 1
