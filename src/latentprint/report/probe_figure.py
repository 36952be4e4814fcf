"""Probe accuracy as panels, one for each attribute or label.

Colours are names of the page's CSS variables, such as ``var(--bar)``: the page looks them up, and
again when it turns dark or is printed.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from latentprint.published import published
from latentprint.report.inputs import Row, is_paired
from latentprint.report.panel import (
    ROW,
    TOP,
    Panel,
    label,
    layout_of,
    note,
    safe,
    vertical,
)
from latentprint.report.wording import (
    checks,
    classes,
    floor_name,
    name_of,
    percent,
    setup_name,
    span,
    title_of,
)

FAMILIES = {"CVL": "circle", "SUP": "square", "SSL": "triangle-up"}
"""The published families and the shape of their points: never colour alone."""

CONTEXT = {"processing_probe": "ImageNet", "acquisition_probe": "FlickrExif (90% masked)"}
"""The published set of photos that a probe is shown beside."""

_STRIP = 104

_MARKERS: dict[str, dict[str, Any]] = {
    "floor": {
        "symbol": "diamond",
        "size": 11,
        "color": "var(--paper)",
        "line": {"color": "var(--ink)", "width": 1.8},
    },
    "ceiling": {"symbol": "line-ns", "size": 11, "line": {"color": "var(--ink)", "width": 3}},
    "container": {
        "symbol": "square-open",
        "size": 11,
        "color": "var(--warn)",
        "line": {"width": 2},
    },
}
"""The columns that a bar is held against, and their marks."""


def probe_panels(probes: list[Row]) -> list[Panel]:
    """Probe accuracy of the user's encoders, one panel for each attribute or label."""
    return [
        _panel([row for row in probes if row["attribute"] == attribute])
        for attribute in dict.fromkeys(row["attribute"] for row in probes)
    ]


def published_context(experiment: str, attributes: list[str]) -> pl.DataFrame:
    """The published figures of some attributes, all 47 encoders."""
    return published().filter(
        (pl.col("experiment") == experiment)
        & (pl.col("dataset") == CONTEXT[experiment])
        & pl.col("attribute").is_in(attributes)
    )


def _panel(rows: list[Row]) -> Panel:
    heights = [-float(index) for index in range(len(rows))]
    context = _context(rows)
    bottom = -len(rows) + 0.5
    labels = [
        label(row["encoder"], _said(row), height) for row, height in zip(rows, heights, strict=True)
    ]
    data = [_bars(rows, heights), *_markers(rows, heights)]
    pixels = ROW * len(rows)
    chance = rows[0]["chance"]
    lines = [vertical(chance, (bottom, TOP))] if chance is not None else []
    if context.height:
        data += [_strip(context, family, bottom) for family in FAMILIES]
        labels.append(note(_context_note(context), bottom - 0.12))
        lines.append(vertical(context["chance"][0], (bottom - _STRIP / ROW, bottom - 0.3)))
        bottom -= _STRIP / ROW
        pixels += _STRIP
    layout = layout_of(pixels, bottom, labels, title="probe accuracy (%)")
    layout["shapes"] = lines
    among = f", {classes(rows[0])} classes" if classes(rows[0]) else ""
    return Panel(title=title_of(rows[0]) + among, described=_spoken(rows), data=data, layout=layout)


def _context(rows: list[Row]) -> pl.DataFrame:
    """The published encoders, where the rows follow the published protocol."""
    row = rows[0]
    alike = any(not each["setup"] for each in rows)
    return published_context(row["experiment"], [row["attribute"]] if alike else [])


def _context_note(context: pl.DataFrame) -> str:
    among = round(100 / context["chance"][0])
    where = context["dataset"][0].partition(" (")[0]
    return f"{context.height} published encoders, {where}, {among} classes"


def _said(row: Row) -> str:
    """What stands under an encoder's name: figure, verdict, protocol and failed checks."""
    setup = row["setup"] or ""
    parts = [percent(row["value"]), row["verdict"] or "", setup_name(setup) if setup else ""]
    return " · ".join(filter(None, [*parts, "see checks" if checks(row) else ""]))


def _spoken(rows: list[Row]) -> str:
    found = "; ".join(
        f"{row['encoder']} {percent(row['value'])}, {row['verdict'] or 'no verdict'}"
        for row in rows
    )
    probe = "Paired probe accuracy" if is_paired(rows[0]) else "Probe accuracy"
    return f"{probe} for {name_of(rows[0])}: {found}. Chance {percent(rows[0]['chance'])}."


def _bars(rows: list[Row], heights: list[float]) -> dict[str, Any]:
    values = [row["value"] for row in rows]
    marker: dict[str, Any] = {"color": "var(--bar)"}
    if is_paired(rows[0]):
        marker = {"color": "var(--faint)", "line": {"color": "var(--bar)", "width": 1.5}}
    return {
        "type": "bar",
        "orientation": "h",
        "legendgroup": "yours",
        "x": values,
        "y": heights,
        "width": 0.28,
        "marker": marker,
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
        "hovertext": [_hover(row) for row in rows],
    }


def _hover(row: Row) -> str:
    lines = [
        row["encoder"],
        f"{percent(row['value'])} ({span(row['low'], row['high'])})",
        row["verdict"] or "",
        *checks(row),
    ]
    return "<br>".join(safe(_wrapped(line)) for line in lines if line)


def _wrapped(text: str, limit: int = 90) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _markers(rows: list[Row], heights: list[float]) -> list[dict[str, Any]]:
    """What the bars are held against: floor, ceiling and the file alone."""
    found = []
    for column, marker in _MARKERS.items():
        known = [(row, y) for row, y in zip(rows, heights, strict=True) if row[column] is not None]
        if known:
            found.append(_marker(column, marker, known))
    return found


def _marker(column: str, marker: dict[str, Any], known: list[tuple[Row, float]]) -> dict[str, Any]:
    names = {"ceiling": "DCT energies at native size", "container": "file facts alone"}
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": column,
        "x": [row[column] for row, _ in known],
        "y": [y for _, y in known],
        "cliponaxis": False,
        "marker": marker,
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(row['encoder'])}<br>{safe(names.get(column) or floor_name(row))}, "
            f"{percent(row[column])}"
            for row, _ in known
        ],
    }


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
