"""The commands on stored embeddings, each made of the options of its experiment.

A command is made when it is called, so that ``latentprint --help`` imports no experiment.
"""

from __future__ import annotations

import inspect
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

import typer

from latentprint.cli import options as shared
from latentprint.cli.app import SETTINGS
from latentprint.cli.presets import apply_preset
from latentprint.experiments.asking import Inquiry, Option, Registered, option_of

if TYPE_CHECKING:
    from latentprint.jobs.sources import Sources


@dataclass(frozen=True)
class Parameter:
    """A field of a dataclass of options as a parameter of a command.

    Attributes:
        field: The field.
        kind: Its type.
        option: How it is written.
        help: What it means.
    """

    field: Field[Any]
    kind: Any
    option: Option
    help: str

    @property
    def name(self) -> str:
        """Its name in Python."""
        return self.field.name

    @property
    def is_repeated(self) -> bool:
        """Whether it is written once for every value."""
        return get_origin(self.kind) in (tuple, dict)

    @property
    def default(self) -> Any:
        """What typer shows and passes where it is not written."""
        return None if self.is_repeated else self.field.default

    @property
    def annotation(self) -> Any:
        """Its type and description for typer."""
        how = self.option
        about: dict[str, Any] = {
            "metavar": how.metavar,
            "help": self._help,
            "min": how.least,
            "max": how.most,
        }
        if how.argument:
            return Annotated[self._kind, typer.Argument(**about)]
        return Annotated[self._kind, typer.Option(*self._flags, **about)]

    def value(self, written: Any) -> Any:
        """The value of the field for what was written."""
        if written is None or (self.is_repeated and not written):
            return MISSING
        if self.option.parse is not None:
            return self.option.parse(written)
        return tuple(written) if self.is_repeated else written

    @property
    def flag(self) -> str:
        """Its first name on the command line."""
        return self._flags[0]

    @property
    def _kind(self) -> Any:
        if not self.is_repeated:
            return self.kind
        inner = get_args(self.kind)[0]
        return GenericAlias(list, (inner if inner in (str, int, float, Path) else str,)) | None

    @property
    def _flags(self) -> tuple[str, ...]:
        plain = f"--{self.name.replace('_', '-')}"
        if self.kind is bool:
            return (f"{plain}/--no-{plain.removeprefix('--')}",)
        return self.option.flags or (plain,)

    @property
    def _help(self) -> str:
        if not self.is_repeated or self.option.argument:
            return self.help
        default = self.field.default
        shown = ", ".join(map(str, default)) if default and default is not MISSING else ""
        return f"{self.help} Repeat it for several.{f' Default: {shown}.' if shown else ''}"


def parameters_of(options: type[Any]) -> Iterator[Parameter]:
    """The parameters for a dataclass of options and those inside it."""
    hints, said = get_type_hints(options), _described(options)
    for each in fields(options):
        kind = hints[each.name]
        if isinstance(kind, type) and is_dataclass(kind):
            yield from parameters_of(kind)
        elif how := option_of(each.metadata):
            taken = kind if how.written is None else how.written
            yield Parameter(each, taken, how, how.help or _sentence(said[each.name]))


def made_of(options: type[Any], written: Mapping[str, Any]) -> Any:
    """The options that were written, as the dataclass.

    Args:
        options: The dataclass.
        written: What typer read, by the names of parameters.
    """
    known = {each.name: each for each in parameters_of(options)}
    values = {}
    for each in fields(options):
        kind = get_type_hints(options)[each.name]
        if isinstance(kind, type) and is_dataclass(kind):
            values[each.name] = made_of(kind, written)
        elif each.name in known:
            value = known[each.name].value(written[each.name])
            if value is not MISSING:
                values[each.name] = value
    return options(**values)


def command_of(registered: Registered) -> Any:
    """Make the command of an experiment."""
    from latentprint.jobs.sources import Sources

    inquiry = registered.inquiry()
    found = {each.name: each for part in (Sources, inquiry.options) for each in parameters_of(part)}
    first = [each for each in found.values() if each.option.argument]
    others = [*parameters_of(inquiry.options), *parameters_of(Sources)]
    ordered = [*first, *(each for each in others if not each.option.argument)]

    def call(ctx: typer.Context, out: Path | None, as_json: bool, **written: Any) -> None:
        for each in ordered:
            if each.option.presets and (choice := written[each.name]):
                name = f"{each.flag} {choice}"
                written = apply_preset(ctx, name, each.option.presets[choice])
        _measure(
            registered.name,
            made_of(Sources, written),
            made_of(inquiry.options, written),
            out=out,
            as_json=as_json,
        )

    _declare(call, ordered)
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings=SETTINGS,
    )
    text = "\n\n".join(filter(None, (registered.summary, inquiry.help)))
    app.command(registered.name, help=text, epilog=_epilog(inquiry))(call)
    return typer.main.get_command(app)


def _declare(call: Any, parameters: list[Parameter]) -> None:
    """Give a function the signature that typer reads."""
    declared = {each.name: (each.annotation, each.default) for each in parameters}
    declared |= {"out": (shared.RunOutOption, None), "as_json": (shared.JsonOption, False)}
    declared["ctx"] = (typer.Context, inspect.Parameter.empty)
    call.__annotations__ = {name: annotation for name, (annotation, _) in declared.items()}
    call.__signature__ = inspect.Signature(
        [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
            )
            for name, (annotation, default) in declared.items()
        ]
    )


def _measure(
    experiment: str, sources: Sources, options: Any, *, out: Path | None, as_json: bool
) -> None:
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import step
    from latentprint.jobs import measure_stored

    measured = measure_stored(
        experiment,
        sources,
        options,
        out=out,
        command=shlex.join(["latentprint", *sys.argv[1:]]),
        on_step=step,
    )
    paths = {"report": str(out / "report.html")} if out else {}
    print_results(measured.results, measured.left_out, measured.details, as_json=as_json, **paths)


def _epilog(inquiry: Inquiry) -> str:
    shown = " · ".join(f"`latentprint {each}`" for each in inquiry.examples)
    return f"Example{'s' * (len(inquiry.examples) > 1)}: {shown}"


def _described(options: type[Any]) -> dict[str, str]:
    """What a docstring in Google's style says of every attribute."""
    section = (inspect.getdoc(options) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}\S.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def _sentence(text: str) -> str:
    # Single backticks are code in the Markdown of the help.
    said = text.replace("``", "`")
    return said if said.endswith(".") else f"{said}."
