"""``latentprint embed``: photos in, embeddings kept."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.embedding import embedding_options
from latentprint.cli.terminal import print_json, say


@app.command(
    **examples(
        "embed photos/ --out store -e timm:resnet50.a1_in1k",
        "embed photos/ --out masked -a none --mask 0.9",
    )
)
def embed(
    photos: options.PhotosArgument,
    out: options.OutOption = Path("latentprint-store"),
    encoder: options.EncoderOption = None,
    family: options.FamilyOption = None,
    attribute: options.AttributeOption = None,
    processing: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS", help="A further processing class, such as none; repeat it."),
    ] = None,
    layout: options.LayoutOption = "auto",
    follow_links: options.FollowLinksOption = False,
    label: options.LabelOption = None,
    name: options.NameOption = None,
    where: options.WhereOption = None,
    sample_photos: options.SamplePhotosOption = None,
    seed: options.SeedOption = 0,
    control: options.ControlOption = False,
    allow_broken: options.AllowBrokenOption = False,
    skip_missing: options.SkipMissingOption = False,
    retry_broken: options.RetryBrokenOption = False,
    device: options.DeviceOption = "auto",
    precision: options.PrecisionOption = "float32",
    margin: options.MarginOption = "published",
    layers: options.LayersOption = None,
    weights: options.WeightsOption = None,
    compile: options.CompileOption = False,  # noqa: A002
    trust_code: options.TrustCodeOption = False,
    workers: options.WorkersOption = None,
    batch_size: options.BatchOrAutoOption = "64",
    shards: options.SharesOption = None,
    engine: options.EngineOption = "local",
    actors: options.ActorsOption = None,
    gpus_per_actor: options.GpusOption = None,
    orient: options.OrientOption = True,
    window: options.WindowOption = None,
    bits: options.BitsOption = None,
    max_megapixels: options.MegapixelsOption = 100.0,
    mask: options.MaskOption = 0.0,
    eraser: options.EraserOption = None,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Embed photos under every processing class and keep the embeddings in a folder.

    A run that was killed goes on where it was. Embeddings that are there are used again; photos,
    classes and encoders that are new are added, and what has changed or is damaged is made anew.
    """
    from latentprint.cli.plan_text import print_plan
    from latentprint.cli.progress import embedding_progress, step
    from latentprint.embeddings import Share
    from latentprint.jobs.embedding import embed as job
    from latentprint.jobs.plan import plan_embed
    from latentprint.processing import ATTRIBUTES

    choice, how = embedding_options("embed", locals())
    cluster = how.cluster
    table = choice.open(photos)
    asked: dict[str, Any] = {
        "encoders": how.encoders,
        "attributes": attribute or list(ATTRIBUTES),
        "extra_classes": processing or [],
        "loading": how.loading(control=control),
        "extraction": replace(how.extraction(mask=mask), share=Share.parse(shards)),
        "seed": seed,
        "cluster": cluster,
    }
    if dry_run:
        print_plan(plan_embed(table, out, **asked, on_step=step), as_json=as_json)
        return
    with embedding_progress() as progress:
        stores = job(
            table,
            out,
            **asked,
            allow_broken=allow_broken,
            command=shlex.join(["latentprint", *sys.argv[1:]]),
            on_progress=progress,
        )
    facts = stores[0].facts(["id", "status"])
    status = {row[0]: row[1] for row in facts["status"].value_counts().sort("status").rows()}
    folders = [str(store.folder) for store in stores]
    if as_json:
        print_json({"photos": status, "stores": folders})
    else:
        say(*folders)
