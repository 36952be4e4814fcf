"""The application that commands register with."""

from __future__ import annotations

from copy import copy
from functools import cache, cached_property
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from latentprint.cli.groups import group_options
from latentprint.cli.terminal import be_quiet, say, shown_usage_errors
from latentprint.errors import unknown_name
from latentprint.experiments import STORED

ORDER = (
    "audit",
    "embed",
    "store",
    *(each.name for each in STORED),
    "compare",
    "erase",
    "inspect",
    "affected",
    "correlation",
    "canary",
    "exif",
    "flickr",
    "report",
    "figures",
    "table",
    "published",
    "article",
    "demo",
    "encoders",
)
"""The commands in the order of ``--help``."""


SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
"""What all commands have in common."""


def completed(command: Any) -> Any:
    """Give a command, and those below it, the option ``--quiet``, and many options their groups."""
    for each in getattr(command, "commands", {}).values():
        completed(each)
    if not hasattr(command, "commands"):
        # A copy: each has a group of its own.
        command.params.append(copy(_quiet_option()))
        group_options(command, typer.Context(command, **SETTINGS))
    return command


@cache
def _quiet_option() -> Any:
    """The option, as typer makes it for the commands that it is declared in."""
    declared = typer.Typer(add_completion=False)

    @declared.command()
    def _declare(
        quiet: Annotated[
            bool,
            typer.Option(
                "--quiet",
                "-q",
                is_eager=True,
                expose_value=False,
                callback=lambda value: be_quiet() if value else None,
                help="Leave out progress and warnings; and where results are written into a "
                "folder, print only its path. Errors are told.",
            ),
        ] = False,
    ) -> None:
        pass

    command: Any = typer.main.get_command(declared)
    return next(each for each in command.params if each.name == "quiet")


def examples(*lines: str, cls: Any = None) -> dict[str, Any]:
    """How a command is declared whose help ends in examples.

    Args:
        lines: What is written after ``latentprint``.
        cls: The class of the command.
    """
    return {"cls": cls or Command, "epilog": "\n".join(f"latentprint {each}" for each in lines)}


class _Examples:
    """Help that ends in examples, each on one line, however long: to be copied."""

    def __init__(self, *args: Any, epilog: str | None = None, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.examples = (epilog or "").splitlines()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help."""
        super().format_help(ctx, formatter)  # type: ignore[misc]
        if self.examples:
            say("", " Examples:", *(f" {each}" for each in self.examples))


class Command(_Examples, TyperCommand):
    """A command with examples."""


class Group(_Examples, TyperGroup):
    """Commands below a word; one that is not known is answered as every other name is."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read what stands before the command."""
        ctx.is_command_first = bool(args) and not args[0].startswith("-")
        if ctx.is_command_first:
            # Of what is not there typer would take the value of the call before.
            ctx.params |= {each.name: each.default for each in self.params if each.expose_value}
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> Any:
        """Its own options; none where a command comes first, behind which none of them stands.

        Of options that are not given typer reads the defaults, with a library whose import takes a
        fifth of the time of any help.
        """
        return [] if getattr(ctx, "is_command_first", False) else super().get_params(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called."""
        if args[0] not in self.commands:
            ctx.fail(str(unknown_name("command", args[0], self.commands)))
        return super().resolve_command(ctx, args)


class Commands(Group):
    """All commands; those on stored embeddings are made when they are called."""

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """What is called."""
        with shown_usage_errors():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Call it."""
        with shown_usage_errors():
            return super().invoke(ctx)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        listed = {each.name: TyperCommand(each.name, help=each.summary) for each in STORED}
        known = {**self.commands, **listed}
        self.commands = {name: completed(known[name]) for name in ORDER if name in known}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called."""
        from latentprint.cli.experiments import command_of

        name, command, rest = super().resolve_command(ctx, args)
        made = [command_of(each) for each in STORED if each.name == name]
        return name, made[0] if made else command, rest


class _Application(typer.Typer):
    """Typer's, which makes its commands once, however often it is called."""

    @cached_property
    def _commands(self) -> Any:
        return typer.main.get_command(self)

    def __call__(self, *args: Any, **settings: Any) -> Any:
        """Run a command line."""
        return self._commands(*args, **settings)


app = _Application(
    cls=Commands,
    help="Find out what a visual encoder knows about how photos were processed and taken.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Find out what a visual encoder knows about how photos were processed and taken."""
    if version:
        from importlib.metadata import version as installed

        say(f"latentprint {installed('latentprint')}")
        raise typer.Exit
