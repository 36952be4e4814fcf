"""Coverage of shares of variance and mean distances, on made-up sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from benchmarks.coverage.held import Case
from benchmarks.coverage.made_up import SHARPENING, MadeUp, subjects, table, versions

from latentprint.experiments.probes.variance import decompose_variance

_DIMENSIONS = 16


@dataclass(frozen=True)
class Population:
    """What the photos of every set have in common.

    Attributes:
        photos: Number of photos.
        shift: How far processing moves all photos alike.
        noise: How far it moves each photo by itself.
        heavy: How much more it moves some than others (sd of the logarithm).
        clusters: Photos are of so many subjects; 0 for as many as photos.
        per_group: Photos of one photographer.
        habit: How far photographers lie apart.
    """

    photos: int = 30
    shift: float = 0.2
    noise: float = 0.3
    heavy: float = 0.7
    clusters: int = 0
    per_group: int = 1
    habit: float = 0.0


POPULATIONS = {
    "30 photos": Population(),
    "30 photos, no shift": Population(shift=0.0),
    "30 photos, strong shift": Population(shift=1.0),
    "100 photos": Population(photos=100),
    "100 photos, no shift": Population(photos=100, shift=0.0),
    "100 photos of 5 subjects": Population(photos=100, clusters=5),
    "400 photos": Population(photos=400),
    "30 photographers": Population(photos=120, per_group=4, habit=0.7),
    "100 photographers": Population(photos=400, per_group=4, habit=0.7),
}


def made_up(seed: int, population: Population) -> MadeUp:
    """A set of photos; subjects and processing are the same in every set."""
    fixed = np.random.default_rng(10**6)
    centres = 2.0 * fixed.normal(size=(max(1, population.clusters), _DIMENSIONS))
    shifts = population.shift * fixed.normal(size=(len(SHARPENING.classes), _DIMENSIONS))
    rng = np.random.default_rng(seed)
    n = population.photos
    group = np.arange(n) // population.per_group
    content = subjects(rng, group, population.habit, centres[: population.clusters])
    moved = population.noise * np.exp(population.heavy * rng.normal(size=n))[:, None]
    return MadeUp(table(n, group), versions(rng, content, shifts, moved))


def cases() -> Iterator[Case]:
    """The populations with what is measured of them; nothing of it is tested."""
    return starmap(_case, POPULATIONS.items())


def _case(name: str, of: Population) -> Case:
    return Case(
        name,
        lambda seed: decompose_variance(made_up(seed, of), SHARPENING),
        lambda _: False,
    )
