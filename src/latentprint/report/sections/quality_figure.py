"""The JPEG quality of the input files as a histogram."""

from __future__ import annotations

from typing import Any

import polars as pl

from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.panel import Panel, axis, base, hatched, hover, vertical
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Run
from latentprint.report.photos_section import JpegQuality, jpeg_quality
from latentprint.report.wording import count

SUBSAMPLINGS = {
    "4:4:4": ("cvl", ""),
    "4:2:2": ("ssl", "."),
    "4:2:0": ("sup", "/"),
}
"""The usual chroma subsamplings, with the colour and hatching of their bars."""


def quality_figure(run: Run) -> Figure | None:
    """The figure; None where no input file is a JPEG of known quality."""
    found = [(part, jpeg_quality(part.photos)) for part in run.parts if part.photos is not None]
    found = [(part, quality) for part, quality in found if quality.known]
    if not found:
        return None
    several = len(found) > 1
    panels, tables = [], []
    for part, quality in found:
        name = f", {', '.join(part.datasets)}" if several else ""
        panels.append(quality_panel(quality, name))
        tables.append((f"Numbers{name}", quality_table(quality)))
    names = {name for panel in panels for name in (each["legendgroup"] for each in panel.data)}
    return Figure(
        "quality",
        "How the JPEG files among the inputs were saved, by quality and chroma subsampling. The "
        "dotted lines are the qualities that the experiments use.",
        panels=panels,
        keys=[Key(name, name, _mark(name)) for name in _ordered(names)],
        tables=tables,
        layout="l-page" if several else "l-body",
    )


def quality_panel(quality: JpegQuality, name: str = "") -> Panel:
    """How many input files have which JPEG quality, by chroma subsampling."""
    found = _ordered(set(quality.table["jpeg_subsampling"].to_list()))
    first = min(quality.table["jpeg_quality"].to_list(), default=70)
    return Panel(
        title=f"JPEG quality of the input files{name}",
        described=(
            f"Histogram of JPEG quality: {quality.below:,} of {quality.known:,} files were saved "
            "below quality 95."
        ),
        data=[_bars(quality.table, each) for each in found],
        layout={
            **base(),
            "height": 300,
            "barmode": "stack",
            "margin": {"l": 52, "r": 12, "t": 10, "b": 48},
            "xaxis": axis("quality", range=[min(first, 70) - 1.5, 101]),
            "yaxis": axis("files", tickformat=",d", rangemode="tozero", nticks=6),
            "shapes": [
                {**vertical(value), "line": {"color": "var(--muted)", "width": 1, "dash": "dot"}}
                for value in (75, 85, 95)
            ],
        },
    )


def _ordered(names: set[str]) -> list[str]:
    return sorted(names, key=lambda name: ([*SUBSAMPLINGS, name].index(name), name))


def _mark(name: str) -> str:
    return f"bar {SUBSAMPLINGS.get(name, ('rest', ''))[0]}"


def _bars(table: pl.DataFrame, name: str) -> dict[str, Any]:
    rows = table.filter(pl.col("jpeg_subsampling") == name)
    colour, pattern = SUBSAMPLINGS.get(name, ("muted", "/"))
    return {
        "type": "bar",
        "legendgroup": name,
        "x": rows["jpeg_quality"].to_list(),
        "y": rows["files"].to_list(),
        "width": 0.9,
        "marker": {"color": f"var(--{colour})", "pattern": hatched(pattern)},
        "hoverinfo": "text",
        "hovertext": [
            hover(f"quality {row['jpeg_quality']}, {name}", count(row["files"], "file"))
            for row in rows.to_dicts()
        ],
    }


def quality_table(quality: JpegQuality) -> Table:
    """The numbers of the JPEG quality figure."""
    return Table(
        "JPEG files among the inputs",
        ("Quality", "Chroma subsampling", "Files"),
        [
            (str(row["jpeg_quality"]), row["jpeg_subsampling"], f"{row['files']:,}")
            for row in quality.table.to_dicts()
        ],
        names=2,
    )
