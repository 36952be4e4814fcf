"""``latentprint robustness``: do neighbours share the class, or the camera?"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app

if TYPE_CHECKING:
    from latentprint.jobs.measure import Measured


@app.command(
    epilog="Examples: `latentprint robustness store --nuisance make --exclude photographer` · "
    "`latentprint robustness vectors.npy --metadata photos.csv --label class --nuisance make`"
)
def robustness(
    vectors: Annotated[
        Path,
        typer.Argument(
            metavar="STORE_OR_VECTORS",
            help="What `latentprint embed` wrote; or vectors of your own: a .npy matrix, or a "
            ".parquet file with columns of floats or one column of lists.",
        ),
    ],
    nuisance: Annotated[
        list[str],
        typer.Option(metavar="COLUMN", help="What neighbours should not share: make, codec…"),
    ],
    label: Annotated[
        str, typer.Option(metavar="COLUMN", help="What neighbours should share.")
    ] = "label",
    k: options.NeighboursOption = None,
    processing: Annotated[
        str, typer.Option(metavar="CLASS", help="Embeddings of a store that are compared.")
    ] = "none",
    metadata: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="A .csv or .parquet with the columns: for vectors one row each, in their order; "
            "for a store by id.",
        ),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column that both files have and match by; for .npy the number of the row.",
        ),
    ] = None,
    exclude: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Photos with one value of it are never neighbours: photographer, scene, group.",
        ),
    ] = None,
    group: Annotated[
        str,
        typer.Option(metavar="COLUMN", help="Photos that count as one."),
    ] = "group",
    bins: options.BinsOption = None,
    seed: options.SeedOption = 0,
    device: Annotated[str, typer.Option(help="Where products run: cpu, cuda or mps.")] = "cpu",
    memory_mb: Annotated[
        int, typer.Option("--memory-mb", min=1, help="Larger sets are read from disk in parts.")
    ] = 4096,
    out: options.RunOutOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Judge nearest neighbours by class and nuisance, without processing any photo.

    The robustness index is the share of same-class neighbours among those that share the class or
    the nuisance but not both; purity is the share of neighbours with the photo's own value.
    """
    from latentprint.cli.output import fail_if_empty, print_json
    from latentprint.cli.progress import step
    from latentprint.experiments.neighbors.judging import RobustnessOptions
    from latentprint.experiments.probes.labels import parse_bins
    from latentprint.jobs.neighbors import robustness_stored
    from latentprint.results import results_table

    measured = robustness_stored(
        vectors,
        nuisance,
        label=label,
        options=RobustnessOptions(
            ks=tuple(k or [10]),
            processing=processing,
            exclude=exclude,
            group=group,
            bins=tuple(parse_bins(bins or []).items()),
            seed=seed,
            memory_mb=memory_mb,
            device=device,
        ),
        metadata=metadata,
        id_column=id_column,
        out=out,
        command=shlex.join(["latentprint", *sys.argv[1:]]),
        on_step=step,
    )
    fail_if_empty(measured.results, measured.left_out)
    if as_json:
        rows = results_table(measured.results).to_dicts()
        print_json({"results": rows, "details": measured.details, "left_out": measured.left_out})
    else:
        _print(measured)


def _print(measured: Measured) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console() if Console().is_terminal else Console(width=160)
    shown = Table(
        box=box.SIMPLE_HEAD,
        title="Neighbours: robustness index and purity in percent",
        title_justify="left",
    )
    for heading in ("encoder", "nuisance", "measure"):
        shown.add_column(heading)
    for heading in ("value", "95 % interval", "chance", "n"):
        shown.add_column(heading, justify="right")
    shown.add_column("verdict")
    for row in measured.results:
        shown.add_row(
            *(Text(each) for each in (row.encoder, row.attribute, f"{row.setup} k={row.k}")),
            f"{row.value:.1f}",
            f"{row.low:.1f} to {row.high:.1f}",
            "" if row.chance is None else f"{row.chance:.1f}",
            f"{row.n_test}",
            row.verdict,
        )
    console.print(shown)
    for note in dict.fromkeys(row.notes for row in measured.results if row.notes):
        console.print(Text(f"Note: {note}."))
    for what, why in measured.left_out.items():
        console.print(Text(f"Left out: {what}: {why}"))
