"""``latentprint canary``: notice when an encoder no longer gives the vectors it gave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from latentprint.cli import options
from latentprint.cli.app import Group, app, examples
from latentprint.cli.terminal import print_json, say

if TYPE_CHECKING:
    from latentprint.canary import Canary, CanaryCheck

DRIFTED = 3
"""Exit code where vectors drifted."""

canary_app = typer.Typer(
    help="Keep a few photos with their embeddings, and notice when an encoder drifts.",
    **examples(
        "canary make photos/ --out canary",
        "canary check canary",
        cls=Group,
    ),
    rich_markup_mode="markdown",
    no_args_is_help=True,
)

app.add_typer(canary_app, name="canary")


@canary_app.callback()
def canary() -> None:
    """Keep a few photos with their embeddings, and notice when an encoder drifts."""


@canary_app.command(
    **examples(
        "canary make photos/ --out canary",
        "canary make photos/ --out canary -e timm:resnet50.a1_in1k --count 64",
    )
)
def make(
    photos: options.PhotosArgument,
    out: options.OutOption = Path("latentprint-canary"),
    spec: Annotated[
        str, typer.Option("--encoder", "-e", metavar="SPEC", help="The encoder to watch.")
    ] = "default",
    count: Annotated[
        int, typer.Option(help="Photos to keep, from 32 to 256; rare kinds of files come first.")
    ] = 48,
    layout: options.LayoutOption = "auto",
    follow_links: options.FollowLinksOption = False,
    seed: options.SeedOption = 0,
    device: options.DeviceOption = "auto",
    precision: options.PrecisionOption = "float32",
    margin: options.MarginOption = "published",
    weights: options.WeightsOption = None,
    trust_code: options.TrustCodeOption = False,
    batch_size: options.BatchOption = 16,
    orient: options.OrientOption = True,
    as_json: options.JsonOption = False,
) -> None:
    """Keep photos with their bytes, pixels, model inputs and vectors in one folder.

    It also embeds them re-saved, resized otherwise and so on: later drift is told in these terms.
    """
    from dataclasses import asdict

    from latentprint.jobs.canary import make_canary
    from latentprint.photos import open_photos

    made = make_canary(
        open_photos(photos, layout=layout, follow_links=follow_links),
        out,
        encoder=spec,
        count=count,
        seed=seed,
        orient=orient,
        batch_size=batch_size,
        device=device,
        precision=precision,
        margin=margin,
        weights=weights,
        trust_code=trust_code,
    )
    if as_json:
        changes = {name: asdict(size) for name, size in made.changes.items()}
        print_json({"canary": str(made.folder), **made.recorded, **made.choice, "changes": changes})
    else:
        say(*_made_lines(made))


@canary_app.command(
    **examples(
        "canary check canary",
        "canary check canary -e onnx:exported.onnx --max-drift 1e-4 --junit canary.xml",
    )
)
def check(
    folder: Annotated[
        Path, typer.Argument(metavar="CANARY", help="The folder that `canary make` wrote.")
    ],
    spec: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            "-e",
            metavar="SPEC",
            help="The encoder to check. Default: that of the canary.",
        ),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Vectors of the canary's photos that another program made, in place of an "
            "encoder: with the files' names beside them, or in the order of these.",
        ),
    ] = None,
    max_drift: Annotated[
        float, typer.Option(help="Largest 1 - cos of a photo that passes.")
    ] = 1e-6,
    min_overlap: Annotated[
        float, typer.Option(help="Least share of the 10 nearest neighbours kept that passes.")
    ] = 0.99,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the result as JUnit XML.")
    ] = None,
    device: options.DeviceOption = "auto",
    precision: Annotated[
        Literal["float32", "bfloat16", "float16"] | None,
        typer.Option(help="Number format of the forward pass. Default: that of the canary."),
    ] = None,
    weights: options.WeightsOption = None,
    trust_code: options.TrustCodeOption = False,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            min=1,
            help="Images in one batch of the encoder. Default: as in the canary.",
        ),
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """Embed the photos of a canary again, and say which stage changed and how far.

    Exit codes: 0 within the tolerances, 3 drifted, 1 could not run, 2 wrong usage.
    """
    from dataclasses import asdict

    from latentprint.jobs.canary import check_canary

    found = check_canary(
        folder,
        encoder=spec,
        vectors=vectors,
        max_drift=max_drift,
        min_overlap=min_overlap,
        batch_size=batch_size,
        device=device,
        precision=precision,
        weights=weights,
        trust_code=trust_code,
        junit=junit,
    )
    if as_json:
        print_json({"passed": found.passed, **asdict(found)})
    else:
        say(*_check_lines(found))
    if not found.passed:
        raise typer.Exit(DRIFTED)


def _made_lines(made: Canary) -> Iterator[str]:
    choice = made.choice
    yield (
        f"{made.folder}: {len(made.photos)} of {choice['available']} photos, "
        f"{made.recorded['encoder']['name']}"
    )
    if choice["looked_at"] < choice["available"]:
        yield f"Chosen among the {choice['looked_at']} photos whose headers were read."
    if choice["lacking"]:
        yield f"No photo is of this kind, on which pipelines differ: {', '.join(choice['lacking'])}"
    yield f"Nearest two photos: 1 - cos {made.nearest_other:.2g}"
    yield f"{'what moves the vectors':<42} {'median':>8} {'largest':>8}  neighbours kept"
    for name, size in sorted(made.changes.items(), key=lambda each: each[1].mean):
        yield f"{name:<42} {size.median:>8.1e} {size.largest:>8.1e}  {100 * size.overlap:.1f} %"


def _check_lines(found: CanaryCheck) -> Iterator[str]:
    from latentprint.embeddings.store import in_short

    yield f"{found.encoder}, {found.photos} photos: as when the canary was made?"
    for stage in found.stages:
        note = f"   {stage.note}" if stage.note else ""
        yield f"  {stage.name:<16} {stage.same:>3} of {stage.total}{note}"
    yield f"  {'neighbours':<16} {100 * found.overlap:.1f} % of the 10 nearest kept"
    if found.distance is not None and found.distance.largest > 0:
        yield f"  (The nearest two photos are {found.nearest_other:.2g} apart.)"
    for each in found.settings:
        yield f"  {each.name}: {in_short(each.then)}, now {in_short(each.now)}"
    yield f"{found.verdict}: {found.sentence}"
    yield from found.failures
    yield "Passed." if found.passed else "Drifted."
