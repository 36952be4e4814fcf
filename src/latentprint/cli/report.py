"""``latentprint report``: write the page of a run again."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app


@app.command(epilog="Example: `latentprint report run --title 'Our index'`")
def report(
    run: options.RunArgument,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    pictures: Annotated[
        bool,
        typer.Option(
            "--pictures/--no-pictures",
            help="Put small copies of photos into the page where it tells of single ones.",
        ),
    ] = True,
) -> None:
    """Write report.html again from the results of a run."""
    from latentprint.report import write_report

    sys.stdout.write(f"{write_report(run, title=title, pictures=pictures)}\n")
