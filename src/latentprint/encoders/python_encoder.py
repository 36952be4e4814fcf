"""Encoders of your own code: ``python:module:factory``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentprint.encoders.encoder import Encoder
from latentprint.encoders.load_options import LoadOptions
from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.torch_embedding import (
    Origin,
    TorchEncoder,
    check_embeddings,
    weights_digest,
)
from latentprint.errors import LatentprintError, UsageError, brief, unknown_name

if TYPE_CHECKING:
    import torch


def load_python(target: str, options: LoadOptions) -> Encoder:
    """Call a factory that returns an encoder.

    Args:
        target: ``module:factory``; the module may lie in the current folder. The factory takes
            no arguments and returns an :class:`Encoder`, which sees to its own device, precision
            and preprocessing, or a pair of a PyTorch module and its :class:`Preprocess`.
        options: The device, precision and layers of such a pair, and whether to compile it.

    Raises:
        UsageError: If there is no such module or factory, or an option does not go with it.
        LatentprintError: If the factory fails, or returns something else.
    """
    spec = f"python:{target}"
    options.refuse(f"{spec}, whose factory decides for itself,", "representation", "weights")
    made = _call(_factory(target), spec)
    if isinstance(made, tuple) and len(made) == 2 and _is_module(made[0]):
        module, preprocess = made
        if isinstance(preprocess, Preprocess):
            source = {"library": "python", "model": spec}
            # The factory has loaded its weights already: nothing is left to outline.
            options = replace(options, outline=False)
            return TorchEncoder(module, preprocess, Origin(spec, "yours", source), options)
    if not isinstance(made, Encoder):
        raise LatentprintError(
            f"{spec} returned {type(made).__name__}, not an Encoder or a pair of a PyTorch module "
            "and its Preprocess."
        )
    options.refuse(f"{spec}, which computes its embeddings itself,", "layers", "compile")
    return CheckedEncoder(made, spec, options.name)


class CheckedEncoder:
    """Another :class:`Encoder`, whose every answer is checked."""

    def __init__(self, encoder: Encoder, spec: str, name: str = "") -> None:
        """Embed one black image, to find a wrong encoder before the long run.

        Args:
            encoder: What the user's code made.
            spec: Its specification.
            name: The user's name for it, if not its own.

        Raises:
            LatentprintError: If the embedding or an attribute is not what it should be.
        """
        import torch

        self._encoder, self._spec = encoder, spec
        self.name, self.family = name or encoder.name, "yours" if name else encoder.family
        self.input_size, self.dimension = encoder.input_size, encoder.dimension
        if not isinstance(encoder.preprocess, Preprocess):
            raise LatentprintError(
                f"{spec}: preprocess is {type(encoder.preprocess).__name__}, not a Preprocess."
            )
        self.preprocess = encoder.preprocess
        if self.input_size != self.preprocess.crop:
            raise LatentprintError(
                f"{spec}: input_size is {self.input_size}, preprocess.crop {self.preprocess.crop}."
            )
        self._weights = weights_digest(encoder) if isinstance(encoder, torch.nn.Module) else None
        side = self.input_size
        self.embed(torch.zeros(1, side, side, 3, dtype=torch.uint8))

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed uint8 pixels [B, H, W, 3] (any device) as float32 [B, D] on the CPU.

        Raises:
            LatentprintError: If the encoder returned another shape or type, NaN or infinity.
        """
        import torch

        with torch.inference_mode():
            embeddings = self._encoder.embed(pixels)
        check_embeddings(embeddings, len(pixels), self.name)
        if embeddings.shape[1] != self.dimension:
            raise LatentprintError(
                f"{self._spec}: dimension is {self.dimension}, but an embedding has "
                f"{embeddings.shape[1]} values."
            )
        return embeddings.to("cpu", torch.float32)

    def identity(self) -> dict[str, Any]:
        """The encoder's own identity, where it was found, and its weights if it is a module."""
        weights = {"weights": self._weights} if self._weights else {}
        found = {"library": "python", "model": self._spec}
        return {**found, **weights, **self._encoder.identity()}


def _is_module(value: object) -> bool:
    import torch

    return isinstance(value, torch.nn.Module)


def _factory(target: str) -> Any:
    module_name, _, factory_name = target.partition(":")
    if not module_name or not factory_name:
        raise UsageError(f"'python:{target}' is not of the form python:module:factory.")
    with _current_folder_importable():
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if not f"{module_name}.".startswith(f"{error.name}."):
                # The module was found, and lacks one of its own.
                raise LatentprintError(f"{module_name!r} imports: {brief(error)}") from error
            raise UsageError(
                f"There is no module {module_name!r} here or among the installed ones."
            ) from error
        except Exception as error:  # the user's code may raise anything
            raise LatentprintError(f"{module_name!r} fails: {brief(error)}") from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        public = [name for name in vars(module) if callable(getattr(module, name))]
        known = [name for name in public if not name.startswith("_")]
        raise unknown_name(f"factory in {module_name!r}", factory_name, known)
    return factory


def _call(factory: Any, spec: str) -> Any:
    with _current_folder_importable():
        try:
            return factory()
        except Exception as error:  # the user's code may raise anything
            raise LatentprintError(f"{spec} failed: {brief(error)}") from error


@contextmanager
def _current_folder_importable() -> Iterator[None]:
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
