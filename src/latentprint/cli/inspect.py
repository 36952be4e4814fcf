"""``latentprint inspect``: what embeddings tell of one photo, or what two are alike by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.terminal import print_json

if TYPE_CHECKING:
    from latentprint.inspection.findings import Inspected, Inspection

StoreOption = Annotated[
    Path,
    typer.Option(
        "--store",
        "-s",
        metavar="STORE",
        help="What `latentprint embed` or `audit` wrote, with unprocessed photos among its "
        "classes.",
    ),
]


@app.command(
    **examples(
        "inspect photo.jpg --store store",
        "inspect photo.jpg other.jpg --store store --eraser eraser --out inspected",
        "inspect cat/01.jpg --store store -a make --json",
    )
)
def inspect(
    photo: Annotated[
        str, typer.Argument(metavar="PHOTO", help="A file, or the id of a photo of the store.")
    ],
    store: StoreOption,
    other: Annotated[
        str | None,
        typer.Argument(metavar="OTHER", help="Another, to say what the two are alike by."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            "-e",
            metavar="SPEC",
            help="Of a store with several, the name of one; or the specification of its encoder, "
            "where the store does not record how to load it.",
        ),
    ] = None,
    eraser: options.StoreEraserOption = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute",
            "-a",
            metavar="NAME",
            help="What to read: a processing attribute whose classes are in the store, or a label "
            "of the photos (make, aperture, column:NAME); repeat it. Default: the published "
            "attributes that are there; labels come beside them.",
        ),
    ] = None,
    group: options.GroupOption = None,
    device: options.DeviceOption = "auto",
    trust_code: options.TrustCodeOption = False,
    seed: options.SeedOption = 0,
    photos: options.ShownPhotosOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Also write inspection.html and inspection.json into this folder."
        ),
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """Say what the embeddings of a store tell of one photo: file, probes, processing, neighbours.

    Neighbours that are there because of traces are named. Of two photos it is said whether they are
    alike by what they show or by how they were made. The first call fits what it needs and keeps it
    in the store's folder.
    """
    from latentprint.cli.output import print_lines
    from latentprint.cli.progress import step
    from latentprint.inspection.findings import inspection_as_json
    from latentprint.jobs import inspect as job

    found = job.inspect(
        photo,
        other,
        store=store,
        encoder=encoder,
        eraser=eraser,
        attributes=attribute or (),
        group=group,
        device=device,
        trust_code=trust_code,
        seed=seed,
        photos=photos,
        out=out,
        on_step=step,
    )
    if as_json:
        print_json(inspection_as_json(found))
    else:
        print_lines(_lines(found), *([f"page: {found.page}"] if found.page else []))


def _lines(found: Inspection) -> Iterator[str]:
    from latentprint.inspection.telling import CAUTION, PART_NAMES, level_line, pair_lines

    if found.pair is not None:
        yield f"{' and '.join(each.name for each in found.photos)}: {found.pair.verdict}"
        for part in found.pair.parts:
            place = "" if part.percentile is None else f", percentile {part.percentile:.0f}"
            limit = "" if part.limit is None else f" (alike from {part.limit:.3f})"
            yield f"  {PART_NAMES[part.name]:<24} {part.value:>7.3f}{place}{limit}"
        yield from (f"  {line}" for line in pair_lines(found.pair)[1:])
        yield ""
    for photo in found.photos:
        yield from _photo_lines(photo)
        yield ""
    if found.level is not None:
        yield level_line(found.level)
    yield from found.notes
    yield CAUTION


def _photo_lines(photo: Inspected) -> Iterator[str]:
    from latentprint.inspection.telling import (
        exif_lines,
        farthest_line,
        file_line,
        reason_of,
        tags_of,
        traces_line,
        word_of,
    )

    yield f"{photo.name} ({'in the store' if photo.stored else 'not in the store'})"
    yield f"  {file_line(photo)}"
    if exif := exif_lines(photo):
        yield "  " + ", ".join(f"{name} {value}" for name, value in exif)
    for reading in photo.readings:
        yield f"  {reading.about:<14} {word_of(reading)}"
        right = f"{100 * reading.accuracy:.0f} % right on photos held out"
        yield f"  {'':<14} {reason_of(reading)} ({right}, chance {100 * reading.chance:.0f} %)"
    if photo.moved:
        yield f"  {farthest_line(photo.moved[0])}"
    for near in photo.neighbours:
        if near.before is not None:
            tags = ", ".join(tags_of(near))
            after = "–" if near.after is None else near.after
            ranks = f"{near.before:>2} → {after:<2}"
            yield f"  {ranks}  {near.similarity:.3f}  {near.id}  {tags}".rstrip()
    yield f"  {traces_line(photo)}"
    yield from (f"  {note}" for note in photo.notes)
