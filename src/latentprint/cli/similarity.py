"""``latentprint similarity``: what makes photos alike, and what moves them apart."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated, Literal

import typer

from latentprint.cli import options
from latentprint.cli.app import app


@app.command(
    epilog="Examples: `latentprint similarity store -a jpeg --threshold 0.95` · `latentprint "
    "similarity store --metadata make --labels cameras.csv --label species` · `latentprint "
    "similarity store -a jpeg --query cat/01.jpg`"
)
def similarity(
    store: options.StoreArgument,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute",
            "-a",
            metavar="NAME",
            help="Processing that is varied: jpeg, sharpening, resizing, interpolation, "
            "jpeg:CLASS,CLASS or FILE.toml; repeat it. Default: those that were embedded.",
        ),
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata",
            metavar="COLUMN",
            help="Column that is the same or different instead, such as make; repeat it.",
        ),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The one query photo. Default: the test photos."),
    ] = None,
    label: options.LabelOption = None,
    labels: options.LabelsFileOption = None,
    where: options.WhereOption = None,
    processing: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Class of the query photos. Default: every class of the attribute; none, "
            "unprocessed, with --metadata.",
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=0, help="Most query photos, chosen by seed and id; 0 takes all.")
    ] = 1000,
    exclude_group: Annotated[
        bool,
        typer.Option(
            "--exclude-group/--include-group",
            help="Compare no photo with others of its group: near-duplicates, one photographer.",
        ),
    ] = False,
    stability: Annotated[
        bool,
        typer.Option(
            "--stability/--no-stability",
            help="Also how far re-encoding moves a photo, against its nearest other photo.",
        ),
    ] = True,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Class from which the shift is reported too. Default: none, else JPEG95_444.",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="Cosine similarity below which your index takes photos for different."),
    ] = None,
    galleries: Annotated[
        int, typer.Option(min=0, help="Neighbour galleries of each attribute.")
    ] = 3,
    choose: Annotated[
        Literal["telling", "random"],
        typer.Option(help="Galleries that change most, or any, by seed and id."),
    ] = "telling",
    k: Annotated[
        int, typer.Option("-k", "--neighbours", min=1, help="Neighbours in a gallery.")
    ] = 10,
    bins: options.BinsOption = None,
    out: options.RunOutOption = None,
    seed: options.SeedOption = 0,
    memory_mb: Annotated[
        int, typer.Option("--memory-mb", min=1, help="Memory for vectors and for similarities.")
    ] = 1024,
    as_json: options.JsonOption = False,
) -> None:
    """Compare photos by their stored embeddings: by what they show and by how they were made.

    Cosine similarity to photos of the same or another class with the same or other metadata; how
    far re-encoding moves a photo; the nearest neighbours of some photos. Semantic labels are needed
    for all but the second.
    """
    from latentprint.cli.output import fail_if_empty, print_results
    from latentprint.cli.progress import step
    from latentprint.cli.similarity_text import print_comparison
    from latentprint.experiments import parse_bins
    from latentprint.experiments.similarity.queries import QueryOptions
    from latentprint.jobs.similarity import ComparisonOptions, compare_stored
    from latentprint.results import results_table

    measured = compare_stored(
        store,
        attribute,
        metadata or [],
        queries=QueryOptions(
            label=label or "label",
            query=query,
            sample=sample or None,
            exclude_group=exclude_group,
            processing=processing,
            seed=seed,
            memory_mb=memory_mb,
        ),
        options=ComparisonOptions(
            stability=stability,
            reference=reference,
            threshold=threshold,
            galleries=galleries,
            choice=choose,
            k=k,
            bins=parse_bins(bins or []),
        ),
        condition=where,
        labels=labels,
        out=out,
        command=shlex.join(["latentprint", *sys.argv[1:]]),
        on_step=step,
    )
    fail_if_empty(measured.results, measured.left_out)
    if not as_json:
        print_comparison(measured)
    paths = {"report": str(out / "report.html")} if out else {}
    print_results(
        results_table(measured.results),
        measured.left_out,
        as_json=as_json,
        more={"details": measured.details},
        **paths,
    )
