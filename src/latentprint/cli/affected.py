"""``latentprint affected``: the photos whose neighbours follow traces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.terminal import print_json

if TYPE_CHECKING:
    from latentprint.inspection.findings import Affected


@app.command(
    **examples(
        "affected store",
        "affected store --eraser eraser --top 50 --out affected",
    )
)
def affected(
    store: Annotated[
        Path,
        typer.Argument(
            metavar="STORE",
            help="What `latentprint embed` or `audit` wrote, with unprocessed photos among its "
            "classes.",
        ),
    ],
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder", "-e", metavar="NAME", help="Of a store with several, the name of one."
        ),
    ] = None,
    eraser: options.StoreEraserOption = None,
    top: Annotated[
        int, typer.Option(min=1, metavar="N", help="Photos that are printed and on the page.")
    ] = 20,
    seed: options.SeedOption = 0,
    photos: options.ShownPhotosOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Also write affected.csv, .parquet, .json and a gallery, affected.html, into this "
            "folder.",
        ),
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """Rank photos by how many of their ten neighbours leave when traces are erased.

    Or when the photo alone is encoded again in other classes of processing. As many random
    directions as the eraser takes are the baseline.
    """
    from latentprint.cli.output import print_lines
    from latentprint.cli.progress import step
    from latentprint.inspection.findings import affected_as_json
    from latentprint.jobs import affected as job

    found = job.affected(
        store,
        encoder=encoder,
        eraser=eraser,
        top=top,
        seed=seed,
        photos=photos,
        out=out,
        on_step=step,
    )
    if as_json:
        print_json(affected_as_json(found, top))
    else:
        print_lines(_lines(found, top), *([f"page: {found.page}"] if found.page else []))


def _lines(found: Affected, top: int) -> Iterator[str]:
    from latentprint.inspection.telling import level_line, unseen_line

    yield f"{'change':>6} {'erased':>7} {'encoded again':>14} {'both':>5}  photo"
    for row in found.table.head(top).iter_rows(named=True):
        yield (
            f"{row['left']:>6} {row['left_erased']:>7} {row['left_reencoded']:>14} "
            f"{row['because_of_traces']:>5}  {row['id']}"
        )
    yield level_line(found.level)
    if found.unseen is not None:
        yield unseen_line(found.unseen)
    yield from found.notes
