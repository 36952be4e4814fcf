"""Random numbers for all subjects, drawn where they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass
class ByStream:
    """Whole numbers, so many for every subject: there may be more of both than fit into memory.

    Attributes:
        streams: Places of the subjects whose numbers come from one stream each; all but the last
            one have as many.
        count: How many numbers a subject has, P.
        drawn: The numbers of a stream, by its place, [s, P].
        kept_bytes: Memory for streams that are kept beside the last one.
    """

    streams: tuple[slice, ...]
    count: int
    drawn: Callable[[int], np.ndarray]
    kept_bytes: int = 0
    _kept: dict[int, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    def within(self, subjects: slice) -> np.ndarray:
        """Those of some subjects of one stream, [s, P]."""
        at = subjects.start // self.streams[0].stop
        start = self.streams[at].start
        return self._stream(at)[subjects.start - start : subjects.stop - start]

    def of(self, subjects: np.ndarray) -> np.ndarray:
        """Those of any subjects, by their places in any order, [n, P]."""
        found = np.empty((len(subjects), self.count), dtype=self._stream(0).dtype)
        for at, stream in enumerate(self.streams):
            here = np.flatnonzero((stream.start <= subjects) & (subjects < stream.stop))
            if len(here):
                found[here] = self._stream(at)[subjects[here] - stream.start]
        return found

    def _stream(self, at: int) -> np.ndarray:
        """All numbers of a stream; the last one is kept, and as many before as fit."""
        if at not in self._kept:
            found = self.drawn(at)
            while self._kept and found.nbytes * (len(self._kept) + 1) > self.kept_bytes:
                self._kept.popitem()
            self._kept[at] = found
        return self._kept[at]
