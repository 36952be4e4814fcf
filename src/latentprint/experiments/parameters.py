"""Options one by one, as the command line and Python take them, from the dataclasses of options."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any, get_origin, get_type_hints

from latentprint.options import Option, option_of
from latentprint.several import several


@dataclass(frozen=True)
class Parameter:
    """A field of a dataclass of options.

    Attributes:
        field: The field.
        kind: Its type on the command line.
        taken: Its type in Python.
        option: How it is written.
        help: What it means.
    """

    field: Field[Any]
    kind: Any
    taken: Any
    option: Option
    help: str

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.field.name

    @property
    def is_repeated(self) -> bool:
        """Whether it holds several values, each written by itself on the command line."""
        return get_origin(self.kind) in (tuple, dict)

    @property
    def default(self) -> Any:
        """What it is where it is not written."""
        if self.field.default is not MISSING:
            return self.field.default
        factory: Any = self.field.default_factory
        return factory()

    @property
    def flags(self) -> tuple[str, ...]:
        """Its names on the command line."""
        plain = f"--{self.name.replace('_', '-')}"
        if self.kind is bool and not self.option.flags:
            return (f"{plain}/--no-{plain.removeprefix('--')}",)
        return self.option.flags or (plain,)

    @property
    def flag(self) -> str:
        """The first of them."""
        return self.flags[0]

    @property
    def keyword(self) -> str:
        """Its name in a call from Python: the first on the command line, without its dashes."""
        if self.option.argument:
            return self.name
        return self.flag.partition("/")[0].lstrip("-").replace("-", "_")

    def value(self, given: Any) -> Any:
        """The value of the field for what was written, or given from Python; none for nothing."""
        if self.option.argument:
            return given
        if given is None or (self.is_repeated and not several(given)):
            return self.default
        parse = self.option.parse
        if parse is not None and not isinstance(given, Mapping):
            return parse(several(given))
        return several(given) if get_origin(self.taken) is tuple else given


def parameters_of(options: type[Any]) -> Iterator[Parameter]:
    """The parameters for a dataclass of options and those inside it."""
    hints, said = get_type_hints(options), _described(options)
    for each in fields(options):
        kind = hints[each.name]
        if isinstance(kind, type) and is_dataclass(kind):
            yield from parameters_of(kind)
        elif how := option_of(each.metadata):
            written = kind if how.written is None else how.written
            yield Parameter(each, written, kind, how, _sentence(how.help or said[each.name]))


def made_of(options: type[Any], written: Mapping[str, Any]) -> Any:
    """The options that were written, as the dataclass.

    Args:
        options: The dataclass.
        written: What was written, by the names of fields; all others have their defaults, and so
            have those that are None or hold nothing.
    """
    known = {each.name: each for each in parameters_of(options)}
    values = {}
    for each in fields(options):
        kind = get_type_hints(options)[each.name]
        if isinstance(kind, type) and is_dataclass(kind):
            values[each.name] = made_of(kind, written)
        elif each.name in known and each.name in written:
            values[each.name] = known[each.name].value(written[each.name])
    return options(**values)


def _described(options: type[Any]) -> dict[str, str]:
    """What a docstring in Google's style says of every attribute."""
    section = (inspect.getdoc(options) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}\S.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
