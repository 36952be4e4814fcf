"""How CPU seconds and memory of the commands on stored vectors grow with the number of photos.

Each command asks its usual sample of made-up vectors (256 dimensions, by default), in a process of
its own with one thread: measured are its CPU seconds (user and system) and its peak memory, both
with the reading of the vectors and of their table. The exponent is the slope of the logarithm of
CPU seconds over that of photos, between two sizes. ``nothing`` reads the table and one vector, and
``torch`` imports PyTorch beside that, as some commands do.

    python benchmarks/growth.py                            # to 100,000, about 10 CPU minutes
    python benchmarks/growth.py robustness --photos 10000 30000
    python benchmarks/growth.py --photos 100000 1000000 --dimensions 32 --kept growth.jsonl

``--kept`` writes each measurement into a file, and takes those that are in it already:
a run that was ended goes on, and its table is that of all of them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

COMMANDS = (
    "nothing",
    "torch",
    "robustness",
    "influence",
    "pairs",
    "similarity",
    "stability",
    "galleries",
    "probe",
    "variance",
    "erase",
)

_SPLIT = 5
_CLASSES, _DEVICES, _PEOPLE = 100, 3, 20
_ROWS_AT_ONCE = 10_000
_VERSIONS = ("SHARPEN_2", "SHARPEN_4")


def write_vectors(folder: Path, n: int, dimensions: int) -> None:
    """Vectors and a table of made-up photos: classes, devices, people and subjects.

    Two photos beside each other show one subject, by two types of device.
    """
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(_CLASSES, dimensions)).astype(np.float32)
    shifts = 0.3 * rng.normal(size=(_DEVICES, dimensions)).astype(np.float32)
    subject = np.arange(n) // 2
    label, device = rng.integers(_CLASSES, size=subject.max() + 1)[subject], np.arange(n) % 2
    found = np.lib.format.open_memmap(
        folder / "vectors.npy", mode="w+", dtype=np.float32, shape=(n, dimensions)
    )
    for start in range(0, n, _ROWS_AT_ONCE):
        part = slice(start, min(start + _ROWS_AT_ONCE, n))
        shown = rng.standard_normal((part.stop - start, dimensions), dtype=np.float32)
        own = rng.standard_normal(shown.shape, dtype=np.float32)
        # What a subject shows is drawn for the first of its two photos.
        shown[1::2] = shown[::2][: len(shown[1::2])]
        found[part] = centres[label[part]] + shifts[device[part]] + shown + 0.7 * own
    found.flush()
    ids = [f"photo{each:09}" for each in range(n)]
    table = {
        "id": ids,
        "label": [f"class{each}" for each in label],
        "split": ["val" if each % _SPLIT == 0 else "train" for each in subject],
        "group": [f"person{each // _PEOPLE}" for each in subject],
        "subject": [f"subject{each}" for each in subject],
        "device_type": [f"type{each}" for each in device],
    }
    pl.DataFrame(table).write_parquet(folder / "photos.parquet")


class Versions:
    """The vectors as if photos were there under two classes: an ``EmbeddingSource``."""

    encoder = network = dataset = "made up"
    family = "yours"
    layer = None
    split_made = False

    def __init__(self, source: Any) -> None:
        self.source = source
        self.photos = source.photos

    def vectors(self, processing: str) -> Any:
        """The vectors [N, D]; those of the second class lie a little apart."""
        vectors = self.source.vectors("none")
        return vectors if processing == _VERSIONS[0] else Shifted(vectors)


class Shifted:
    """Vectors that all moved by one step, read where they are indexed [N, D]."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.shape = array.shape
        self.step = 0.3 * np.random.default_rng(1).normal(size=array.shape[1]).astype(np.float32)

    def __getitem__(self, rows: Any) -> np.ndarray:
        return np.asarray(self.array[rows]) + self.step


def measure(command: str, folder: Path, memory_mb: int) -> dict[str, Any]:
    """One command in this process: CPU seconds and peak memory in MB."""
    begun = time.process_time()
    from latentprint.jobs.source_options import Sources
    from latentprint.jobs.sources import open_sources

    sources = Sources(folder / "vectors.npy", metadata=folder / "photos.parquet")
    (opened,) = open_sources(sources)
    work: dict[str, Callable[[], Any]] = {
        "nothing": lambda: opened.source.vectors("none")[:1],
        "torch": _torch,
        "robustness": lambda: _robustness(opened.source, memory_mb),
        "influence": lambda: _influence(opened.source, memory_mb),
        "pairs": lambda: _pairs(opened.source, memory_mb),
        "similarity": lambda: _similarity(opened.source, memory_mb),
        "stability": lambda: _stability(opened.source, memory_mb),
        "galleries": lambda: _galleries(opened.source, memory_mb),
        "probe": lambda: _probe(opened.source, memory_mb),
        "variance": lambda: _variance(opened.source, memory_mb),
        "erase": lambda: _erase(opened.source, memory_mb),
    }
    work[command]()
    return {
        "cpu": time.process_time() - begun,
        "peak": _peak(),
    }


def _peak() -> float:
    """The peak memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage says includes the process that started this one.
        (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _torch() -> None:
    from latentprint.arrays import namespace

    namespace()


def _robustness(source: Any, memory_mb: int) -> None:
    from latentprint.experiments.neighbors.robustness import robustness
    from latentprint.experiments.neighbors.robustness_options import RobustnessOptions

    robustness(source, "device_type", options=RobustnessOptions(sample=SAMPLE, memory_mb=memory_mb))


def _influence(source: Any, memory_mb: int) -> None:
    from latentprint.experiments import influence

    influence(Versions(source), _attribute(), sample=SAMPLE, memory_mb=memory_mb)


def _pairs(source: Any, memory_mb: int) -> None:
    from latentprint.experiments import PairsOptions, near_duplicates

    near_duplicates(source, options=PairsOptions(sample=SAMPLE, memory_mb=memory_mb))


def _similarity(source: Any, memory_mb: int) -> None:
    from latentprint.experiments.similarity.options import QueryOptions
    from latentprint.experiments.similarity.similarity import similarity

    similarity(source, "device_type", QueryOptions(memory_mb=memory_mb))


def _stability(source: Any, memory_mb: int) -> None:
    from latentprint.experiments.similarity.options import QueryOptions
    from latentprint.experiments.similarity.stability import stability

    stability(Versions(source), _attribute(), QueryOptions(memory_mb=memory_mb))


def _galleries(source: Any, memory_mb: int) -> None:
    from latentprint.experiments.similarity.gallery import galleries
    from latentprint.experiments.similarity.options import QueryOptions

    galleries(Versions(source), _attribute(), QueryOptions(memory_mb=memory_mb))


def _probe(source: Any, memory_mb: int) -> None:
    from latentprint.experiments import ProbeOptions, probe_processing

    probe_processing(Versions(source), _attribute(), ProbeOptions(memory_mb=memory_mb))


def _variance(source: Any, memory_mb: int) -> None:
    from latentprint.experiments.probes.variance import decompose_variance

    decompose_variance(Versions(source), _attribute(), memory_mb=memory_mb)


def _erase(source: Any, memory_mb: int) -> None:
    from latentprint.experiments.erase.steps import ProofOptions
    from latentprint.experiments.source import Opened
    from latentprint.jobs.erase_fit import EraseOptions, fit_eraser
    from latentprint.jobs.erase_rows import rows_of_store
    from latentprint.jobs.erase_test import prove_fitted

    rows = rows_of_store(Opened(Versions(source), _VERSIONS), [_attribute()], "made up")
    options = ProofOptions(sample=SAMPLE, memory_mb=memory_mb)
    prove_fitted(fit_eraser(rows, EraseOptions()), options)


def _attribute() -> Any:
    """The two classes of ``Versions``."""
    from latentprint.processing import parse_attribute

    return parse_attribute(f"sharpening:{','.join(_VERSIONS)}")


SAMPLE = 2000
"""Photos asked at every size, so that growth is that of the gallery."""


def measured(command: str, folder: Path, memory_mb: int) -> dict[str, Any]:
    """Run one command in a process of its own."""
    return on_one_thread(
        [__file__, command, "--folder", str(folder), "--memory-mb", str(memory_mb)]
    )


def on_one_thread(call: list[str]) -> dict[str, Any]:
    """What a process of Python with one thread says in JSON in its last line."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, "1")}
    call = [sys.executable, *call]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure what is asked for, and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(COMMANDS))
    parser.add_argument("--photos", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--dimensions", type=int, default=256)
    parser.add_argument("--memory-mb", type=int, default=1024)
    parser.add_argument("--kept", type=Path, help="file of measurements, to go on with")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = options.commands or list(COMMANDS)
    if unknown := set(chosen) - set(COMMANDS):
        parser.error(f"{', '.join(sorted(unknown))}: name some of {', '.join(COMMANDS)}")
    if options.folder:
        print(json.dumps(measure(chosen[0], options.folder, options.memory_mb)))
        return
    about = {"dimensions": options.dimensions, "memory_mb": options.memory_mb}
    kept = _read(options.kept, about)
    found: dict[str, dict[int, dict[str, Any]]] = {command: {} for command in chosen}
    for n in options.photos:
        asked = [command for command in chosen if (command, n) not in kept]
        with tempfile.TemporaryDirectory() as name:
            if asked:
                write_vectors(Path(name), n, options.dimensions)
            for command in asked:
                one = measured(command, Path(name), options.memory_mb)
                one |= {"command": command, "photos": n, **about}
                print(json.dumps(one), file=sys.stderr)
                if options.kept:
                    with options.kept.open("a") as file:
                        file.write(json.dumps(one) + "\n")
                kept[command, n] = one
        for command in chosen:
            found[command][n] = kept[command, n]
    print(f"{options.dimensions}-d, --memory-mb {options.memory_mb}, {datetime.now(UTC):%Y-%m-%d}")
    print(table(options.photos, found))


def _read(file: Path | None, about: dict[str, Any]) -> dict[tuple[str, int], dict[str, Any]]:
    """What was measured already, by command and number of photos."""
    if file is None or not file.exists():
        return {}
    read = [json.loads(line) for line in file.read_text().splitlines()]
    same = [each for each in read if about.items() <= each.items()]
    return {(each["command"], each["photos"]): each for each in same}


def table(sizes: list[int], found: dict[str, dict[int, dict[str, Any]]]) -> str:
    """CPU seconds and peak memory at every size, and the exponent between the last two."""
    heads = [f"{n:,}: CPU s (MB)" for n in sizes]
    if len(sizes) > 1:
        heads.append(f"exponent, {sizes[-2]:,} to {sizes[-1]:,}")
    lines = [f"| command | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(heads)}"]
    for command, by_size in found.items():
        cells = [f"{each['cpu']:.1f} ({each['peak']:.0f})" for each in by_size.values()]
        if len(sizes) > 1:
            one, other = (by_size[n]["cpu"] for n in sizes[-2:])
            cells.append(f"{math.log(other / one) / math.log(sizes[-1] / sizes[-2]):.2f}")
        lines.append(f"| {command} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
