"""What experiments hold stays within their memory, where all vectors are larger."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest

from latentprint.experiments import ProbeOptions, influence, probe_processing
from latentprint.experiments.probes.variance import decompose_variance
from latentprint.experiments.similarity.gallery import galleries
from latentprint.experiments.similarity.options import QueryOptions
from latentprint.experiments.similarity.similarity import similarity
from latentprint.experiments.similarity.stability import stability
from latentprint.processing import ATTRIBUTES
from tests.experiments.fakes import FakeSource, fake_source

SHARPENING = ATTRIBUTES["sharpening"]
MEMORY_MB = 38
"""A little more than the vectors take alone."""

FEW = QueryOptions(sample=20, memory_mb=MEMORY_MB)
BARE = ProbeOptions(
    fits=1, C_grid=(0.1,), bootstrap=50, controls=False, curve=False,
    discriminant=False, memory_mb=MEMORY_MB,
)  # fmt: skip


@cache
def source() -> FakeSource:
    """Three classes of 12 MB of vectors each."""
    return fake_source(5500, 500, dimensions=512, trace=0.5)


@pytest.mark.parametrize(
    "measure",
    [
        partial(probe_processing, attribute=SHARPENING, options=BARE),
        partial(probe_processing, attribute=SHARPENING, options=BARE, paired=True),
        partial(decompose_variance, attribute=SHARPENING, memory_mb=MEMORY_MB),
        partial(influence, attribute=SHARPENING, sample=20, seeds=1, memory_mb=MEMORY_MB),
        partial(similarity, metadata=SHARPENING, options=FEW),
        partial(stability, attribute=SHARPENING, options=FEW),
        partial(galleries, attribute=SHARPENING, options=FEW),
    ],
)
def test_what_is_held_stays_within_the_memory(measure: Callable[[FakeSource], Any]) -> None:
    photos = source()
    # What is imported on the way is not what is held of photos.
    measure(fake_source(100, 50, dimensions=16))
    assert sum(each.nbytes for each in photos.by_class.values()) > 0.9 * MEMORY_MB * 2**20
    tracemalloc.start()
    try:
        measure(photos)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_MB * 2**20
