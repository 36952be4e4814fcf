"""Random numbers of subjects, drawn stream by stream."""

from __future__ import annotations

import numpy as np
import pytest

from latentprint.experiments.pairs.streams import ByStream

STREAMS = (slice(0, 2), slice(2, 4), slice(4, 5))


@pytest.mark.parametrize(("kept_bytes", "times"), [(0, 6), (40, 5), (60, 3)])
def test_streams_are_drawn_again_where_they_do_not_fit(kept_bytes: int, times: int) -> None:
    drawn: list[int] = []

    def draw(stream: int) -> np.ndarray:
        drawn.append(stream)
        return np.full((2, 10), stream, dtype=np.uint8)

    numbers = ByStream(STREAMS, 10, draw, kept_bytes)
    for at, stream in (*enumerate(STREAMS), *enumerate(STREAMS)):
        assert numbers.within(stream).shape == (stream.stop - stream.start, 10)
        assert (numbers.within(stream) == at).all()
    assert len(drawn) == times


def test_numbers_are_those_of_the_subject_whatever_is_asked_for() -> None:
    every = np.arange(10).reshape(5, 2)
    numbers = ByStream(STREAMS, 2, lambda at: every[STREAMS[at]])
    some = np.array([4, 0, 3, 3, 1])
    np.testing.assert_array_equal(numbers.of(some), every[some])
    np.testing.assert_array_equal(numbers.within(slice(3, 4)), every[3:4])
