"""Coverage and false claims of the robustness index and of purities, on made-up sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from benchmarks.coverage.held import Case
from benchmarks.coverage.made_up import MadeUp, habits, table

from latentprint.experiments.neighbors.robustness import robustness
from latentprint.experiments.neighbors.robustness_options import RobustnessOptions
from latentprint.results import Result
from latentprint.words import RobustnessMeasure

_DIMENSIONS = 16
_CLASSES, _DEVICES = 4, 3


@dataclass(frozen=True)
class Population:
    """What the photos of every set have in common.

    Attributes:
        photos: Number of photos.
        k: Number of neighbours.
        content: How far classes lie apart.
        trace: How far devices do.
        tied: Share of the photos whose device is that of their class.
        per_group: Photos of one group; one photographer's, with one device.
        habit: How far groups lie apart.
        one_class: Photos of a group are of one class.
        uneven: Groups are of all sizes, with so many photos on average.
    """

    photos: int = 300
    k: int = 10
    content: float = 0.6
    trace: float = 0.0
    tied: float = 0.0
    per_group: int = 1
    habit: float = 0.0
    one_class: bool = False
    uneven: bool = False


POPULATIONS = {
    "nothing": Population(content=0.0),
    "content alone": Population(),
    "strong content": Population(content=1.5),
    "trace": Population(trace=0.6),
    "trace, 800 photos, k = 5": Population(photos=800, k=5, trace=0.6),
    "strong trace": Population(trace=1.5),
    "device goes with class": Population(content=1.0, tied=0.8),
    "device goes with class, trace": Population(content=1.0, tied=0.8, trace=0.6),
    "groups": Population(photos=400, trace=0.6, per_group=4, habit=0.7),
    "groups of one class": Population(photos=400, per_group=4, habit=0.7, one_class=True),
    "groups, no trace": Population(photos=400, per_group=4, habit=0.7),
    "groups of one class, tied, no trace": Population(
        photos=400, content=1.0, tied=0.8, per_group=4, habit=0.7, one_class=True
    ),
    "uneven groups of one class, no trace": Population(
        photos=400, per_group=4, habit=0.7, one_class=True, uneven=True
    ),
    "uneven groups, no trace": Population(photos=400, per_group=4, habit=0.7, uneven=True),
    "groups, tied, no trace": Population(photos=400, content=1.0, tied=0.8, per_group=4, habit=0.7),
}


def made_up(seed: int, population: Population) -> MadeUp:
    """A set of photos; classes and devices are the same in every set."""
    fixed = np.random.default_rng(10**6)
    centres = fixed.normal(size=(_CLASSES, _DIMENSIONS))
    shifts = fixed.normal(size=(_DEVICES, _DIMENSIONS))
    rng = np.random.default_rng(seed)
    n = population.photos
    group = np.arange(n) // population.per_group
    if population.uneven:
        group = np.cumsum(rng.random(n) < 1 / population.per_group)
        group -= group[0]
    count = group.max() + 1
    labels = rng.integers(_CLASSES, size=count)[group]
    if not population.one_class:
        labels = rng.integers(_CLASSES, size=n)
    # A photographer has one device, that of the first photo's class where these go together.
    first = labels[np.searchsorted(group, np.arange(count))]
    tied = rng.random(count) < population.tied
    devices = np.where(tied, first % _DEVICES, rng.integers(_DEVICES, size=count))[group]
    vectors = (
        population.content * centres[labels]
        + population.trace * shifts[devices]
        + habits(rng, group, population.habit, _DIMENSIONS)
        + rng.normal(size=(n, _DIMENSIONS))
    )
    photos = table(n, group, label=labels, device=devices)
    return MadeUp(photos, {"none": vectors.astype(np.float32)})


def robustness_rows(seed: int, population: Population, permutations: int = 199) -> list[Result]:
    """The rows of one set."""
    options = RobustnessOptions(ks=(population.k,), permutations=permutations, seed=seed)
    return robustness(made_up(seed, population), "device", options=options).results


def cases() -> Iterator[Case]:
    """The populations with what is measured of them."""
    return starmap(_case, POPULATIONS.items())


def _case(name: str, of: Population) -> Case:
    return Case(
        name,
        lambda seed: robustness_rows(seed, of),
        lambda row: not (of.content if row.setup == RobustnessMeasure.CLASS_PURITY else of.trace),
        lambda row: f"{row.setup}, {row.condition}",
    )
