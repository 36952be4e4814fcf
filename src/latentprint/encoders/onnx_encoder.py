"""Encoders in ONNX files: ``onnx:FILE[#OUTPUT]``."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.encoders.libraries import import_library
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.preprocess import Margin, Preprocess
from latentprint.encoders.preprocess_file import parse_preprocess, read_object
from latentprint.encoders.torch_embedding import check_embeddings
from latentprint.errors import LatentprintError, UsageError, unknown_name

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

DEFAULT_SIZE = 224
HUGGING_FACE_FILE = "preprocessor_config.json"
DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


def load_onnx(file: str, options: LoadOptions) -> OnnxEncoder:
    """Load an ONNX model that maps images [B, 3, H, H] to embeddings.

    Its embedding is the output [B, D]; where there are several, ``#OUTPUT`` names one. A feature
    map [B, D, h, w] must be named too, and is averaged over space. Its preprocessing is read from
    ``FILE.preprocess.json``, the fields of :class:`Preprocess`, or from the
    ``preprocessor_config.json`` beside it that an exported Hugging Face model has; without these,
    ImageNet's mean and standard deviation are assumed, with a warning. The side file may name the
    ``"input"`` and the ``"output"`` too.

    Args:
        file: The file.
        options: Device and margin, and the output as ``representation``. The margin counts for
            ``preprocessor_config.json`` alone: our own side file says exactly what is done.

    Raises:
        UsageError: If the file does not exist, the device or precision is not available, or the
            output is not named where it must be.
        LatentprintError: If onnxruntime is not installed, or the model is of another form.
    """
    options.refuse(f"onnx:{file}", "weights", "layers", "compile")
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
    return OnnxEncoder(session, path, options)


class OnnxEncoder:
    """An onnxruntime session with its preprocessing, as an :class:`Encoder`."""

    family = "yours"

    def __init__(self, session: Any, path: Path, options: LoadOptions) -> None:
        """Find the input, the output and the preprocessing, by their names or by their shapes.

        Raises:
            UsageError: If there is no such output, or several come into question.
            LatentprintError: If they cannot be inferred.
        """
        plain, wanted = f"onnx:{path.name}", options.representation
        model = f"{plain}#{wanted}" if wanted else plain
        self.name = options.name or model
        self._session, self._model, self._digest = session, model, _file_digest(path)
        side = SideFile.beside(path)
        self._input, size = _image_input(session, plain, side.input)
        named = wanted or side.output
        self._output = _chosen_output(session, plain, named)
        self._named = {"output": named} if named else {}
        self.preprocess = side.preprocess(path, size, options.margin)
        self.input_size = height = self.preprocess.crop
        batch = self._input.shape[0]
        self._fixed_batch = batch if isinstance(batch, int) and batch > 0 else None
        self.dimension = self._run(np.zeros((1, 3, height, height), np.float32)).shape[1]

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
        """The library, the digest of the file, and the output if it was named."""
        found = {"library": "onnxruntime", "model": self._model, "weights": self._digest}
        return {**found, **self._named}

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
        return embeddings.mean((2, 3)) if embeddings.ndim == 4 else embeddings


def _providers(runtime: Any, device: str) -> list[str]:
    available = "CUDAExecutionProvider" in runtime.get_available_providers()
    kind = device.partition(":")[0]
    if kind == "cpu" or (kind == "auto" and not available):
        return ["CPUExecutionProvider"]
    if kind in ("auto", "cuda") and available:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]
    raise UsageError(f"This onnxruntime cannot use the device {device!r}; use --device cpu.")


def _image_input(session: Any, name: str, wanted: str | None) -> tuple[Any, int | None]:
    """Find the one input [B, 3, H, H], and H if it is fixed."""
    inputs = session.get_inputs()
    if wanted and wanted not in [each.name for each in inputs]:
        raise unknown_name(f"input of {name}", wanted, [each.name for each in inputs])
    if len(inputs) == 1 and len(inputs[0].shape) == 4 and inputs[0].type in DTYPES:
        _, channels, height, width = inputs[0].shape
        if channels in (3, None) or isinstance(channels, str):
            sizes = {size for size in (height, width) if isinstance(size, int)}
            if len(sizes) <= 1:
                return inputs[0], next(iter(sizes), None)
    raise LatentprintError(
        f"{name} must have one float input [B, 3, H, H]; it has {_described(inputs)}."
    )


def _chosen_output(session: Any, name: str, wanted: str | None) -> str:
    """The named output, or the only one [B, D]."""
    outputs = {each.name: each for each in session.get_outputs()}
    listed = _described(list(outputs.values()))
    if wanted:
        if wanted not in outputs:
            raise unknown_name(f"output of {name}", wanted, outputs)
        if len(outputs[wanted].shape) not in (2, 4):
            raise UsageError(
                f"The output {wanted!r} of {name} is neither [B, D] nor a map [B, D, h, w]; it has "
                f"{listed}."
            )
        return wanted
    vectors: list[str] = [each for each, output in outputs.items() if len(output.shape) == 2]
    if not vectors:
        raise LatentprintError(
            f"{name} has no output [B, D]; it has {listed}. A map [B, D, h, w] that is named is "
            f"averaged over space: {name}#OUTPUT."
        )
    if len(vectors) > 1:
        raise UsageError(
            f"{name} has several outputs [B, D]: {', '.join(vectors)}. Choose one: "
            f"{name}#{vectors[0]}."
        )
    return vectors[0]


def _described(values: list[Any]) -> str:
    return ", ".join(f"{value.name} {value.type} {value.shape}" for value in values)


@dataclass(frozen=True)
class SideFile:
    """What lies beside an ONNX file.

    Attributes:
        path: ``FILE.preprocess.json``, ``preprocessor_config.json``, or None.
        fields: The preprocessing, as the file writes it.
        input: The name of the input, if it is given.
        output: The name of the output, if it is given.
    """

    path: Path | None
    fields: dict[str, Any]
    input: str | None
    output: str | None

    @classmethod
    def beside(cls, model: Path) -> SideFile:
        """Read the side file of a model.

        Raises:
            LatentprintError: If it cannot be read.
        """
        own = _own_side_file(model)
        fields = read_object(own) if own.is_file() else {}
        names = [fields.pop(key, None) for key in ("input", "output")]
        exported = model.with_name(HUGGING_FACE_FILE)
        path = own if fields else None
        if not fields and exported.is_file():
            path, fields = exported, read_object(exported)
        return cls(path, fields, *names)

    def preprocess(self, model: Path, size: int | None, margin: Margin) -> Preprocess:
        """The preprocessing, which must give the side that the model fixes.

        Raises:
            LatentprintError: If it does not, or is not sound.
        """
        if self.path is None:
            crop = size or DEFAULT_SIZE
            own = _own_side_file(model)
            log.warning("%s is missing: assuming %d px, ImageNet's mean and std", own, crop)
            return Preprocess(crop, crop)
        preprocess = parse_preprocess(self.fields, self.path, margin)
        if size not in (None, preprocess.crop):
            raise LatentprintError(
                f"{self.path}: crop is {preprocess.crop}, the model's is {size}."
            )
        return preprocess


def _own_side_file(model: Path) -> Path:
    return model.with_name(f"{model.name}.preprocess.json")


def _file_digest(path: Path) -> str:
    """Digest the file, and the file PyTorch puts large weights into, beside it."""
    digest = hashlib.blake2b(digest_size=16)
    for each in (path, path.with_name(f"{path.name}.data")):
        if each.is_file():
            with each.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()
