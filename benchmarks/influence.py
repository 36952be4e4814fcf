"""Time the kNN set-ups against one full similarity matrix for every combination.

The plain way computes P^3 combinations and the uniform draws; some of them are timed and the time
of all is extrapolated.

    python benchmarks/influence.py --train 10000 --test 1000 --dimensions 1280 --classes 6
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from latentprint.experiments.setups import Gallery, score


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median wall time of some work."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def made_up(options: argparse.Namespace) -> Gallery:
    """Random unit vectors with labels."""
    rng = np.random.default_rng(0)
    vectors = []
    for n in (options.test, options.train):
        content = rng.normal(size=(n, options.dimensions))
        versions = content + 0.1 * rng.normal(size=(options.classes, n, options.dimensions))
        versions /= np.linalg.norm(versions, axis=2, keepdims=True)
        vectors.append(versions.astype(np.float32))
    labels = [rng.integers(options.labels, size=n) for n in (options.test, options.train)]
    draws = rng.integers(options.classes, size=(10, options.train))
    return Gallery(vectors[0], vectors[1], labels[0], labels[1], draws)


def one_combination(gallery: Gallery, k: int) -> None:
    """The plain way: positives under one class, negatives under another."""
    test = torch.from_numpy(gallery.test[0])
    same, other = (torch.from_numpy(gallery.train[each]) for each in (0, 1))
    labels, truth = torch.from_numpy(gallery.train_labels), torch.from_numpy(gallery.test_labels)
    positive = truth[:, None] == labels
    similarities = torch.where(positive, test @ same.T, test @ other.T)
    labels[similarities.topk(k).indices].mode(dim=1)


def main() -> None:
    """Print one line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = {"train": 700, "test": 300, "dimensions": 1280, "classes": 6, "labels": 100}
    for name, default in {**sizes, "k": 10, "repeats": 3, "memory-mb": 1024}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    gallery = made_up(options)
    ours = median_seconds(lambda: score(gallery, (options.k,), options.memory_mb), options.repeats)
    one = median_seconds(lambda: one_combination(gallery, options.k), options.repeats)
    runs = options.classes**3 + 10 * options.classes
    print(f"latentprint                   {ours:8.2f} s")
    print(f"plain, {runs} runs (extrapolated) {one * runs:8.2f} s   {one * runs / ours:.1f} times")


if __name__ == "__main__":
    main()
