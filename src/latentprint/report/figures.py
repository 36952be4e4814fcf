"""The figures, as plain Plotly JSON.

A figure is a set of panels, one for each attribute, so that the page can lay them out in as many
columns as fit. Colours are names of the page's CSS variables, such as ``var(--bar)``: the page
looks them up, and again when it turns dark or is printed.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from latentprint.published import published
from latentprint.report.inputs import Row
from latentprint.report.panel import Panel, base, label, layout_of, note, safe, vertical
from latentprint.report.photos_section import JpegQuality
from latentprint.report.wording import (
    attribute_name,
    capital,
    classes,
    percent,
    points,
    span,
)

FAMILIES = {"CVL": "circle", "SUP": "square", "SSL": "triangle-up"}
"""The published families and the shape of their points: never colour alone."""

SETUPS = {
    "pos-same": "triangle-right",
    "neg-same": "triangle-left",
    "uniform": "circle-open",
    "all-diff": "x-thin-open",
}
"""The kNN set-ups drawn as markers over the bar of all-same."""

LANES = {"uniform": 0.07, "all-diff": -0.07}
"""Markers that would hide each other are drawn a little above and below the middle of the bar."""

SUBSAMPLINGS = {"4:4:4": "--cvl", "4:2:2": "--ssl", "4:2:0": "--sup"}

_ROW = 76
_STRIP = 104


def probe_panels(probes: list[Row]) -> list[Panel]:
    """Probe accuracy of the user's encoders, one panel for each attribute."""
    return [
        _probe_panel(attribute, [row for row in probes if row["attribute"] == attribute])
        for attribute in dict.fromkeys(row["attribute"] for row in probes)
    ]


def _probe_panel(attribute: str, rows: list[Row]) -> Panel:
    heights = [-float(index) for index in range(len(rows))]
    context = _published(attribute)
    bottom = -len(rows) + 0.5
    labels = [
        label(row["encoder"], f"{percent(row['value'])} · {row['verdict']}", height)
        for row, height in zip(rows, heights, strict=True)
    ]
    data = [_bars(rows, heights), _floors(rows, heights)]
    pixels = _ROW * len(rows)
    if context.height:
        data += [_strip(context, family, bottom) for family in FAMILIES]
        labels.append(note("47 published encoders, ImageNet", bottom - 0.12))
        bottom -= _STRIP / _ROW
        pixels += _STRIP
    chance = rows[0]["chance"]
    layout = layout_of(pixels, bottom, labels, title="probe accuracy (%)")
    layout["shapes"] = [vertical(chance)] if chance is not None else []
    spoken = "; ".join(
        f"{row['encoder']} {percent(row['value'])}, {row['verdict'] or 'no verdict'}"
        for row in rows
    )
    among = f", {classes(rows[0])} classes" if classes(rows[0]) else ""
    return Panel(
        title=capital(attribute_name(attribute)) + among,
        described=(
            f"Probe accuracy for {attribute_name(attribute)}: {spoken}. Chance {percent(chance)}."
        ),
        data=data,
        layout=layout,
    )


def _bars(rows: list[Row], heights: list[float]) -> dict[str, Any]:
    values = [row["value"] for row in rows]
    return {
        "type": "bar",
        "orientation": "h",
        "legendgroup": "yours",
        "x": values,
        "y": heights,
        "width": 0.28,
        "marker": {"color": "var(--bar)"},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [row["high"] - row["value"] for row in rows],
            "arrayminus": [row["value"] - row["low"] for row in rows],
            "color": "var(--ink)",
            "thickness": 1.5,
            "width": 4,
        },
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(row['encoder'])}<br>{percent(row['value'])} "
            f"({span(row['low'], row['high'])})<br>{safe(row['verdict'])}"
            for row in rows
        ],
    }


def _floors(rows: list[Row], heights: list[float]) -> dict[str, Any]:
    known = [(row, y) for row, y in zip(rows, heights, strict=True) if row["floor"] is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": "floor",
        "x": [row["floor"] for row, _ in known],
        "y": [y for _, y in known],
        "marker": {
            "symbol": "diamond",
            "size": 11,
            "color": "var(--paper)",
            "line": {"color": "var(--ink)", "width": 1.8},
        },
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(row['encoder'])}, untrained<br>{percent(row['floor'])}" for row, _ in known
        ],
    }


def _published(attribute: str) -> pl.DataFrame:
    return published().filter(
        (pl.col("experiment") == "processing_probe")
        & (pl.col("dataset") == "ImageNet")
        & (pl.col("attribute") == attribute)
    )


def _strip(context: pl.DataFrame, family: str, top: float) -> dict[str, Any]:
    rows = context.filter(pl.col("family") == family).to_dicts()
    lane = top - 0.5 - 0.3 * list(FAMILIES).index(family)
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": family,
        "x": [row["value"] for row in rows],
        # Points that would hide each other are spread over the lane, the same way every time.
        "y": [lane + 0.09 * (index % 3 - 1) for index in range(len(rows))],
        "marker": {
            "symbol": FAMILIES[family],
            "size": 7,
            "color": f"var(--{family.lower()})",
            "opacity": 0.85,
        },
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(row['encoder'])}<br>{family}, {percent(row['value'])}" for row in rows
        ],
    }


def neighbour_panels(neighbours: list[Row]) -> list[Panel]:
    """The kNN set-ups, one panel for each attribute and one row for each encoder and k."""
    panels = []
    for attribute in dict.fromkeys(row["attribute"] for row in neighbours):
        groups: dict[tuple[str, int | None], dict[str, Row]] = {}
        for row in neighbours:
            if row["attribute"] == attribute:
                groups.setdefault((row["encoder"], row["k"]), {})[row["setup"]] = row
        panels.append(_neighbour_panel(attribute, groups))
    return panels


def _neighbour_panel(attribute: str, groups: dict[tuple[str, int | None], dict[str, Row]]) -> Panel:
    several = len({k for _, k in groups}) > 1
    labels, spoken = [], []
    for index, ((encoder, k), setups) in enumerate(groups.items()):
        influence = setups.get("influence")
        name = f"{encoder}, k = {k}" if several else encoder
        said = "influence not measured"
        if influence:
            said = (
                f"influence {points(influence['value'])} "
                f"({points(influence['low'])} to {points(influence['high'])})"
            )
        labels.append(label(name, said, -float(index)))
        spoken.append(f"{name}, {said}")
    layout = layout_of(_ROW * len(groups), -len(groups) + 0.5, labels, title="kNN accuracy (%)")
    return Panel(
        title=capital(attribute_name(attribute)),
        described=f"kNN accuracy for {attribute_name(attribute)}: {'; '.join(spoken)} points.",
        data=[_setup(groups, setup) for setup in ("all-same", *SETUPS)],
        layout=layout,
    )


def _setup(groups: dict[tuple[str, int | None], dict[str, Row]], setup: str) -> dict[str, Any]:
    found = [
        (group[setup], -float(index))
        for index, group in enumerate(groups.values())
        if setup in group
    ]
    trace: dict[str, Any] = {
        "legendgroup": setup,
        "x": [row["value"] for row, _ in found],
        "y": [y + LANES.get(setup, 0) for _, y in found],
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(row['encoder'])}<br>{setup}, {percent(row['value'])} "
            f"({span(row['low'], row['high'])})"
            for row, _ in found
        ],
    }
    if setup == "all-same":
        faint = {"color": "var(--faint)", "line": {"color": "var(--muted)", "width": 1}}
        return {**trace, "type": "bar", "orientation": "h", "width": 0.28, "marker": faint}
    colour = f"var(--{setup})"
    line = {"color": colour, "width": 2}
    marker = {"symbol": SETUPS[setup], "size": 11, "color": colour, "line": line}
    return {**trace, "type": "scatter", "mode": "markers", "marker": marker}


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
