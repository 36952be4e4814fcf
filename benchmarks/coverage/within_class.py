"""How often a label that the subject alone decides is called carried: plainly, and within classes.

``python -m benchmarks.coverage.within_class --sets 200`` takes about 10 CPU minutes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
from benchmarks.coverage.held import MadeUp, table

from latentprint.experiments.probes.acquisition_probe import probe_label
from latentprint.experiments.probes.fitting import ProbeOptions
from latentprint.verdicts import judged

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


def verdicts(sets: int, *, trace: float, split_made: bool, within_class: bool) -> dict[str, int]:
    """How often each verdict was given."""
    found: Counter[str] = Counter()
    for seed in range(sets):
        source = replace(made_up(seed, trace=trace), split_made=split_made)
        outcome = probe_label(source, "scanner", _OPTIONS, within_class=within_class)
        found[judged([outcome.result])[0].verdict] += 1
    return dict(found)


def main() -> None:
    """Print a line for every kind of set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    sets = parser.parse_args().sets
    rows = [
        {"within class": within, "trace": trace, "split made": made}
        | verdicts(sets, trace=trace, split_made=made, within_class=within)
        for within in (False, True)
        for trace in (0.0, 0.7)
        for made in (True, False)
    ]
    print(pl.DataFrame(rows).fill_null(0))


if __name__ == "__main__":
    main()
