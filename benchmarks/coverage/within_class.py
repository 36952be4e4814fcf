"""How often a label that the class alone tells is called carried: plainly, and within classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product, starmap

import numpy as np
from benchmarks.coverage.held import Case
from benchmarks.coverage.made_up import MadeUp, table

from latentprint.experiments.probes.acquisition_probe import probe_label
from latentprint.experiments.probes.options import ProbeOptions
from latentprint.results import Result

_PHOTOS, _CLASSES, _SCANNERS, _DIMENSIONS = 240, 6, 2, 16
_OPTIONS = ProbeOptions(fits=3, controls=False, curve=False, bootstrap=200)


def made_up(seed: int, *, trace: float) -> MadeUp:
    """Photos of some classes, each of which prefers scanners in proportions of its own.

    Args:
        seed: Another seed, another set.
        trace: How far scanners lie apart; 0 where the class alone tells of the scanner.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(_CLASSES, size=_PHOTOS)
    preferred = rng.dirichlet(np.ones(_SCANNERS), size=_CLASSES)
    scanners = np.array([rng.choice(_SCANNERS, p=preferred[label]) for label in labels])
    vectors = 1.5 * rng.normal(size=(_CLASSES, _DIMENSIONS))[labels]
    vectors += rng.normal(size=(_PHOTOS, _DIMENSIONS))
    vectors += trace * rng.normal(size=(_SCANNERS, _DIMENSIONS))[scanners]
    photos = table(_PHOTOS, label=labels, scanner=scanners)
    return MadeUp(photos, {"none": vectors.astype(np.float32)})


def cases() -> Iterator[Case]:
    """Plainly and within classes, with and without a trace, in folds and with a given split.

    Every set has classes of its own, and so a truth of its own. Plainly, the class tells of the
    scanner, so that there is always something to find.
    """
    return starmap(_case, product((False, True), (0.0, 0.7), (True, False)))


def _case(within: bool, trace: float, made: bool) -> Case:
    def measure(seed: int) -> list[Result]:
        source = replace(made_up(seed, trace=trace), split_made=made)
        return [probe_label(source, "scanner", _OPTIONS, within_class=within).result]

    how = "folds" if made else "split"
    return Case(
        f"{_PHOTOS} photos, {how}, {f'trace {trace}' if trace else 'the class alone tells'}"
        f"{', within class' if within else ''}",
        measure,
        lambda _: within and not trace,
        lambda row: row.setup or "plain",
        one_truth=False,
    )
