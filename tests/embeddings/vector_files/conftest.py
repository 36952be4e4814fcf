from pathlib import Path

import numpy as np
import pytest

VECTORS = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
IDS = [f"photo{at:02}" for at in range(30)]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read seven vectors at a time."""
    monkeypatch.setattr("latentprint.embeddings.vector_files.found.BYTES_AT_ONCE", 7 * 4 * 5)


@pytest.fixture
def unreadable(tmp_path: Path) -> Path:
    """A file of zeros: it is of no kind."""
    file = tmp_path / "zeros"
    file.write_bytes(bytes(4000))
    return file
