"""``latentprint published``: the figures of the study."""

from __future__ import annotations

from typing import Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.errors import UsageError


@app.command(
    **examples(
        "published -e clip-vit-l-14-wit",
        "published -e 'dinov2-*' --experiment knn_influence --markdown",
        "published --json",
    )
)
def published(
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            "--encoder",
            "-e",
            metavar="NAME",
            help="Only this published encoder, by name, alias or pattern ('dinov2-*'); repeat it "
            "for several.",
        ),
    ] = None,
    experiment: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help="Only processing_probe, acquisition_probe, knn_influence or near_duplicate; "
            "repeat it.",
        ),
    ] = None,
    latex: Annotated[
        bool, typer.Option("--latex", help="LaTeX, for the package booktabs.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Markdown.")] = False,
    as_json: options.JsonOption = False,
) -> None:
    """Print the 2,726 figures that the study published of its 47 encoders.

    Accuracies and recalls are in percent. Set-ups of pairs say whose device the distractors share.
    `latentprint table --published` prints some of them as it prints those of a run.
    """
    from latentprint.cli.output import print_tables
    from latentprint.cli.terminal import print_json, say
    from latentprint.report import published_figures, published_tables
    from latentprint.report.paper_tables import written

    if latex + markdown + as_json > 1:
        raise UsageError("Name one form at most: --latex, --markdown or --json.")
    figures = published_figures(encoder or [], experiment or [])
    if as_json:
        print_json(figures.to_dicts())
        return
    tables = published_tables(figures)
    if latex or markdown:
        say(*written(tables, latex=latex).splitlines())
    else:
        print_tables(tables)
