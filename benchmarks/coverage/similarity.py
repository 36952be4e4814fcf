"""Coverage and false claims of similarity by class and metadata, on made-up sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from benchmarks.coverage.held import Case
from benchmarks.coverage.made_up import SHARPENING, MadeUp, habits, table, versions

from latentprint.experiments.similarity.options import QueryOptions
from latentprint.experiments.similarity.similarity import similarity
from latentprint.results import Result

_DIMENSIONS = 16
_CLASSES, _DEVICES = 4, 3


@dataclass(frozen=True)
class Population:
    """What the photos of every set have in common.

    Attributes:
        processed: Metadata are processing classes; else a column.
        photos: Number of photos, every other one a query.
        content: How far classes lie apart.
        trace: How far devices, or processing classes, do.
        noise: How far processing moves each photo by itself.
        per_group: Photos of one photographer, who has one device.
        habit: How far photographers lie apart.
        sample: Most query photos.
        exclude: Photos of one photographer are not compared.
    """

    processed: bool = False
    photos: int = 160
    content: float = 0.6
    trace: float = 0.0
    noise: float = 0.3
    per_group: int = 1
    habit: float = 0.0
    sample: int | None = None
    exclude: bool = False


POPULATIONS = {
    "column, no trace": Population(),
    "column, trace": Population(trace=0.6),
    "column, strong trace": Population(trace=1.5),
    "column, trace, 40 queries": Population(trace=0.6, sample=40),
    "column, groups kept apart, no trace": Population(
        photos=240, per_group=4, habit=0.7, exclude=True
    ),
    "column, groups, trace": Population(photos=240, trace=0.6, per_group=4, habit=0.7),
    "processing, no trace": Population(processed=True),
    "processing, trace": Population(processed=True, trace=0.4),
    "processing, strong trace": Population(processed=True, trace=1.5),
    "processing, groups, trace": Population(processed=True, trace=0.4, per_group=4, habit=0.7),
    "processing, 60 photos": Population(processed=True, photos=60, trace=0.4),
}


def made_up(seed: int, population: Population) -> MadeUp:
    """A set of photos; classes, devices and processing are the same in every set."""
    fixed = np.random.default_rng(10**6)
    centres = fixed.normal(size=(_CLASSES, _DIMENSIONS))
    shifts = population.trace * fixed.normal(size=(_DEVICES, _DIMENSIONS))
    rng = np.random.default_rng(seed)
    n = population.photos
    group = np.arange(n) // population.per_group
    labels = rng.integers(_CLASSES, size=n)
    devices = rng.integers(_DEVICES, size=group.max() + 1)[group]
    content = habits(rng, group, population.habit, _DIMENSIONS)
    content += population.content * centres[labels] + rng.normal(size=(n, _DIMENSIONS))
    photos = table(n, group, label=labels, device=devices)
    if not population.processed:
        return MadeUp(photos, {"none": (content + shifts[devices]).astype(np.float32)})
    return MadeUp(photos, versions(rng, content, shifts, population.noise))


def similarity_rows(seed: int, population: Population) -> list[Result]:
    """The rows of one set."""
    metadata = SHARPENING if population.processed else "device"
    options = QueryOptions(sample=population.sample, exclude_group=population.exclude)
    return similarity(made_up(seed, population), metadata, options).results


def cases() -> Iterator[Case]:
    """The populations with what is measured of them."""
    return starmap(_case, POPULATIONS.items())


def _case(name: str, of: Population) -> Case:
    return Case(
        name,
        lambda seed: similarity_rows(seed, of),
        lambda _: not of.trace,
    )
