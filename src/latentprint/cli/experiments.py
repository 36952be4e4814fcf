"""The commands on stored embeddings, each made of the options of its experiment.

A command is made when it is called, so that ``latentprint --help`` imports no experiment.
"""

from __future__ import annotations

import inspect
import shlex
import sys
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from latentprint.cli import options as shared
from latentprint.cli.app import SETTINGS, completed, examples
from latentprint.cli.presets import apply_preset
from latentprint.experiments.asking import Registered
from latentprint.experiments.parameters import Parameter, made_of, parameters_of

if TYPE_CHECKING:
    from latentprint.jobs.source_options import Sources


def command_of(registered: Registered) -> Any:
    """Make the command of an experiment."""
    from latentprint.jobs.source_options import Sources

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
    app.command(registered.name, help=text, **examples(*inquiry.examples))(call)
    return completed(typer.main.get_command(app))


def _declare(call: Any, parameters: list[Parameter]) -> None:
    """Give a function the signature that typer reads."""
    declared = {
        each.name: (_annotation(each), None if each.is_repeated else each.default)
        for each in parameters
    }
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


def _annotation(parameter: Parameter) -> Any:
    """Its type and description for typer."""
    how = parameter.option
    about: dict[str, Any] = {
        "metavar": how.metavar,
        "help": _help(parameter),
        "min": how.least,
        "max": how.most,
    }
    kind = parameter.kind
    if parameter.is_repeated:
        inner = get_args(kind)[0]
        kind = GenericAlias(list, (inner if inner in (str, int, float, Path) else str,)) | None
    if how.argument:
        return Annotated[kind, typer.Argument(**about)]
    return Annotated[kind, typer.Option(*parameter.flags, **about)]


def _help(parameter: Parameter) -> str:
    # Single backticks are code in the Markdown of the help.
    said = parameter.help.replace("``", "`")
    if not parameter.is_repeated or parameter.option.argument:
        return said
    shown = ", ".join(map(str, parameter.default or ()))
    return f"{said} Repeat it for several.{f' Default: {shown}.' if shown else ''}"


def _measure(
    experiment: str, sources: Sources, options: Any, *, out: Path | None, as_json: bool
) -> None:
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import step
    from latentprint.jobs.stored import measure_stored

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
