"""``latentprint correlation``: do classes go together with how photos were taken?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentprint.cli import options, terminal
from latentprint.cli.app import app, examples
from latentprint.cli.progress import reading_progress
from latentprint.cli.terminal import is_quiet, print_json, say, tell
from latentprint.errors import LatentprintError

if TYPE_CHECKING:
    from latentprint.experiments.correlation.correlation import Correlation


@app.command(
    **examples(
        "correlation photos/",
        "correlation manifest.csv --label species --group photographer --out correlation.csv",
    )
)
def correlation(
    photos: Annotated[
        Path,
        typer.Argument(
            metavar="PHOTOS_OR_VECTORS",
            help="A folder of photos or a manifest; vectors of your own; or a .csv or .parquet "
            "table without paths, of which only the columns are asked.",
        ),
    ],
    label: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column with the classes.")
    ] = "label",
    nuisance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Only this column, which classes may go together with; repeat it. Default: all.",
        ),
    ] = None,
    column: Annotated[list[str] | None, typer.Option(hidden=True)] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Photos with one value of it are not independent (photographer, scene) and are "
            "permuted as one. Default: the manifest's group.",
        ),
    ] = None,
    bins: options.BinsOption = None,
    metadata: Annotated[
        Path | None, typer.Option(metavar="TABLE", help="For vectors: a table about their photos.")
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="For vectors: the column by which they find their rows."
        ),
    ] = None,
    vector_columns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="For vectors: what they are in a file that holds other things too; repeat it.",
        ),
    ] = None,
    files: Annotated[
        bool,
        typer.Option(
            "--files/--no-files", help="Read EXIF and file facts, or use the manifest alone."
        ),
    ] = True,
    permutations: Annotated[int, typer.Option(min=1, help="Permutations behind each p.")] = 1000,
    layout: options.LayoutOption = "auto",
    follow_links: options.FollowLinksOption = False,
    workers: options.WorkersOption = None,
    seed: options.SeedOption = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write one row for every column to this .csv or .parquet file, or everything to a "
            ".json file.",
        ),
    ] = None,
    as_json: options.JsonOption = False,
) -> None:
    """Measure whether classes go together with EXIF, file facts and other columns.

    A warning before training: traces of the camera do harm where class and camera go together.
    No encoder is needed and no pixel is decoded.
    """
    from latentprint.experiments.bins import parse_bins
    from latentprint.jobs.correlation import CorrelationOptions, measure_correlation

    asked = CorrelationOptions(
        label,
        (*(nuisance or ()), *(column or ())),
        group,
        parse_bins(bins or []),
        metadata,
        id_column,
        tuple(vector_columns or ()),
        files,
        permutations,
        layout,
        follow_links,
        workers,
        seed,
    )
    done = measure_correlation(photos, asked, out=out, on_progress=reading_progress())
    found, unread = done.found, done.unread
    if not found.columns:
        tell(*_left_out(found, unread))
        raise LatentprintError(f"Nothing was measured: {found.sentence}")
    if as_json:
        print_json({**found.to_dict(), "unread": unread})
        return
    if out is None or not is_quiet():
        _print(found, unread)
    if out is not None:
        say(out)


def _print(found: Correlation, unread: dict[str, str]) -> None:
    console = terminal.console(width=140)
    kept = "" if found.groups is None else f", {found.groups} groups permuted as one each"
    title = f"Cramér's V with {found.label!r} (0 to 1), {found.photos} photos{kept}"
    numbers = ("V", "by chance", "photos", "classes", "levels", "p", "q")
    columns: dict[str, terminal.Align] = {
        "column": "left",
        **dict.fromkeys(numbers, "right"),
        "levels are": "left",
    }
    rows = [
        (
            each.column,
            *(f"{each.v:.3f}", f"{each.chance:.3f}"),
            *(f"{each.n}", f"{each.classes}", f"{each.levels}"),
            *(f"{each.p:.2g}", f"{each.q:.2g}"),
            each.rule,
        )
        for each in found.columns
    ]
    terminal.print_table(console, title, columns, rows)
    for line in _left_out(found, unread):
        console.print(terminal.text(line), soft_wrap=True)
    console.print(terminal.text(found.sentence), soft_wrap=True)


def _left_out(found: Correlation, unread: dict[str, str]) -> list[str]:
    """What was not measured, and why."""
    reasons: dict[str, list[str]] = {}
    for name, reason in found.left_out.items():
        reasons.setdefault(reason, []).append(name)
    lines = [f"Left out ({reason}): {', '.join(names)}" for reason, names in reasons.items()]
    return [*lines, *(f"Not read: {what}: {reason}" for what, reason in unread.items())]
