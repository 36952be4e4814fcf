"""How much of what embeddings say is processing, how much the photo, how much neither."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from latentprint.experiments.probes.items import open_vectors
from latentprint.experiments.source import ROW, EmbeddingSource, origin, require_source
from latentprint.experiments.vectors import rows_at_once, units
from latentprint.processing import as_attribute
from latentprint.results import Result
from latentprint.words import Experiment, VarianceMeasure

if TYPE_CHECKING:
    from latentprint.processing import Attribute
    from latentprint.solvers import VectorArray

_BLOCKS = 1000
_FEWEST = 3
_ROUNDING = 1e-9
_LARGEST_EXPONENT = 700.0


def decompose_variance(
    source: EmbeddingSource,
    attribute: Attribute | str,
    *,
    memory_mb: int = 4096,
) -> list[Result]:
    """Split the variance of unit vectors into processing, photo and rest; measure the shift.

    Two-way analysis of variance over photos and processing classes, one vector in each cell: the
    share of processing is what all photos move by alike, that of the photo what the classes have
    in common, the rest their interaction. ``shift`` is the mean cosine distance between two
    versions of a photo, ``distance`` that between different photos under the same processing,
    both times 100.

    Intervals are by the jackknife over groups of photos (Efron and Stein, Annals of Statistics
    1981), on the scale of the logit for shares and of the logarithm for distances, which cannot be
    negative.

    Args:
        source: Embeddings of the photos under every class of the attribute.
        attribute: The processing.
        memory_mb: Embeddings that fit into half of it are read once.

    Returns:
        A row of the result table for every ``words.VarianceMeasure``.

    Raises:
        LatentprintError: A vector is zero or not finite.
    """
    require_source(source)
    attribute = as_attribute(attribute)
    photos = source.photos.with_row_index(ROW).sort("id")
    parts = open_vectors(source, attribute.classes, photos, max(1, memory_mb // 2))
    members = np.unique(_blocks(photos["group"].to_list()), return_inverse=True)[1]
    moments = _moments(parts, members)
    rows = []
    for setup, value, error in zip(VarianceMeasure, *_measured(moments), strict=True):
        low, high = _interval(setup, value, error, len(moments.size))
        rows.append(
            Result(
                **origin(source),
                experiment=Experiment.VARIANCE,
                attribute=attribute.name,
                setup=setup,
                chance=None,
                value=value,
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
    """Sums over the photos of blocks, or of sets of blocks, from which all measures follow.

    Attributes:
        size: Photos, float64 [G].
        sums: Sum of the unit vectors under every class, float64 [G, P, D].
        photo: Sum over photos of the squared length of the sum over classes, float64 [G].
        own_size: Squared number of photos of each block, summed, float64 [G].
        own_length: Squared length of the sums of each block, summed, float64 [G].
    """

    size: np.ndarray
    sums: np.ndarray
    photo: np.ndarray
    own_size: np.ndarray
    own_length: np.ndarray

    @classmethod
    def of(cls, size: np.ndarray, sums: np.ndarray, photo: np.ndarray) -> _Moments:
        """The moments of single blocks."""
        own = [np.square(each).sum() for each in sums]
        return cls(size, sums, photo, np.square(size), np.array(own))

    def total(self) -> _Moments:
        """All blocks as one set."""
        return _Moments(*(each.sum(axis=0, keepdims=True) for each in self._sums()))

    def only(self, part: slice) -> _Moments:
        """Some of the blocks."""
        return _Moments(*(each[part] for each in self._sums()))

    def without(self, blocks: _Moments) -> _Moments:
        """This set less each of some blocks."""
        return _Moments(*(a - b for a, b in zip(self._sums(), blocks._sums(), strict=True)))

    def _sums(self) -> tuple[np.ndarray, ...]:
        return self.size, self.sums, self.photo, self.own_size, self.own_length


def _blocks(groups: list[str]) -> list[str]:
    """Groups, or blocks of them where there are many: their sums must stay in memory."""
    if len(set(groups)) <= _BLOCKS:
        return groups
    digests = {each: blake2b(each.encode(), digest_size=8).digest() for each in set(groups)}
    numbers = {each: int.from_bytes(digest, "big") % _BLOCKS for each, digest in digests.items()}
    return [str(numbers[each]) for each in groups]


def _moments(parts: tuple[VectorArray, ...], members: np.ndarray) -> _Moments:
    n, dimensions = parts[0].shape
    blocks = int(members.max()) + 1
    size, photo = np.zeros((2, blocks))
    sums = np.zeros((blocks, len(parts), dimensions))
    step = rows_at_once(len(parts) * dimensions)
    for start in range(0, n, step):
        inside = members[start : start + step]
        chunk = slice(start, start + step)
        vectors = np.stack([units(part[chunk], range(n), "variance") for part in parts], axis=1)
        np.add.at(size, inside, 1.0)
        np.add.at(sums, inside, vectors)
        np.add.at(photo, inside, np.square(vectors.sum(axis=1)).sum(axis=1))
    return _Moments.of(size, sums, photo)


def _measured(moments: _Moments) -> tuple[list[float], list[float]]:
    """All measures and their standard errors, in the order of ``words.VarianceMeasure``."""
    whole = moments.total()
    values = _measures(whole)[:, 0]
    count = len(moments.size)
    if count < _FEWEST:
        return values.tolist(), [math.inf] * len(values)
    step = rows_at_once(moments.sums[0].size)
    left = np.concatenate(
        [
            _measures(whole.without(moments.only(slice(start, start + step))))
            for start in range(0, count, step)
        ],
        axis=1,
    )
    spread = left - left.mean(axis=1, keepdims=True)
    variances = (count - 1) / count * np.square(spread).sum(axis=1)
    return values.tolist(), np.sqrt(variances).tolist()


def _measures(moments: _Moments) -> np.ndarray:
    """All measures of each set of photos, float64 [5, sets]."""
    p = moments.sums.shape[1]
    n, photo = moments.size, moments.photo
    lengths = np.square(moments.sums).sum(axis=(1, 2))
    grand = np.square(moments.sums.sum(axis=1)).sum(axis=1) / (n * p)
    # Vectors of unit length: their squares sum to n * p.
    total = n * p - grand
    # What is below the precision of lengths is no variance to have shares of.
    total[total < _ROUNDING * n * p] = 0.0
    processing, photos = lengths / n - grand, photo / p - grand
    shares = 100.0 * np.stack([processing, photos, total - processing - photos])
    shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    versions = (photo - n * p) / (n * p * (p - 1))
    # Photos of one block may be of one group: only pairs across blocks are different photos.
    across = n**2 - moments.own_size
    others = np.divide(
        lengths - moments.own_length, p * across, out=np.ones_like(n), where=across > 0
    )
    distances = 1.0 - np.stack([versions, others])
    return np.concatenate([shares, 100.0 * np.where(distances < _ROUNDING, 0.0, distances)])


def _interval(
    setup: VarianceMeasure, value: float, error: float, blocks: int
) -> tuple[float, float]:
    """The 95 % interval of a share or a distance."""
    is_share = setup not in (VarianceMeasure.SHIFT, VarianceMeasure.DISTANCE)
    most = 100.0 if is_share else 200.0
    if not math.isfinite(error):
        return 0.0, most
    if error < _ROUNDING or not _ROUNDING < value < most - _ROUNDING:
        return value, value
    reach = float(stdtrit(blocks - 1, 0.975)) * error
    if not is_share:
        factor = math.exp(min(reach / value, _LARGEST_EXPONENT))
        return value / factor, min(most, value * factor)
    place, reach = math.log(value / (most - value)), reach * most / (value * (most - value))
    reach = min(reach, _LARGEST_EXPONENT - abs(place))
    low, high = (most / (1.0 + math.exp(-end)) for end in (place - reach, place + reach))
    return low, high
