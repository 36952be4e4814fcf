"""Options that set others: a protocol, which contradicting options are refused beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latentprint.errors import UsageError


def apply_preset(context: Any, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set options as a preset says.

    Args:
        context: The context of the command.
        name: The preset as it is written, such as ``--protocol study``.
        values: What it sets, by the names of parameters.

    Returns:
        All parameters of the command.

    Raises:
        UsageError: An option was written that says otherwise.
    """
    written = dict(context.params)
    for key, value in values.items():
        if key not in written:
            continue
        if written[key] != value and _is_written(context, key):
            raise UsageError(
                f"{name} sets {_said(context, key, value)}: leave out "
                f"{_said(context, key, written[key])}."
            )
        written[key] = value
    return written


def _is_written(context: Any, key: str) -> bool:
    source = context.get_parameter_source(key)
    return source is not None and source.name == "COMMANDLINE"


def _said(context: Any, key: str, value: Any) -> str:
    """An option with its value, as a user writes it."""
    (parameter,) = (each for each in context.command.params if each.name == key)
    if isinstance(value, bool):
        return str((parameter.opts if value else parameter.secondary_opts)[0])
    return f"{parameter.opts[0]} {value}"
