"""Learning curves: accuracy by number of training photos, a panel for each attribute and set-up."""

from __future__ import annotations

import math
from typing import Any

from latentprint.report.inputs import Row
from latentprint.report.panel import Panel, base, horizontal, safe
from latentprint.report.wording import count, name_of, percent, setup_name, span, title_of

STYLES = (
    ("cvl", "circle", "solid"),
    ("sup", "square", "dash"),
    ("ssl", "triangle-up", "dashdot"),
    ("all-diff", "x", "longdash"),
    ("uniform", "circle-open", "dot"),
)
"""Colour, shape and dash of an encoder's line, in turn: never colour alone. The page's key has
marks of these names."""

_CLOSE = 1.3
"""Factor between two training sizes below which only one of them is written at the axis."""


def curve_encoders(curves: list[Row]) -> list[tuple[str, str]]:
    """The encoders of the figure, each with the name of its style."""
    names = dict.fromkeys(row["encoder"] for row in curves)
    return [(name, STYLES[index % len(STYLES)][0]) for index, name in enumerate(names)]


def curve_panels(curves: list[Row]) -> list[Panel]:
    """The panels; an attribute with a single size has no curve and no panel."""
    order = {name: index for index, (name, _) in enumerate(curve_encoders(curves))}
    panels: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in curves:
        lines = panels.setdefault((row["attribute"], row["setup"] or ""), {})
        lines.setdefault(row["encoder"], []).append(row)
    return [
        _panel(lines, order)
        for lines in panels.values()
        if max(len(points) for points in lines.values()) > 1
    ]


def _panel(lines: dict[str, list[Row]], order: dict[str, int]) -> Panel:
    lines = {
        name: sorted(points, key=lambda row: float(row["n_train"]))
        for name, points in lines.items()
    }
    rows = [row for points in lines.values() for row in points]
    first = rows[0]
    spoken = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{percent(row['value'])} with {count(row['n_train'], 'training photo')}"
            for row in points
        )
        for name, points in lines.items()
    )
    setup = f", {setup_name(first['setup'])}" if first["setup"] else ""
    return Panel(
        title=title_of(first) + setup,
        described=(
            f"Learning curves for {name_of(first)}{setup}. {spoken}. "
            f"Chance {percent(first['chance'])}."
        ),
        data=[_line(points, order[name]) for name, points in lines.items()],
        layout=_layout(rows),
    )


def _line(points: list[Row], index: int) -> dict[str, Any]:
    name, symbol, dash = STYLES[index % len(STYLES)]
    colour = f"var(--{name})"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "legendgroup": f"encoder-{index}",
        "x": [row["n_train"] for row in points],
        "y": [row["value"] for row in points],
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "symbol": symbol, "size": 8},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [row["high"] - row["value"] for row in points],
            "arrayminus": [row["value"] - row["low"] for row in points],
            "color": colour,
            "thickness": 1.2,
            "width": 4,
        },
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(row['encoder'])}<br>{count(row['n_train'], 'training photo')}: "
            f"{percent(row['value'])} ({span(row['low'], row['high'])})"
            for row in points
        ],
    }


def _layout(rows: list[Row]) -> dict[str, Any]:
    axis = {"color": "var(--muted)", "gridcolor": "var(--line)", "zeroline": False,
            "fixedrange": True}  # fmt: skip
    sizes = sorted({max(row["n_train"], 1) for row in rows})
    ticks = _ticks(sizes)
    chance = rows[0]["chance"]
    low = min(*(row["low"] for row in rows), chance or 100.0)
    high = max(*(row["high"] for row in rows), chance or 0.0)
    return {
        **base(),
        "height": 260,
        "margin": {"l": 44, "r": 14, "t": 10, "b": 46},
        "xaxis": {
            **axis,
            "type": "log",
            "title": {"text": "training photos", "standoff": 8, "font": {"size": 12}},
            "range": [math.log10(sizes[0]) - 0.1, math.log10(sizes[-1]) + 0.1],
            "tickvals": ticks,
            "ticktext": [f"{size:,}" for size in ticks],
        },
        "yaxis": {
            **axis,
            "title": {"text": "accuracy (%)", "standoff": 6, "font": {"size": 12}},
            "range": [max(0.0, low - 4), min(100.0, high + 4)],
            "nticks": 6,
        },
        "shapes": [horizontal(chance)] if chance is not None else [],
    }


def _ticks(sizes: list[int]) -> list[int]:
    """The sizes that have room at a logarithmic axis, the largest always."""
    kept: list[int] = []
    for size in reversed(sizes):
        if not kept or kept[-1] / size >= _CLOSE:
            kept.append(size)
    return kept[::-1]
