"""``latentprint report``: the article of one or several runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.terminal import say
from latentprint.errors import UsageError


@app.command(
    **examples(
        "report run --title 'Our index'",
        "report run-a run-b --out report.html",
        "report run --markdown draft",
        "article draft/article.md",
    )
)
def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Folders that audit, probe, influence, pairs, similarity or robustness wrote with "
            "--out. Several become one report; of a measurement that two of them hold, the last "
            "one counts.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="The page. Default: report.html in RUN; needed for several.",
        ),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write article.md, figures/ and references.bib into this folder, to edit, in "
            "place of a page. `latentprint article` makes the page of them.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="With --markdown: write over files that were edited.")
    ] = False,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    author: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Author; repeat it for several.")
    ] = None,
    affiliation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where the authors work.")
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="Date of the report. Default: that of the runs."),
    ] = None,
    pictures: Annotated[
        bool,
        typer.Option(
            "--pictures/--no-pictures",
            help="Put small copies of photos into the page where it tells of single ones.",
        ),
    ] = True,
    photos: options.ShownPhotosOption = None,
) -> None:
    """Write the report of one or several runs: an article as one page that works offline."""
    from latentprint.report import write_markdown, write_report

    if markdown is not None and out is not None:
        raise UsageError("Name either --out FILE, for a page, or --markdown FOLDER, to edit.")
    if markdown is None and force:
        raise UsageError("--force is for --markdown: a page is always written anew.")
    how: dict[str, Any] = {
        "title": title,
        "authors": author or (),
        "affiliation": affiliation,
        "date": date,
        "pictures": pictures,
        "photos": photos,
    }
    if markdown is None:
        written = write_report(runs, out, **how)
    else:
        written = write_markdown(runs, markdown, **how, force=force)
    say(written)
