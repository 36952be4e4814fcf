"""How often a run of nothing claims anything, all its tests judged together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from benchmarks.coverage.held import CLAIMS, Count
from benchmarks.coverage.influence import MadeClasses, influence_rows
from benchmarks.coverage.made_up import SHARPENING, MadeUp
from benchmarks.coverage.pairs import MadePairs, pairs_rows
from benchmarks.coverage.probes import labelled, processed
from benchmarks.coverage.robustness import Population as Neighbours
from benchmarks.coverage.robustness import robustness_rows
from benchmarks.coverage.similarity import Population as Alike
from benchmarks.coverage.similarity import similarity_rows

from latentprint.experiments import ProbeOptions, probe_label
from latentprint.experiments.probes.items import processed_items
from latentprint.experiments.probes.paired_shift import paired_shift
from latentprint.experiments.source import ROW
from latentprint.results import Result
from latentprint.verdicts import judged
from latentprint.words import (
    PROBES,
    Experiment,
    InfluenceSetup,
    PairGallery,
    PairMeasure,
    ProbeSetup,
    RobustnessMeasure,
    SimilarityMeasure,
    Verdict,
)

ENCODERS = 6
"""Encoders of a run."""

_ALARM = "alarm that a probe is below chance"


def _processing(seed: int) -> Result:
    """A processing probe of 60 photos with its exact test, which alone decides.

    The accuracy is that of the discriminant, so that no probe need be fitted.
    """
    made = processed(seed, 60, 0.0, split_made=True)
    photos = made.photos.with_row_index(ROW)
    items = processed_items(made, SHARPENING.classes, photos, paired=False, memory_mb=64)
    found = paired_shift(items)
    return Result(
        made.encoder, made.family, Experiment.PROCESSING_PROBE, made.dataset, SHARPENING.name,
        ProbeSetup.ALL, found.chance, found.accuracy, 0.0, 100.0, len(photos), len(photos),
        discriminant=found.accuracy, discriminant_p=found.p, p=0.5,
    )  # fmt: skip


def _label(seed: int) -> Result:
    how = ProbeOptions(fits=2, C_grid=(0.1,), controls=False, curve=False, bootstrap=300)
    made: MadeUp = labelled(seed, 120, 0.0, split_made=True)
    return probe_label(made, "make", how).result


def _influence(seed: int) -> Result:
    rows = influence_rows(MadeClasses(200, 100).draw(seed))
    return next(row for row in rows if row.setup == InfluenceSetup.INFLUENCE)


def _pairs(seed: int) -> Result:
    rows = pairs_rows(MadePairs(15).draw(seed), permutations=9999, bootstrap=100)
    wanted = (PairMeasure.MARGIN, PairGallery.DIFFERENCE)
    return next(row for row in rows if (row.attribute, row.setup) == wanted)


def _robustness(seed: int) -> Result:
    rows = robustness_rows(seed, Neighbours(photos=150), permutations=4999)
    return next(row for row in rows if row.setup == RobustnessMeasure.INDEX and row.p is not None)


def _similarity(seed: int) -> Result:
    rows = similarity_rows(seed, Alike(sample=40))
    return next(row for row in rows if row.setup == SimilarityMeasure.DIFFERENCE)


TESTS: Mapping[str, Callable[[int], Result]] = {
    "processing probe": _processing,
    "label probe": _label,
    "influence": _influence,
    "pairs": _pairs,
    "robustness": _robustness,
    "similarity": _similarity,
}
"""One row of each experiment, of the set with some seed, in which there is nothing to find."""


@dataclass(frozen=True)
class Runs:
    """Runs of some encoders, each asked everything."""

    name: str = f"{ENCODERS} encoders, no trace, {ENCODERS * len(TESTS)} tests judged together"

    def counts(self, sets: int) -> list[Count]:
        """Judge so many runs; a claim of any test is a false one."""
        claimed: Counter[str] = Counter()
        for run in range(sets):
            rows = [
                (test, replace(measure(ENCODERS * run + at), encoder=f"encoder {at}"))
                for at in range(ENCODERS)
                for test, measure in TESTS.items()
            ]
            found = judged([row for _, row in rows])
            claims = {
                _ALARM if row.experiment in PROBES and row.verdict == Verdict.BELOW_CHANCE else test
                for (test, _), row in zip(rows, found, strict=True)
                if row.verdict in CLAIMS
            }
            claimed.update(claims)
            claimed["any"] += bool(claims)
        return [
            Count(f"runs with a claim, {claim}", sets, false=100.0 * claimed[claim] / sets)
            for claim in ("any", *TESTS, _ALARM)
        ]


def cases() -> Iterator[Runs]:
    """Runs of nothing."""
    yield Runs()
