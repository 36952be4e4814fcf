"""Distributions of cosine similarity as curves for a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from latentprint.experiments.similarity.cosines import BINS, BINS_PER_UNIT

_SHOWN_BINS = 80


def shown_curves(names: Sequence[str], counts: np.ndarray) -> dict[str, Any]:
    """Curves on as many bins as a figure can show, with smoothed densities.

    Args:
        names: Names of the curves.
        counts: Pairs of each curve in each bin of ``rounded_cosines``, int64 [curves, BINS].

    Returns:
        JSON values: ``bin_edges`` [B + 1], ``bandwidth``, the widest that the rule of thumb gives
        any of the curves but at least half a bin, and ``curves`` as ``SimilarityOutcome`` has them.
    """
    occupied = np.flatnonzero(counts.any(axis=0))
    first, last = (int(occupied[0]), int(occupied[-1])) if len(occupied) else (0, BINS - 1)
    width = 1
    while (last - first) // width >= _SHOWN_BINS:
        width *= 2
    # The bin of a cosine of 1 is the last one: none that is shown reaches beyond.
    starts = np.maximum(np.arange(first - (first - 1) % width, last + 1, width), 0)
    edges = (np.append(starts, starts[-1] + width) - 0.5) / BINS_PER_UNIT - 1.0
    shown = np.add.reduceat(counts[:, : starts[-1] + width], starts, axis=1)
    centres = (edges[:-1] + edges[1:]) / 2
    cosines = np.arange(BINS) / BINS_PER_UNIT - 1.0
    # One for all curves: else a curve of fewer pairs would look wider by that alone.
    bandwidth = max([_bandwidth(cosines, each) for each in counts] + [width / BINS_PER_UNIT / 2])
    curves = []
    for setup, fine, coarse in zip(names, counts, shown, strict=True):
        pairs = int(fine.sum())
        density = _density(cosines, fine, centres, bandwidth)
        curves.append(
            {
                "setup": setup,
                "pairs": pairs,
                "mean": float(fine @ cosines / pairs) if pairs else None,
                "counts": coarse.tolist(),
                "density": density.tolist(),
            }
        )
    return {"bin_edges": edges.tolist(), "bandwidth": bandwidth, "curves": curves}


def _bandwidth(cosines: np.ndarray, counts: np.ndarray) -> float:
    """Silverman's rule of thumb (Density Estimation, 1986, eq. 3.31); 0 where there is no pair."""
    pairs = counts.sum()
    if not pairs:
        return 0.0
    share = counts / pairs
    mean = share @ cosines
    deviation = np.sqrt(share @ np.square(cosines - mean))
    lower, upper = cosines[np.searchsorted(np.cumsum(counts), [0.25 * pairs, 0.75 * pairs])]
    spread = min(deviation, (upper - lower) / 1.34) or deviation
    return float(0.9 * spread * pairs**-0.2)


def _density(
    cosines: np.ndarray, counts: np.ndarray, at: np.ndarray, bandwidth: float
) -> np.ndarray:
    """A Gaussian kernel density estimate from a histogram, mirrored at -1 and 1."""
    if not counts.any():
        return np.zeros(len(at))
    share = counts / counts.sum()
    filled = counts > 0
    found = np.zeros(len(at))
    for mirrored in (cosines, 2.0 - cosines, -2.0 - cosines):
        distance = (at[:, None] - mirrored[filled]) / bandwidth
        found += np.exp(-0.5 * np.square(distance)) @ share[filled]
    density: np.ndarray = found / (bandwidth * np.sqrt(2.0 * np.pi))
    return density
