"""``latentprint probe``: recover labels from stored embeddings."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from latentprint.cli import options
from latentprint.cli.app import app


@app.command(
    epilog="Examples: `latentprint probe store -a jpeg` · `latentprint probe store -a make "
    "-a aperture --bins aperture=stops --group photographer`"
)
def probe(
    store: options.OptionalStoreArgument = None,
    study_embeddings: options.StudyOption = None,
    model: options.ModelOption = None,
    variant: options.VariantOption = None,
    attribute: options.QuestionOption = None,
    out: options.RunOutOption = None,
    assignment: Annotated[
        Literal["one", "all"],
        typer.Option(
            help="Each training photo under one drawn class (published) or under every class."
        ),
    ] = "one",
    paired: Annotated[
        bool,
        typer.Option(
            "--paired/--no-paired",
            help="Also the paired probe: each photo's mean over the classes subtracted, the "
            "sensitive measure for small sets.",
        ),
    ] = True,
    curve: Annotated[
        bool, typer.Option("--curve/--no-curve", help="Also with fewer training photos.")
    ] = True,
    controls: Annotated[
        bool,
        typer.Option(
            "--controls/--no-controls",
            help="Also with shuffled labels, other feature normalisation and file facts alone.",
        ),
    ] = True,
    fits: Annotated[int, typer.Option(min=1, max=999, help="Final fits.")] = 10,
    solver: Annotated[
        Literal["lbfgs", "sgd"],
        typer.Option(help="lbfgs: to the optimum; sgd: the study's protocol."),
    ] = "lbfgs",
    normalise: Annotated[
        Literal["l2", "standardise", "none"],
        typer.Option(help="What is done to embeddings first; published: l2."),
    ] = "l2",
    draw: Annotated[
        Literal["photo", "published"],
        typer.Option(help="How training photos get their class: by their id, or by their row."),
    ] = "photo",
    where: options.WhereOption = None,
    labels: options.LabelsFileOption = None,
    split_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A split of the study (JSON) to use for the label."),
    ] = None,
    group: options.GroupOption = None,
    cap: options.CapOption = None,
    min_count: options.MinCountOption = 10,
    balance: options.BalanceOption = True,
    bins: options.BinsOption = None,
    processing: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Embeddings that labels are read from. Default: none, unprocessed.",
        ),
    ] = None,
    seed: options.SeedOption = 0,
    device: Annotated[str, typer.Option(help="Where fits run: cpu, cuda or mps.")] = "cpu",
    memory_mb: Annotated[
        int, typer.Option("--memory-mb", min=1, help="Larger sets are read from disk in parts.")
    ] = 4096,
    as_json: options.JsonOption = False,
) -> None:
    """Recover processing and acquisition labels from stored embeddings with a linear probe.

    Every accuracy comes with chance, a 95 % interval, controls and what limits it.
    """
    from latentprint.cli.output import fail_if_empty, print_results
    from latentprint.cli.progress import step
    from latentprint.experiments import Guards, ProbeOptions, parse_bins
    from latentprint.jobs.probe import probe_stored
    from latentprint.jobs.sources import one_of
    from latentprint.results import results_table

    measured = probe_stored(
        one_of(store, study_embeddings, model, variant),
        attribute,
        options=ProbeOptions(
            seed=seed,
            fits=fits,
            assignment=assignment,
            draw=draw,
            paired=paired,
            solver=solver,
            normalise=normalise,
            controls=controls,
            curve=curve,
            device=device,
            memory_mb=memory_mb,
        ),
        guards=Guards(
            group=group,
            cap=cap,
            min_count=min_count,
            balance=balance,
            bins=parse_bins(bins or []),
            processing=processing,
        ),
        condition=where,
        labels=labels,
        split_file=split_file,
        out=out,
        command=shlex.join(["latentprint", *sys.argv[1:]]),
        on_step=step,
    )
    fail_if_empty(measured.results, measured.left_out)
    paths = {"report": str(out / "report.html")} if out else {}
    details = {"details": measured.details}
    print_results(
        results_table(measured.results), measured.left_out, as_json=as_json, more=details, **paths
    )
