"""Arrays of NumPy or of torch under one name.

What is computed is written once, against the array API standard (data-apis.org/array-api, through
array-api-compat): torch computes it where it is installed, on any device, and NumPy where it is
not. What the standard lacks is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_torch_array
from threadpoolctl import ThreadpoolController

from latentprint.errors import UsageError

Array = Any
"""A NumPy array or a torch tensor; the standard has no type for either yet."""


@cache
def has_torch() -> bool:
    """Whether torch is installed; it is not imported to find out."""
    return find_spec("torch") is not None


def namespace(device: str = "cpu") -> Any:
    """The functions of the standard for arrays on a device.

    Args:
        device: A device of torch, or ``cpu``.

    Raises:
        UsageError: The device needs torch, which is not installed.
    """
    if has_torch():
        import array_api_compat.torch as of_torch

        return of_torch
    if device != "cpu":
        raise needs_torch(f"Computing on {device!r}")
    return plain_namespace()


def plain_namespace() -> Any:
    """The functions of the standard for arrays of NumPy; torch is not imported for them."""
    import array_api_compat.numpy as of_numpy

    return of_numpy


def needs_torch(what: str) -> UsageError:
    """The error for what cannot be done without torch.

    Args:
        what: Begins the sentence.
    """
    return UsageError(
        f"{what} needs PyTorch, which is not installed: pip install 'latentprint[torch]'."
    )


def to_array(array: np.ndarray, device: str = "cpu") -> Array:
    """A NumPy array as what computes on a device; not copied where that can be avoided."""
    return namespace(device).asarray(array, device=device)


def to_numpy(array: Array) -> np.ndarray:
    """Any array as one of NumPy, in the main memory."""
    found: np.ndarray = array.detach().cpu().numpy() if is_torch_array(array) else array
    return found


def like(array: Array, other: Array) -> Array:
    """An array in the precision of another one, and on its device."""
    return array.to(other) if is_torch_array(other) else array.astype(other.dtype, copy=False)


def is_on_cpu(array: Array) -> bool:
    """Whether an array lies in the main memory."""
    return not is_torch_array(array) or array.device.type == "cpu"


def put_along(array: Array, index: Array, values: Array | float, axis: int) -> None:
    """Write values into an array at places along an axis, as ``numpy.put_along_axis`` does.

    Args:
        array: Where to write.
        index: Places, int64, of as many axes.
        values: What to write: a number, or an array of the shape of ``index``.
        axis: The axis.
    """
    if is_torch_array(array):
        array.scatter_(axis, index, values)
    else:
        np.put_along_axis(array, index, values, axis)


def take_along(array: Array, index: Array, axis: int) -> Array:
    """The values of an array at places along an axis, as ``numpy.take_along_axis`` does."""
    if is_torch_array(array):
        return array.gather(axis, index)
    return np.take_along_axis(array, index, axis)


def largest(values: Array, k: int, *, ordered: bool = True) -> tuple[Array, Array]:
    """The k largest values of every row.

    Args:
        values: Floats [n, m].
        k: How many, at most m.
        ordered: The largest first; else in no particular order.

    Returns:
        The values [n, k], and their columns int64 [n, k].
    """
    if is_torch_array(values):
        found = values.topk(k, sorted=ordered)
        return found.values, found.indices
    if ordered:
        chosen, columns = largest(values, k, ordered=False)
        order = np.argsort(-chosen, axis=1)
        return np.take_along_axis(chosen, order, 1), np.take_along_axis(columns, order, 1)
    first = max(0, values.shape[1] - k)
    columns = np.argpartition(values, min(first, values.shape[1] - 1), axis=1)[:, first:]
    return np.take_along_axis(values, columns, 1), columns


def thread_count() -> int:
    """How many threads products are computed on."""
    if has_torch():
        import torch

        return torch.get_num_threads()
    return max((each["num_threads"] for each in _libraries().info()), default=1)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Compute products on so many threads, whether torch computes them or NumPy."""
    with _libraries().limit(limits=count, user_api="blas"):
        if not has_torch():
            yield
            return
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(count)
        try:
            yield
        finally:
            torch.set_num_threads(before)


@cache
def _libraries() -> ThreadpoolController:
    """Found once: looking through the libraries of a process takes longer than a small fit."""
    return ThreadpoolController()


__all__ = [
    "Array",
    "array_namespace",
    "has_torch",
    "is_on_cpu",
    "largest",
    "like",
    "namespace",
    "needs_torch",
    "on_threads",
    "plain_namespace",
    "put_along",
    "take_along",
    "thread_count",
    "to_array",
    "to_numpy",
]
