"""Time the probe's solver against scikit-learn's, along a path of C.

python benchmarks/probe.py --photos 460 --dimensions 1280 --classes 6
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression

from latentprint.experiments.softmax import fit_softmax

PATH = tuple(10.0**power for power in range(-2, 5))


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median wall time of some work."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print one line for each solver."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("photos", 460), ("dimensions", 1280), ("classes", 6), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    labels = rng.integers(options.classes, size=options.photos)
    X = 1.0 + rng.normal(size=(options.photos, options.dimensions))
    X += 0.1 * rng.normal(size=(options.classes, options.dimensions))[labels]
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)

    def theirs() -> None:
        for C in PATH:
            LogisticRegression(C=C, max_iter=2000).fit(X, labels)

    warnings.simplefilter("ignore")
    ours = median_seconds(lambda: fit_softmax(X, labels, options.classes, PATH), options.repeats)
    other = median_seconds(theirs, options.repeats)
    print(f"latentprint   {ours:8.3f} s")
    print(f"scikit-learn  {other:8.3f} s   {other / ours:.1f} times")


if __name__ == "__main__":
    main()
