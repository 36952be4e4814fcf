"""How many photos come before the target of a query, after exchanges of devices."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from latentprint.experiments.pairs.exchange import Arrangements
from latentprint.experiments.pairs.rivals import Rivals, times

_TOGETHER = 256
_NUMBERS_AT_ONCE = 2**22


@dataclass
class Gathered:
    """Subjects with photos before some target, of several tiles with the same queries.

    Most tiles have few of them where targets come early, and products with few are slow.

    Attributes:
        ahead: Photos before the target, float32 [b, directions, s] of each tile.
        places: Places of the subjects in the contest, int64 [s] each.
        drawn: What was drawn for them, whole numbers [s, P] each.
    """

    ahead: list[np.ndarray] = field(default_factory=list)
    places: list[np.ndarray] = field(default_factory=list)
    drawn: list[np.ndarray] = field(default_factory=list)

    def add(self, rivals: Rivals, drawn: np.ndarray) -> bool:
        """Take those of a tile, and say whether there are enough for a product.

        Args:
            rivals: The tile.
            drawn: What was drawn for all of its subjects, [s, P].
        """
        there = np.flatnonzero(rivals.ahead.any(axis=(0, 1)))
        if len(there):
            self.ahead.append(rivals.ahead[:, :, there])
            self.places.append(rivals.places[there])
            self.drawn.append(drawn[there])
        return sum(map(len, self.places)) >= _TOGETHER

    def take(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Those that were gathered, side by side, and gather anew; None where there are none."""
        if not self.places:
            return None
        ahead = np.concatenate(self.ahead, axis=2)
        places, drawn = np.concatenate(self.places), np.concatenate(self.drawn)
        for each in (self.ahead, self.places, self.drawn):
            each.clear()
        return ahead, places, drawn


@dataclass
class Before:
    """Distractors before the targets of some queries, among the subjects that were looked at.

    Attributes:
        arranged: Which direction's photos count as those of each.
        counts: Of every direction, int32 [directions, b, P]; right when ``finish`` was called.
    """

    arranged: Arrangements
    counts: np.ndarray
    _gathered: Gathered = field(default_factory=Gathered)

    @classmethod
    def none(cls, directions: int, queries: int, arranged: Arrangements) -> Before:
        """Before any subject was looked at."""
        return cls(arranged, np.zeros((directions, queries, arranged.count), dtype=np.int32))

    def add(self, rivals: Rivals, ways: np.ndarray) -> None:
        """Look at some subjects, whose devices are exchanged in some ways [s, P]."""
        if self._gathered.add(rivals, ways):
            self.finish()

    def finish(self) -> None:
        """Count the subjects that were gathered."""
        found = self._gathered.take()
        if found is None:
            return
        ahead, places, ways = found
        size = max(1, _NUMBERS_AT_ONCE // self.arranged.count)
        for start in range(0, len(places), size):
            part = slice(start, start + size)
            for z, counts in enumerate(self.counts):
                side = self.arranged.exchanges.side(z, places[part, None], ways[part])
                for y in range(len(self.counts)):
                    chosen = (side == y).astype(np.float32)
                    more = times(ahead[:, y, part], chosen)
                    np.add(counts, more, out=counts, casting="unsafe")
