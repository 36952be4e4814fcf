"""Which photos count as by which type of device when the devices of subjects are exchanged.

Where devices leave no trace, the photos that a subject has by one type of device could as well be
those by another: exchanging all photos of the two, within any subjects, gives data that were as
likely. So the figures of exchanged data tell how far galleries differ by chance alone.

This holds exactly where a subject has as many photos by either type. With unequal numbers every
query keeps the weight that it has in its own direction, and the test is an approximation: a close
one of the mean over both directions, a rougher one of a single direction, as exchanges mix its
queries with those of the other. Verdicts need the interval as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from latentprint.experiments.pairs.rivals import Contest


@dataclass(frozen=True)
class Exchanges:
    """All ways to exchange the devices of each subject.

    Attributes:
        pattern: Which of ``maps`` are those of a subject, int64 [S].
        ways: Number of ways of each pattern, int64 [patterns].
        maps: For each pattern and way, the direction whose photos count as those of each direction,
            int16 [patterns, most ways, directions]; -1 where the subject has none.
    """

    pattern: np.ndarray
    ways: np.ndarray
    maps: np.ndarray

    @classmethod
    def of(cls, contest: Contest) -> Exchanges:
        """The exchanges among the types of device by which a subject has photos."""
        patterns, pattern = np.unique(contest.takes_part, axis=1, return_inverse=True)
        found = [_ways(contest, present) for present in patterns.T]
        most = max(map(len, found))
        maps = np.stack([np.resize(each, (most, each.shape[1])) for each in found]).astype(np.int16)
        return cls(pattern.ravel(), np.array([len(each) for each in found]), maps)

    @property
    def identity(self) -> np.ndarray:
        """The data as they are, int16 [1, directions, S]."""
        return self._arranged(np.zeros((1, len(self.pattern)), dtype=np.int64))

    @property
    def total(self) -> float:
        """Number of different arrangements, the data as they are among them."""
        return math.prod(float(each) for each in self.ways[self.pattern])

    def every(self) -> np.ndarray:
        """All arrangements, int16 [total, directions, S]."""
        ways = self.ways[self.pattern]
        several = np.flatnonzero(ways > 1)
        chosen = np.zeros((int(self.total), len(ways)), dtype=np.int64)
        if len(several):
            places = np.unravel_index(np.arange(len(chosen)), tuple(ways[several]))
            chosen[:, several] = np.stack(places, axis=1)
        return self._arranged(chosen)

    def random(self, count: int, seed: int, at_once: int) -> Iterator[np.ndarray]:
        """Random arrangements, the same whatever their number at once.

        Args:
            count: How many.
            seed: Seeds them.
            at_once: How many of them to hold.

        Yields:
            int16 [at most at_once, directions, S].
        """
        rng = np.random.default_rng(seed)
        ways = self.ways[self.pattern]
        for start in range(0, count, at_once):
            # One at a time: what they are drawn with takes several times their own memory.
            drawn = [
                self._arranged((rng.random((1, len(ways))) * ways).astype(np.int64))
                for _ in range(min(at_once, count - start))
            ]
            yield np.concatenate(drawn)

    def _arranged(self, chosen: np.ndarray) -> np.ndarray:
        """The maps of the ways that were chosen for every subject, [n, S]."""
        arranged: np.ndarray = self.maps[self.pattern, chosen].transpose(0, 2, 1)
        return np.ascontiguousarray(arranged)


def _ways(contest: Contest, present: np.ndarray) -> np.ndarray:
    """The maps of a subject that has photos in some directions, the identity first."""
    pairs = [(each.query_type, each.target_type) for each in contest.directions]
    types = sorted({pair[0] for pair, here in zip(pairs, present, strict=True) if here})
    here = {pair: at for at, pair in enumerate(pairs) if present[at]}
    identity = [here.get(pair, -1) for pair in pairs]
    if len(here) < len(types) * (len(types) - 1):
        # Some two of its types are not compared: there is nothing to exchange them for.
        return np.array([identity])
    found = []
    for order in permutations(types):
        other = dict(zip(types, order, strict=True))
        found.append([
            here[other[pair[0]], other[pair[1]]] if pair in here else -1 for pair in pairs
        ])  # fmt: skip
    return np.array(found)
