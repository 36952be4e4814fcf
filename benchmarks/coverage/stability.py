"""Coverage of how far photos move, on made-up sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import starmap

import numpy as np
from benchmarks.coverage.held import Case
from benchmarks.coverage.made_up import SHARPENING, MadeUp, habits, subjects, table, versions

from latentprint.experiments.similarity.options import QueryOptions
from latentprint.experiments.similarity.stability import stability
from latentprint.results import Result
from latentprint.words import StabilityMeasure

_DIMENSIONS = 16
_ENDLESS = 200_000


@dataclass(frozen=True)
class Population:
    """What the photos of every set have in common.

    Attributes:
        photos: Number of photos.
        noise: How far processing moves a photo on average.
        heavy: How much more it moves some than others (sd of the logarithm).
        threshold: Cosine similarity below which a copy counts as another photo.
        clusters: Photos are of so many subjects; 0 for as many as photos.
        per_group: Photos of one photographer.
        habit: How far photographers lie apart, and how alike their photos are moved.
        exclude: Photos of one photographer are not compared.
    """

    photos: int = 30
    noise: float = 0.3
    heavy: float = 0.7
    threshold: float = 0.9
    clusters: int = 0
    per_group: int = 1
    habit: float = 0.0
    exclude: bool = False


POPULATIONS = {
    "30 photos": Population(),
    "30 photos, hardly moved": Population(noise=0.1),
    "30 photos, far moved": Population(noise=0.8, threshold=0.5),
    "100 photos": Population(photos=100),
    "100 photos, far moved": Population(photos=100, noise=0.8, threshold=0.5),
    "100 photos of 10 subjects": Population(photos=100, clusters=10),
    "400 photos": Population(photos=400),
    "40 photographers": Population(photos=160, per_group=4, habit=0.7),
    "40 photographers, kept apart": Population(photos=160, per_group=4, habit=0.7, exclude=True),
}


def made_up(seed: int, population: Population) -> MadeUp:
    """A set of photos; subjects and processing are the same in every set."""
    fixed = np.random.default_rng(10**6)
    centres = 2.0 * fixed.normal(size=(max(1, population.clusters), _DIMENSIONS))
    shifts = 0.2 * fixed.normal(size=(len(SHARPENING.classes), _DIMENSIONS))
    rng = np.random.default_rng(seed)
    n = population.photos
    group = np.arange(n) // population.per_group
    content = subjects(rng, group, population.habit, centres[: population.clusters])
    # Some photos are moved far, and all of a photographer's alike.
    extent = habits(rng, group, population.habit, 1)
    extent += (1.0 - population.habit) * rng.normal(size=(n, 1))
    moved = population.noise * np.exp(population.heavy * extent)
    return MadeUp(table(n, group), versions(rng, content, [moved * each for each in shifts], moved))


def stability_rows(seed: int, population: Population) -> list[Result]:
    """The rows of one set."""
    options = QueryOptions(exclude_group=population.exclude)
    made = made_up(seed, population)
    return stability(made, SHARPENING, options, threshold=population.threshold).results


def cases() -> Iterator[Case]:
    """The populations with what is measured of them; nothing of it is tested."""
    return starmap(_case, POPULATIONS.items())


def _case(name: str, of: Population) -> Case:
    return Case(
        name,
        lambda seed: stability_rows(seed, of),
        lambda _: False,
        truth=lambda: _of_endless_photos(of),
    )


def _of_endless_photos(population: Population) -> dict[str, float]:
    """What does not depend on how many photos there are."""
    made = made_up(10**6, replace(population, photos=_ENDLESS))
    units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in made.by_class.values()]
    pairs = [(one * other).sum(axis=1) for one in units for other in units if one is not other]
    cosines = np.concatenate(pairs)
    return {
        StabilityMeasure.SELF: 100.0 * float(cosines.mean()),
        StabilityMeasure.FIFTH: 100.0 * float(np.quantile(cosines, 0.05)),
        StabilityMeasure.FIRST: 100.0 * float(np.quantile(cosines, 0.01)),
        StabilityMeasure.BELOW: 100.0 * float((cosines < population.threshold).mean()),
    }
