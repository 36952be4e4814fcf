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
from typing import Any

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
    def identity(self) -> Arrangements:
        """The data as they are, one arrangement."""
        return self._arranged(np.zeros((len(self.pattern), 1), dtype=np.int64))

    @property
    def total(self) -> float:
        """Number of different arrangements, the data as they are among them."""
        return math.prod(float(each) for each in self.ways[self.pattern])

    def every(self) -> Arrangements:
        """All arrangements."""
        ways = self.ways[self.pattern]
        several = np.flatnonzero(ways > 1)
        chosen = np.zeros((len(ways), int(self.total)), dtype=np.int64)
        if len(several):
            chosen[several] = np.unravel_index(np.arange(chosen.shape[1]), tuple(ways[several]))
        return self._arranged(chosen)

    def random(self, count: int, seed: int, at_once: int) -> Iterator[Arrangements]:
        """Random arrangements, the same whatever their number at once.

        Args:
            count: How many.
            seed: Seeds them.
            at_once: How many of them to hold.

        Yields:
            At most at_once arrangements.
        """
        rng = np.random.default_rng(seed)
        ways = self.ways[self.pattern]
        for start in range(0, count, at_once):
            chosen = np.empty((len(ways), min(at_once, count - start)), dtype=self._kind)
            # One at a time: what they are drawn with takes several times their own memory.
            for each in chosen.T:
                each[:] = rng.random(len(ways)) * ways
            yield self._arranged(chosen)

    @property
    def _kind(self) -> np.dtype[Any]:
        """The smallest whole numbers that count the ways."""
        return np.min_scalar_type(int(self.ways.max()))

    def _arranged(self, chosen: np.ndarray) -> Arrangements:
        """The ways that were chosen for every subject, [S, n]."""
        return Arrangements(self, chosen.astype(self._kind, copy=False))


@dataclass(frozen=True)
class Arrangements:
    """Some exchanges, as one small number for every subject: there may be many of both.

    Attributes:
        exchanges: The ways there are.
        ways: Which way the devices of every subject are exchanged, whole numbers [S, P].
    """

    exchanges: Exchanges
    ways: np.ndarray

    def __len__(self) -> int:
        return int(self.ways.shape[1])

    def __getitem__(self, part: slice) -> Arrangements:
        return Arrangements(self.exchanges, self.ways[:, part])

    def side(self, z: int, subjects: np.ndarray, at: np.ndarray | None = None) -> np.ndarray:
        """The direction whose photos count as those of one direction.

        Args:
            z: That direction.
            subjects: Places of some subjects, int64 [n] or, with ``at``, of any shape.
            at: Places of some arrangements, beside these; by default all for each subject.

        Returns:
            int16, of the shape of both, or [n, P]; -1 where the subject has none.
        """
        maps = self.exchanges.maps[:, :, z]
        if at is None:
            subjects, chosen = subjects[:, None], self.ways[subjects]
        else:
            chosen = self.ways[subjects, at]
        found: np.ndarray = maps.ravel().take(
            maps.shape[1] * self.exchanges.pattern[subjects] + chosen
        )
        return found

    def directions(self, at: int) -> np.ndarray:
        """One arrangement, the direction whose photos count as those of each [directions, S]."""
        arranged: np.ndarray = self.exchanges.maps[self.exchanges.pattern, self.ways[:, at]].T
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
