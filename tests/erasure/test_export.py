from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from latentprint.erasure.export import export_dense, export_onnx
from latentprint.errors import UsageError
from tests.erasure.made_up import versions
from tests.erasure.test_leace import fitted


def test_all_forms_agree(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    eraser = fitted(versions()).rounded()
    rows = versions().rows
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    expected = eraser.transform(rows.astype(np.float64))
    export_onnx(eraser, tmp_path / "e.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "e.onnx", providers=["CPUExecutionProvider"])
    export_dense(eraser, tmp_path / "e.npz")
    with np.load(tmp_path / "e.npz") as dense:
        by_matrix = rows @ dense["A"].T + dense["b"]
    for erased in (
        session.run(["erased"], {"vectors": rows})[0],
        by_matrix,
        eraser.transform(rows),
        eraser.transform(torch.from_numpy(rows)).numpy(),
    ):
        assert erased.dtype == np.float32
        np.testing.assert_allclose(erased, expected, atol=1e-6)


def test_what_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"\.npz file"):
        export_dense(fitted(versions()), tmp_path / "e.npy")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UsageError, match="pip install"):
        export_onnx(fitted(versions()), tmp_path / "e.onnx")
