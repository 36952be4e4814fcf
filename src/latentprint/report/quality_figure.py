"""The JPEG quality of the input files as a histogram."""

from __future__ import annotations

import polars as pl

from latentprint.report.panel import Panel, base, safe, vertical
from latentprint.report.photos_section import JpegQuality

SUBSAMPLINGS = {"4:4:4": "--cvl", "4:2:2": "--ssl", "4:2:0": "--sup"}


def quality_panel(quality: JpegQuality) -> Panel:
    """How many input files have which JPEG quality, by chroma subsampling."""
    found = quality.table["jpeg_subsampling"].unique(maintain_order=True).to_list()
    names = sorted(found, key=lambda name: [*SUBSAMPLINGS, name].index(name))
    data = []
    for name in names:
        rows = quality.table.filter(pl.col("jpeg_subsampling") == name)
        data.append(
            {
                "type": "bar",
                "name": safe(name),
                "x": rows["jpeg_quality"].to_list(),
                "y": rows["files"].to_list(),
                "width": 0.9,
                "marker": {"color": f"var({SUBSAMPLINGS.get(name, '--muted')})"},
                "hoverinfo": "text",
                "hovertext": [
                    f"quality {row['jpeg_quality']}, {safe(name)}: {row['files']:,}"
                    for row in rows.to_dicts()
                ],
            }
        )
    axis = {"color": "var(--muted)", "gridcolor": "var(--line)", "zeroline": False}
    first = min(quality.table["jpeg_quality"].to_list(), default=70)
    return Panel(
        title="JPEG quality of the input files",
        described=(
            f"Histogram of JPEG quality: {quality.below} of {quality.known} files were saved "
            "below quality 95."
        ),
        data=data,
        layout={
            **base(),
            "height": 320,
            "barmode": "stack",
            "showlegend": True,
            "margin": {"l": 48, "r": 12, "t": 44, "b": 48},
            "legend": {"orientation": "h", "y": 1.03, "yanchor": "bottom", "traceorder": "normal"},
            "xaxis": {
                **axis,
                "title": {"text": "quality", "standoff": 8},
                "range": [min(first, 70) - 1.5, 101],
            },
            "yaxis": {
                **axis,
                "title": {"text": "files"},
                "tickformat": ",d",
                "rangemode": "tozero",
            },
            "shapes": [
                {**vertical(value), "line": {"color": "var(--muted)", "width": 1, "dash": "dot"}}
                for value in (75, 85, 95)
            ],
        },
    )
