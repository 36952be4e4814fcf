"""``latentprint article``: an article in Markdown, as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentprint.cli import options
from latentprint.cli.app import app, examples
from latentprint.cli.terminal import note, print_json, say

if TYPE_CHECKING:
    from latentprint.article.page import Written


@app.command(**examples("article article.md", "article post.md -o site/post.html --strict"))
def article(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="An article in Markdown, as Distill posts are.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="PAGE", help="Default: FILE with the suffix .html."),
    ] = None,
    safe: Annotated[
        bool,
        typer.Option(
            "--safe", help="Do not trust the article: drop its own HTML, scripts, styles and plots."
        ),
    ] = False,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Keep pictures, films and frames that lie on the web: the page then loads them.",
        ),
    ] = False,
    root: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Root of the site, for its assets, data and includes. Default: the nearest folder "
            "upward with a _config.yml.",
        ),
    ] = None,
    allow_outside: Annotated[
        bool,
        typer.Option(
            "--allow-outside",
            help="Also read files outside the article's folder and the root of its site: "
            "only for an article of your own.",
        ),
    ] = False,
    scale: Annotated[
        bool,
        typer.Option(
            "--scale/--no-scale",
            help="Make pictures no larger than they are shown, or put them in as they are.",
        ),
    ] = True,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when there were warnings.")
    ] = False,
    as_json: options.JsonOption = False,
) -> None:
    """Render an article to one HTML page that works offline.

    Pictures, plots, references and mathematics are put into the page. What is missing or unknown
    shows in the page, and as a warning with its line.
    """
    from latentprint.article.page import write_article

    written = write_article(
        source,
        out,
        safe=safe,
        online=online,
        scale=scale,
        root=root,
        allow_outside=allow_outside,
    )
    if as_json:
        print_json(_facts(written))
    else:
        note(*_notes(source, written))
        say(written.path)
    if strict and written.document.warnings:
        raise typer.Exit(1)


def _notes(source: Path, written: Written) -> list[str]:
    """The warnings as ``file:line: message``, what was embedded, and the size of the page."""
    from latentprint.article.warnings import grouped

    warnings = [f"{source}:{each}" for each in grouped(written.document.warnings)]
    embedded = [
        f"{each.kind} {each.name}: {_size(each.size)}"
        + (f" (scaled from {_size(each.scaled_from)})" if each.scaled_from else "")
        for each in written.document.embedded
    ]
    return [*warnings, *embedded, f"page: {_size(written.size)}"]


def _facts(written: Written) -> dict[str, object]:
    document = written.document
    return {
        "page": str(written.path),
        "size": written.size,
        "warnings": [
            {"line": each.line, "message": each.message, "kind": each.kind}
            for each in document.warnings
        ],
        "embedded": [
            {
                "name": each.name,
                "kind": each.kind,
                "size": each.size,
                "scaled_from": each.scaled_from or None,
            }
            for each in document.embedded
        ],
    }


def _size(size: int) -> str:
    """A number of bytes as people read it, in decimal units."""
    for unit, step in (("MB", 1e6), ("kB", 1e3)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} bytes"
