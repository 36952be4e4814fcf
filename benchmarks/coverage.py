"""How often the 95 % intervals of probes hold the truth, and how often they claim too much.

Many sets are drawn from one population: content, noise, a trace of the label. The truth is the mean
accuracy over all sets: what a set of this size reads on average, whichever photos it has. An
interval that covers only the test photos holds it too seldom; this script shows by how much ours
miss it, or exceed it. Where there is no trace, it also counts the sets whose whole interval lies
more than the margin above chance.

    python benchmarks/coverage.py --sets 200 --photos 120 400
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch

from latentprint.experiments import MARGIN, Guards, ProbeOptions, probe_label, probe_processing
from latentprint.processing import ATTRIBUTES
from latentprint.results import Result

SHARPENING = ATTRIBUTES["sharpening"]
TRACES = {"none": 0.0, "weak": 0.1, "strong": 0.4}
"""Standard deviation of what a class adds to each dimension; that of the content is 1."""

_DIMENSIONS, _TESTED = 32, 0.3
_OPTIONS = ProbeOptions(controls=False, curve=False)

Measure = Callable[[int], Result]
"""The probe of the set with this seed."""


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


def processed(seed: int, n: int, trace: float, *, split_made: bool) -> Made:
    """Photos under three classes that move them a little."""
    rng = np.random.default_rng((1, seed))
    content = rng.normal(size=(n, _DIMENSIONS))
    vectors = {
        name: (content + shift + 0.1 * rng.normal(size=content.shape)).astype(np.float32)
        for name, shift in zip(SHARPENING.classes, _shifts(trace), strict=True)
    }
    return Made(_table(n), vectors, split_made)


def labelled(seed: int, n: int, trace: float, *, split_made: bool) -> Made:
    """Photos of three makes of camera, four by each photographer, who all have their subjects."""
    rng = np.random.default_rng((2, seed))
    person = np.arange(n) // 4
    make = rng.integers(3, size=person.max() + 1)[person]
    habits = 0.5 * rng.normal(size=(person.max() + 1, _DIMENSIONS))[person]
    vectors = habits + rng.normal(size=(n, _DIMENSIONS)) + _shifts(trace)[make]
    photos = _table(n, n_together=4).with_columns(
        make=pl.Series([f"make {each}" for each in make]),
        group=pl.Series([f"person {each}" for each in person]),
    )
    return Made(photos, {"none": vectors.astype(np.float32)}, split_made)


def _shifts(trace: float) -> np.ndarray:
    return trace * np.random.default_rng(0).normal(size=(3, _DIMENSIONS))


def _table(n: int, n_together: int = 1) -> pl.DataFrame:
    """A table of photos, the first of them for training."""
    ids = [f"photo {each:05}" for each in range(n)]
    trained = round((1.0 - _TESTED) * n) // n_together * n_together
    split = ["train"] * trained + ["val"] * (n - trained)
    return pl.DataFrame({"id": ids, "label": [None] * n, "split": split, "group": ids})


def probes(n: int, trace: float) -> Iterator[tuple[str, Measure]]:
    """Every way to set a probe up, with its name."""

    def processing(seed: int, made: bool, paired: bool, assignment: str) -> Result:
        how = ProbeOptions(assignment=assignment, controls=False, curve=False)  # type: ignore[arg-type]
        source = processed(seed, n, trace, split_made=made)
        return probe_processing(source, SHARPENING, how, paired=paired).result

    def label(seed: int, made: bool) -> Result:
        return probe_label(
            labelled(seed, n, trace, split_made=made), "make", _OPTIONS, Guards()
        ).result

    yield "one class each, split", lambda seed: processing(seed, False, False, "one")
    yield "one class each, paired, split", lambda seed: processing(seed, False, True, "one")
    yield "every class, split", lambda seed: processing(seed, False, False, "all")
    yield "every class, folds", lambda seed: processing(seed, True, False, "all")
    yield "every class, paired, folds", lambda seed: processing(seed, True, True, "all")
    yield "label, split", lambda seed: label(seed, False)
    yield "label, folds", lambda seed: label(seed, True)


def report(name: str, sets: int, measure: Measure) -> None:
    """Print how often the intervals of many sets hold the mean of all sets."""
    rows = [measure(each) for each in range(sets)]
    values, low, high = (
        np.array([getattr(row, key) for row in rows]) for key in ("value", "low", "high")
    )
    truth, chance = values.mean(), rows[0].chance or 0.0
    held = 100 * ((low <= truth) & (truth <= high)).mean()
    claimed = 100 * (low > chance + MARGIN).mean()
    print(
        f"{name:<44} mean {truth:5.1f}  sd over sets {values.std():5.2f}  "
        f"half width {(high - low).mean() / 2:5.2f}  holds the truth in {held:5.1f} %  "
        f"above chance in {claimed:5.1f} %",
        flush=True,
    )


def main() -> None:
    """Print one line for each kind of probe, number of photos and trace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--photos", type=int, nargs="+", default=[120, 400])
    parser.add_argument("--traces", nargs="+", choices=TRACES, default=list(TRACES))
    parser.add_argument("--only", default="", help="part of the name of a kind of probe")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for n in options.photos:
        for trace in options.traces:
            for name, measure in probes(n, TRACES[trace]):
                if options.only in name:
                    report(f"{name}, {n} photos, trace {trace}", options.sets, measure)


if __name__ == "__main__":
    main()
