"""How much of what embeddings say is processing, how much the photo, how much neither."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from latentprint.experiments.probes.items import open_vectors
from latentprint.experiments.source import EmbeddingSource, origin
from latentprint.experiments.vectors import units
from latentprint.results import Result
from latentprint.stats import cluster_bootstrap_counts, interval
from latentprint.words import Experiment, VarianceMeasure

if TYPE_CHECKING:
    from latentprint.processing import Attribute
    from latentprint.solvers import VectorArray

_BLOCKS = 1000
_CHUNK = 4096


def decompose_variance(
    source: EmbeddingSource,
    attribute: Attribute,
    *,
    seed: int = 0,
    bootstrap: int = 1000,
    memory_mb: int = 4096,
) -> list[Result]:
    """Split the variance of unit vectors into processing, photo and rest; measure the shift.

    Two-way analysis of variance over photos and processing classes, one vector in each cell: the
    share of processing is what all photos move by alike, that of the photo what the classes have
    in common, the rest their interaction. ``shift`` is the mean cosine distance between two
    versions of a photo, ``distance`` that between different photos under the same processing,
    both times 100.

    Args:
        source: Embeddings of the photos under every class of the attribute.
        attribute: The processing.
        seed: Seeds the bootstrap over groups of photos.
        bootstrap: Number of resamples.
        memory_mb: Embeddings that fit into it are read once.

    Returns:
        A row of the result table for every ``words.VarianceMeasure``.

    Raises:
        LatentprintError: A vector is zero or not finite.
    """
    photos = source.photos.with_row_index("row").sort("id")
    parts = open_vectors(source, attribute.classes, photos, memory_mb)
    sampled = cluster_bootstrap_counts(_blocks(photos["group"].to_list()), bootstrap, seed)
    moments = _moments(parts, sampled.members, sampled.counts.shape[1])
    whole = _measures(moments, np.ones((1, sampled.counts.shape[1])))[:, 0]
    samples = _measures(moments, sampled.counts)
    rows = []
    for setup, value, drawn in zip(VarianceMeasure, whole, samples, strict=True):
        # Means of a resample scatter twice as far from the truth, which raises the share of
        # processing: the resamples tell the spread, not the place.
        low, high = interval(drawn - drawn.mean() + value)
        rows.append(
            Result(
                **origin(source),
                experiment=Experiment.VARIANCE,
                attribute=attribute.name,
                setup=setup,
                chance=None,
                value=float(value),
                low=low,
                high=high,
                n_test=len(photos),
                n_train=0,
                classes=len(attribute.classes),
            )
        )
    return rows


@dataclass(frozen=True)
class _Moments:
    """Sums over the photos of every block, from which all measures follow.

    Attributes:
        size: Photos, float64 [G].
        sums: Sum of the unit vectors under every class, float64 [G, P, D].
        photo: Sum over photos of the squared length of the sum over classes, float64 [G].
    """

    size: np.ndarray
    sums: np.ndarray
    photo: np.ndarray


def _blocks(groups: list[str]) -> list[str]:
    """Groups, or blocks of them where there are many: their sums must stay in memory."""
    if len(set(groups)) <= _BLOCKS:
        return groups
    digests = {each: blake2b(each.encode(), digest_size=8).digest() for each in set(groups)}
    numbers = {each: int.from_bytes(digest, "big") % _BLOCKS for each, digest in digests.items()}
    return [str(numbers[each]) for each in groups]


def _moments(parts: tuple[VectorArray, ...], members: np.ndarray, blocks: int) -> _Moments:
    n, dimensions = parts[0].shape
    found = _Moments(np.zeros(blocks), np.zeros((blocks, len(parts), dimensions)), np.zeros(blocks))
    for start in range(0, n, _CHUNK):
        inside = members[start : start + _CHUNK]
        chunk = slice(start, start + _CHUNK)
        vectors = np.stack([units(part[chunk], range(n), "variance") for part in parts], axis=1)
        np.add.at(found.size, inside, 1.0)
        np.add.at(found.sums, inside, vectors)
        np.add.at(found.photo, inside, np.square(vectors.sum(axis=1)).sum(axis=1))
    return found


def _measures(moments: _Moments, weights: np.ndarray) -> np.ndarray:
    """All measures in every resample of blocks [B, G], float64 [5, B]."""
    blocks, p, d = moments.sums.shape
    n, photo = weights @ moments.size, weights @ moments.photo
    by_class = (weights @ moments.sums.reshape(blocks, p * d)).reshape(-1, p, d)
    lengths = np.square(by_class).sum(axis=(1, 2))
    grand = np.square(by_class.sum(axis=1)).sum(axis=1) / (n * p)
    # Vectors of unit length: their squares sum to n * p.
    total = n * p - grand
    processing, photos = lengths / n - grand, photo / p - grand
    shares = 100.0 * np.stack([processing, photos, total - processing - photos]) / total
    versions = (photo - n * p) / (n * p * (p - 1))
    # A resample holds copies of a block, which are no different photos: only pairs across count.
    own = np.square(weights)
    across = n**2 - own @ np.square(moments.size)
    within = own @ np.square(moments.sums).sum(axis=(1, 2))
    others = np.divide(lengths - within, p * across, out=np.ones_like(n), where=across > 0)
    return np.concatenate([shares, 100.0 * (1.0 - np.stack([versions, others]))])
