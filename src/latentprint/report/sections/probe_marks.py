"""The marks of a probe: bars of encoders, what they are held against, and published encoders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from latentprint.report.context import FAMILIES, by_family
from latentprint.report.figures.panel import hatched, hover, measured, rounded, vertical, whiskers
from latentprint.report.inputs import Row, is_paired
from latentprint.report.wording import checks, percent, setup_name

MARKS = {
    "twin": ("diamond", "The same network untrained"),
    "colour": ("ring", "18 colour statistics of the crop"),
    "dct": ("tick", "DCT energies at native size"),
    "container": ("box", "File facts alone"),
}
"""What a bar is held against, by column, with its mark and name in the legend."""

_LOOKS: dict[str, dict[str, Any]] = {
    "twin": {
        "symbol": "diamond",
        "color": "var(--paper)",
        "line": {"color": "var(--ink)", "width": 1.8},
    },
    "colour": {"symbol": "circle-open", "color": "var(--muted)", "line": {"width": 2}},
    "dct": {"symbol": "line-ns", "line": {"color": "var(--ink)", "width": 3}},
    "container": {"symbol": "square-open", "color": "var(--warn)", "line": {"width": 2}},
}


def reached(row: Row, mark: str) -> float | None:
    """What a bar is held against, in percent; None where it was not measured."""
    if mark == "twin":
        return None if row["twin"] is None else row["value"] - row["twin"]
    found: float | None = row[mark]
    return found


def bars(
    rows: list[Row], heights: list[float], width: float, thickness: float = 1.5
) -> list[dict[str, Any]]:
    """A trace of bars for each family."""
    found = []
    for name, family, of_family, places in by_family(rows, heights):
        colour = f"var(--{family.colour})"
        marker: dict[str, Any] = {"color": colour, "pattern": hatched(family.pattern)}
        if is_paired(rows[0]):
            marker = {
                "color": "var(--faint)",
                "line": {"color": colour, "width": 1.5},
                "pattern": hatched(family.pattern, colour),
            }
        found.append(
            {
                "type": "bar",
                "orientation": "h",
                "legendgroup": name,
                "x": rounded([row["value"] for row in of_family]),
                "y": places,
                "width": width,
                "marker": marker,
                "error_x": whiskers(of_family, thickness=thickness),
                "hoverinfo": "text",
                "hovertext": [_hover(row) for row in of_family],
            }
        )
    return found


def _hover(row: Row) -> str:
    return hover(*measured(row), setup_name(row["setup"]) if row["setup"] else "", *checks(row))


def markers(rows: list[Row], heights: list[float], size: int) -> list[dict[str, Any]]:
    """What the bars are held against: the untrained network, pixel statistics, the file alone."""
    found = []
    for column in _LOOKS:
        known = [
            (row, y)
            for row, y in zip(rows, heights, strict=True)
            if reached(row, column) is not None
        ]
        if known:
            found.append(_held(column, size, known))
    return found


def _held(column: str, size: int, known: list[tuple[Row, float]]) -> dict[str, Any]:
    marker: dict[str, Any] = {**_LOOKS[column], "size": size}
    if size < 9:
        marker["line"] = {**marker["line"], "width": 1.2}
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": column,
        "x": rounded([reached(row, column) or 0.0 for row, _ in known]),
        "y": [y for _, y in known],
        "cliponaxis": False,
        "marker": marker,
        "hoverinfo": "text",
        "hovertext": [
            hover(row["encoder"], MARKS[column][1], percent(reached(row, column)))
            for row, _ in known
        ],
    }


def published_points(
    context: pl.DataFrame,
    lanes: dict[str, float],
    spread: float,
    size: int,
    show: Callable[[float], str] = percent,
) -> list[dict[str, Any]]:
    """The published encoders as points, a lane for each family."""
    found = []
    for name, lane in lanes.items():
        rows = context.filter(pl.col("family") == name).to_dicts()
        found.append(
            {
                "type": "scatter",
                "mode": "markers",
                "legendgroup": "published",
                "x": rounded([row["value"] for row in rows]),
                # Points that would hide each other are spread over the lane, always alike.
                "y": [round(lane + spread * (index % 3 - 1), 2) for index in range(len(rows))],
                "marker": {
                    "symbol": FAMILIES[name].symbol,
                    "size": size,
                    "color": f"var(--{FAMILIES[name].colour})",
                    "opacity": 0.85,
                },
                "hoverinfo": "text",
                "hovertext": [
                    hover(row["encoder"], f"{name}, published: {show(row['value'])}")
                    for row in rows
                ],
            }
        )
    return found


def chance_line(
    value: float | None, heights: tuple[float, float], name: str = "chance"
) -> list[dict[str, Any]]:
    """The dotted line of guessing between two heights; none where there is no chance."""
    return [] if value is None else [{**vertical(value, heights), "name": name}]
