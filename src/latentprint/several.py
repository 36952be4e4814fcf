"""One name or number, or several of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def several(given: Any) -> tuple[Any, ...]:
    """What was given as a tuple: a text, a number or an object is one, None is nothing."""
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Iterable):
        return (given,)
    return tuple(given)
