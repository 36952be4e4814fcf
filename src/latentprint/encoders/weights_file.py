"""Weights in a local file: every tensor finds its place, and none of the model's stays empty."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from latentprint.encoders.weight_prefixes import without_prefix
from latentprint.errors import LatentprintError, UsageError, brief

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".tar", ".ckpt")
WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model")
"""Where training keeps weights beside other things; averages over the training go first."""

# Counts of training batches do not enter inference, and older files lack them.
UNUSED = "num_batches_tracked"


def weights_file(path: Path) -> Path:
    """A file of weights, if it is one that can be read.

    Raises:
        UsageError: If there is no such file, or it is of another kind.
    """
    path = path.expanduser()
    if not path.is_file():
        raise UsageError(f"There is no file {str(path)!r} of weights.")
    if path.suffix not in SUFFIXES:
        raise UsageError(f"{path} is not one of {', '.join(SUFFIXES)}.")
    return path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever a library raises on a damaged or strange file into one sentence.

    Raises:
        LatentprintError: If the block fails.
    """
    try:
        yield
    except LatentprintError:
        raise
    except Exception as error:  # a damaged file may fail anywhere
        refused = isinstance(error, UnpicklingError) or isinstance(error.__cause__, UnpicklingError)
        raise LatentprintError(
            f"{path} holds more than weights, or is damaged; nothing in it was run."
            if refused
            else f"{path} could not be read as weights: {brief(error)}"
        ) from error


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read the tensors of a PyTorch or ``.safetensors`` file, by name.

    Of a pickle, only tensors and plain values are ever read; any other object is refused.

    Raises:
        LatentprintError: If the file is damaged, holds other objects, or no named tensors.
    """
    import torch
    from safetensors.torch import load_file

    with reading(path):
        if path.suffix == ".safetensors":
            return load_file(path)
        # Mapped, the optimiser's gigabyte stays on disk; files of an older format cannot be.
        mapped = zipfile.is_zipfile(path)
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    if not isinstance(content, dict):
        raise LatentprintError(f"{path} holds no named tensors.")
    wrapped = [key for key in WRAPPERS if isinstance(content.get(key), dict)]
    if len(wrapped) > 1:
        log.warning("%s holds %s: the first is taken.", path, " and ".join(map(repr, wrapped)))
    state = content[wrapped[0]] if wrapped else content
    found = {name: each for name, each in state.items() if isinstance(each, torch.Tensor)}
    # A teacher and its student lie beside each other, each in a dictionary of its own.
    inner = {key: each for key, each in state.items() if isinstance(each, dict)}
    return found or {
        f"{key}.{name}": each
        for key, part in inner.items()
        for name, each in part.items()
        if isinstance(each, torch.Tensor)
    }


def load_weights(
    model: torch.nn.Module,
    path: Path,
    *,
    read: Callable[[Path], dict[str, Any]] = read_tensors,
    mapped: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    heads: Sequence[str] = (),
) -> None:
    """Load a file into a model.

    Args:
        model: The model, without a classifier.
        path: The file.
        read: Reads the file's tensors; what a training put before their names may stand there.
        mapped: Brings names of a release to those of the model.
        heads: Names of classifiers, whose tensors may be left over.

    Raises:
        UsageError: If there is no such file.
        LatentprintError: If it is not sound, a tensor is missing or left over, or has another
            shape; the message names some.
    """
    path = weights_file(path)
    with reading(path):
        _, tensors = without_prefix(path, read(path), model.state_dict(), mapped)
        tensors = mapped(tensors)
        wrong_shape = _of_another_shape(model, tensors)
        kept = {name: each for name, each in tensors.items() if name not in wrong_shape}
        result = model.load_state_dict(kept, strict=False)
    refuse_misfits(path, result.missing_keys, result.unexpected_keys, wrong_shape, heads)


def refuse_misfits(
    path: Path,
    missing: Sequence[str],
    left_over: Sequence[str],
    wrong_shape: Sequence[str] = (),
    heads: Sequence[str] = (),
) -> None:
    """Raise if tensors of a file do not fit a model, but for those of a classifier.

    Raises:
        LatentprintError: It names some of the tensors.
    """
    classifiers = tuple(f"{head}." for head in heads)
    misfits = {
        "missing": [
            name for name in missing if not name.endswith(UNUSED) and name not in wrong_shape
        ],
        "left over": [name for name in left_over if not name.startswith(classifiers)],
        "of another shape": list(wrong_shape),
    }
    found = [f"{_some(names)} {what}" for what, names in misfits.items() if names]
    if found:
        raise LatentprintError(
            f"{path} does not hold the weights of this encoder: {'; '.join(found)}."
        )


def _of_another_shape(model: torch.nn.Module, tensors: dict[str, Any]) -> list[str]:
    own = model.state_dict()
    return [name for name, each in tensors.items() if name in own and each.shape != own[name].shape]


def _some(names: Sequence[str], count: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - count} more" if len(names) > count else ""
    verb = "is" if len(names) == 1 else "are"
    return f"{', '.join(names[:count])}{more} {verb}"
