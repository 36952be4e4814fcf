"""Coverage and verdicts of the proof of an eraser, on sets that the eraser never saw.

The eraser is fitted once for a population, on a set of its own; every set that it is proven on is
drawn anew, training and test photos alike. The truth is the mean figure of all sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import starmap

import numpy as np
from benchmarks.coverage.held import Case, Count
from benchmarks.coverage.influence import MadeClasses
from benchmarks.coverage.made_up import SHARPENING, MadeUp

from latentprint.erasure.eraser import LinearEraser
from latentprint.erasure.leace import fit_leace
from latentprint.erasure.moments import Moments
from latentprint.experiments.erase.harm import harm_rows
from latentprint.experiments.erase.neighbours import overlap_rows
from latentprint.experiments.erase.probes import probe_rows
from latentprint.experiments.erase.views import Stages, ViewedEmbeddings
from latentprint.results import Result
from latentprint.verdicts import judged
from latentprint.words import HARMS, Stage, Verdict

_FITTED = 10**6

POPULATIONS = {
    "120 photos, no trace": MadeClasses(120, 0),
    "120 photos, trace": MadeClasses(120, 0, trace=0.5),
    "160 photos in groups of 4, trace": MadeClasses(160, 0, trace=0.5, per_group=4, habit=0.7),
}
"""Populations whose coverage is reported."""


@cache
def fitted(population: MadeClasses) -> LinearEraser:
    """An eraser, fitted on a set of the population that no proof sees."""
    made = population.draw(_FITTED)
    moments = Moments(paired=True)
    rows = np.concatenate([made.vectors(name) for name in SHARPENING.classes])
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    n, classes = len(made.photos), len(SHARPENING.classes)
    moments.add(rows, np.repeat(SHARPENING.classes, n), np.tile(made.photos["id"], classes))
    return replace(fit_leace(moments).rounded(), about={"unit_rows": True})


def stages_of(made: MadeUp, eraser: LinearEraser) -> Stages:
    """A set before and after erasure."""
    view = ViewedEmbeddings.of(made, np.ones(len(made.photos), dtype=bool))
    classes = SHARPENING.classes
    return Stages(view, eraser, "LEACE", classes, classes)


def erase_rows(population: MadeClasses, seed: int) -> list[Result]:
    """The rows of one set, without tests: a change is judged beside others, by ``Verdicts``."""
    stages = stages_of(population.draw(seed), fitted(population))
    rows = [
        *harm_rows(stages, SHARPENING, k=10, seed=seed),
        *probe_rows(stages, SHARPENING, seed=seed),
        *overlap_rows(stages, SHARPENING.classes[0], k=10, seed=seed),
    ]
    return [replace(row, p=None) for row in rows]


def cases() -> Iterator[Case]:
    """Intervals of every population."""
    return starmap(_case, POPULATIONS.items())


def _case(name: str, population: MadeClasses) -> Case:
    return Case(
        name,
        lambda seed: erase_rows(population, seed),
        lambda _: not population.trace,
        lambda row: f"{row.setup}, {row.stage}",
    )


def verdict_cases() -> Iterator[Verdicts]:
    """Verdicts, with classes of the photos and with such that are drawn at random."""
    for name, population in list(POPULATIONS.items())[:2]:
        for labelled in (True, False):
            yield Verdicts(name, population, labelled=labelled)


@dataclass(frozen=True)
class Verdicts:
    """How often each verdict is given."""

    about: str
    population: MadeClasses
    labelled: bool

    @property
    def name(self) -> str:
        """What tells it from others of its part."""
        return f"{self.about}, {'classes' if self.labelled else 'classes drawn at random'}"

    def counts(self, sets: int) -> list[Count]:
        """Judge so many sets; anything but that there is nothing to erase is a claim."""
        found: Counter[str] = Counter()
        for seed in range(sets):
            made = self.population.draw(seed)
            stages = stages_of(made, fitted(self.population))
            if not self.labelled:
                empty = stages.photos["label"].clear(len(stages.photos))
                stages = stages.labelled(label=empty)
            rows = [
                *harm_rows(stages, SHARPENING, k=10, seed=seed),
                *overlap_rows(stages, SHARPENING.classes[0], k=10, seed=seed),
            ]
            (verdict,) = (
                row.verdict
                for row in judged(rows)
                if row.setup in HARMS and row.stage == Stage.CHANGE
            )
            found[verdict] += 1
        claims = 100.0 * (sets - found[Verdict.NOTHING]) / sets
        if not self.population.trace:
            return [Count("verdict other than nothing to erase", sets, false=claims)]
        helped = 100.0 * (found[Verdict.ERASED] + found[Verdict.REDUCED]) / sets
        return [Count("verdict erased or reduced", sets, power=helped)]
