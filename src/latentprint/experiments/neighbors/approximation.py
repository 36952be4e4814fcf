"""What an approximate index misses, measured on photos that are searched exactly as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latentprint.experiments.neighbors.judging import Judge, NeighbourShare
from latentprint.experiments.probes.guards import shuffle_order
from latentprint.neighbours.approximate import ApproximateIndex
from latentprint.neighbours.nearest import nearest_photos
from latentprint.stats import binomial_interval

CHECKED = 1000
"""Photos that are searched exactly."""


@dataclass(frozen=True)
class Approximation:
    """Nearly the nearest neighbours, and the exact ones of some photos.

    Attributes:
        rows: By k, neighbours of the photos that are asked, int64 [m, k].
        exact: By k, exact neighbours of those that are checked, int64 [s, k].
        checked: Places of these among those that are asked, rising, int64 [s].
        lists: Number of lists of the index.
        probed: How many of them are looked into.
    """

    rows: dict[int, np.ndarray]
    exact: dict[int, np.ndarray]
    checked: np.ndarray
    lists: int
    probed: int

    @classmethod
    def of(
        cls, index: ApproximateIndex, ids: Sequence[str], judge: Judge, memory_mb: float
    ) -> Approximation:
        """Search approximately, and some photos exactly.

        Args:
            index: The index.
            ids: Ids of the photos that are asked [m].
            judge: Which photos are asked, for how many neighbours.
            memory_mb: Memory for similarities.
        """
        options = judge.options
        checked = np.sort(shuffle_order(ids, options.seed, "searched exactly")[:CHECKED])
        how: dict[str, Any] = {"memory_mb": memory_mb, "device": options.device}
        return cls(
            index.nearest(options.ks, judge.asked, **how),
            nearest_photos(index.photos, options.ks, asked=judge.asked[checked], **how),
            checked,
            index.lists,
            index.probed,
        )

    def note(self, k: int) -> str:
        """What a row says of it."""
        pairs = zip(self.rows[k][self.checked], self.exact[k], strict=True)
        share = sum(len(np.intersect1d(*pair)) for pair in pairs) / self.exact[k].size
        low, high = (100.0 * end for end in binomial_interval(share, len(self.checked)))
        return (
            f"neighbours by an approximate index ({self.probed} of {self.lists} lists): recall "
            f"{100.0 * share:.1f}% ({low:.1f} to {high:.1f}) on {len(self.checked):,} photos "
            "searched exactly"
        )

    def widened(
        self, k: int, shares: Sequence[NeighbourShare], judge: Judge
    ) -> list[NeighbourShare]:
        """Intervals that hold what exact neighbours may show beyond those that were found."""
        few = replace(judge, asked=judge.asked[self.checked])
        more = few.differences(self.rows[k][self.checked], self.exact[k])
        return [
            replace(
                share,
                low=max(0.0, share.low + min(0.0, more[share.measure][0])),
                high=min(100.0, share.high + max(0.0, more[share.measure][1])),
            )
            for share in shares
        ]
