"""Time the kNN set-ups against one full similarity matrix for every combination.

The plain way makes P^3 combinations and 10 P uniform runs (216 + 60 for six classes) from a float32
similarity matrix each, with topk and a vote. One such run is timed and multiplied; runs whose
positives and negatives come from two classes need two products each, and are given beside it. The
floor is P x P bare float32 products. Each figure comes from a process of its own, with its threads
and its peak memory.

    python benchmarks/influence.py                                       # full size, about 12 min
    python benchmarks/influence.py --train 10000 --test 500 --growth     # small, no growth
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_ROWS_AT_ONCE = 10_000
_QUERIES_AT_ONCE = 512


def write_vectors(folder: Path, options: argparse.Namespace, n_train: int, n_test: int) -> None:
    """Unit vectors of made-up photos: a class, the photo itself, and a trace of its processing."""
    shape = options.labels, options.dimensions
    centres = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    traces = 0.3 * np.random.default_rng(2).standard_normal(
        (options.classes, options.dimensions), dtype=np.float32
    )
    for seed, (split, n) in enumerate((("train", n_train), ("test", n_test))):
        rng = np.random.default_rng(seed)
        labels = rng.integers(options.labels, size=n)
        np.save(folder / f"{split}_labels.npy", labels)
        shape = (options.classes, n, options.dimensions)
        file = folder / f"{split}.npy"
        found = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=shape)
        for start in range(0, n, _ROWS_AT_ONCE):
            own = labels[start : start + _ROWS_AT_ONCE]
            content = centres[own] + 5 * rng.standard_normal(
                (len(own), options.dimensions), dtype=np.float32
            )
            for p, trace in enumerate(traces):
                noise = rng.standard_normal(content.shape, dtype=np.float32)
                part = content + trace + 0.3 * noise
                part /= np.linalg.norm(part, axis=1, keepdims=True)
                found[p, start : start + len(own)] = part
        found.flush()


def ours(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All combinations of the set-ups and the uniform draws."""
    from latentprint.experiments.neighbors.setups import LabelledPhotos, classify

    # Mapped: training vectors that are larger than memory are read as they are needed.
    train, test = (np.load(folder / f"{each}.npy", mmap_mode="r") for each in ("train", "test"))
    labels = [np.load(folder / f"{each}_labels.npy") for each in ("test", "train")]
    n = len(labels[1])
    draws = np.stack(
        [np.random.default_rng(s).choice(options.classes, n).astype(np.int64) for s in range(10)]
    )
    gallery = LabelledPhotos(list(test), list(train), labels[0], labels[1], draws, np.arange(n))
    found: dict[str, Any] = timed(
        lambda: classify(gallery, (options.k,), memory_mb=options.memory_mb)
    )
    return found


def plain(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One combination, positives and negatives from one class, or from two."""
    import torch

    test, first, second = (
        torch.from_numpy(np.load(folder / name, mmap_mode="r")[p].copy())
        for name, p in (("test.npy", 0), ("train.npy", 0), ("train.npy", 1))
    )
    truth, labels = (
        torch.from_numpy(np.load(folder / f"{each}_labels.npy")) for each in ("test", "train")
    )

    def vote(similarities: torch.Tensor) -> torch.Tensor:
        votes = torch.nn.functional.one_hot(labels[similarities.topk(options.k).indices])
        return votes.sum(1).argmax(1)

    def two() -> torch.Tensor:
        positive = truth[:, None] == labels
        return vote(torch.where(positive, test @ first.T, test @ second.T))

    return {"one": timed(lambda: vote(test @ first.T)), "two": timed(two)}


def floor(folder: Path, _: argparse.Namespace) -> dict[str, Any]:
    """P x P bare products, nothing kept."""
    train, test = (np.load(folder / f"{each}.npy") for each in ("train", "test"))
    space = np.empty((_QUERIES_AT_ONCE, train.shape[1]), dtype=np.float32)

    def products() -> None:
        for queries in test:
            for vectors in train:
                for start in range(0, len(queries), _QUERIES_AT_ONCE):
                    part = queries[start : start + _QUERIES_AT_ONCE]
                    np.matmul(part, vectors.T, out=space[: len(part)])

    return timed(products)


def timed(work: Callable[[], object]) -> dict[str, Any]:
    """Wall and CPU seconds of some work, the memory before it and its peak, in MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "before": before,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measured(what: str, folder: Path, threads: int) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads))}
    command = [sys.executable, *sys.argv, "--measure", what, "--folder", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(folder: Path, options: argparse.Namespace, threads: int) -> None:
    """Print one line for each way."""
    classes = options.classes
    runs, one_class = classes**3 + 10 * classes, classes**2 + 10 * classes
    mine, bare, way = (measured(each, folder, threads) for each in ("ours", "floor", "plain"))
    # CPU seconds of one thread are the same on a busy machine.
    unit = "cpu" if threads == 1 else "wall"
    one, two, took = way["one"][unit], way["two"][unit], mine[unit]
    least, whole = runs * one, one_class * one + (runs - one_class) * two
    named = "1 thread" if threads == 1 else f"{threads} threads"
    print(f"\n{named}: wall seconds (CPU seconds), peak memory")
    print(f"latentprint, everything      {line(mine)}")
    print(f"{classes} x {classes} bare products          {line(bare)}")
    print(f"plain, one run, one class    {line(way['one'])}")
    print(f"plain, one run, two classes  {line(way['two'])}")
    print(f"Extrapolated from one run, in {unit} seconds:")
    print(f"plain, {runs} runs of one product each {least:9.1f} s, {least / took:.1f} times ours")
    print(
        f"plain, {one_class} of one and {runs - one_class} of two products"
        f" {whole:9.1f} s, {whole / took:.1f} times ours"
    )
    print(f"latentprint is at {took / bare[unit]:.2f} times the bare products")


def line(found: dict[str, Any]) -> str:
    """Time and memory of one measurement."""
    return f"{found['wall']:9.1f} ({found['cpu']:.1f})  {found['peak']:7.0f} MB"


def grow(folder: Path, options: argparse.Namespace) -> None:
    """Print how time and memory grow with the training vectors."""
    print(f"\nGrowth, {options.growth_test} test photos, one thread")
    for n in options.growth:
        write_vectors(folder, options, n, options.growth_test)
        mine, bare = (measured(each, folder, 1) for each in ("ours", "floor"))
        nanoseconds = 1e9 * mine["cpu"] / n / options.growth_test
        print(
            f"{n:8d} training photos: {line(mine)}, {nanoseconds:.0f} ns a pair of photos,"
            f" {mine['cpu'] / bare['cpu']:.2f} times the floor"
        )


def main() -> None:
    """Compare, then grow."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    sizes = {"train": 50_000, "test": 5_000, "dimensions": 512, "labels": 200, "classes": 6}
    for name, default in {**sizes, "k": 10, "memory-mb": 1024, "growth-test": 500}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--growth", type=int, nargs="*", default=[10_000, 50_000, 200_000])
    parser.add_argument("--measure", choices=("ours", "plain", "floor"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        work = {"ours": ours, "plain": plain, "floor": floor}[options.measure]
        print(json.dumps(work(options.folder, options)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_vectors(folder, options, options.train, options.test)
        print(f"{options.train} training and {options.test} test photos, {options.classes} classes")
        for threads in options.threads:
            compare(folder, options, threads)
        if options.growth:
            grow(folder, options)


if __name__ == "__main__":
    main()
