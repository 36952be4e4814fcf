"""The command line: parse, call, print."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from latentprint.cli import options
from latentprint.errors import LatentprintError, UsageError

app = typer.Typer(
    help="Find out what a visual encoder knows about how photos were processed.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for everything written.")]


def main() -> None:
    """Run the command line; exit with 0, 1 (failure), 2 (usage) or 130 (interrupted)."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    try:
        app()
    except LatentprintError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)
    except SystemExit as done:
        # typer turns Ctrl-C into this exit code without a word.
        if done.code == 130:
            sys.stderr.write(
                "Interrupted. What was finished is kept: run the same command again to go on.\n"
            )
        raise
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        sys.stdout.write(f"latentprint {installed('latentprint')}\n")
        raise typer.Exit


@app.command(epilog="Example: `latentprint audit photos/ --out run -e open_clip:ViT-B-32/openai`")
def audit(
    photos: options.PhotosArgument,
    out: OutOption = Path("latentprint-run"),
    encoder: options.EncoderOption = None,
    attribute: options.AttributeOption = None,
    k: options.NeighboursOption = None,
    layout: options.LayoutOption = "auto",
    label: options.LabelOption = None,
    name: options.NameOption = None,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    seed: options.SeedOption = 0,
    control: options.ControlOption = True,
    allow_broken: options.AllowBrokenOption = False,
    device: options.DeviceOption = "auto",
    precision: options.PrecisionOption = "float32",
    workers: options.WorkersOption = None,
    batch_size: options.BatchOption = 64,
    orient: options.OrientOption = True,
    max_megapixels: options.MegapixelsOption = 100.0,
    as_json: options.JsonOption = False,
) -> None:
    """Measure the traces of processing in encoders on your photos, and write a report.

    Writes results.csv (.parquet, .json), report.html, photos.csv and the embeddings into --out.
    """
    from latentprint import pipeline
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import embedding_progress, step
    from latentprint.embeddings import Extraction
    from latentprint.photos import open_photos
    from latentprint.processing import ATTRIBUTES, find_attributes

    names = [each.name for each in find_attributes(attribute or list(ATTRIBUTES))]
    table = open_photos(photos, layout=layout, label_column=label, name=name)
    with embedding_progress() as progress:
        done = pipeline.audit(
            table,
            out,
            encoders=encoder or ["default"],
            attributes=names,
            ks=k or [10],
            loading=pipeline.Loading(device, precision, control),
            extraction=Extraction(
                batch_size=batch_size,
                workers=workers,
                orient=orient,
                max_pixels=int(max_megapixels * 1e6),
            ),
            seed=seed,
            allow_broken=allow_broken,
            command=shlex.join(["latentprint", *sys.argv[1:]]),
            title=title,
            on_progress=progress,
            on_step=step,
        )
    for status, meaning in (("broken", "could not be read"), ("mislabelled", "are mislabelled")):
        count = int((done.photos["status"] == status).sum())
        if count:
            step(f"{count} photos {meaning}: see {out / 'photos.csv'}")
    print_results(done.table, done.left_out, as_json=as_json, report=str(done.report))


@app.command(epilog="Example: `latentprint embed photos/ --out store -e timm:resnet50.a1_in1k`")
def embed(
    photos: options.PhotosArgument,
    out: OutOption = Path("latentprint-store"),
    encoder: options.EncoderOption = None,
    attribute: options.AttributeOption = None,
    processing: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS", help="A further processing class, such as none; repeat it."),
    ] = None,
    layout: options.LayoutOption = "auto",
    label: options.LabelOption = None,
    name: options.NameOption = None,
    seed: options.SeedOption = 0,
    control: options.ControlOption = False,
    allow_broken: options.AllowBrokenOption = False,
    device: options.DeviceOption = "auto",
    precision: options.PrecisionOption = "float32",
    workers: options.WorkersOption = None,
    batch_size: options.BatchOption = 64,
    orient: options.OrientOption = True,
    max_megapixels: options.MegapixelsOption = 100.0,
    mask: options.MaskOption = 0.0,
    as_json: options.JsonOption = False,
) -> None:
    """Embed photos under every processing class and keep the embeddings in a folder.

    A run that was killed goes on where it was; finished embeddings are used again.
    """
    from latentprint import pipeline
    from latentprint.cli.output import print_json
    from latentprint.cli.progress import embedding_progress
    from latentprint.embeddings import Extraction
    from latentprint.photos import open_photos
    from latentprint.processing import ATTRIBUTES, find_attributes

    names = [each.name for each in find_attributes(attribute or list(ATTRIBUTES))]
    table = open_photos(photos, layout=layout, label_column=label, name=name)
    with embedding_progress() as progress:
        stores = pipeline.embed(
            table,
            out,
            encoders=encoder or ["default"],
            attributes=names,
            extra_classes=processing or [],
            loading=pipeline.Loading(device, precision, control),
            extraction=Extraction(
                batch_size=batch_size,
                workers=workers,
                orient=orient,
                max_pixels=int(max_megapixels * 1e6),
                mask=mask,
            ),
            seed=seed,
            allow_broken=allow_broken,
            on_progress=progress,
        )
    facts = stores[0].facts()
    status = {row[0]: row[1] for row in facts["status"].value_counts().sort("status").rows()}
    folders = [str(store.folder) for store in stores]
    if as_json:
        print_json({"photos": status, "stores": folders})
    else:
        sys.stdout.write("\n".join(folders) + "\n")


@app.command(epilog="Example: `latentprint probe store -a jpeg`")
def probe(
    store: options.StoreArgument,
    attribute: options.AttributeOption = None,
    seed: options.SeedOption = 0,
    as_json: options.JsonOption = False,
) -> None:
    """Recover processing labels from stored embeddings with a linear probe."""
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import step
    from latentprint.embeddings import open_collection
    from latentprint.measure import probe_all
    from latentprint.processing import ATTRIBUTES, find_attributes
    from latentprint.results import results_table

    attributes = find_attributes(attribute or list(ATTRIBUTES))
    measured = probe_all(open_collection(store, seed=seed), attributes, seed=seed, on_step=step)
    _fail_if_empty(measured.results, measured.left_out)
    print_results(results_table(measured.results), measured.left_out, as_json=as_json)


@app.command(epilog="Example: `latentprint influence store -a jpeg -k 1 -k 10`")
def influence(
    store: options.StoreArgument,
    attribute: options.AttributeOption = None,
    k: options.NeighboursOption = None,
    seed: options.SeedOption = 0,
    as_json: options.JsonOption = False,
) -> None:
    """Measure whether processing traces change nearest neighbours in stored embeddings."""
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import step
    from latentprint.embeddings import open_collection
    from latentprint.measure import influence_all
    from latentprint.processing import ATTRIBUTES, find_attributes
    from latentprint.results import results_table

    attributes = find_attributes(attribute or list(ATTRIBUTES))
    sources = open_collection(store, seed=seed)
    measured = influence_all(sources, attributes, ks=k or [10], seed=seed, on_step=step)
    _fail_if_empty(measured.results, measured.left_out)
    print_results(results_table(measured.results), measured.left_out, as_json=as_json)


@app.command(epilog="Example: `latentprint report run --title 'Our index'`")
def report(
    run: options.RunArgument,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
) -> None:
    """Write report.html again from the results of a run."""
    from latentprint.report import write_report

    sys.stdout.write(f"{write_report(run, title=title)}\n")


@app.command(epilog="Example: `latentprint demo --out demo-run`")
def demo(
    out: OutOption = Path("demo-run"),
    as_json: options.JsonOption = False,
) -> None:
    """Audit the embedded encoder on embedded photos: the whole job, offline, in a few minutes."""
    from latentprint import pipeline
    from latentprint.cli.output import print_results
    from latentprint.cli.progress import embedding_progress, step
    from latentprint.photos import open_photos
    from latentprint.photos.demo import write_demo_photos

    write_demo_photos(out / "photos")
    with embedding_progress() as progress:
        done = pipeline.audit(
            open_photos(out / "photos" / "manifest.csv", name="demo photos"),
            out,
            ks=[5],
            command="latentprint demo",
            title="Demo: a few photos cut into tiles",
            on_progress=progress,
            on_step=step,
        )
    print_results(done.table, done.left_out, as_json=as_json, report=str(done.report))


@app.command()
def encoders(as_json: options.JsonOption = False) -> None:
    """List the encoders that can be audited and how to name them."""
    from latentprint.cli.output import print_json
    from latentprint.encoders import list_encoders

    known = list_encoders()
    if as_json:
        print_json(known)
        return
    for each in known:
        installed = "" if each["installed"] else f" (needs {each['library']})"
        sys.stdout.write(f"{each['spec']:<24}{each['explanation']}{installed}\n")


def _fail_if_empty(results: Sequence[object], left_out: dict[str, str]) -> None:
    if not results:
        raise UsageError(next(iter(left_out.values()), "There is nothing to measure."))
