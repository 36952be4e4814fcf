"""Heat maps: what those of correlation and of confusion share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from latentprint.report.figures.panel import base, safe

WRITTEN = 12
"""Rows up to which numbers stand in the cells."""

_CELL = 30
_LETTER = 6.4


def heat_map(
    values: Sequence[Sequence[float | None]],
    hovers: Sequence[Sequence[str]],
    *,
    most: float,
    written: Callable[[float | None], str],
) -> dict[str, Any]:
    """The trace.

    Args:
        values: The cells [K, K], the first row at the top.
        hovers: Their labels.
        most: The value of the strongest colour; zero has the faintest.
        written: How a value is written in its cell.
    """
    places = list(range(len(values)))
    cells: dict[str, Any] = {
        "type": "heatmap",
        "legendgroup": "cells",
        "x": places,
        "y": places,
        "z": [[None if each is None else round(each, 3) for each in row] for row in values],
        "zmin": 0,
        "zmax": most,
        "xgap": 1,
        "ygap": 1,
        # One hue from light to dark: differences in lightness are seen by everyone.
        "colorscale": [[0, "var(--wash)"], [1, "var(--heat)"]],
        "colorbar": {
            "thickness": 10,
            "len": 0.9,
            "outlinewidth": 0,
            "tickvals": [0, most / 2, most],
        },
        "hoverinfo": "text",
        "hovertext": [list(row) for row in hovers],
    }
    if len(values) <= WRITTEN:
        cells |= {
            "text": [[written(value) for value in row] for row in values],
            "texttemplate": "%{text}",
            "textfont": {"size": 11, "color": "var(--ink)"},
            "showscale": False,
        }
    return cells


def heat_layout(
    names: Sequence[str], titles: tuple[str, str] = ("", ""), *, cell: int = _CELL
) -> dict[str, Any]:
    """The layout.

    Args:
        names: What stands at the rows, and at the columns.
        titles: What columns and rows are.
        cell: Pixels of a row.
    """
    room = round(_LETTER * max((len(name) for name in names), default=0)) + 18
    ticks = {
        "tickvals": list(range(len(names))),
        "ticktext": [safe(name) for name in names],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "color": "var(--muted)",
        "tickfont": {"size": 11},
    }
    across, down = ({"title": {"text": each, "font": {"size": 12}}} for each in titles)
    below = room + (22 if titles[0] else 0)
    return {
        **base(),
        "height": cell * len(names) + below + 10,
        "margin": {"l": room + (22 if titles[1] else 0), "r": 8, "t": 8, "b": below},
        "xaxis": {**ticks, "tickangle": -60, **across},
        "yaxis": {**ticks, "autorange": "reversed", **down},
    }
