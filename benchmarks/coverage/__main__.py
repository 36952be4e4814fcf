"""How often every interval and every verdict is right on made-up sets.

    python -m benchmarks.coverage                                  # everything, 200 sets of each
    python -m benchmarks.coverage pairs variance --sets 20
    python -m benchmarks.coverage probes --photos 120 400 --out docs/coverage.md

Rows are printed as they are measured. On the page --out the table of each part that is asked for is
replaced as soon as all of it is measured; the others stay as they are. A set of every part takes
about 20 CPU seconds, 3 of them for erase, 4 for probes, 3 each for similarity and verdicts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import torch
from benchmarks.coverage import (
    compare,
    erase,
    influence,
    pairs,
    probes,
    robustness,
    sampled,
    similarity,
    stability,
    variance,
    verdicts,
    within_class,
)
from benchmarks.coverage.held import Measured
from benchmarks.coverage.page import HEAD, line, replace_part

Part = Callable[[], Iterable[Measured]]


def parts(photos: list[int]) -> dict[str, Part]:
    """Everything that can be measured."""
    return {
        "probes": partial(probes.cases, photos),
        "within_class": within_class.cases,
        "influence": influence.cases,
        "pairs": pairs.cases,
        "robustness": robustness.cases,
        "similarity": similarity.cases,
        "stability": stability.cases,
        "sampled": sampled.cases,
        "variance": variance.cases,
        "erase": erase.cases,
        "erase_verdicts": erase.verdict_cases,
        "verdicts": verdicts.cases,
        "compare": compare.cases,
    }


def measure(part: str, cases: Iterable[Measured], sets: int) -> list[str]:
    """The rows of a part, printed as they are measured."""
    print(f"\n## {part}\n\n{HEAD}", flush=True)
    start = time.process_time()
    rows = []
    for case in cases:
        for count in case.counts(sets):
            rows.append(line(case.name, count))
            print(rows[-1], flush=True)
    print(f"{part}: {time.process_time() - start:.0f} CPU seconds", file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.coverage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = list(parts([]))
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"{', '.join(names)}; default: all")
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--photos", type=int, nargs="+", default=[120], help="of sets for probes")
    parser.add_argument("--out", type=Path, help="Markdown page with the tables")
    options = parser.parse_args()
    if unknown := set(options.what) - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: name some of {', '.join(names)}")
    if options.sets < 1:
        parser.error("--sets must be at least 1")
    torch.set_num_threads(1)
    for part, cases in parts(options.photos).items():
        if options.what and part not in options.what:
            continue
        rows = measure(part, cases(), options.sets)
        if options.out:
            replace_part(options.out, names, part, options.sets, rows)


if __name__ == "__main__":
    main()
