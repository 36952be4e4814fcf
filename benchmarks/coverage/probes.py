"""Coverage, false claims and power of probes, where training and test photos are drawn anew.

Content, noise, a trace of the label. The truth is what a set of this size reads on average,
whichever photos it has: an interval that covers only the test photos holds it too seldom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from benchmarks.coverage.held import Case
from benchmarks.coverage.made_up import SHARPENING, MadeUp, habits, table, versions

from latentprint.experiments import ProbeOptions, probe_label, probe_processing
from latentprint.experiments.probes.options import Assignment
from latentprint.results import Result

TRACES = {"no": 0.0, "weak": 0.1, "strong": 0.4}
"""Standard deviation of what a class adds to each dimension; that of the content is 1."""

_DIMENSIONS, _TRAINED, _TOGETHER = 32, 0.7, 4


@dataclass(frozen=True)
class Processing:
    """How a processing probe is set up."""

    name: str
    split_made: bool
    paired: bool
    assignment: Assignment

    def rows(self, seed: int, n: int, trace: float) -> list[Result]:
        """The row of one set."""
        how = ProbeOptions(assignment=self.assignment, controls=False, curve=False)
        made = processed(seed, n, trace, split_made=self.split_made)
        return [probe_processing(made, SHARPENING, how, paired=self.paired).result]


@dataclass(frozen=True)
class Label:
    """How the probe of a label is set up."""

    name: str
    split_made: bool

    def rows(self, seed: int, n: int, trace: float) -> list[Result]:
        """The row of one set."""
        how = ProbeOptions(controls=False, curve=False)
        made = labelled(seed, n, trace, split_made=self.split_made)
        return [probe_label(made, "make", how).result]


SETUPS: tuple[Processing | Label, ...] = (
    Processing("one class each, split", False, False, "one"),
    Processing("one class each, paired, split", False, True, "one"),
    Processing("every class, split", False, False, "all"),
    Processing("every class, paired, split", False, True, "all"),
    Processing("every class, folds", True, False, "all"),
    Processing("every class, paired, folds", True, True, "all"),
    Label("label, split", False),
    Label("label, folds", True),
)
"""Every way to set a probe up."""


def processed(seed: int, n: int, trace: float, *, split_made: bool) -> MadeUp:
    """Photos under three classes that move them a little."""
    rng = np.random.default_rng((1, seed))
    content = rng.normal(size=(n, _DIMENSIONS))
    photos = table(n, trained=round(_TRAINED * n))
    return MadeUp(photos, versions(rng, content, _shifts(trace), 0.1), split_made)


def labelled(seed: int, n: int, trace: float, *, split_made: bool) -> MadeUp:
    """Photos of three makes of camera, four by each photographer, who all have their subjects."""
    rng = np.random.default_rng((2, seed))
    person = np.arange(n) // _TOGETHER
    make = rng.integers(3, size=person.max() + 1)[person]
    vectors = habits(rng, person, 0.5, _DIMENSIONS) + rng.normal(size=(n, _DIMENSIONS))
    vectors += _shifts(trace)[make]
    photos = table(n, person, round(_TRAINED * n) // _TOGETHER * _TOGETHER, make=make)
    return MadeUp(photos, {"none": vectors.astype(np.float32)}, split_made)


def _shifts(trace: float) -> np.ndarray:
    return trace * np.random.default_rng(0).normal(size=(3, _DIMENSIONS))


def cases(photos: Sequence[int]) -> Iterator[Case]:
    """Sets of so many photos, with every trace, probed in every way."""
    for n, trace, setup in product(photos, TRACES, SETUPS):
        yield _case(n, trace, setup)


def _case(n: int, trace: str, setup: Processing | Label) -> Case:
    return Case(
        f"{n} photos, {trace} trace, {setup.name}",
        lambda seed: setup.rows(seed, n, TRACES[trace]),
        lambda _: not TRACES[trace],
        lambda row: row.experiment.replace("_", " "),
    )
