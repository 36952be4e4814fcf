"""Vectors that are copied into a mapped file."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from latentprint.embeddings.vector_files.copied import copied
from latentprint.errors import LatentprintError
from tests.embeddings.vector_files.conftest import VECTORS


def test_the_copy_is_mapped_and_has_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = copied(iter([VECTORS[:7].astype(np.float64), VECTORS[7:]]), (30, 5))
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, VECTORS)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no disk that is always full")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: full.open("r+b", buffering=0))
    with pytest.raises(LatentprintError, match=r"Cannot write to .*: the disk is full"):
        copied([VECTORS], (30, 5))
