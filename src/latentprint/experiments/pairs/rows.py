"""Rows of the result table for near-duplicate retrieval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentprint.experiments.pairs.contest import Contest, contests
from latentprint.experiments.pairs.design import PairDesign
from latentprint.experiments.pairs.leaving_out import leave_subjects_out
from latentprint.experiments.pairs.measures import PairFigure, pair_figures
from latentprint.experiments.pairs.permutation import Permutation
from latentprint.experiments.pairs.resampling import Resampling
from latentprint.experiments.pairs.retrieval import Retrieved
from latentprint.experiments.pairs.uncertainty import Jackknife
from latentprint.experiments.source import EmbeddingSource, origin
from latentprint.results import Result
from latentprint.stats import binomial_interval, interval, permutation_p
from latentprint.words import Experiment, PairGallery, PairMeasure

if TYPE_CHECKING:
    from latentprint.solvers import VectorArray

_BETWEEN_MEDIANS = 0.25
"""Half the step between two medians of whole numbers: an interval's ends may lie between them."""

_ALIKE = "all queries alike"
_WHOLE = "k takes in whole galleries: nothing can be missed"


@dataclass(frozen=True)
class Draws:
    """How intervals and tests are computed.

    Attributes:
        permutations: Number of exchanges of devices.
        bootstrap: Number of resamples of subjects, for median ranks.
        seed: Seeds both.
        memory_mb: Memory; the result does not depend on it.
    """

    permutations: int
    bootstrap: int
    seed: int
    memory_mb: int


def pair_rows(
    source: EmbeddingSource,
    design: PairDesign,
    found: Sequence[tuple[Retrieved, Retrieved]],
    vectors: VectorArray,
    ks: Sequence[int],
    draws: Draws,
) -> list[Result]:
    """All measures: the means over the directions first, then every direction.

    Args:
        source: Where the embeddings come from.
        design: The photos and their roles.
        found: What was retrieved in every direction, in the galleries ``PairGallery.QUERY`` and
            ``PairGallery.TARGET``.
        vectors: One vector for every photo of the design [n, D]; read in blocks.
        ks: The k of recall@k.
        draws: How intervals and tests are computed.
    """
    measures = pair_figures(ks)
    similarity = [pair[0].target_similarity for pair in found]
    scatters = {
        places: _Scatter.of(contest, vectors, measures, draws)
        for places, contest in contests(design.directions, design.subjects, similarity).items()
    }
    table = _Table(source, design, found, scatters)
    return [row for at, measure in enumerate(measures) for row in table.rows(at, measure)]


@dataclass(frozen=True)
class _Scatter:
    """How far the figures of some directions would scatter.

    Attributes:
        contest: The directions.
        jackknife: For means over queries, with the figures after exchanges.
        medians: The median rank in resamples, float64 [directions, 2, draws].
    """

    contest: Contest
    jackknife: Jackknife
    medians: np.ndarray

    @classmethod
    def of(
        cls, contest: Contest, vectors: VectorArray, measures: Sequence[PairFigure], draws: Draws
    ) -> _Scatter:
        """Exchange devices, leave subjects out, and resample them."""
        seed, memory_mb = draws.seed, draws.memory_mb
        permutation = Permutation(draws.permutations, seed, memory_mb)
        permuted = permutation.figures(contest, vectors, measures)
        left_out = leave_subjects_out(
            contest, vectors, measures, permuted, seed=seed + 1, memory_mb=memory_mb
        )
        medians = Resampling(draws.bootstrap, seed, memory_mb).medians(contest, vectors)
        return cls(contest, left_out, medians)

    def subjects(self, directions: Sequence[int]) -> int:
        """Number of subjects with queries in any of some directions."""
        return int(self.contest.asked[list(directions)].any(axis=0).sum())


@dataclass(frozen=True)
class _Row:
    """A measure in one gallery, or its difference, in one direction or the mean of all.

    Attributes:
        measure: What is measured.
        place: Its place among the measures.
        gallery: The gallery, or the difference.
        found: What was retrieved in the directions.
        scatter: How far the figures would scatter.
        directions: Places of the directions in the contest of ``scatter``.
    """

    measure: PairFigure
    place: int
    gallery: PairGallery
    found: Sequence[tuple[Retrieved, Retrieved]]
    scatter: _Scatter
    directions: list[int]

    @property
    def weights(self) -> np.ndarray:
        """What the row takes of the two galleries, float64 [2]."""
        worse = self.measure.worse
        weights = {PairGallery.QUERY: (1, 0), PairGallery.TARGET: (0, 1)}
        return np.array(weights.get(self.gallery, (worse, -worse)), dtype=np.float64)

    @property
    def sizes(self) -> list[np.ndarray]:
        """Photos in the gallery of every query, by direction."""
        return [pair[0].size for pair in self.found]

    @property
    def value(self) -> float:
        """The mean over the directions, each counted once."""
        figures = [[self.measure.summed_up(each) for each in pair] for pair in self._values()]
        return float((np.array(figures) @ self.weights).mean())

    @property
    def alike(self) -> bool:
        """Whether all queries have the same figure."""
        figures = np.concatenate([self.weights @ np.stack(pair) for pair in self._values()])
        return bool(figures.min() == figures.max())

    @property
    def takes_in_everything(self) -> bool:
        """Whether a recall cannot miss anything."""
        largest = max(int(each.max()) for each in self.sizes)
        return self.measure.k is not None and self.measure.k >= largest

    @property
    def chance(self) -> float | None:
        """Recall of guessing, in percent; None for other figures and for differences."""
        if self.measure.k is None or self.gallery == PairGallery.DIFFERENCE:
            return None
        guesses = [np.minimum(1.0, self.measure.k / each).mean() for each in self.sizes]
        return 100.0 * float(np.mean(guesses))

    @property
    def p(self) -> float | None:
        """Two-sided p of a difference, by exchanging devices."""
        if self.gallery != PairGallery.DIFFERENCE or self.takes_in_everything:
            return None
        permuted = self.scatter.jackknife.permuted
        drawn = permuted.differences(self.place, self.measure.worse, self.directions)
        return permutation_p(self.value, drawn, complete=permuted.complete)

    def interval(self) -> tuple[float, float, str]:
        """The 95 % interval, and what is to be said of it."""
        value, recall = self.value, self.measure.k is not None
        if self.takes_in_everything:
            return value, value, _WHOLE
        if self.measure.is_median:
            drawn = np.tensordot(
                self.weights, self.scatter.medians[self.directions], axes=(0, 1)
            ).mean(axis=0)
            low, high = interval(drawn[np.isfinite(drawn)])
            if self.gallery != PairGallery.DIFFERENCE:
                last = float(np.mean([each.max() for each in self.sizes]))
                low = max(1.0, low - _BETWEEN_MEDIANS)
                high = min(last, high + _BETWEEN_MEDIANS)
            return low, high, ""
        subjects = self.scatter.subjects(self.directions)
        difference = self.gallery == PairGallery.DIFFERENCE
        if self.alike and recall:
            unseen = 100.0 * binomial_interval(0.0, subjects)[1]
            low, high = max(value - unseen, -100.0 if difference else 0.0), value + unseen
            return low, min(high, 100.0), f"{_ALIKE}: exact binomial of {subjects} subjects"
        jackknife = self.scatter.jackknife
        if recall and not difference:
            share, most = value / 100.0, sum(map(len, self.sizes))
            error = jackknife.standard_error(self.place, self.weights, self.directions) / 100.0
            independent = share * (1.0 - share) / max(error**2, share * (1.0 - share) / most)
            low, high = binomial_interval(share, independent)
            return 100.0 * low, 100.0 * high, ""
        of_shift = self.measure.name == PairMeasure.RANK_SHIFT
        found = jackknife.shift_interval if of_shift else jackknife.interval
        low, high = found(value, self.place, self.weights, self.directions)
        if recall:
            low, high = max(low, -100.0), min(high, 100.0)
        return low, high, f"{_ALIKE}: no interval" if self.alike else ""

    def _values(self) -> list[tuple[np.ndarray, ...]]:
        """The figures of all queries in both galleries, by direction."""
        return [
            tuple(self.measure.values(each.rank, each.margin) for each in pair)
            for pair in self.found
        ]


@dataclass(frozen=True)
class _Table:
    source: EmbeddingSource
    design: PairDesign
    found: Sequence[tuple[Retrieved, Retrieved]]
    scatters: Mapping[tuple[int, ...], _Scatter]

    def rows(self, place: int, measure: PairFigure) -> Iterator[Result]:
        """The rows of one measure, the one at this place."""
        every = tuple(range(len(self.found)))
        for direction in (None, *every):
            contest = every if direction is None else (direction // 2 * 2, direction // 2 * 2 + 1)
            chosen = every if direction is None else (direction,)
            for gallery in PairGallery:
                if measure.name != PairMeasure.RANK_SHIFT or gallery == PairGallery.DIFFERENCE:
                    found = [self.found[at] for at in chosen]
                    places = [contest.index(at) for at in chosen]
                    row = _Row(measure, place, gallery, found, self.scatters[contest], places)
                    yield self._result(row, direction)

    def _result(self, row: _Row, direction: int | None) -> Result:
        devices = None if direction is None else self.design.directions[direction]
        sizes = np.concatenate(row.sizes)
        low, high, said = row.interval()
        notes = (*self.design.notes, _gallery_note(sizes), said)
        k = row.measure.k
        return Result(
            **origin(self.source),
            experiment=Experiment.NEAR_DUPLICATE,
            attribute=row.measure.name,
            setup=row.gallery,
            query_device=devices.query_type if devices else "",
            target_device=devices.target_type if devices else "",
            chance=row.chance,
            value=row.value,
            low=low,
            high=high,
            n_test=len(sizes),
            n_train=0,
            k=None if k is None else min(k, int(sizes.max())),
            p=row.p,
            notes="; ".join(each for each in notes if each),
        )


def _gallery_note(sizes: np.ndarray) -> str:
    least, most = int(sizes.min()), int(sizes.max())
    size = f"{most}" if least == most else f"{least} to {most}"
    return f"galleries of {size} photos, the target among them"
