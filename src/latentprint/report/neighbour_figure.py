"""The kNN set-ups as panels, one for each attribute."""

from __future__ import annotations

from typing import Any

from latentprint.report.inputs import Row
from latentprint.report.panel import ROW, Panel, label, layout_of, safe
from latentprint.report.wording import name_of, percent, points, span, title_of

SETUPS = {
    "pos-same": "triangle-right",
    "neg-same": "triangle-left",
    "uniform": "circle-open",
    "all-diff": "x-thin-open",
}
"""The kNN set-ups drawn as markers over the bar of all-same."""

LANES = {"uniform": 0.07, "all-diff": -0.07}
"""Markers that would hide each other are drawn a little above and below the middle of the bar."""


def neighbour_panels(neighbours: list[Row]) -> list[Panel]:
    """The kNN set-ups, one panel for each attribute and one row for each encoder and k."""
    panels = []
    for attribute in dict.fromkeys(row["attribute"] for row in neighbours):
        groups: dict[tuple[str, int | None], dict[str, Row]] = {}
        for row in neighbours:
            if row["attribute"] == attribute:
                groups.setdefault((row["encoder"], row["k"]), {})[row["setup"]] = row
        panels.append(_panel(groups))
    return panels


def _panel(groups: dict[tuple[str, int | None], dict[str, Row]]) -> Panel:
    first = next(iter(next(iter(groups.values())).values()))
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
    layout = layout_of(ROW * len(groups), -len(groups) + 0.5, labels, title="kNN accuracy (%)")
    return Panel(
        title=title_of(first),
        described=f"kNN accuracy for {name_of(first)}: {'; '.join(spoken)} points.",
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
