"""``latentprint flickr``: a set of freely licensed photos with their EXIF."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.terminal import note, print_json, say

if TYPE_CHECKING:
    from datetime import date

    from latentprint.photos.flickr import Collected, FlickrClient, FlickrProgress, Refreshed, Wanted

_DAY = "a year, a month or a day: 2008, 2008-03 or 2008-03-17."
_SECONDS_BETWEEN_LINES = 10.0


@app.command(**examples("flickr --out flickr --from 2006 --to 2015 --tags street --max-photos 500"))
def flickr(
    out: options.OutOption = Path("latentprint-flickr"),
    first: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help=f"Taken since {_DAY}")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help=f"Taken until {_DAY}")
    ] = None,
    query: Annotated[str, typer.Option(help="Words in title, description or tags.")] = "",
    tags: Annotated[str, typer.Option(help="Tags, one of which a photo bears: a,b,c.")] = "",
    licence: Annotated[
        list[str] | None,
        typer.Option(
            "--licence",
            "--license",
            metavar="NAME",
            help="cc-by, cc-by-sa, cc0, public-domain, us-government or no-known-restrictions; "
            "repeat it. Default: all of these.",
        ),
    ] = None,
    max_photos: Annotated[
        int | None,
        typer.Option(min=1, help="Photos to keep, spread over the months. Default: all."),
    ] = None,
    per_user_month: Annotated[
        int,
        typer.Option(
            "--per-user-month",
            "--users-per-month",
            min=1,
            help="Most photos of one photographer taken in one month.",
        ),
    ] = 5,
    size: Annotated[
        str,
        typer.Option(
            help="What to download: original, or 1024, 800 or 640 pixels on the longer side, "
            "which Flickr resized and compressed once more."
        ),
    ] = "original",
    min_side: Annotated[
        int, typer.Option(min=1, help="Least shorter side of the picture, in pixels.")
    ] = 512,
    seed: options.SeedOption = 0,
    pause: Annotated[
        float,
        typer.Option(min=0.0, help="Seconds between two requests; Flickr wants 1 at least."),
    ] = 1.0,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh", help="Only check which photos in --out are gone or changed licence."
        ),
    ] = False,
    remove: Annotated[
        bool,
        typer.Option("--remove", help="With --refresh: delete those that may not be kept."),
    ] = False,
    api_url: Annotated[str | None, typer.Option(hidden=True)] = None,
    as_json: options.JsonOption = False,
) -> None:
    """Collect freely licensed photos from Flickr, with their EXIF, as a set to audit.

    Only safe, public photos under permissive licences. Writes photos/ID.jpg, photos.csv and
    photos.parquet (licence, attribution, EXIF as text), and skipped.csv (what could not be had,
    and why) into --out; a run that was killed goes on where it was. Positions, serial numbers and
    thumbnails are neither asked for nor kept. A photo costs two requests, a search a few.

    The key comes from the environment variable FLICKR_API_KEY only. Flickr's API terms of use
    (https://www.flickr.com/help/terms/api) bind you: keep licence and attribution with every
    photo, and delete a photo when its owner asks or withdraws it: run --refresh --remove before
    you use or share the set again.
    """
    from latentprint.errors import UsageError
    from latentprint.photos.flickr import (
        API_URL,
        LICENCES,
        FlickrClient,
        Manners,
        Wanted,
        read_key,
    )

    if remove and not refresh:
        raise UsageError("--remove goes with --refresh.")
    wanted = None
    if not refresh:
        since, until = _days(first, last)
        wanted = Wanted(
            first=since,
            last=until,
            text=query.strip(),
            tags=tuple(each.strip() for each in tags.split(",") if each.strip()),
            licences=tuple(licence or LICENCES),
            max_photos=max_photos,
            per_user_month=per_user_month,
            size=size,
            min_side=min_side,
            seed=seed,
        )
    manners = Manners(pause=pause, seed=seed)
    with FlickrClient(read_key(), url=api_url or API_URL, manners=manners) as client:
        if wanted is None:
            _refresh(out, client, remove, as_json)
        else:
            _collect(out, wanted, client, as_json)


def _days(first: str | None, last: str | None) -> tuple[date, date]:
    from latentprint.errors import UsageError
    from latentprint.photos.flickr import first_day, last_day

    if first is None or last is None:
        raise UsageError("Say when the photos were taken: --from 2006 --to 2015, for example.")
    return first_day(first), last_day(last)


def _collect(out: Path, wanted: Wanted, client: FlickrClient, as_json: bool) -> None:
    from latentprint.photos.flickr import collect

    done: Collected = collect(out, wanted, client, on_progress=_lines("kept"))
    if as_json:
        print_json(
            {
                "folder": str(done.folder),
                "kept": done.kept,
                "skipped": done.skipped,
                "left_out": done.left_out,
                "requests": done.requests,
            }
        )
        return
    lines = [f"{done.kept} photos in {done.folder} ({done.requests} requests)"]
    lines += [f"Skipped: {count} photos: {why}" for why, count in done.skipped.items()]
    lines += [f"Left out: {count} photos: {why}" for why, count in done.left_out.items()]
    say(*lines)


def _refresh(out: Path, client: FlickrClient, remove: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from latentprint.photos.flickr import refresh

    done: Refreshed = refresh(out, client, remove=remove, on_progress=_lines("checked"))
    if as_json:
        print_json(asdict(done))
        return
    lines = [f"{done.checked} photos checked ({done.requests} requests)"]
    lines += [f"Gone: {each}" for each in done.gone]
    lines += [f"Not permitted any more: {each}: {name}" for each, name in done.forbidden.items()]
    lines += [f"Another licence: {each}: {name}" for each, name in done.relicensed.items()]
    lines += [f"No answer: {each}" for each in done.unanswered]
    count = len(done.gone) + len(done.forbidden)
    if count:
        lines.append(f"Removed: {count}" if done.removed else f"To remove these {count}: --remove")
    say(*lines)


def _lines(verb: str) -> Callable[[FlickrProgress], None]:
    """Progress on standard error, a line every ten seconds."""
    last = time.monotonic()

    def show(progress: FlickrProgress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _SECONDS_BETWEEN_LINES:
            return
        last = now
        of = f" of {progress.wanted}" if progress.wanted else ""
        when = f", now at {progress.month}" if progress.month else ""
        note(
            f"{verb} {progress.kept}{of} photos, {progress.skipped} skipped, "
            f"{progress.requests} requests{when}"
        )

    return show
