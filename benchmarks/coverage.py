"""How often the 95 % intervals of probes hold the truth, on made-up sets of photos.

Many sets are drawn from one population: content, noise, a weak trace of the label. The truth is the
mean accuracy over all sets: what a set of this size reads on average, whichever photos it has. An
interval that covers only the test photos holds it too seldom; this script shows by how much ours
miss it, or exceed it.

python benchmarks/coverage.py --sets 200
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from latentprint.experiments import Guards, ProbeOptions, probe_label, probe_processing
from latentprint.processing import ATTRIBUTES

SHARPENING = ATTRIBUTES["sharpening"]
OPTIONS = ProbeOptions(controls=False, curve=False)


@dataclass(frozen=True)
class Made:
    """A made-up set of embeddings."""

    photos: pl.DataFrame
    by_class: dict[str, np.ndarray]
    split_made: bool
    encoder: str = "made up"
    family: str = "yours"
    dataset: str = "made up"
    network: str = "made up"
    layer: int | None = None

    def vectors(self, processing: str) -> np.ndarray:
        """The embeddings under one class [N, D]."""
        return self.by_class[processing]


def processed(rng: np.random.Generator, shifts: np.ndarray, train: int, test: int) -> Made:
    """Photos under three classes that move them a little."""
    n, dimensions = train + test, shifts.shape[1]
    content = rng.normal(size=(n, dimensions))
    vectors = {
        name: (content + shift + 0.1 * rng.normal(size=content.shape)).astype(np.float32)
        for name, shift in zip(SHARPENING.classes, shifts, strict=True)
    }
    return Made(table(n, ["train"] * train + ["val"] * test), vectors, split_made=False)


def labelled(rng: np.random.Generator, shifts: np.ndarray, n: int) -> Made:
    """Photos of three makes of camera, four by each photographer, who all have their subjects."""
    person = np.arange(n) // 4
    make = rng.integers(len(shifts), size=person.max() + 1)[person]
    habits = 0.5 * rng.normal(size=(person.max() + 1, shifts.shape[1]))[person]
    vectors = habits + rng.normal(size=(n, shifts.shape[1])) + shifts[make]
    photos = table(n, ["train"] * n).with_columns(
        make=pl.Series([f"make {each}" for each in make]),
        group=pl.Series([f"person {each}" for each in person]),
    )
    return Made(photos, {"none": vectors.astype(np.float32)}, split_made=True)


def table(n: int, split: list[str]) -> pl.DataFrame:
    """A table of photos."""
    ids = [f"photo {each:05}" for each in range(n)]
    return pl.DataFrame({"id": ids, "label": [None] * n, "split": split, "group": ids})


def report(name: str, sets: int, measure: Callable[[int], tuple[float, float, float]]) -> None:
    """Print how often the intervals of many sets hold the mean of all sets."""
    values, low, high = np.array([measure(each) for each in range(sets)]).T
    truth = values.mean()
    held = 100 * ((low <= truth) & (truth <= high)).mean()
    print(
        f"{name:<34} mean {truth:5.1f}  sd over sets {values.std():4.2f}  "
        f"half width {(high - low).mean() / 2:4.2f}  holds the truth in {held:5.1f} %"
    )


def main() -> None:
    """Print one line for each kind of probe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    options = parser.parse_args()
    shifts = 0.25 * np.random.default_rng(0).normal(size=(3, 32))

    def one(
        assignment: str, made: Callable[[np.random.Generator], Made], seed: int
    ) -> tuple[float, float, float]:
        source = made(np.random.default_rng((1, seed)))
        how = ProbeOptions(assignment=assignment, controls=False, curve=False)  # type: ignore[arg-type]
        result = probe_processing(source, SHARPENING, how).result
        return result.value, result.low, result.high

    def label(n: int, seed: int) -> tuple[float, float, float]:
        source = labelled(np.random.default_rng((2, seed)), shifts, n)
        result = probe_label(source, "make", OPTIONS, Guards()).result
        return result.value, result.low, result.high

    for train, test in ((300, 100), (1000, 300)):
        sizes = f"{train} + {test} photos"
        made = lambda rng, a=train, b=test: processed(rng, shifts, a, b)  # noqa: E731
        report(f"one class each, {sizes}", options.sets, lambda s, m=made: one("one", m, s))
    few = lambda rng: processed(rng, shifts, 300, 100)  # noqa: E731
    report("every class, 300 + 100 photos", options.sets, lambda s: one("all", few, s))
    for n in (120, 400):
        report(f"make of camera, {n} photos", options.sets, lambda s, n=n: label(n, s))


if __name__ == "__main__":
    main()
