"""Are photos alike because of what they show, or because of how they were made?

Four distributions of cosine similarity: to photos of the same or another semantic class that have
the same or other metadata (ICCV 2025 study, arXiv 2508.10637).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.errors import unknown_name
from latentprint.experiments.probes.items import open_vectors
from latentprint.experiments.similarity.cosines import (
    BINS,
    BINS_PER_UNIT,
    blocks,
    rounded_cosines,
    units,
)
from latentprint.experiments.similarity.curves import shown_curves
from latentprint.experiments.similarity.queries import (
    UNPROCESSED,
    Compared,
    QueryOptions,
    choose_queries,
    labelled,
)
from latentprint.experiments.source import EmbeddingSource, origin
from latentprint.processing import Attribute
from latentprint.results import Result
from latentprint.stats import cluster_bootstrap_counts, interval, two_sided_p
from latentprint.words import Experiment, SimilarityMeasure

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
_PAIRS = {SimilarityMeasure.AGAINST: (2, 1), SimilarityMeasure.WITH: (3, 0)}


@dataclass(frozen=True)
class SimilarityOutcome:
    """The four distributions.

    Attributes:
        results: Rows of the result table: a mean for every curve, then the three AUCs.
        detail: The curves as JSON values: ``bin_edges`` [B + 1], and for each of ``curves`` its
            ``setup``, ``pairs``, ``mean``, ``counts`` [B], and ``density`` (smoothed, integrates
            to one) at the bins' centres [B].
    """

    results: list[Result]
    detail: dict[str, Any]


@dataclass(frozen=True)
class _Views:
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
    the queries, each of which ranks its own pairs.

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
    if isinstance(metadata, Attribute):
        views = _processed(source.photos, metadata, options)
    else:
        views = _by_column(source.photos, metadata, options, rule)
    photos = views.compared.photos
    queries = choose_queries(photos, options, (photos["split"] == "val").to_numpy())
    parts = open_vectors(source, views.classes, photos, options.memory_mb)
    pooled = np.zeros((len(CURVES), BINS), dtype=np.int64)
    sums, weights = np.zeros((2, len(queries), len(CURVES) + len(_PAIRS)))
    for at, counts in _histograms(parts, views, queries, options.memory_mb):
        pooled += counts
        sum_of, weight_of = _terms(counts)
        sums[at] += sum_of
        weights[at] += weight_of
    results = _rows(source, views, queries, sums, weights, options)
    detail = {
        "experiment": Experiment.SIMILARITY,
        "encoder": source.encoder,
        "attribute": views.name,
        "label": options.label,
        "queries": len(queries),
        "query": options.query,
        "query_processing": [views.classes[each] for each in views.asked],
        **shown_curves(CURVES, pooled),
    }
    return SimilarityOutcome(results, detail)


def _processed(photos: pl.DataFrame, attribute: Attribute, options: QueryOptions) -> _Views:
    asked = attribute.classes if options.processing is None else (options.processing,)
    if not set(asked) <= set(attribute.classes):
        raise unknown_name(f"class of {attribute.name}", asked[0], attribute.classes)
    compared = labelled(photos, options)
    p = len(attribute.classes)
    metadata = np.repeat(np.arange(p)[:, None], len(compared.photos), axis=1)
    places = tuple(attribute.classes.index(each) for each in asked)
    return _Views(compared, attribute.classes, metadata, attribute.name, p, places)


def _by_column(
    photos: pl.DataFrame, column: str, options: QueryOptions, rule: str | None
) -> _Views:
    compared = labelled(photos, options, column, rule)
    observed = f"photos with the same {column} may have more in common than that"
    compared = replace(compared, notes=(*compared.notes, observed))
    seen = (options.processing or UNPROCESSED,)
    return _Views(compared, seen, compared.metadata[None], column, len(compared.values), (0,))


def _histograms(
    parts: Sequence[VectorArray], views: _Views, queries: np.ndarray, memory_mb: int
) -> Iterator[tuple[int, np.ndarray]]:
    """For every query, how many pairs of each curve fall into each bin: its place, int64 [4, B]."""
    n = len(views.compared.photos)
    size = max(1, min(_QUERIES, memory_mb * 2**20 // (8 * n * len(parts))))
    for start in range(0, len(queries), size):
        some = queries[start : start + size]
        for view in views.asked:
            bins = _bins(parts, views, some, view)
            for at, each in enumerate(bins, start):
                counts = np.bincount(each, minlength=len(CURVES) * BINS + 1)[:-1]
                yield at, counts.reshape(len(CURVES), BINS)


def _bins(
    parts: Sequence[VectorArray], views: _Views, queries: np.ndarray, view: int
) -> np.ndarray:
    """Curve and bin of each pair as one number, the last for pairs that do not count [t, m]."""
    semantic, groups = views.compared.semantic, views.compared.groups
    vectors = units(parts[view][queries])
    n = len(semantic)
    bins = np.empty((len(queries), len(parts) * n), dtype=np.int64)
    for other, part in enumerate(parts):
        for block in blocks(n):
            kind = 2 * (semantic[queries, None] != semantic[block])
            kind += views.metadata[view, queries, None] != views.metadata[other, block]
            found = kind * BINS + rounded_cosines(vectors, units(part[block]))
            found[groups[queries, None] == groups[block]] = len(CURVES) * BINS
            bins[:, other * n + block.start : other * n + block.stop] = found
    return bins


def _terms(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What one query adds to the means and AUCs, and with which weight, float64 [6] each.

    Args:
        counts: Pairs of each curve in each bin, int64 [4, B].
    """
    pairs = counts.sum(axis=1)
    cosines = (counts @ np.arange(BINS)) / BINS_PER_UNIT - pairs
    aucs, known = [], []
    for others, own in _PAIRS.values():
        both = pairs[others] * pairs[own]
        # Twice the pairs below a bin, so that halves of ties stay whole numbers.
        below = 2 * np.cumsum(counts[own]) - counts[own]
        aucs.append(counts[others] @ below / (2.0 * both) if both else 0.0)
        known.append(1.0 if both else 0.0)
    return np.array([*cosines, *aucs]), np.array([*pairs, *known], dtype=np.float64)


def _rows(
    source: EmbeddingSource,
    views: _Views,
    queries: np.ndarray,
    sums: np.ndarray,
    weights: np.ndarray,
    options: QueryOptions,
) -> list[Result]:
    """A row for every mean and AUC, all times 100, resampled over groups of query photos."""
    photos = views.compared.photos
    sampled = cluster_bootstrap_counts(
        photos["group"].gather(queries).to_list(), options.bootstrap, options.seed
    )
    whole = _ratios(sums.sum(axis=0), weights.sum(axis=0))
    # The ratio of two means over the same resample is that of its sums.
    drawn = _ratios(sampled.means(sums.T), sampled.means(weights.T))
    notes = list(views.compared.notes)
    if len(queries) == 1:
        notes.append("one query: no interval")
    rows = []
    for at, setup in enumerate(SimilarityMeasure):
        if not np.isfinite(whole[at]):
            continue
        low, high = interval(drawn[np.isfinite(drawn[:, at]), at])
        rows.append(
            Result(
                **origin(source),
                experiment=Experiment.SIMILARITY,
                attribute=views.name,
                setup=setup,
                chance=None,
                value=float(whole[at]),
                low=low,
                high=high,
                n_test=len(queries),
                n_train=len(photos),
                classes=views.values,
                p=_p(setup, float(whole[at]), drawn[:, at]),
                notes="; ".join(notes),
            )
        )
    return rows


def _p(setup: SimilarityMeasure, value: float, drawn: np.ndarray) -> float | None:
    """The p of the difference of the AUCs; nothing else is tested."""
    if setup != SimilarityMeasure.DIFFERENCE:
        return None
    return two_sided_p(value, drawn[np.isfinite(drawn)])


def _ratios(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means and AUCs times 100, and the difference of the AUCs [..., 7]; NaN without pairs."""
    undefined = np.full_like(sums, np.nan)
    found = 100.0 * np.divide(sums, weights, out=undefined, where=weights > 0)
    return np.concatenate([found, found[..., 4:5] - found[..., 5:6]], axis=-1)
