"""Fields of dataclasses of options, as the command line and Python write them.

This module is imported to list the commands, so it imports no library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_OPTION = "option"


@dataclass(frozen=True)
class Option:
    """How a field of options is written on the command line; its docstring says what it means.

    Attributes:
        flags: Names, such as ``-k`` and ``--neighbours``; by default that of the field.
        metavar: What stands for its value.
        least: The smallest number.
        most: The largest number.
        help: What it means, where the words of the docstring are not those for a command line.
        parse: Makes the field's value of what was written.
        argument: Whether it is written without a name.
        presets: What each of its choices sets other fields to, by their names.
        written: Its type on the command line, where Python takes more.
    """

    flags: tuple[str, ...] = ()
    metavar: str | None = None
    least: float | None = None
    most: float | None = None
    help: str | None = None
    parse: Callable[[Any], Any] | None = None
    argument: bool = False
    presets: Mapping[str, Mapping[str, Any]] | None = None
    written: Any = None


def option(default: Any, *flags: str, **how: Any) -> Any:
    """A field of a dataclass of options that the command line offers.

    Args:
        default: Its default.
        flags: Names on the command line.
        how: The other attributes of ``Option``.
    """
    metadata = {_OPTION: Option(flags, **how)}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def option_of(metadata: Mapping[str, Any]) -> Option | None:
    """How the field of this metadata is written; None where the command line does not offer it."""
    return metadata.get(_OPTION)
