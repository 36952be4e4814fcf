from typing import Any

import numpy as np
import pytest

from latentprint.embeddings.vector_files import FoundVectors, read_vectors

VECTORS = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
IDS = [f"photo{at:02}" for at in range(30)]


def read(given: Any, *how: Any, **named: Any) -> FoundVectors:
    """Find the vectors of a file, and read them."""
    found = read_vectors(given, *how, **named)
    assert found.rows.shape == found.shape
    return found


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read seven vectors at a time."""
    monkeypatch.setattr("latentprint.embeddings.vector_files.found.BYTES_AT_ONCE", 7 * 4 * 5)
