"""``latentprint compare``: two runs, or two sets of embeddings, side by side."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentprint.cli import options, terminal
from latentprint.cli.app import app, examples
from latentprint.cli.terminal import is_quiet, print_json, say

if TYPE_CHECKING:
    from latentprint.jobs.compare import ComparedRuns, ComparedStores


@app.command(
    **examples(
        "compare run-a run-b --out comparison",
        "compare run run --encoders base tuned",
        "compare store-a store-b",
    )
)
def compare(
    first: Annotated[
        Path, typer.Argument(metavar="FIRST", help="A run folder, a store, or vectors of your own.")
    ],
    second: Annotated[
        Path,
        typer.Argument(
            metavar="SECOND", help="Another of the same kind; or the same, with --encoders."
        ),
    ],
    encoders: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="NAME NAME",
            help="An encoder of the first and one of the second. Default: those of one name, or "
            "the only one of each.",
        ),
    ] = None,
    processing: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Of embeddings: the processing class to compare. Default: none, or the first that "
            "both hold.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Also write the comparison into this folder, with a page."
        ),
    ] = None,
    seed: options.SeedOption = 0,
    as_json: options.JsonOption = False,
) -> None:
    """Say where the second run is better or worse, or how far two sets of embeddings agree.

    Runs are joined measurement by measurement; all differences are judged together. Embeddings need
    no labels: 1 - cos, common neighbours, and what a turn of one leaves of the other.
    """
    from latentprint.jobs import compare as job

    found = job.compare(first, second, encoders=encoders, processing=processing, out=out, seed=seed)
    if isinstance(found, job.ComparedRuns):
        told, show = job.runs_as_json(found), partial(_print_runs, found)
    else:
        told, show = job.stores_as_json(found), partial(_print_stores, found)
    if as_json:
        print_json(told)
    else:
        show()


def _print_runs(found: ComparedRuns) -> None:
    from latentprint.comparison.telling import (
        FIGURES,
        HEADINGS,
        cells_of,
        counted,
        left_out_lines,
        setting_lines,
    )

    written = [f"page: {found.page}"] if found.page else []
    if written and is_quiet():
        say(*written)
        return
    console = terminal.console(width=200)
    columns: dict[str, terminal.Align] = {
        heading: "right" if heading in FIGURES else "left" for heading in HEADINGS
    }
    title = f"first: {found.names[0]}, second: {found.names[1]}"
    terminal.print_table(console, title, columns, map(cells_of, found.rows))
    lines = [counted(found.rows)]
    lines += [f"Not compared: {line}" for line in left_out_lines(found.left_out)]
    lines += [f"Differs: {line}" for line in setting_lines(found.settings)]
    lines += written
    for line in lines:
        console.print(terminal.text(line), soft_wrap=True)


def _print_stores(found: ComparedStores) -> None:
    from latentprint.comparison.telling import setting_lines

    lines = []
    for each in found.encoders:
        sizes = " and ".join(map(str, each.dimensions))
        lines.append(
            f"{each.first} and {each.second}: {each.photos} photos in both ({each.only_first} only "
            f"in the first, {each.only_second} only in the second), class {each.processing}, "
            f"dimensions {sizes}"
        )
        for figure in each.figures:
            chance = "" if figure.chance is None else f", chance {figure.chance:.3g}"
            lines.append(
                f"  {figure.measure:<48} {figure.value:.3g} "
                f"({figure.low:.3g} to {figure.high:.3g}{chance})"
            )
    lines += [f"Differs: {line}" for line in setting_lines(found.settings)]
    lines += [f"page: {found.page}"] if found.page else []
    say(*lines)
