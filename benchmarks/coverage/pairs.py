"""Coverage and false claims of near-duplicate retrieval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap

import numpy as np
import polars as pl
from benchmarks.coverage.held import Case
from benchmarks.coverage.made_up import MadeUp

from latentprint.experiments import PairsOptions, near_duplicates
from latentprint.results import Result

DIMENSIONS = 16


@dataclass(frozen=True)
class MadePairs:
    """A population of subjects that were photographed by several types of device.

    Attributes:
        subjects: Subjects of a set.
        trace: How far a type of device shifts its photos; 0 leaves no trace.
        noise: How far photos of one subject differ, where subjects differ by one.
        session: The part of the noise that photos of one subject and type share.
        photos: Photos of a subject by each type of device.
    """

    subjects: int
    trace: float = 0.0
    noise: float = 1.0
    session: float = 0.0
    photos: tuple[int, ...] = (1, 1)

    def draw(self, seed: int) -> MadeUp:
        """One set of them."""
        rng = np.random.default_rng((self.subjects, seed))
        shifts = self.trace * np.random.default_rng(99).normal(size=(len(self.photos), DIMENSIONS))
        rows, vectors = [], []
        for subject in range(self.subjects):
            content = rng.normal(size=DIMENSIONS)
            for kind, count in enumerate(self.photos):
                shared = content + shifts[kind] + self.session * rng.normal(size=DIMENSIONS)
                for number in range(count):
                    rows.append((f"{subject:04}/{kind}/{number}", f"{subject:04}", f"type {kind}"))
                    vectors.append(shared + self.noise * rng.normal(size=DIMENSIONS))
        photos = pl.DataFrame(rows, schema=["id", "subject", "device_type"], orient="row")
        return MadeUp(photos, {"none": np.array(vectors, dtype=np.float32)})


POPULATIONS = {
    "15 subjects, no trace": MadePairs(15),
    "15 subjects, trace": MadePairs(15, trace=0.5),
    "15 subjects, no trace, few failures": MadePairs(15, noise=0.6),
    "30 subjects, no trace": MadePairs(30),
    "30 subjects, trace": MadePairs(30, trace=0.4),
    "100 subjects, no trace": MadePairs(100),
    "100 subjects, trace": MadePairs(100, trace=0.3),
    "100 subjects, no trace, few failures": MadePairs(100, noise=0.5),
    "40 subjects, 3 and 1 photos, sessions, no trace": MadePairs(40, session=0.7, photos=(3, 1)),
    "40 subjects, 3 types of device, no trace": MadePairs(40, photos=(1, 1, 1)),
}
"""Populations whose coverage is reported."""


def pairs_rows(made: MadeUp, permutations: int = 999, bootstrap: int = 300) -> list[Result]:
    """The rows of one set that are means over all directions."""
    how = PairsOptions(ks=(1, 5), permutations=permutations, bootstrap=bootstrap)
    return [row for row in near_duplicates(made, options=how).results if not row.query_device]


def cases() -> Iterator[Case]:
    """The populations with what is measured of them.

    The mean of median ranks, which are whole or half numbers, is none that a set could have, so
    that their intervals hold it less often than the median of all sets.
    """
    return starmap(_case, POPULATIONS.items())


def _case(name: str, made: MadePairs) -> Case:
    return Case(
        name,
        lambda seed: pairs_rows(made.draw(seed)),
        lambda _: not made.trace,
        lambda row: f"{row.attribute}, {row.setup}",
    )
