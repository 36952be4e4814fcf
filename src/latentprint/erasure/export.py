"""An eraser for other programs: an ONNX graph, or one matrix and one vector."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from latentprint.erasure.eraser import LinearEraser
from latentprint.errors import UsageError
from latentprint.files import write_bytes

_OPSET = 17


def export_onnx(eraser: LinearEraser, file: Path) -> None:
    """Write an ONNX graph of four operations: ``vectors`` float32 [N, D] in, ``erased`` out.

    Args:
        eraser: The eraser.
        file: The new file.

    Raises:
        UsageError: The package onnx is not installed.
        LatentprintError: The file cannot be written.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError as error:
        raise UsageError(
            "ONNX files are written with the package onnx: pip install 'latentprint[onnx]'."
        ) from error
    arrays = {
        "read": eraser.read.T,
        "offset": eraser.offset,
        "write": eraser.write,
    }
    steps = (
        ("MatMul", ["vectors", "read"], "found"),
        ("Sub", ["found", "offset"], "differing"),
        ("MatMul", ["differing", "write"], "taken"),
        ("Sub", ["vectors", "taken"], "erased"),
    )
    shape: list[str | int | None] = ["N", eraser.dimension]
    graph = helper.make_graph(
        [helper.make_node(kind, given, [made]) for kind, given, made in steps],
        "eraser",
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("erased", TensorProto.FLOAT, shape)],
        [
            numpy_helper.from_array(np.ascontiguousarray(each, dtype=np.float32), name)
            for name, each in arrays.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = min(model.ir_version, 8)
    checker.check_model(model)
    write_bytes(file, model.SerializeToString())


def export_dense(eraser: LinearEraser, file: Path) -> None:
    """Write ``A`` float32 [D, D] and ``b`` [D] of ``A @ x + b`` into a .npz file.

    Such a map is what faiss calls a LinearTransform. It costs D / (2 k) times what the eraser does.

    Raises:
        UsageError: The file is no .npz file.
        LatentprintError: It cannot be written.
    """
    if file.suffix.lower() != ".npz":
        raise UsageError(f"{file}: the dense form is written to a .npz file.")
    matrix, shift = eraser.dense()
    content = io.BytesIO()
    np.savez(content, A=matrix.astype(np.float32), b=shift.astype(np.float32))
    write_bytes(file, content.getbuffer())
