"""``latentprint table``: results as tables for papers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.terminal import say
from latentprint.errors import UsageError


@app.command(
    **examples(
        "table run --latex",
        "table run-a run-b --markdown --table processing",
        "table --published --latex --table labels --out labels.tex",
    )
)
def table(
    runs: options.RunsArgument = None,
    latex: Annotated[
        bool, typer.Option("--latex", help="LaTeX, for the package booktabs.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Markdown.")] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="KEY",
            help="Only processing, labels, neighbours, pairs, similarity or robustness; repeat it.",
        ),
    ] = None,
    published: options.PublishedOption = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write it to this file."),
    ] = None,
) -> None:
    """Print the results of a run as tables for a paper: an encoder a row, an attribute a column."""
    from latentprint.files import write_text
    from latentprint.report import result_tables

    if latex == markdown:
        raise UsageError("Name the form of the tables: either --latex or --markdown.")
    text = result_tables(runs or [], published=published, only=kind or (), latex=latex)
    if out is None:
        say(*text.splitlines())
    else:
        write_text(out, text)
        say(out)
