"""Rows of the result table for near-duplicate retrieval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentprint.experiments.pairs.pairs_design import PairDesign
from latentprint.experiments.pairs.pairs_measures import Measure, blocks_of, exact_mcnemar, measures
from latentprint.experiments.pairs.pairs_retrieval import Retrieved
from latentprint.experiments.source import EmbeddingSource, origin
from latentprint.results import Result
from latentprint.stats import ClusterBootstrap, cluster_bootstrap_counts, interval, two_sided_p
from latentprint.words import Experiment, PairGallery, PairMeasure

_LEVEL = 0.05
_WHOLE = "k takes in whole galleries: nothing can be missed"


def pair_rows(
    source: EmbeddingSource,
    design: PairDesign,
    found: Sequence[tuple[Retrieved, Retrieved]],
    *,
    ks: Sequence[int],
    bootstrap: int,
    seed: int,
    notes: Sequence[str] = (),
) -> list[Result]:
    """All measures: the means over the directions first, then every direction.

    Args:
        source: Where the embeddings come from.
        design: The photos and their roles.
        found: What was retrieved in every direction, in the galleries ``PairGallery.QUERY`` and
            ``PairGallery.TARGET``.
        ks: The k of recall@k.
        bootstrap: Number of resamples.
        seed: Seeds the bootstrap.
        notes: What to say in every row.
    """
    table = _Table(source, design, found, _resamples(design, bootstrap, seed), tuple(notes))
    return [row for measure in measures(ks) for row in table.rows(measure)]


def _resamples(design: PairDesign, bootstrap: int, seed: int) -> list[ClusterBootstrap]:
    """The same resamples of subjects for the queries of every direction."""
    taking_part = np.unique(np.concatenate([each.queries for each in design.directions]))
    subjects = design.photos["subject"].gather(taking_part).to_list()
    sampled = cluster_bootstrap_counts(blocks_of(subjects), bootstrap, seed)
    members = np.zeros(len(design.photos), dtype=np.int64)
    members[taking_part] = sampled.members
    return [ClusterBootstrap(members[each.queries], sampled.draws, sampled.seed) for each in design.directions]


@dataclass(frozen=True)
class _Figures:
    """A measure in all directions.

    Attributes:
        values: For every direction the figure of each query in both galleries, float64 [2, Q].
        whole: The figure of all queries, float64 [directions, 2].
        samples: The same in every resample, float64 [directions, 2, draws].
    """

    values: list[np.ndarray]
    whole: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True)
class _Table:
    source: EmbeddingSource
    design: PairDesign
    found: Sequence[tuple[Retrieved, Retrieved]]
    resamples: list[ClusterBootstrap]
    notes: tuple[str, ...]

    def rows(self, measure: Measure) -> Iterator[Result]:
        """The rows of one measure."""
        figures = self._figures(measure)
        for direction in (None, *range(len(self.found))):
            for gallery in PairGallery:
                if measure.name != PairMeasure.RANK_SHIFT or gallery == PairGallery.DIFFERENCE:
                    yield self._row(measure, figures, gallery, direction)

    def _figures(self, measure: Measure) -> _Figures:
        values = [np.stack([measure.values(each) for each in pair]) for pair in self.found]
        whole = [[measure.whole(each) for each in pair] for pair in values]
        samples = [
            [measure.resampled(each, resamples) for each in pair]
            for pair, resamples in zip(values, self.resamples, strict=True)
        ]
        return _Figures(values, np.array(whole), np.array(samples))

    def _row(
        self, measure: Measure, figures: _Figures, gallery: PairGallery, direction: int | None
    ) -> Result:
        chosen = list(range(len(self.found))) if direction is None else [direction]
        weights = _weights(gallery, measure)
        samples = np.tensordot(weights, figures.samples[chosen], axes=(0, 1)).mean(axis=0)
        low, high = interval(samples[np.isfinite(samples)])
        sizes = np.concatenate([self.found[each][0].size for each in chosen])
        devices = None if direction is None else self.design.directions[direction]
        row = Result(
            **origin(self.source),
            experiment=Experiment.NEAR_DUPLICATE,
            attribute=measure.name,
            setup=gallery,
            query_device=devices.query_type if devices else "",
            target_device=devices.target_type if devices else "",
            chance=None,
            value=float((figures.whole[chosen] @ weights).mean()),
            low=low,
            high=high,
            n_test=len(sizes),
            n_train=0,
            notes="; ".join([*self.notes, _gallery_note(sizes)]),
        )
        if measure.k is not None:
            row = self._recall(row, measure.k, figures, weights, chosen)
        if gallery == PairGallery.DIFFERENCE and measure.k is None:
            row = replace(row, p=two_sided_p(row.value, samples[np.isfinite(samples)]))
        return row

    def _recall(
        self, row: Result, k: int, figures: _Figures, weights: np.ndarray, chosen: Sequence[int]
    ) -> Result:
        """What only recall has: k, chance or p, and an interval where all queries fare alike."""
        sizes = [self.found[each][0].size for each in chosen]
        largest = max(int(each.max()) for each in sizes)
        if row.setup == PairGallery.DIFFERENCE:
            row = replace(row, p=self._mcnemar(figures, chosen))
        else:
            guesses = [np.minimum(1.0, k / each).mean() for each in sizes]
            row = replace(row, chance=100.0 * float(np.mean(guesses)))
        if k >= largest:
            return replace(row, k=largest, p=None, notes=f"{row.notes}; {_WHOLE}")
        return self._exact_if_alike(replace(row, k=k), figures, weights, chosen)

    def _exact_if_alike(
        self, row: Result, figures: _Figures, weights: np.ndarray, chosen: Sequence[int]
    ) -> Result:
        """Take the exact binomial interval where all queries fare alike.

        No resample differs then, and the bootstrap would claim a certainty that few subjects
        cannot give.
        """
        each_query = np.concatenate([weights @ figures.values[each] for each in chosen])
        if each_query.min() < each_query.max():
            return row
        n = len(np.unique(np.concatenate([self._subjects(each) for each in chosen])))
        reach = 100.0 * (1.0 - (_LEVEL / 2) ** (1.0 / n))
        least = -100.0 if row.setup == PairGallery.DIFFERENCE else 0.0
        return replace(
            row,
            low=max(row.value - reach, least),
            high=min(row.value + reach, 100.0),
            notes=f"{row.notes}; all queries alike: exact binomial of {n} subjects",
        )

    def _mcnemar(self, figures: _Figures, chosen: Sequence[int]) -> float:
        subjects = np.concatenate([self._subjects(each) for each in chosen])
        gains = np.concatenate([np.diff(figures.values[each], axis=0)[0] for each in chosen])
        net = np.bincount(subjects, weights=gains)
        return exact_mcnemar(int((net > 0).sum()), int((net < 0).sum()))

    def _subjects(self, direction: int) -> np.ndarray:
        """Subject of every query, int64 [Q]."""
        found: np.ndarray = self.design.subjects[self.design.directions[direction].queries]
        return found


def _weights(gallery: PairGallery, measure: Measure) -> np.ndarray:
    """What a row takes of the two galleries, float64 [2]."""
    weights = {PairGallery.QUERY: (1, 0), PairGallery.TARGET: (0, 1)}
    return np.array(weights.get(gallery, (measure.worse, -measure.worse)), dtype=np.float64)


def _gallery_note(sizes: np.ndarray) -> str:
    least, most = int(sizes.min()), int(sizes.max())
    size = f"{most}" if least == most else f"{least} to {most}"
    return f"galleries of {size} photos, the target among them"
