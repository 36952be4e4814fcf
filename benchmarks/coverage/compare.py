"""How often a comparison of two runs claims a difference, all its rows judged together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from benchmarks.coverage.held import Count
from benchmarks.coverage.influence import MadeClasses, influence_rows
from benchmarks.coverage.made_up import SHARPENING, MadeUp, table, versions
from benchmarks.coverage.robustness import Population as Neighbours
from benchmarks.coverage.robustness import robustness_rows

from latentprint.comparison import Side, compare_rows
from latentprint.experiments import ProbeOptions, probe_label, probe_processing
from latentprint.experiments.probes.outcome import ProbeOutcome
from latentprint.experiments.probes.resamples import resamples_of
from latentprint.words import Comparison

CLAIMS = (Comparison.BETTER, Comparison.WORSE)

_PHOTOS, _TRAINED, _DIMENSIONS = 160, 100, 24
_PROBE = ProbeOptions(fits=2, C_grid=(1.0,), bootstrap=300, controls=False, curve=False)


@dataclass(frozen=True)
class Pairs:
    """Pairs of runs whose encoders see the same photos.

    Attributes:
        name: What tells them from others.
        alike: The share of what a photo shows, and of noise, that both encoders see alike.
        traces: Strength of the traces in each.
    """

    name: str
    alike: float
    traces: tuple[float, float] = (0.3, 0.3)

    def counts(self, sets: int) -> list[Count]:
        """Compare so many pairs of runs; without a difference any claim is a false one."""
        claimed: Counter[str] = Counter()
        for seed in range(sets):
            first, second = (self._side(seed, at) for at in (0, 1))
            rows, _ = compare_rows(first, second)
            claims = {
                f"{row.experiment.replace('_', ' ')} ({row.method})"
                for row in rows
                if row.verdict in CLAIMS
            }
            claimed.update(claims)
            claimed["any"] += bool(claims)
        equal = self.traces[0] == self.traces[1]

        def count(name: str) -> Count:
            share = 100.0 * claimed[name] / sets
            name = f"comparisons with a claim, {name}"
            return Count(name, sets, false=share) if equal else Count(name, sets, power=share)

        return [count(name) for name in ("any", *sorted(set(claimed) - {"any"}))]

    def _side(self, seed: int, at: int) -> Side:
        """A run: probes of the same photos as the other, neighbours of photos of its own."""
        trace = self.traces[at]
        processed, labelled = self._made(seed, at, trace)
        probes = [
            probe_processing(processed, SHARPENING, _PROBE),
            probe_processing(processed, SHARPENING, _PROBE, paired=True),
            probe_label(labelled, "make", _PROBE),
        ]
        own = 2 * seed + at
        rows = [each.result for each in probes]
        rows += influence_rows(MadeClasses(100, 60, trace=trace).draw(own))
        rows += robustness_rows(own, Neighbours(photos=100, trace=trace))
        rows = [replace(row, dataset="made up") for row in rows]
        return Side(str(at), rows, pl.concat(kept for each in probes for kept in _kept(each)))

    def _made(self, seed: int, at: int, trace: float) -> tuple[MadeUp, MadeUp]:
        common, own = np.random.default_rng((3, seed)), np.random.default_rng((4, seed, at))
        parts = [rng.normal(size=(_PHOTOS, _DIMENSIONS)) for rng in (common, own)]
        content = np.sqrt(self.alike) * parts[0] + np.sqrt(1.0 - self.alike) * parts[1]
        make = common.integers(3, size=_PHOTOS)
        shifts = trace * np.random.default_rng(0).normal(size=(3, _DIMENSIONS))
        photos = table(_PHOTOS, trained=_TRAINED, make=make)
        labelled = {"none": (content + shifts[make]).astype(np.float32)}
        by_class = versions(own, content, shifts, 0.4)
        return MadeUp(photos, by_class), MadeUp(photos, labelled)


def _kept(outcome: ProbeOutcome) -> Iterator[pl.DataFrame]:
    """The resamples of a probe as a run keeps them."""
    for kept in resamples_of(outcome).values():
        yield kept.select(pl.lit(outcome.result.encoder).alias("encoder"), pl.all())


def cases() -> Iterator[Pairs]:
    """Equal runs, and runs of which one has a stronger trace."""
    yield Pairs("equal runs, encoders unlike", 0.0)
    yield Pairs("equal runs, encoders alike", 0.8)
    yield Pairs("traces 0.3 and 0.5, encoders unlike", 0.0, (0.3, 0.5))
    yield Pairs("traces 0.3 and 0.5, encoders alike", 0.8, (0.3, 0.5))
