"""``latentprint encoders bench``: how fast an encoder is, and what limits it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import examples
from latentprint.cli.encoders import encoders_app
from latentprint.cli.terminal import print_json, say

if TYPE_CHECKING:
    from latentprint.jobs.bench import Bench
    from latentprint.jobs.bench_timing import Rate


@encoders_app.command(
    **examples(
        "encoders bench default",
        "encoders bench random:timm:vit_base_patch16_224 --precision bfloat16 --photos photos/",
    )
)
def bench(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC",
            help="A name, alias or specification; random:SPEC is as fast, without weights.",
        ),
    ],
    batch_size: options.BatchOption = 64,
    precision: options.PrecisionOption = "float32",
    compiled: options.CompileOption = False,
    trust_code: options.TrustCodeOption = False,
    device: options.DeviceOption = "auto",
    workers: options.WorkersOption = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Time with these photos. Default: generated ones of 500 x 375 and 4000 x 3000.",
        ),
    ] = None,
    follow_links: options.FollowLinksOption = False,
    attribute: options.AttributeOption = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="Time for each figure; a batch may take longer.")
    ] = 5.0,
    as_json: options.JsonOption = False,
) -> None:
    """Time an encoder: alone, the reading of photos alone, and both together.

    Every photo is decoded once and made into the six classes of jpeg, or of --attribute.
    """
    from dataclasses import asdict

    from latentprint.jobs.bench import bench as timed
    from latentprint.jobs.bench_timing import BenchOptions
    from latentprint.photos import open_photos

    how = BenchOptions(
        batch_size=batch_size,
        precision=precision,
        compile=compiled,
        device=device,
        workers=workers,
        photos=photos and open_photos(photos, follow_links=follow_links),
        attributes=tuple(attribute or ["jpeg"]),
        seconds=seconds,
        trust_code=trust_code,
    )
    found = timed(spec, how)
    if as_json:
        print_json(asdict(found))
    else:
        say(*_lines(found))


def _lines(found: Bench) -> list[str]:
    compiled = ", compiled" if found.compiled else ""
    lines = [
        f"{found.encoder} on {found.device}, {found.precision}{compiled}: "
        f"batches of {found.batch_size}, worker processes: {found.workers}, "
        f"{len(found.classes)} classes of every photo",
        "",
        f"{'images a second: median (slowest to fastest repetition)':<62}",
        f"  {'encoder alone, pixels on the device':<40}{_rate(found.alone)}",
    ]
    for each in found.on_photos:
        lines += [
            f"{each.photos}",
            f"  {'reading and processing alone':<40}{_rate(each.pixels)}",
            f"  {'both together':<40}{_rate(each.together)}",
            f"  {each.bottleneck}",
        ]
    lines.append("")
    if found.peak_memory_mb is not None:
        where = "this process, without its workers" if found.device == "cpu" else found.device
        lines.append(f"Peak memory of {where}: {found.peak_memory_mb:,.0f} MiB")
    if found.cosine is not None:
        lines.append(f"Least cosine with float32, not compiled: {found.cosine:.6f}")
    return lines


def _rate(rate: Rate) -> str:
    spread = f"{rate.lowest:,.1f} to {rate.highest:,.1f}" if rate.repetitions > 1 else "timed once"
    return f"{rate.median:>9,.1f}  ({spread})"
