"""``--memory-mb`` of the commands that embed before they measure reaches all that they measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

import latentprint as lp
from tests.made_photos import made_photo

from .conftest import Command


def stopped(*given: Any, **named: Any) -> NoReturn:
    """In place of what measures: tells the memory of every set of options."""
    found = [each.memory_mb for each in (*given, *named.values()) if hasattr(each, "memory_mb")]
    raise lp.LatentprintError(f"memory {found}")


def test_of_an_audit(tmp_path: Path, latentprint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentprint.jobs.audit._Asked.of", stopped)
    made_photo(40, 30, 0).save(tmp_path / "0.png")
    said = latentprint("audit", tmp_path, "--memory-mb", 37, "--out", tmp_path / "run")
    assert "memory [37, 37]" in said.err
    said = latentprint("audit", tmp_path, "--protocol", "study", "--out", tmp_path / "run")
    assert "memory [4096, 4096]" in said.err
    with pytest.raises(lp.LatentprintError, match=r"memory \[37, 37\]"):
        lp.audit(tmp_path, tmp_path / "run", memory_mb=37)


def test_of_the_proof_of_an_eraser(
    tmp_path: Path, latentprint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("latentprint.jobs.erase_test.prove_fitted", stopped)
    monkeypatch.setattr("latentprint.api.erase.prove_fitted", stopped)
    plain = np.random.default_rng(0).normal(size=(40, 16)).astype(np.float32)
    both = {"plain": plain, "moved": plain + 0.5}
    for name, vectors in both.items():
        np.save(tmp_path / f"{name}.npy", vectors)
    files = [tmp_path / f"{name}.npy" for name in both]
    fit = ("erase", "fit", *files, "--pairs", "--out", tmp_path / "eraser")
    assert "memory [37]" in latentprint(*fit, "--memory-mb", 37).err
    with pytest.raises(lp.LatentprintError, match=r"memory \[37\]"):
        lp.erase_fit(both, pairs=True, out=tmp_path / "eraser", memory_mb=37)
