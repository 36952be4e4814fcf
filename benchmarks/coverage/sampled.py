"""Coverage and false claims where a sample of the photos is asked, each among all of them.

The truth is the mean figure of all sets, so that intervals have to hold both that other photos
might have been there, and that others of those that are there might have been asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from benchmarks.coverage import robustness, similarity
from benchmarks.coverage.erase import fitted, stages_of
from benchmarks.coverage.held import Case
from benchmarks.coverage.influence import MadeClasses
from benchmarks.coverage.made_up import SHARPENING
from benchmarks.coverage.pairs import MadePairs

from latentprint.experiments import PairsOptions, near_duplicates
from latentprint.experiments import influence as knn_influence
from latentprint.experiments.erase.harm import harm_rows
from latentprint.experiments.erase.neighbours import overlap_rows
from latentprint.experiments.neighbors.robustness import robustness as judged_neighbours
from latentprint.experiments.neighbors.robustness_options import RobustnessOptions
from latentprint.results import Result
from latentprint.words import PairMeasure, RobustnessMeasure

ROBUSTNESS = {
    "100 of 600 photos, no trace": robustness.Population(photos=600),
    "100 of 600 photos, trace": robustness.Population(photos=600, trace=0.6),
    "100 of 600 photos, device goes with class": robustness.Population(
        photos=600, content=1.0, tied=0.8
    ),
    "100 of 600 photos in groups of 4, trace": robustness.Population(
        photos=600, trace=0.6, per_group=4, habit=0.7
    ),
}

INFLUENCE = {
    "100 of 600 test photos, no trace": MadeClasses(600, 600),
    "100 of 600 test photos, trace": MadeClasses(600, 600, trace=0.3),
    "100 of 600 test photos in groups of 4, trace": MadeClasses(
        600, 600, trace=0.3, per_group=4, habit=0.7
    ),
}

PAIRS = {
    "200 of 600 photos, no trace": MadePairs(300),
    "200 of 600 photos, trace": MadePairs(300, trace=0.3),
    "200 of 800 photos, 3 and 1 of a subject, no trace": MadePairs(200, session=0.7, photos=(3, 1)),
}

SIMILARITY = {
    "40 of 200 photos, column, no trace": similarity.Population(photos=400, sample=40),
    "40 of 200 photos, column, trace": similarity.Population(photos=400, trace=0.6, sample=40),
    "40 of 120 photos, processing, trace": similarity.Population(
        processed=True, photos=240, trace=0.4, sample=40
    ),
}

ERASURE = {
    "80 of 320 photos, no trace": MadeClasses(320, 0),
    "80 of 320 photos, trace": MadeClasses(320, 0, trace=0.5),
}


def cases() -> Iterator[Case]:
    """The populations of every experiment with what is measured of them."""
    for name, crowd in ROBUSTNESS.items():
        yield _case("robustness", name, _asked_robustness(crowd), _is_null(crowd))
    for name, made in INFLUENCE.items():
        yield _case("influence", name, _asked_influence(made), lambda _, m=made: not m.trace)
    for name, subjects in PAIRS.items():
        null = not subjects.trace
        yield _case("pairs", name, _asked_pairs(subjects), lambda _, n=null: n)
    for name, compared in SIMILARITY.items():
        rows = _asked_similarity(compared)
        yield _case("similarity", name, rows, lambda _, c=compared: not c.trace)
    for name, made in ERASURE.items():
        yield _case("erasure", name, _asked_erasure(made), lambda _, m=made: not m.trace)


def _case(
    what: str,
    name: str,
    rows: Callable[[int], list[Result]],
    null: Callable[[Result], bool],
) -> Case:
    def figure(row: Result) -> str:
        told = (row.attribute if what == "pairs" else "", row.setup, row.condition, row.stage)
        return ", ".join(filter(None, told))

    return Case(f"{what}, {name}", rows, null, figure)


def _is_null(of: robustness.Population) -> Callable[[Result], bool]:
    return lambda row: not (of.content if row.setup == RobustnessMeasure.CLASS_PURITY else of.trace)


def _asked_robustness(of: robustness.Population) -> Callable[[int], list[Result]]:
    def rows(seed: int) -> list[Result]:
        options = RobustnessOptions(permutations=199, seed=seed, sample=100)
        return judged_neighbours(robustness.made_up(seed, of), "device", options=options).results

    return rows


def _asked_influence(made: MadeClasses) -> Callable[[int], list[Result]]:
    return lambda seed: (
        knn_influence(made.draw(seed), SHARPENING, seeds=3, bootstrap=300, sample=100).results
    )


def _asked_pairs(made: MadePairs) -> Callable[[int], list[Result]]:
    """Median ranks of few subjects are whole numbers, and have a page of their own (``pairs``)."""
    options = PairsOptions(ks=(1, 5), permutations=299, bootstrap=1, sample=200)
    return lambda seed: [
        row
        for row in near_duplicates(made.draw(seed), options=options).results
        if not row.query_device and row.attribute != PairMeasure.MEDIAN_RANK
    ]


def _asked_similarity(of: similarity.Population) -> Callable[[int], list[Result]]:
    return lambda seed: similarity.similarity_rows(seed, of)


def _asked_erasure(made: MadeClasses) -> Callable[[int], list[Result]]:
    def rows(seed: int) -> list[Result]:
        stages = replace(stages_of(made.draw(seed), fitted(made)), sample=80)
        found = [
            *harm_rows(stages, SHARPENING, k=10, seed=seed),
            *overlap_rows(stages, SHARPENING.classes[0], k=10, seed=seed),
        ]
        return [replace(row, p=None) for row in found]

    return rows
