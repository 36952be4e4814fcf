"""``latentprint exif``: how photos were taken, as their files say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from latentprint.cli import options, terminal
from latentprint.cli.app import app, examples
from latentprint.cli.progress import reading_progress
from latentprint.cli.terminal import print_json


@app.command(**examples("exif photos/ --out labels.csv"))
def exif(
    photos: options.PhotosArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write one row for every photo to this .csv, .parquet or .json file. "
            "Default: print a summary.",
        ),
    ] = None,
    layout: options.LayoutOption = "auto",
    follow_links: options.FollowLinksOption = False,
    workers: options.WorkersOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Read how photos were taken: maker, model, exposure, aperture, ISO, telephone or not.

    Only headers are read, no pixels. Positions (GPS), maker notes, serial numbers and names are
    never looked at.
    """
    from latentprint.cli.output import print_lines
    from latentprint.files import require_table, write_table
    from latentprint.photos import open_photos
    from latentprint.photos.broken import broken_of
    from latentprint.photos.exif_files import exif_table
    from latentprint.photos.exif_summary import exif_summary

    opened = open_photos(photos, layout=layout, follow_links=follow_links)
    if out is not None:
        require_table(out)
    table = exif_table(opened, workers=workers, on_progress=reading_progress())
    if out is not None:
        write_table(out, table)
    broken_of(table)
    summary = exif_summary(table)
    if out is None:
        print_json(summary) if as_json else _print_summary(summary)
        return
    if as_json:
        print_json({"table": str(out), **summary})
    else:
        print_lines([_counts(summary)], out)


def _print_summary(summary: dict[str, Any]) -> None:
    from rich import box
    from rich.table import Table

    from latentprint.photos.exif_summary import shown

    console = terminal.console(width=140)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("label")
    table.add_column("unit")
    table.add_column("photos", justify="right")
    table.add_column("different", justify="right")
    table.add_column("most frequent values")
    for name, label in summary["labels"].items():
        values = [f"{shown(name, value)} ({count})" for value, count in label["most_frequent"]]
        cells = (name, label["unit"], str(label["photos"]), str(label["different"]))
        table.add_row(*map(terminal.text, cells), terminal.text(", ".join(values)))
    console.print(table)
    console.print(terminal.text(_counts(summary)))
    for problem, count in summary["problems"]:
        console.print(terminal.text(f"{count} x {problem}"))


def _counts(summary: dict[str, Any]) -> str:
    return (
        f"{summary['photos']} photos: {summary['without_exif']} without EXIF, "
        f"{summary['with_problems']} with bad fields, {summary['unreadable']} unreadable"
    )
