"""Two sets of embeddings of the same photos, without any labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from latentprint.errors import LatentprintError
from latentprint.experiments.source import EmbeddingSource
from latentprint.experiments.vectors import units
from latentprint.neighbours.candidates import Searched
from latentprint.neighbours.nearest import nearest_photos
from latentprint.stats import ClusterBootstrap, interval

NEIGHBOURS = 10
MOST_PHOTOS = 20_000
"""Photos that are compared, at most."""

_DRAWS = 1000
_FEWEST = 2 * NEIGHBOURS
_MEMORY_MB = 1024
_PHOTOS_EACH = 4


@dataclass(frozen=True)
class VectorFigure:
    """One figure of two sets of embeddings.

    Attributes:
        measure: What is measured.
        value: The figure.
        low: Lower end of its 95 % interval over groups of photos.
        high: Upper end.
        chance: What embeddings that have nothing to do with each other give; None where there is
            no such value.
    """

    measure: str
    value: float
    low: float
    high: float
    chance: float | None


@dataclass(frozen=True)
class VectorsCompared:
    """Two sets of embeddings of the same photos.

    Attributes:
        first: Name of the first encoder.
        second: Name of the second encoder.
        processing: The processing class that was compared.
        photos: Photos that both hold and that were compared.
        only_first: Photos that only the first holds.
        only_second: Photos that only the second holds.
        dimensions: Lengths of the vectors.
        figures: What was measured.
        table: For every photo ``id``, ``overlap`` (share of the 10 nearest neighbours in common)
            and, where dimensions are equal, ``distance`` (1 - cos).
    """

    first: str
    second: str
    processing: str
    photos: int
    only_first: int
    only_second: int
    dimensions: tuple[int, int]
    figures: tuple[VectorFigure, ...]
    table: pl.DataFrame


def compare_vectors(
    first: EmbeddingSource, second: EmbeddingSource, processing: str, *, seed: int = 0
) -> VectorsCompared:
    """Compare two sets of embeddings photo by photo, neighbour by neighbour, and as wholes.

    1 - cos says how far vectors moved, and means something for one model alone (or what is to be
    the same). The share of common neighbours and the orthogonal Procrustes residual (Schönemann,
    Psychometrika 1966) hold for any two models: the residual is what of the second remains where
    the first is turned and scaled onto it, measured on photos that did not choose the turn.

    Args:
        first: Embeddings.
        second: Embeddings of the same photos, by id, of any dimension.
        processing: The processing class.
        seed: Seeds resamples, halves, and the draw of photos where there are more than 20,000.

    Raises:
        LatentprintError: Too few photos are in both, or a vector is zero.
    """
    ids = [source.photos["id"].to_list() for source in (first, second)]
    groups = dict(zip(ids[0], first.photos["group"].to_list(), strict=True))
    common = sorted(set(ids[0]) & set(ids[1]), key=lambda each: _draw(each, seed))[:MOST_PHOTOS]
    if len(common) < _FEWEST:
        raise LatentprintError(
            f"{len(common)} photos are in both sets of embeddings, and {_FEWEST} are needed: embed "
            "the same photos with both encoders."
        )
    common = sorted(common)
    one, other = (
        _vectors(source, listed, common, processing)
        for source, listed in zip((first, second), ids, strict=True)
    )
    bootstrap = ClusterBootstrap.of([groups[each] or each for each in common], _DRAWS, seed)
    columns: dict[str, np.ndarray] = {}
    figures = []
    if one.shape == other.shape:
        columns["distance"] = np.square(one - other).sum(axis=1) / 2
        figures.append(_mean("1 - cos, mean", columns["distance"], bootstrap, None))
    columns["overlap"] = _overlap(one, other)
    chance = NEIGHBOURS / (len(common) - 1)
    name = f"share of the {NEIGHBOURS} nearest neighbours in common"
    figures.append(_mean(name, columns["overlap"], bootstrap, chance))
    figures.append(_procrustes(one, other, bootstrap, seed))
    return VectorsCompared(
        first=first.encoder,
        second=second.encoder,
        processing=processing,
        photos=len(common),
        only_first=len(set(ids[0]) - set(ids[1])),
        only_second=len(set(ids[1]) - set(ids[0])),
        dimensions=(one.shape[1], other.shape[1]),
        figures=tuple(figures),
        table=pl.DataFrame({"id": common, **columns}),
    )


def _draw(photo_id: str, seed: int) -> bytes:
    return hashlib.blake2b(f"compare:{seed}:{photo_id}".encode(), digest_size=16).digest()


def _vectors(
    source: EmbeddingSource, listed: Sequence[str], wanted: Sequence[str], processing: str
) -> np.ndarray:
    """Unit vectors of the wanted photos, float64 [N, D]."""
    row_of = {photo_id: row for row, photo_id in enumerate(listed)}
    rows = np.array([row_of[each] for each in wanted])
    vectors = np.asarray(source.vectors(processing)[rows])
    return units(vectors, wanted, f"{source.encoder}, {processing}")


def _mean(
    measure: str, values: np.ndarray, bootstrap: ClusterBootstrap, chance: float | None
) -> VectorFigure:
    low, high = interval(bootstrap.means(values))
    return VectorFigure(measure, float(values.mean()), low, high, chance)


def _overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Share of the nearest neighbours in common, float64 [N]."""
    own = np.arange(len(one))
    lists = [
        nearest_photos(Searched.of(each, own, own), (NEIGHBOURS,), memory_mb=_MEMORY_MB)[NEIGHBOURS]
        for each in (one, other)
    ]
    shared = [len(np.intersect1d(a, b)) for a, b in zip(*lists, strict=True)]
    return np.array(shared) / NEIGHBOURS


def _procrustes(
    one: np.ndarray, other: np.ndarray, bootstrap: ClusterBootstrap, seed: int
) -> VectorFigure:
    """What of the second the first does not explain, photos of one half by a turn of the other.

    A turn of D dimensions is free in all that n < D photos leave open: only as many leading
    principal components are turned as a half has four photos for.
    """
    rng = np.random.default_rng(seed)
    fitted = (rng.permutation(bootstrap.clusters) % 2 == 0)[bootstrap.members]
    least = int(min(fitted.sum(), (~fitted).sum()))
    if least < _PHOTOS_EACH:
        raise LatentprintError(
            f"All photos but {least} are of one group: there are no two halves to compare."
        )
    kept = min(one.shape[1], other.shape[1], least // _PHOTOS_EACH)
    left, whole = np.zeros((2, len(one))), np.zeros(len(one))
    for train, test in ((fitted, ~fitted), (~fitted, fitted)):
        a, b = _leading(one, train, kept), _leading(other, train, kept)
        shuffled = rng.permutation(np.flatnonzero(train))
        for at, partners in enumerate((np.flatnonzero(train), shuffled)):
            turn, scale = _turn(a[train], b[partners])
            left[at, test] = np.square(scale * a[test] @ turn - b[test]).sum(axis=1)
        whole[test] = np.square(b[test]).sum(axis=1)
    sums = bootstrap.sums(np.stack([left[0], whole]))
    low, high = interval(sums[:, 0] / sums[:, 1])
    value, chance = (float(each.sum() / whole.sum()) for each in left)
    components = "principal component" if kept == 1 else "principal components"
    return VectorFigure(f"Procrustes residual, {kept} {components}", value, low, high, chance)


def _leading(vectors: np.ndarray, train: np.ndarray, kept: int) -> np.ndarray:
    """Scores of all photos on the leading principal components of some, float64 [N, kept]."""
    centred = vectors - vectors[train].mean(axis=0)
    _, _, components = np.linalg.svd(centred[train], full_matrices=False)
    scores: np.ndarray = centred @ components[:kept].T
    return scores


def _turn(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, float]:
    """The turn and the scale that bring one set of vectors nearest to another."""
    u, values, v = np.linalg.svd(one.T @ other)
    return u @ v, float(values.sum() / np.square(one).sum())
