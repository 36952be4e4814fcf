"""Count over made-up sets how often intervals hold the truth, and how often verdicts claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from latentprint.results import Result
from latentprint.verdicts import is_judged, judged
from latentprint.words import Verdict

CLAIMS = frozenset(
    (
        Verdict.CARRIED,
        Verdict.BELOW_CHANCE,
        Verdict.CHANGE,
        Verdict.DISTRACTION,
        Verdict.NARROWING,
        Verdict.FOLLOWS_NUISANCE,
        Verdict.AVOIDS_NUISANCE,
        Verdict.FOLLOWS_CLASS,
        Verdict.AVOIDS_CLASS,
        Verdict.ALIKE,
    )
)
"""The verdicts that say that something was found."""


@dataclass(frozen=True)
class Count:
    """How often one figure of a population was right, in percent of the sets.

    Attributes:
        figure: What is measured.
        sets: Number of sets.
        holds: Intervals that hold the truth; None where sets share no truth.
        false: Verdicts that claim something though there is nothing.
        power: Verdicts that claim something where there is something.
    """

    figure: str
    sets: int
    holds: float | None = None
    false: float | None = None
    power: float | None = None


class Measured(Protocol):
    """Something that can be counted over made-up sets."""

    @property
    def name(self) -> str:
        """What tells it from others of its part."""
        ...

    def counts(self, sets: int) -> list[Count]:
        """Measure the sets whose seeds are 0, 1, 2 and so on."""
        ...


def by_setup(row: Result) -> str:
    """The name of a figure whose set-up says what is measured."""
    return row.setup


@dataclass(frozen=True)
class Case:
    """A population of made-up sets, and what is measured of each of them.

    Attributes:
        name: What the sets are like: photos or subjects, and trace.
        measure: The rows of the set with some seed.
        null: Whether there is nothing that this row could find.
        figure: What tells the figures of one set apart.
        truth: Figures of an endless set; of others the truth is the mean over all sets.
        one_truth: Whether all sets are of one population, and so have one truth.
    """

    name: str
    measure: Callable[[int], Iterable[Result]]
    null: Callable[[Result], bool]
    figure: Callable[[Result], str] = by_setup
    truth: Callable[[], Mapping[str, float]] = dict
    one_truth: bool = True

    def counts(self, sets: int) -> list[Count]:
        """Measure the sets whose seeds are 0, 1, 2 and so on.

        Every row is judged by itself, as the only one of a run.
        """
        found: dict[str, list[Result]] = {}
        for seed in range(sets):
            for row in self.measure(seed):
                found.setdefault(self.figure(row), []).append(row)
        truth = self.truth()
        return [self._count(name, rows, truth.get(name)) for name, rows in found.items()]

    def _count(self, name: str, rows: list[Result], known: float | None) -> Count:
        value, low, high = np.array([(row.value, row.low, row.high) for row in rows]).T
        truth = value.mean() if known is None else known
        holds = 100.0 * ((low <= truth) & (truth <= high)).mean() if self.one_truth else None
        if not is_judged(rows[0]):
            return Count(name, len(rows), holds)
        found = [judged([row])[0].verdict in CLAIMS for row in rows]
        claims = 100.0 * sum(found) / len(found)
        if self.null(rows[0]):
            return Count(name, len(rows), holds, false=claims)
        return Count(name, len(rows), holds, power=claims)
