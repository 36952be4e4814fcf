"""Coverage and false claims of kNN influence, where training and test photos are drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from benchmarks.coverage.held import Case
from benchmarks.coverage.made_up import SHARPENING, MadeUp, habits, table, versions

from latentprint.experiments import influence
from latentprint.results import Result

DIMENSIONS = 24


@dataclass(frozen=True)
class MadeClasses:
    """A population of photos of some classes, each under every processing.

    Attributes:
        train: Training photos of a set.
        test: Test photos.
        trace: How far processing shifts photos; 0 leaves no trace.
        blur: How far each version of a photo lies from it by chance.
        classes: Semantic classes.
        spread: How far photos of one class differ, where classes differ by one.
        per_group: Photos of one group, such as a photographer's.
        habit: The part of the spread that photos of one group share.
    """

    train: int
    test: int
    trace: float = 0.0
    blur: float = 0.4
    classes: int = 6
    spread: float = 1.5
    per_group: int = 1
    habit: float = 0.0

    def draw(self, seed: int) -> MadeUp:
        """One set of them; classes and processing are those of the population."""
        population = np.random.default_rng(99)
        centres = population.normal(size=(self.classes, DIMENSIONS))
        shifts = self.trace * population.normal(size=(len(SHARPENING.classes), DIMENSIONS))
        rng = np.random.default_rng((self.train, self.test, seed))
        n = self.train + self.test
        label = rng.integers(self.classes, size=n)
        group = np.arange(n) // self.per_group
        content = centres[label] + habits(rng, group, self.habit, DIMENSIONS)
        content += self.spread * rng.normal(size=(n, DIMENSIONS))
        photos = table(n, group, self.train, label=label)
        return MadeUp(photos, versions(rng, content, shifts, self.blur))


POPULATIONS = {
    "200 + 100 photos, no trace": MadeClasses(200, 100),
    "800 + 200 photos, no trace": MadeClasses(800, 200),
    "200 + 100 photos, trace": MadeClasses(200, 100, trace=0.3),
    "200 + 200 photos, trace": MadeClasses(200, 200, trace=0.3),
    "800 + 200 photos, trace": MadeClasses(800, 200, trace=0.3),
    "200 + 100 photos, strong trace": MadeClasses(200, 100, trace=0.6),
    "400 + 200 photos in groups of 4, no trace": MadeClasses(400, 200, per_group=4, habit=0.7),
    "400 + 200 photos in groups of 4, trace": MadeClasses(
        400, 200, trace=0.3, per_group=4, habit=0.7
    ),
}
"""Populations whose coverage is reported."""


def influence_rows(made: MadeUp, k: int = 10) -> list[Result]:
    """The rows of one set."""
    return influence(made, SHARPENING, ks=(k,), seeds=3, bootstrap=300).results


def cases() -> Iterator[Case]:
    """The populations with what is measured of them."""
    return starmap(_case, POPULATIONS.items())


def _case(name: str, made: MadeClasses) -> Case:
    return Case(
        name,
        lambda seed: influence_rows(made.draw(seed)),
        lambda _: not made.trace,
    )
