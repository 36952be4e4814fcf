"""Encoders in ONNX files: ``onnx:FILE``."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.encoders.libraries import import_library
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.torch_embedding import LoadOptions, check_embeddings
from latentprint.errors import LatentprintError, UsageError

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

DEFAULT_SIZE = 224
DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


def load_onnx(file: str, options: LoadOptions) -> OnnxEncoder:
    """Load an ONNX model that maps images [B, 3, H, H] to embeddings [B, D].

    Its preprocessing is read from ``FILE.preprocess.json``, the fields of :class:`Preprocess`;
    without that file, ImageNet's mean and standard deviation are assumed, with a warning.

    Raises:
        UsageError: If the file does not exist, or the device or precision is not available.
        LatentprintError: If onnxruntime is not installed, or the model is of another form.
    """
    runtime = import_library("onnxruntime", "onnx")
    path = Path(file).expanduser()
    if not path.is_file():
        raise UsageError(f"There is no file {file!r}.")
    if options.precision != "float32":
        raise UsageError("An ONNX file fixes its own precision; leave out --precision.")
    try:
        session = runtime.InferenceSession(path, providers=_providers(runtime, options.device))
    except UsageError:
        raise
    except Exception as error:  # onnxruntime's errors share no base class
        raise LatentprintError(f"{file} is not a model onnxruntime can run: {error}") from error
    return OnnxEncoder(session, path)


class OnnxEncoder:
    """An onnxruntime session with its preprocessing, as an :class:`Encoder`."""

    family = "yours"

    def __init__(self, session: Any, path: Path) -> None:
        """Infer the input, the output and the preprocessing.

        Raises:
            LatentprintError: If they cannot be inferred.
        """
        self.name = f"onnx:{path.name}"
        self._session, self._digest = session, _file_digest(path)
        self._input, size = _image_input(session, self.name)
        self._output = _vector_output(session, self.name)
        self.preprocess = _preprocessing(path, size)
        self.input_size = side = self.preprocess.crop
        batch = self._input.shape[0]
        self._fixed_batch = batch if isinstance(batch, int) and batch > 0 else None
        self.dimension = self._run(np.zeros((1, 3, side, side), np.float32)).shape[1]

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed uint8 pixels [B, H, W, 3] (any device) as float32 [B, D] on the CPU.

        Raises:
            LatentprintError: If a value is NaN or infinite.
        """
        import torch

        values = self.preprocess.normalise(pixels.cpu()).contiguous().numpy()
        embeddings = torch.from_numpy(self._run(values))
        check_embeddings(embeddings, len(pixels), self.name)
        return embeddings

    def identity(self) -> dict[str, Any]:
        """The library, and the digest of the file."""
        return {"library": "onnxruntime", "model": self.name, "weights": self._digest}

    def _run(self, values: np.ndarray) -> np.ndarray:
        step = self._fixed_batch or len(values)
        parts = [self._run_once(values[i : i + step], step) for i in range(0, len(values), step)]
        return np.concatenate(parts)

    def _run_once(self, values: np.ndarray, batch: int) -> np.ndarray:
        """Run [b, 3, H, H], b <= batch, filled up with zeros to the batch the model fixes."""
        filled = np.zeros((batch, *values.shape[1:]), DTYPES[self._input.type])
        filled[: len(values)] = values
        (output,) = self._session.run([self._output], {self._input.name: filled})
        embeddings: np.ndarray = output[: len(values)].astype(np.float32)
        return embeddings


def _providers(runtime: Any, device: str) -> list[str]:
    available = "CUDAExecutionProvider" in runtime.get_available_providers()
    kind = device.partition(":")[0]
    if kind == "cpu" or (kind == "auto" and not available):
        return ["CPUExecutionProvider"]
    if kind in ("auto", "cuda") and available:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]
    raise UsageError(f"This onnxruntime cannot use the device {device!r}; use --device cpu.")


def _image_input(session: Any, name: str) -> tuple[Any, int | None]:
    """Find the one input [B, 3, H, H], and H if it is fixed."""
    inputs = session.get_inputs()
    if len(inputs) == 1 and len(inputs[0].shape) == 4 and inputs[0].type in DTYPES:
        _, channels, height, width = inputs[0].shape
        if channels in (3, None) or isinstance(channels, str):
            sizes = {size for size in (height, width) if isinstance(size, int)}
            if len(sizes) <= 1:
                return inputs[0], next(iter(sizes), None)
    raise LatentprintError(
        f"{name} must have one float input [B, 3, H, H]; it has {_described(inputs)}."
    )


def _vector_output(session: Any, name: str) -> str:
    """Find the first output [B, D]."""
    outputs = session.get_outputs()
    for output in outputs:
        if len(output.shape) == 2:
            found: str = output.name
            return found
    raise LatentprintError(f"{name} has no output [B, D]; it has {_described(outputs)}.")


def _described(values: list[Any]) -> str:
    return ", ".join(f"{value.name} {value.type} {value.shape}" for value in values)


def _preprocessing(path: Path, size: int | None) -> Preprocess:
    side_file = path.with_name(f"{path.name}.preprocess.json")
    if not side_file.is_file():
        crop = size or DEFAULT_SIZE
        log.warning("%s is missing: assuming %d px, ImageNet's mean and std", side_file, crop)
        return Preprocess(crop, crop)
    try:
        fields = json.loads(side_file.read_text(encoding="utf-8"))
        listed = {key: tuple(fields[key]) for key in ("mean", "std") if key in fields}
        preprocess = Preprocess(**{**fields, **listed})
    except (TypeError, ValueError) as error:
        raise LatentprintError(f"{side_file} does not hold a preprocessing: {error}") from error
    if size not in (None, preprocess.crop):
        raise LatentprintError(f"{side_file}: crop is {preprocess.crop}, the model's is {size}.")
    return preprocess


def _file_digest(path: Path) -> str:
    """Digest the file, and the file PyTorch puts large weights into, beside it."""
    digest = hashlib.blake2b(digest_size=16)
    for each in (path, path.with_name(f"{path.name}.data")):
        if each.is_file():
            with each.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()
