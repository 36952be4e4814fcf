"""``latentprint influence``: do traces change nearest neighbours?"""

from __future__ import annotations

import shlex
import sys
from typing import Annotated, Literal

import typer

from latentprint.cli import options
from latentprint.cli.app import app


@app.command(
    epilog="Examples: `latentprint influence store -a jpeg -k 1 -k 10` · `latentprint influence "
    "--study-embeddings files --model CLIP -a jpeg --json`"
)
def influence(
    store: options.OptionalStoreArgument = None,
    study_embeddings: options.StudyOption = None,
    model: options.ModelOption = None,
    variant: options.VariantOption = None,
    attribute: options.AttributeOption = None,
    k: options.NeighboursOption = None,
    draw: Annotated[
        Literal["photo", "published"] | None,
        typer.Option(
            help="How the uniform set-up draws the classes of training photos: by their id, or by "
            "their row. Default: photo; published for files of the study."
        ),
    ] = None,
    out: options.RunOutOption = None,
    seed: options.SeedOption = 0,
    device: Annotated[str, typer.Option(help="Where products run: cpu, cuda or mps.")] = "cpu",
    memory_mb: Annotated[
        int, typer.Option("--memory-mb", min=1, help="Larger sets are read from disk in parts.")
    ] = 4096,
    as_json: options.JsonOption = False,
) -> None:
    """Measure whether processing traces change nearest neighbours in stored embeddings.

    Tied votes go to the class whose name comes first, equal similarities to the photo whose id (or
    row, under the published draw) comes first. --json holds every single accuracy.
    """
    from latentprint.cli.output import fail_if_empty, print_results
    from latentprint.cli.progress import step
    from latentprint.jobs.neighbors import influence_stored
    from latentprint.jobs.sources import one_of
    from latentprint.results import results_table

    measured = influence_stored(
        one_of(store, study_embeddings, model, variant),
        attribute,
        ks=k or [10],
        draw=draw,
        seed=seed,
        memory_mb=memory_mb,
        device=device,
        out=out,
        command=shlex.join(["latentprint", *sys.argv[1:]]),
        on_step=step,
    )
    fail_if_empty(measured.results, measured.left_out)
    print_results(
        results_table(measured.results),
        measured.left_out,
        as_json=as_json,
        more={"details": measured.details},
    )
