"""Weights that PyTorch's own libraries read: local files, and tensors alone."""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from latentprint.encoders.weight_prefixes import without_prefix
from latentprint.encoders.weights_file import read_tensors, reading, refuse_misfits, weights_file
from latentprint.errors import LatentprintError, brief

if TYPE_CHECKING:
    import torch

# Classifiers for training that stand beside the main one, and are never used afterwards.
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
FORCE, FORCE_NOT = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


def fill(model: torch.nn.Module, file: Path, *, heads: Sequence[str] = ()) -> None:
    """Fill a model with a local file of weights, under the names of the release.

    Args:
        model: The model.
        file: A state dictionary, in safetensors or as a pickle of which only tensors are read.
        heads: Names of classifiers, whose tensors may be left over.

    Raises:
        UsageError: If there is no such file.
        LatentprintError: If it is not sound, or its names or shapes are not the model's.
    """
    path, own = weights_file(file), model.state_dict()
    with reading(path):
        state = OrderedDict(
            # DenseNet's published files are older than the names of its layers.
            (re.sub(r"(denselayer\d+\.\w+)\.(\d)\.", r"\1\2.", name), tensor)
            for name, tensor in without_prefix(path, read_tensors(path), own)[1].items()
            if not name.startswith(AUXILIARY)
        )
        wrong = [name for name in state if name in own and state[name].shape != own[name].shape]
        fitting = OrderedDict((name, each) for name, each in state.items() if name not in wrong)
        if type(model).__name__ == "MNASNet":  # it asks for the version of its layout
            fitting._metadata = own._metadata  # type: ignore[attr-defined]
        missing, left_over = model.load_state_dict(fitting, strict=False)
    refuse_misfits(path, missing, left_over, wrong, heads)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn every failure inside into one sentence.

    Args:
        what: What is being loaded, as the error names it.

    Raises:
        LatentprintError: If anything fails.
    """
    try:
        yield
    except LatentprintError:
        raise
    except Exception as error:  # the libraries' errors share no base class
        raise LatentprintError(f"{what} could not be loaded: {brief(error)}") from error


@contextmanager
def tensors_only() -> Iterator[None]:
    """Inside the block, ``torch.load`` reads tensors and plain values, whatever it is asked for."""
    before = {each: os.environ.pop(each, None) for each in (FORCE, FORCE_NOT)}
    os.environ[FORCE] = "1"
    try:
        yield
    finally:
        del os.environ[FORCE]
        os.environ.update({each: value for each, value in before.items() if value is not None})
