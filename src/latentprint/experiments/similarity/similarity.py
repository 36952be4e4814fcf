"""Are photos alike because of what they show, or because of how they were made?

Four distributions of cosine similarity: to photos of the same or another semantic class that have
the same or other metadata (ICCV 2025 study, arXiv 2508.10637).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.errors import unknown_name
from latentprint.experiments.crossed import Spread
from latentprint.experiments.probes.items import left_beside, open_vectors
from latentprint.experiments.similarity.cosines import (
    BINS,
    blocks,
    rounded_cosines,
)
from latentprint.experiments.similarity.curves import shown_curves
from latentprint.experiments.similarity.options import QueryOptions
from latentprint.experiments.similarity.pair_sums import (
    KINDS,
    AucSums,
    MeanSums,
    cosines_of_bins,
)
from latentprint.experiments.similarity.queries import Compared, choose_queries, labelled
from latentprint.experiments.source import UNPROCESSED, EmbeddingSource, origin
from latentprint.neighbours.grid import unit_rows
from latentprint.processing import Attribute
from latentprint.results import Result
from latentprint.words import NO_INTERVAL, Experiment, SimilarityMeasure

if TYPE_CHECKING:
    import polars as pl

    from latentprint.solvers import VectorArray

CURVES = (
    SimilarityMeasure.SAME_SAME,
    SimilarityMeasure.SAME_DIFF,
    SimilarityMeasure.DIFF_SAME,
    SimilarityMeasure.DIFF_DIFF,
)
"""The four distributions; the value of their rows is the mean cosine similarity times 100. The two
AUCs are in percent, 50 where both kinds of pairs are alike; their difference, in points, is zero
where metadata do not matter."""

_QUERIES = 256
# Sums, squares and products of a pair of photos that are held at once.
_NUMBERS_A_PAIR = 16


@dataclass(frozen=True)
class SimilarityOutcome:
    """The four distributions.

    Attributes:
        results: Rows of the result table: a mean for every curve, then the three AUCs.
        detail: The curves as JSON values: ``bin_edges`` [B + 1], their one ``bandwidth``, and for
            each of ``curves`` its ``setup``, ``pairs``, ``mean``, ``counts`` [B], and ``density``
            (smoothed, integrates to one) at the bins' centres [B].
    """

    results: list[Result]
    detail: dict[str, Any]


@dataclass(frozen=True)
class Views:
    """Photos under one or several processing classes, with their metadata.

    Attributes:
        compared: The photos [n].
        classes: Processing classes that the photos are seen under [P].
        metadata: Class of the metadata of every view, int64 [P, n].
        name: Name of the metadata.
        values: How many values the metadata have.
        asked: Which of the processing classes the query photos are seen under.
    """

    compared: Compared
    classes: tuple[str, ...]
    metadata: np.ndarray
    name: str
    values: int
    asked: tuple[int, ...]


def similarity(
    source: EmbeddingSource,
    metadata: Attribute | str,
    options: QueryOptions | None = None,
    *,
    rule: str | None = None,
) -> SimilarityOutcome:
    """Compare query photos with all other photos, by semantic class and by metadata.

    With a processing attribute, all photos are seen under all of its classes: those under the
    query's class have the same metadata. Similarities are rounded to multiples of 1 / 16,384; two
    that round alike count as one half in an AUC. Curves and means are over all pairs, AUCs over
    the queries, each of which ranks its own pairs. Intervals are those of other queries and other
    photos to compare them with, whole groups of photos at a time (see ``crossed``); with queries of
    one group alone there are none.

    Args:
        source: Embeddings of photos with semantic labels.
        metadata: A processing attribute, or a column of the photos.
        options: Which photos are compared.
        rule: How a column's values become classes; see ``label_photos``.

    Raises:
        UsageError: A column, query photo or processing class is unknown.
        LatentprintError: There are no semantic labels or only one class, only one value of the
            metadata, or a vector is zero or not finite.
    """
    options = options or QueryOptions()
    views = views_of(source.photos, metadata, options, rule)
    photos = views.compared.photos
    asked = choose_queries(photos, options, (photos["split"] == "val").to_numpy())
    queries, notes = asked.rows, filter(None, (asked.note, *views.compared.notes))
    views = replace(views, compared=replace(views.compared, notes=tuple(notes)))
    # Vectors are kept where they take one half at the most; similarities have what is left.
    parts = open_vectors(source, views.classes, photos, max(1, options.memory_mb // 2))
    sums = _pair_sums(parts, views, queries, left_beside(parts, options.memory_mb))
    results = _rows(source, views, queries, sums)
    detail = {
        "experiment": Experiment.SIMILARITY,
        "encoder": source.encoder,
        "attribute": views.name,
        "label": options.label,
        "queries": len(queries),
        "query": options.query,
        "query_processing": [views.classes[each] for each in views.asked],
        **shown_curves(CURVES, sums.counts),
    }
    return SimilarityOutcome(results, detail)


def views_of(
    photos: pl.DataFrame,
    metadata: Attribute | str,
    options: QueryOptions,
    rule: str | None = None,
) -> Views:
    """What is compared, before any vector is read; see ``similarity``.

    Raises:
        UsageError: A column, query photo or processing class is unknown.
        LatentprintError: There are no semantic labels or only one class, or only one value of the
            metadata.
    """
    if isinstance(metadata, Attribute):
        return _processed(photos, metadata, options)
    return _by_column(photos, metadata, options, rule)


def _processed(photos: pl.DataFrame, attribute: Attribute, options: QueryOptions) -> Views:
    asked = attribute.classes if options.processing is None else (options.processing,)
    if not set(asked) <= set(attribute.classes):
        raise unknown_name(f"class of {attribute.name}", asked[0], attribute.classes)
    compared = labelled(photos, options)
    p = len(attribute.classes)
    metadata = np.repeat(np.arange(p)[:, None], len(compared.photos), axis=1)
    places = tuple(attribute.classes.index(each) for each in asked)
    return Views(compared, attribute.classes, metadata, attribute.name, p, places)


def _by_column(photos: pl.DataFrame, column: str, options: QueryOptions, rule: str | None) -> Views:
    compared = labelled(photos, options, column, rule)
    observed = f"photos with the same {column} may have more in common than that"
    compared = replace(compared, notes=(*compared.notes, observed))
    seen = (options.processing or UNPROCESSED,)
    return Views(compared, seen, compared.metadata[None], column, len(compared.values), (0,))


@dataclass(frozen=True)
class _Sums:
    """What all figures follow from.

    Attributes:
        counts: Pairs of each curve in each bin, int64 [4, B].
        means: Sums for the mean of each curve.
        aucs: Sums for the AUCs.
    """

    counts: np.ndarray
    means: MeanSums
    aucs: AucSums


def _pair_sums(
    parts: Sequence[VectorArray], views: Views, queries: np.ndarray, memory_mb: int
) -> _Sums:
    """Compare all queries under all their classes with all photos under all classes."""
    n = len(views.compared.photos)
    sums = _Sums(np.zeros((KINDS, BINS), dtype=np.int64), MeanSums(n), AucSums(n))
    numbers = 8 * n * (2 * len(parts) + _NUMBERS_A_PAIR)
    size = max(1, min(_QUERIES, memory_mb * 2**20 // numbers))
    for start in range(0, len(queries), size):
        _compare(parts, views, queries[start : start + size], sums)
    return sums


def _compare(parts: Sequence[VectorArray], views: Views, some: np.ndarray, sums: _Sums) -> None:
    n = len(views.compared.photos)
    shape = len(some), n
    cosines, pairs = np.zeros((2, KINDS, *shape))
    placed = np.zeros((2, *shape))
    of_bins = cosines_of_bins()
    for view in views.asked:
        bins = _bins(parts, views, some, view)
        for at, each in enumerate(bins):
            counts = np.bincount(each, minlength=KINDS * BINS + 1)[:-1].reshape(KINDS, BINS)
            sums.counts[:] += counts
            table = np.append(sums.aucs.placed(int(some[at]), counts), 0.0)
            kinds, effects = each // BINS, table[each]
            against = (kinds == 1) | (kinds == 2)
            for auc, part in enumerate((against, ~against)):
                placed[auc, at] += np.where(part, effects, 0.0).reshape(-1, n).sum(axis=0)
            found = of_bins[each % BINS]
            for kind in range(KINDS):
                here = kinds == kind
                pairs[kind, at] += here.reshape(-1, n).sum(axis=0)
                cosines[kind, at] += np.where(here, found, 0.0).reshape(-1, n).sum(axis=0)
    sums.aucs.add(placed)
    for kind in range(KINDS):
        sums.means.add(some, kind, cosines[kind], pairs[kind])


def _bins(parts: Sequence[VectorArray], views: Views, queries: np.ndarray, view: int) -> np.ndarray:
    """Curve and bin of each pair as one number, the last for pairs that do not count [t, m]."""
    semantic, groups = views.compared.semantic, views.compared.groups
    vectors = unit_rows(parts[view][queries])
    n = len(semantic)
    bins = np.empty((len(queries), len(parts) * n), dtype=np.int64)
    for other, part in enumerate(parts):
        for block in blocks(n, vectors.shape[1]):
            kind = 2 * (semantic[queries, None] != semantic[block])
            kind += views.metadata[view, queries, None] != views.metadata[other, block]
            found = kind * BINS + rounded_cosines(vectors, unit_rows(part[block]))
            found[groups[queries, None] == groups[block]] = KINDS * BINS
            bins[:, other * n + block.start : other * n + block.stop] = found
    return bins


def _rows(source: EmbeddingSource, views: Views, queries: np.ndarray, sums: _Sums) -> list[Result]:
    """A row for every mean and AUC, all times 100."""
    photos = views.compared.photos
    groups = np.unique(photos["group"].to_numpy().astype(str), return_inverse=True)[1]
    alone = len(np.unique(groups[queries])) == 1
    notes = [*views.compared.notes, *([NO_INTERVAL] if alone else [])]
    figures = [*(sums.means.figure(kind) for kind in range(KINDS)), *sums.aucs.figures()]
    rows = []
    for setup, figure in zip(SimilarityMeasure, figures, strict=True):
        if figure is None:
            continue
        spread = Spread.of(figure.effects, groups, queries)
        low = high = figure.value
        if not alone:
            low, high = _interval(setup, figure.value, spread)
        tested = setup == SimilarityMeasure.DIFFERENCE and not alone
        rows.append(
            Result(
                **origin(source),
                experiment=Experiment.SIMILARITY,
                attribute=views.name,
                setup=setup,
                chance=None,
                value=figure.value,
                low=low,
                high=high,
                n_test=len(queries),
                n_train=len(photos),
                classes=views.values,
                p=spread.p(figure.value) if tested else None,
                notes="; ".join(notes),
            )
        )
    return rows


def _interval(setup: SimilarityMeasure, value: float, spread: Spread) -> tuple[float, float]:
    """The 95 % interval; cosines, AUCs and their differences stay within what they can be."""
    if setup in (SimilarityMeasure.AGAINST, SimilarityMeasure.WITH):
        low, high = replace(spread, error=spread.error / 100.0).interval_of_share(value / 100.0)
        return 100.0 * low, 100.0 * high
    changes = setup == SimilarityMeasure.DIFFERENCE
    low, high = spread.interval_of_change(value) if changes else spread.interval(value)
    return max(-100.0, low), min(100.0, high)
