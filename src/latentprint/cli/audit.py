"""``latentprint audit``: photos in, report out."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.embedding import embedding_options
from latentprint.cli.presets import apply_preset
from latentprint.experiments.probes.protocol import STUDY, STUDY_EMBEDDING, Protocol


@app.command(
    **examples(
        "audit photos/ --out run -e clip-vit-b-32-wit",
        "audit photos/ --family SSL",
        "audit photos/ --layers 3,7,11",
    )
)
def audit(
    ctx: typer.Context,
    photos: options.PhotosArgument,
    out: options.OutOption = Path("latentprint-run"),
    encoder: options.EncoderOption = None,
    family: options.FamilyOption = None,
    attribute: options.QuestionOption = None,
    k: options.NeighboursOption = None,
    sample: options.SampleOption = None,
    layout: options.LayoutOption = "auto",
    follow_links: options.FollowLinksOption = False,
    label: options.LabelOption = None,
    name: options.NameOption = None,
    where: options.WhereOption = None,
    sample_photos: options.SamplePhotosOption = None,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    protocol: Annotated[
        Protocol | None,
        typer.Option(
            help="Embed and probe as the study did, with nothing beside the figures: published "
            "margin, mask and draws, 10 fits of stochastic gradient descent.",
        ),
    ] = None,
    seed: options.SeedOption = 0,
    control: options.ControlOption = True,
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
    memory_mb: options.MemoryOption = 4096,
    engine: options.EngineOption = "local",
    actors: options.ActorsOption = None,
    gpus_per_actor: options.GpusOption = None,
    orient: options.OrientOption = True,
    window: options.WindowOption = None,
    bits: options.BitsOption = None,
    max_megapixels: options.MegapixelsOption = 100.0,
    mask: options.LabelMaskOption = 0.9,
    group: options.GroupOption = None,
    cap: options.CapOption = None,
    min_count: options.MinCountOption = 10,
    balance: options.BalanceOption = True,
    bins: options.BinsOption = None,
    eraser: options.EraserOption = None,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
) -> None:
    """Measure the traces of processing and acquisition in encoders on your photos; write a report.

    Processing attributes (the default) are measured on whole photos, labels such as make or
    aperture (name them with -a) on photos whose middle is masked.
    Writes results.csv (.parquet, .json), report.html, photos.csv and the embeddings into --out.
    """
    from latentprint.cli.output import print_results
    from latentprint.cli.plan_text import print_plan
    from latentprint.cli.progress import embedding_progress, step
    from latentprint.experiments.bins import parse_bins
    from latentprint.experiments.probes.options import Guards, ProbeOptions
    from latentprint.jobs.audit import audit as job
    from latentprint.jobs.audit import plan_audit
    from latentprint.processing import ATTRIBUTES

    study: dict[str, Any] = {}
    if protocol is not None:
        study = STUDY
        preset = apply_preset(ctx, f"--protocol {protocol}", STUDY_EMBEDDING)
        control, margin, mask = preset["control"], preset["margin"], preset["mask"]
    choice, how = embedding_options("audit", locals())
    cluster = how.cluster
    table = choice.open(photos)
    asked: dict[str, Any] = {
        "encoders": how.encoders,
        "questions": attribute or list(ATTRIBUTES),
        "ks": k or [10],
        "sample": sample,
        "loading": how.loading(control=control),
        "extraction": how.extraction(mask=mask),
        "options": ProbeOptions(seed=seed, memory_mb=memory_mb, **study),
        "guards": Guards(group, cap, min_count, balance, parse_bins(bins or [])),
        "cluster": cluster,
    }
    if dry_run:
        print_plan(plan_audit(table, out, **asked, on_step=step), as_json=as_json)
        return
    with embedding_progress() as progress:
        done = job(
            table,
            out,
            **asked,
            allow_broken=allow_broken,
            command=shlex.join(["latentprint", *sys.argv[1:]]),
            title=title,
            on_progress=progress,
            on_step=step,
        )
    if mislabelled := int((done.photos["status"] == "mislabelled").sum()):
        what = "1 photo is" if mislabelled == 1 else f"{mislabelled} photos are"
        step(f"{what} mislabelled: see {out / 'photos.csv'}")
    print_results(
        done.measured.results,
        done.measured.left_out,
        as_json=as_json,
        report=str(done.page),
    )
