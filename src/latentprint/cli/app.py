"""The application that commands register with."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(
    help="Find out what a visual encoder knows about how photos were processed and taken.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Find out what a visual encoder knows about how photos were processed and taken."""
    if version:
        from importlib.metadata import version as installed

        sys.stdout.write(f"latentprint {installed('latentprint')}\n")
        raise typer.Exit
