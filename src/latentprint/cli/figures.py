"""``latentprint figures``: every figure of a run as a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.terminal import note, say
from latentprint.errors import UsageError


@app.command(
    **examples(
        "figures run --out assets/plotly/camera_bias",
        "figures --published --out assets/plotly/camera_bias",
        "figures run --figure processing --name processing=jpeg --inline --out plots",
        "figures run --format pdf --width 85 --out paper",
    )
)
def figures(
    runs: options.RunsArgument = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where to write them.")
    ] = Path("figures"),
    published: options.PublishedOption = False,
    figure: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Only this figure, such as processing; repeat it."),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=NAME",
            help="Name of a figure's file without suffix; repeat it. Default: KEY itself, but "
            "similarity=sim_dist, processing=acc_processing_prediction, "
            "labels=acquisition_plots_ninety and recall=ndidscatter, as the study's post has them.",
        ),
    ] = None,
    inline: Annotated[
        bool,
        typer.Option(
            "--inline",
            help="Put Plotly's script into every page, in place of one file beside them.",
        ),
    ] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="html|svg|pdf|png",
            help="Kind of files; repeat it. html: pages for frames; else drawings for papers, by "
            "playwright with a Chromium (`pip install 'latentprint[images]'`). Default: html.",
        ),
    ] = None,
    width: Annotated[
        float, typer.Option(metavar="MM", min=40, max=1000, help="Width of a drawing.")
    ] = 170.0,
    pictures: Annotated[
        bool,
        typer.Option(
            "--pictures/--no-pictures",
            help="Put in small copies of photos where a figure shows single ones.",
        ),
    ] = True,
    photos: options.ShownPhotosOption = None,
) -> None:
    """Write every figure of a run as a file of its own, for the frames of a post, or for a paper.

    A page fits the frame it is shown in, works offline, and is light or dark as the page around it.
    """
    from latentprint.report import write_figures

    drawn = write_figures(
        runs or [],
        out,
        published=published,
        only=figure or (),
        names=dict(_named(each) for each in name or ()),
        inline=inline,
        pictures=pictures,
        photos=photos,
        formats=kind or ("html",),
        width=width,
    )
    note(*drawn.left_out)
    say(*drawn.files)


def _named(text: str) -> tuple[str, str]:
    key, equals, name = text.partition("=")
    if not (key and equals and name):
        raise UsageError(f"--name {text} is not of the form KEY=NAME.")
    return key, name.removesuffix(".html")
