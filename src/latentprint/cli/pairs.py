"""``latentprint pairs``: do traces of devices distract retrieval?"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentprint.cli import options
from latentprint.cli.app import app

if TYPE_CHECKING:
    from latentprint.experiments.pairs.pairs import PairsOutcome
    from latentprint.jobs.pairs import MeasuredPairs
    from latentprint.results import Result


@app.command(
    epilog="Examples: `latentprint pairs store` · `latentprint pairs manifest.csv --store store "
    "-e open_clip:ViT-B-32/openai` · `latentprint pairs --study-embeddings files --model CLIP`"
)
def pairs(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="STORE_OR_PHOTOS",
            help="What `latentprint embed` wrote; or photos, which are embedded first: a manifest "
            "with the columns path, subject and device_type (or camera_type).",
        ),
    ] = None,
    subject: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column that says what a photo shows.")
    ] = "subject",
    device_type: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column with the type of device. Default: device_type or camera_type.",
        ),
    ] = None,
    drop_incomplete: Annotated[
        bool,
        typer.Option(
            "--drop-incomplete",
            help="Leave out subjects that were photographed with one type of device only.",
        ),
    ] = False,
    k: Annotated[
        list[int] | None,
        typer.Option("-k", min=1, help="The k of recall@k; repeat it. Default: 1, 5 and 10."),
    ] = None,
    processing: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS", help="Embeddings to compare. Default: none, else the first there is."
        ),
    ] = None,
    where: options.WhereOption = None,
    labels: options.LabelsFileOption = None,
    out: options.RunOutOption = None,
    store: Annotated[Path, typer.Option(help="Where the embeddings of photos are kept.")] = Path(
        "latentprint-store"
    ),
    encoder: options.EncoderOption = None,
    layout: options.LayoutOption = "auto",
    device: options.DeviceOption = "auto",
    workers: options.WorkersOption = None,
    allow_broken: options.AllowBrokenOption = False,
    study_embeddings: options.StudyOption = None,
    model: options.ModelOption = None,
    variant: options.VariantOption = None,
    bootstrap: Annotated[
        int, typer.Option(min=1, help="Resamples of subjects behind the intervals.")
    ] = 1000,
    memory_mb: Annotated[
        int, typer.Option("--memory-mb", min=1, help="Memory for vectors, and for similarities.")
    ] = 1024,
    seed: options.SeedOption = 0,
    as_json: options.JsonOption = False,
) -> None:
    """Measure whether traces of the device distract retrieval, on pairs of near-duplicates.

    The same subjects, photographed with two types of device or more. Each photo looks for the one
    of its subject by another type, once among photos by its own type of device, once among photos
    by the type of the one it looks for. An encoder without traces does equally well in both.
    """
    from latentprint import jobs
    from latentprint.cli.output import print_json
    from latentprint.cli.progress import embedding_progress, step
    from latentprint.embeddings import Extraction
    from latentprint.experiments.pairs.pairs import PairsOptions
    from latentprint.jobs.pairs import is_store, pairs_stored
    from latentprint.jobs.sources import one_of
    from latentprint.photos import open_photos
    from latentprint.results import results_table

    how = PairsOptions(
        subject=subject,
        device=device_type,
        drop_incomplete=drop_incomplete,
        ks=tuple(k or (1, 5, 10)),
        seed=seed,
        bootstrap=bootstrap,
        memory_mb=memory_mb,
    )
    where_from = one_of(source, study_embeddings, model, variant)
    if isinstance(where_from, Path) and not is_store(where_from):
        with embedding_progress() as progress:
            jobs.embed(
                open_photos(where_from, layout=layout),
                store,
                encoders=encoder or ["default"],
                attributes=(),
                extra_classes=[processing or "none"],
                loading=jobs.Loading(device, control=False),
                extraction=Extraction(workers=workers),
                seed=seed,
                allow_broken=allow_broken,
                on_progress=progress,
            )
        where_from = store
    measured = pairs_stored(
        where_from,
        how,
        processing=processing,
        condition=where,
        labels=labels,
        out=out,
        command=shlex.join(["latentprint", *sys.argv[1:]]),
        on_step=step,
    )
    if as_json:
        print_json(
            {
                "results": results_table(measured.results).to_dicts(),
                "failures": measured.failures,
                "left_out": measured.left_out,
            }
        )
        return
    _print(measured)
    if out is not None:
        sys.stdout.write(f"results: {out}\n")


def _print(measured: MeasuredPairs) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from latentprint.experiments.pairs.pairs import DIFFERENCE, QUERY_GALLERY, TARGET_GALLERY

    console = Console()
    if not console.is_terminal:
        console = Console(width=180)
    for outcome in measured.outcomes:
        table = Table(
            box=box.SIMPLE_HEAD,
            title=Text(f"{outcome.encoder}: recall in percent, margin times 100 (95 % interval)"),
            title_justify="left",
        )
        for heading in ("figure", "query and target"):
            table.add_column(heading)
        for heading in (QUERY_GALLERY, TARGET_GALLERY, DIFFERENCE, "chance", "queries", "p"):
            table.add_column(heading, justify="right")
        table.add_column("verdict")
        for cells in _lines(outcome):
            table.add_row(*map(Text, cells))
        console.print(table)
        console.print(Text(outcome.sentence), soft_wrap=True)
    for failure in measured.failures[:1]:
        console.print(Text(_failure(failure)), soft_wrap=True)
    for what, why in measured.left_out.items():
        console.print(Text(f"Left out: {what}: {why}"), soft_wrap=True)


def _lines(outcome: PairsOutcome) -> Iterator[tuple[str, ...]]:
    """One line for each figure and direction, the galleries beside each other."""
    from latentprint.experiments.pairs.pairs import DIFFERENCE, QUERY_GALLERY, TARGET_GALLERY

    lines: dict[tuple[str, str], dict[str, Result]] = {}
    for row in outcome.results:
        gallery, _, direction = row.setup.partition(": ")
        direction = direction.partition(", distractors ")[0] or "mean of all directions"
        lines.setdefault((row.attribute, direction), {})[gallery] = row
    for (figure, direction), rows in lines.items():
        shown = [_figure(rows.get(each)) for each in (QUERY_GALLERY, TARGET_GALLERY, DIFFERENCE)]
        change, any_gallery = rows[DIFFERENCE], next(iter(rows.values()))
        chance = "" if any_gallery.chance is None else f"{any_gallery.chance:.1f}"
        p = "" if change.p is None else f"{change.p:.2g}"
        yield figure, direction, *shown, chance, f"{change.n_test}", p, change.verdict


def _figure(row: Result | None) -> str:
    if row is None:
        return ""
    # Adding zero turns minus zero into zero.
    value, low, high = (round(each, 1) + 0.0 for each in (row.value, row.low, row.high))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _failure(failure: Mapping[str, Any]) -> str:
    return (
        f"Worst failure ({failure['gallery']} type): {failure['query']} found "
        f"{failure['distractor']} (cosine {failure['distractor_similarity']:.3f}) before "
        f"{failure['target']} ({failure['target_similarity']:.3f})."
    )
