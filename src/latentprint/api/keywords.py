"""Keywords of a call from Python: the options of a command, from the same dataclasses."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import wraps
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

from latentprint.errors import UsageError, unknown_name
from latentprint.experiments.parameters import Parameter, made_of, parameters_of

F = TypeVar("F", bound=Callable[..., Any])

_KINDS: dict[type, tuple[type | UnionType, str]] = {
    bool: (bool, "True or False"),
    int: (numbers.Integral, "a whole number"),
    float: (numbers.Real, "a number"),
    str: (str, "text"),
    Path: (str | Path, "a path"),
}
"""What may stand for a type, and how a message calls it."""


def keywords_of(*parts: type[Any], without: Collection[str] = ()) -> dict[str, Parameter]:
    """The options of dataclasses by the names that they have in a call.

    Args:
        parts: The dataclasses; of two options of one name the first is taken.
        without: Names of options that the call does not take.
    """
    found: dict[str, Parameter] = {}
    for part in parts:
        for each in parameters_of(part):
            found.setdefault(each.keyword, each)
    return {keyword: each for keyword, each in found.items() if keyword not in without}


def options_of(
    command: str, given: Mapping[str, Any], *parts: type[Any], without: Collection[str] = ()
) -> list[Any]:
    """The options that a call names, as dataclasses.

    Args:
        command: Its name, for messages.
        given: Values by keyword.
        parts: The dataclasses.
        without: Names of options that the call does not take.

    Raises:
        UsageError: A keyword or a choice is not known, a value is of another type or out of its
            range, or two options contradict each other.
    """
    known = keywords_of(*parts, without=without)
    for keyword in given:
        if keyword not in known:
            raise unknown_name(f"option of {command}", keyword, known)
    values = {
        known[keyword].name: _checked(known[keyword], each) for keyword, each in given.items()
    }
    for parameter in known.values():
        if parameter.option.presets and (choice := values.get(parameter.name)):
            _refuse_other(f"{parameter.flag} {choice}", parameter.option.presets[choice], values)
    return [made_of(part, values) for part in parts]


def declared(
    summary: str,
    returned: str,
    *parts: type[Any],
    without: Collection[str] = (),
    **said: str,
) -> Callable[[F], F]:
    """Give a function the signature and the docstring that its options make.

    The function takes the options as further keywords.

    Args:
        summary: What it does, in paragraphs.
        returned: What it returns.
        parts: The dataclasses of its options.
        without: Names of options that the call does not take.
        said: What its other parameters mean.
    """

    def decorate(function: F) -> F:
        # What is declared is no longer what stands in the source, where Sphinx looks for defaults.
        @wraps(function)
        def call(*arguments: Any, **keywords: Any) -> Any:
            return function(*arguments, **keywords)

        del call.__wrapped__
        _declare(call, inspect.signature(function), keywords_of(*parts, without=without), said)
        text = (summary, "", "Args:", call.__doc__, "", "Returns:", f"    {returned}", "")
        call.__doc__ = "\n".join((*map(str, text), "Raises:", *_RAISES))
        return cast(F, call)

    return decorate


def _declare(
    call: Any, signature: inspect.Signature, options: dict[str, Parameter], said: dict[str, str]
) -> None:
    """Set the signature, and the lines about parameters as the docstring."""
    own = [each for each in signature.parameters.values() if each.name in said]
    lines = [f"    {name}: {text}" for name, text in said.items()]
    made = []
    for keyword, each in options.items():
        if each.option.argument or keyword in said:
            continue
        made.append(
            inspect.Parameter(
                keyword, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=each.taken
            )
        )
        lines.append(f"    {keyword}: {each.help}")
    positional = [each for each in own if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    keywords = [each for each in own if each.kind is inspect.Parameter.KEYWORD_ONLY]
    call.__signature__ = signature.replace(parameters=[*positional, *made, *keywords])
    call.__doc__ = "\n".join(lines)


_RAISES = (
    "    UsageError: An option, a name or a column is not known, or has a wrong value.",
    "    LatentprintError: A file cannot be read or written, or the data do not allow any of it.",
)


def _checked(parameter: Parameter, value: Any) -> Any:
    """A value as its option takes it."""
    kind = parameter.taken
    if value is None or parameter.option.argument or parameter.option.parse is not None:
        return value
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        return tuple(_one(parameter, inner, each) for each in parameter.value(value))
    return _one(parameter, kind, value)


def _one(parameter: Parameter, kind: Any, value: Any) -> Any:
    kinds = [each for each in _members(kind) if each is not type(None)]
    choices = [choice for each in kinds if get_origin(each) is Literal for choice in get_args(each)]
    if choices:
        if value not in choices:
            raise unknown_name(f"choice of {parameter.flag}", value, choices)
        return value
    known = [each for each in kinds if each in _KINDS]
    if len(known) < len(kinds):
        return value
    for each in known:
        taken, _ = _KINDS[each]
        if isinstance(value, taken) and (each is bool or not isinstance(value, bool)):
            # What is recorded of a run has the numbers of Python, not those of NumPy.
            return _ranged(parameter, each(value))
    words = " or ".join(_KINDS[each][1] for each in known)
    raise UsageError(f"{parameter.flag} takes {words}, not {value!r}.")


def _ranged(parameter: Parameter, value: Any) -> Any:
    least, most = parameter.option.least, parameter.option.most
    if (least is not None and value < least) or (most is not None and value > most):
        upper = "" if most is None else f" and at most {most:g}"
        raise UsageError(f"{parameter.flag} is at least {least:g}{upper}, not {value}.")
    return value


def _members(kind: Any) -> Iterator[Any]:
    if get_origin(kind) in (Union, UnionType):
        for each in get_args(kind):
            yield from _members(each)
    else:
        yield kind


def _refuse_other(name: str, preset: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse options that say otherwise than one that sets them."""
    for field, value in preset.items():
        if field in values and values[field] != value:
            raise UsageError(
                f"{name} sets {field} to {value}: leave out {field}={values[field]!r}."
            )
