"""How far classes and columns of a data set go together, as a heat map."""

from __future__ import annotations

from typing import Any

from latentprint.report.panel import Panel, base, safe
from latentprint.report.wording import number, shortened

WRITTEN = 12
"""Columns up to which the numbers stand in the cells."""

DRAWN = 60
"""Columns that the figure has room for, the label first; correlation.json holds every one."""

_CELL = 30
_LABEL = 18


def correlation_panel(correlation: dict[str, Any]) -> Panel:
    """Cramér's V of every two columns, the classes first.

    Args:
        correlation: As ``Correlation.to_dict`` has it.
    """
    names = [str(each) for each in correlation["matrix"]["names"]][:DRAWN]
    values = [row[: len(names)] for row in correlation["matrix"]["v"][: len(names)]]
    label = correlation["label"]
    spoken = "; ".join(
        f"{each['column']} {number(each['v'], 2)}" for each in correlation["columns"]
    )
    return Panel(
        title="Cramér's V, 0 (independent) to 1",
        described=f"Cramér's V with {label}: {spoken}.",
        data=[_cells(names, values)],
        layout=_layout(names),
    )


def _cells(names: list[str], values: list[list[float | None]]) -> dict[str, Any]:
    places = list(range(len(names)))
    cells: dict[str, Any] = {
        "type": "heatmap",
        "legendgroup": "cells",
        "x": places,
        "y": places,
        "z": values,
        "zmin": 0,
        "zmax": 1,
        "xgap": 1,
        "ygap": 1,
        # One hue from light to dark: differences in lightness are seen by everyone.
        "colorscale": [[0, "var(--wash)"], [1, "var(--heat)"]],
        "colorbar": {"thickness": 10, "len": 0.9, "outlinewidth": 0, "tickvals": [0, 0.5, 1]},
        "hoverinfo": "text",
        "hovertext": [
            [
                f"{safe(one)}<br>{safe(other)}<br>V = {number(value, 3)}"
                for other, value in zip(names, row, strict=True)
            ]
            for one, row in zip(names, values, strict=True)
        ],
    }
    if len(names) <= WRITTEN:
        cells |= {
            "text": [[_written(value) for value in row] for row in values],
            "texttemplate": "%{text}",
            "textfont": {"size": 10, "color": "var(--ink)"},
            "showscale": False,
        }
    return cells


def _written(value: float | None) -> str:
    """A number that has room in a narrow cell: ".18" or "1"."""
    text = number(value, 2)
    return "1" if text == "1.00" else text.removeprefix("0")


def _layout(names: list[str]) -> dict[str, Any]:
    axis = {
        "tickvals": list(range(len(names))),
        "ticktext": [safe(shortened(name, _LABEL)) for name in names],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "color": "var(--muted)",
        "tickfont": {"size": 11},
    }
    return {
        **base(),
        "height": _CELL * len(names) + 150,
        "margin": {"l": 112, "r": 8, "t": 8, "b": 112},
        "xaxis": {**axis, "tickangle": -60},
        "yaxis": {**axis, "autorange": "reversed"},
    }
