"""How often every interval and every verdict is right on made-up sets.

    python -m benchmarks.coverage                                  # everything, 200 sets of each
    python -m benchmarks.coverage pairs variance --sets 20
    python -m benchmarks.coverage probes --photos 120 400 --out docs/coverage.md

Rows are printed as they are finished and kept in --out, so that a run can be stopped and taken up
again, or done part by part, one after the other. Rows of at least as many sets are not measured
again: delete the file to measure everything anew. All parts take about 40 CPU minutes.
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
    influence,
    pairs,
    probes,
    robustness,
    similarity,
    stability,
    variance,
    verdicts,
    within_class,
)
from benchmarks.coverage.held import Measured
from benchmarks.coverage.page import HEAD, Page, line

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
        "variance": variance.cases,
        "verdicts": verdicts.cases,
    }


def measure(part: str, cases: list[Measured], sets: int, page: Page | None) -> None:
    """Print the table of a part, and keep its rows on the page."""
    print(f"\n## {part}\n\n{HEAD}", flush=True)
    start = time.process_time()
    if page:
        page.keep_only(part, [case.name for case in cases])
    for case in cases:
        if page and page.has(part, case.name, sets):
            continue
        lines = [line(case.name, count) for count in case.counts(sets)]
        print("\n".join(lines), flush=True)
        if page:
            page.add(part, case.name, lines)
    print(f"{part}: {time.process_time() - start:.0f} CPU seconds", file=sys.stderr, flush=True)


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
    command = f"{parser.prog} --sets {options.sets} --out {options.out}"
    page = Page(options.out, command, names) if options.out else None
    for part, cases in parts(options.photos).items():
        if not options.what or part in options.what:
            measure(part, list(cases()), options.sets, page)


if __name__ == "__main__":
    main()
