"""How much memory a list of photos takes, from its file to a store and back. Anyone can run it.

    python -m benchmarks.lists                          # a million photos, and four
    python -m benchmarks.lists open shard --photos 10000000 --suffix csv

The photos are made up, and nothing reads them: what is measured is the way of the list. Each step
runs in a process of its own, with one thread:

- ``open``: the list is opened, and its digest found.
- ``shard``: it is opened, planned for as many shares as there are shards, and one shard is made.
- ``finish``: ``embed`` finds all shards made, as a process leaves them that is killed at the end:
  the index and the table of photos are made; with ``--alike`` also the groups of near-duplicates.
- ``again``: the same is embedded again, with nothing to do.
- ``verify``: every byte of the store is read.
- ``read``: the store is opened for a command, and one vector read.

Printed are CPU seconds and the peaks of two sorts of memory, as Linux counts them in
/proc/self/status, 100 times a second: anonymous memory (RssAnon), which a process needs, and mapped
files (RssFile), whose pages the system drops where memory is short. "import" is what the libraries
take before a step begins, and part of the peak. "TMPDIR" is what the temporary files that are
mapped take of the disk at their peak, in bytes for every photo.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
from benchmarks.growth import on_one_thread

STEPS = ("open", "shard", "finish", "again", "verify", "read")
_AT_ONCE = 100_000


def write_list(file: Path, count: int) -> None:
    """Ids of 15 characters, paths of 26 and one of a thousand labels."""
    row = pl.int_range(count, eager=True).alias("row").to_frame().lazy()
    number = pl.col("row").cast(pl.String).str.zfill(9)
    folder = (pl.col("row") // 100_000).cast(pl.String).str.zfill(4)
    table = row.select(
        id="photo-" + number,
        path="/photos/" + folder + "/" + number + ".jpg",
        label="class" + (pl.col("row") % 1000).cast(pl.String),
    )
    if file.suffix == ".csv":
        table.sink_csv(file)
    else:
        table.sink_parquet(file, row_group_size=_AT_ONCE)


class Peaks:
    """The peaks of this process's memory in MB, and of its temporary files, looked at by a thread.

    Args:
        folder: The folder of the temporary files.
    """

    def __init__(self, folder: str) -> None:
        self.folder, self.temporary = folder, 0
        self.anonymous, self.files = self.now()
        self.imported = self.anonymous
        threading.Thread(target=self._look, daemon=True).start()

    @staticmethod
    def now() -> tuple[float, float]:
        """Anonymous memory, and mapped files."""
        lines = Path("/proc/self/status").read_text().splitlines()
        said = dict(line.split(":", 1) for line in lines)
        anonymous, files = (int(said[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
        return anonymous, files

    def mapped(self) -> int:
        """Bytes of the temporary files that are mapped, most of which have no name any more."""
        sizes: dict[str, int] = {}
        for line in Path("/proc/self/maps").read_text().splitlines():
            place, *_, file, path = [*line.split(maxsplit=5), ""][:6]
            if path.startswith(self.folder):
                start, end = (int(each, 16) for each in place.split("-"))
                sizes[file] = max(sizes.get(file, 0), end - start)
        return sum(sizes.values())

    def _look(self) -> None:
        while True:
            anonymous, files = self.now()
            self.anonymous, self.files = max(self.anonymous, anonymous), max(self.files, files)
            self.temporary = max(self.temporary, self.mapped())
            time.sleep(0.01)


def measure(step: str, file: Path, out: Path) -> dict[str, float]:
    """One step in this process: its CPU seconds, and the peaks of its memory and of TMPDIR."""
    work = steps(file, out)[step]
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        peaks, begun = Peaks(folder), time.process_time()
        work()
    return {
        "cpu": time.process_time() - begun,
        "import": peaks.imported,
        "anonymous": peaks.anonymous,
        "files": peaks.files,
        "temporary": peaks.temporary,
    }


def steps(file: Path, out: Path) -> dict[str, Callable[[], object]]:
    """The steps, once their libraries are imported."""
    from benchmarks.opening import Cheap

    from latentprint.embeddings import Extraction, Share, extract
    from latentprint.embeddings.engine import prepare_all
    from latentprint.jobs.embedding import embed
    from latentprint.jobs.source_options import Sources
    from latentprint.jobs.sources import open_sources
    from latentprint.jobs.store_care import verify
    from latentprint.photos import open_photos
    from latentprint.processing import NONE

    encoder, how = Cheap("cheap"), Extraction(workers=0)

    def shard() -> None:
        photos = open_photos(file)
        share = Share(1, -(-len(photos) // shard_size(len(photos))))
        with patch(f"{prepare_all.__module__}.prepare", made_up):
            extract(photos, [encoder], [NONE], out / "part", extraction=replace(how, share=share))

    def embedded() -> None:
        embed(str(file), out, encoders=[encoder], attributes=["none"], extraction=how)

    def read() -> None:
        (opened,) = open_sources(Sources(out))
        opened.source.vectors("none")[:1]

    return {
        "open": lambda: open_photos(file).digest(),
        "shard": shard,
        "finish": embedded,
        "again": embedded,
        "verify": lambda: verify(out),
        "read": read,
    }


def shard_size(count: int) -> int:
    """Photos in a shard."""
    from latentprint.embeddings.growth import FEWEST, MOST, SHARE

    return min(max(count // SHARE, FEWEST), MOST)


def made_up(task: Any, recipe: Any) -> Any:
    """A photo that was read in no time."""
    from latentprint.embeddings.worker import Facts, Prepared

    facts = Facts(task.photo_id, "ok", "", content=f"{task.row:032x}", appearance="00" * 32)
    pixels = np.zeros((len(recipe.classes), 16, 16, 3), np.uint8)
    return Prepared(task.row, facts, tuple(pixels for _ in recipe.preprocesses))


def write_shards(file: Path, out: Path, alike: bool) -> None:
    """All shards, with no index: facts of photos that are not there."""
    from benchmarks.opening import Cheap, made_up_facts

    from latentprint.embeddings import Extraction
    from latentprint.embeddings.extract import manifest_of
    from latentprint.embeddings.store import begin, folder_name
    from latentprint.photos import open_photos
    from latentprint.processing import NONE

    photos, encoder, rng = open_photos(file), Cheap("cheap"), np.random.default_rng(0)
    manifest = manifest_of(encoder, [NONE], Extraction(workers=0))
    store = begin(out / folder_name(encoder.name), manifest).store
    size = shard_size(len(photos))
    for number, start in enumerate(range(0, len(photos), size)):
        rows = made_up_facts(photos.table["id"][start : start + size], rng)
        if not alike:
            rows = rows.with_columns(appearance=pl.lit(None, pl.String))
        vectors = rng.standard_normal((len(rows), encoder.dimension), np.float32)
        store.write_table_shard(number, rows, {NONE.name: vectors})


def measured(step: str, file: Path, out: Path) -> dict[str, float]:
    """One step in a process of its own."""
    asked = ["--step", step, "--file", str(file), "--out", str(out)]
    return on_one_thread(["-m", "benchmarks.lists", *asked])


def main() -> None:
    """Measure what is asked for, and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--photos", type=int, nargs="+", default=[1_000_000, 4_000_000])
    parser.add_argument("--suffix", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--alike", action="store_true")
    for name in ("--step", "--file", "--out"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(measure(options.step, Path(options.file), Path(options.out))))
        return
    chosen = options.steps or list(STEPS)
    if unknown := set(chosen) - set(STEPS):
        parser.error(f"{', '.join(sorted(unknown))}: name some of {', '.join(STEPS)}")
    found: dict[str, list[str]] = {}
    for count in options.photos:
        with tempfile.TemporaryDirectory() as folder:
            file, out = Path(folder) / f"list.{options.suffix}", Path(folder) / "store"
            write_list(file, count)
            if set(chosen) & set(STEPS[2:]):
                write_shards(file, out, options.alike)
            for step in chosen:
                each = measured(step, file, out)
                print(f"{step}, {count:,}: {each}", file=sys.stderr)
                told = f"{each['anonymous']:.0f}, {each['files']:.0f} ({each['cpu']:.0f}); "
                told += f"{each['temporary'] / count:.0f}"
                found.setdefault(f"{step} (import: {each['import']:.0f})", []).append(told)
    heads = [f"{count:,}: MB anonymous, files (CPU s); B of TMPDIR" for count in options.photos]
    print(f"| step | {' | '.join(heads)} |\n| --- |{' ---: |' * len(heads)}")
    for step, cells in found.items():
        print(f"| {step} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
