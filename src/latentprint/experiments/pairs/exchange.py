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
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np

from latentprint.experiments.pairs.contest import Contest
from latentprint.experiments.pairs.streams import ByStream

_AT_ONCE = 64


@dataclass(frozen=True)
class Exchanges:
    """All ways to exchange the devices of each subject.

    Attributes:
        streams: Subjects whose random numbers come from one stream each.
        pattern: Which of ``maps`` are those of a subject, int64 [S].
        ways: Number of ways of each pattern, int64 [patterns].
        maps: For each pattern and way, the direction whose photos count as those of each direction,
            int16 [patterns, most ways, directions]; -1 where the subject has none. The first way is
            that of the data as they are.
    """

    streams: tuple[slice, ...]
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
        ways = np.array([len(each) for each in found])
        return cls(contest.streams, pattern.ravel(), ways, maps)

    @property
    def total(self) -> float:
        """Number of different arrangements, the data as they are among them."""
        return math.prod(float(each) for each in self.ways[self.pattern])

    def every(self, start: int, count: int) -> Arrangements:
        """Some of all arrangements, of which those of the data as they are are the first."""
        ways = self.ways[self.pattern]
        several = np.flatnonzero(ways > 1)
        chosen = np.zeros((len(ways), count), dtype=self._kind)
        if len(several):
            numbers = np.arange(start, start + count)
            chosen[several] = np.unravel_index(numbers, tuple(ways[several]))
        return Arrangements(
            self, ByStream(self.streams, count, lambda at: chosen[self.streams[at]])
        )

    def random(self, count: int, seed: int, start: int = 0) -> Arrangements:
        """Random arrangements.

        Args:
            count: How many.
            seed: Seeds them.
            start: How many come before them.
        """

        def drawn(stream: int) -> np.ndarray:
            ways = self.ways[self.pattern[self.streams[stream]]]
            rng = np.random.default_rng([seed, stream])
            # One number for every subject and arrangement: those before are passed over.
            rng.bit_generator.advance(start * len(ways))  # type: ignore[attr-defined]
            chosen = np.empty((len(ways), count), dtype=self._kind)
            # Some at a time: what they are drawn with takes several times their own memory.
            for at in range(0, count, _AT_ONCE):
                part = chosen[:, at : at + _AT_ONCE]
                part[:] = (rng.random((part.shape[1], len(ways))) * ways).T
            return chosen

        return Arrangements(self, ByStream(self.streams, count, drawn))

    def side(self, z: int, subjects: np.ndarray, ways: np.ndarray) -> np.ndarray:
        """The direction whose photos count as those of one direction.

        Args:
            z: That direction.
            subjects: Places of some subjects, int64, of a shape that goes with that of ``ways``.
            ways: How their devices are exchanged, whole numbers.

        Returns:
            int16, of the shape of both; -1 where the subject has none.
        """
        maps = self.maps[:, :, z]
        found: np.ndarray = maps.ravel().take(
            (maps.shape[1] * self.pattern[subjects]).astype(np.int32) + ways
        )
        return found

    @property
    def _kind(self) -> np.dtype[Any]:
        """The smallest whole numbers that count the ways."""
        return np.min_scalar_type(int(self.ways.max()))


@dataclass(frozen=True)
class Arrangements:
    """Some exchanges of the devices of all subjects.

    Attributes:
        exchanges: The ways there are.
        chosen: Which way the devices of every subject are exchanged.
    """

    exchanges: Exchanges
    chosen: ByStream

    @property
    def count(self) -> int:
        """Number of arrangements, P."""
        return self.chosen.count

    def directions(self, subjects: slice) -> np.ndarray:
        """The direction whose photos count as those of each, int16 [P, directions, s]."""
        arranged = self.exchanges.maps[
            self.exchanges.pattern[subjects][:, None], self.chosen.within(subjects)
        ]
        return np.ascontiguousarray(arranged.transpose(1, 2, 0))

    def with_identity(self) -> Arrangements:
        """The data as they are, before these."""

        def drawn(stream: int) -> np.ndarray:
            found = self.chosen.drawn(stream)
            return np.concatenate([np.zeros((len(found), 1), found.dtype), found], axis=1)

        return self._drawn(self.count + 1, drawn)

    def part(self, part: slice) -> Arrangements:
        """Some of them, those from one to another."""
        return self._drawn(part.stop - part.start, lambda at: self.chosen.drawn(at)[:, part])

    def keeping(self, kept_bytes: int) -> Arrangements:
        """The same, of which as many are kept as fit."""
        return replace(self, chosen=replace(self.chosen, kept_bytes=kept_bytes))

    def _drawn(self, count: int, drawn: Callable[[int], np.ndarray]) -> Arrangements:
        return replace(self, chosen=ByStream(self.chosen.streams, count, drawn))


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
