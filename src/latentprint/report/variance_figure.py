"""How the variance of embeddings divides into processing, photo and the rest."""

from __future__ import annotations

from typing import Any

from latentprint.report.inputs import Row
from latentprint.report.panel import ROW, Panel, label, layout_of, safe
from latentprint.report.wording import name_of, number, span, title_of

SHARES = {
    "processing share": ("processing", "--bar"),
    "photo share": ("photo", "--faint"),
    "rest share": ("rest", "--muted"),
}
"""The shares of the variance by set-up: what they are called, and their colour."""

Measures = dict[str, Row]
"""The variance rows of one encoder and attribute, by set-up."""


def variance_groups(rows: list[Row]) -> dict[tuple[str, str], Measures]:
    """The variance rows by attribute and encoder, then by what is measured."""
    found: dict[tuple[str, str], Measures] = {}
    for row in rows:
        found.setdefault((row["attribute"], row["encoder"]), {})[row["setup"]] = row
    return found


def variance_panels(rows: list[Row]) -> list[Panel]:
    """Stacked bars of the shares, one panel for each attribute."""
    groups = variance_groups([row for row in rows if row["setup"] in SHARES])
    return [
        _panel([found for (key, _), found in groups.items() if key == attribute])
        for attribute in dict.fromkeys(attribute for attribute, _ in groups)
    ]


def _panel(encoders: list[Measures]) -> Panel:
    first = next(iter(encoders[0].values()))
    labels, spoken = [], []
    for index, measures in enumerate(encoders):
        name = next(iter(measures.values()))["encoder"]
        said = ", ".join(f"{SHARES[setup][0]} {_share(row)}" for setup, row in measures.items())
        labels.append(label(name, said.replace(", ", " · "), -float(index)))
        spoken.append(f"{name}: {said}")
    layout = layout_of(
        ROW * len(encoders), -len(encoders) + 0.5, labels, title="share of the variance (%)"
    )
    layout["barmode"] = "stack"
    return Panel(
        title=title_of(first),
        described=f"Shares of the variance for {name_of(first)}. {'; '.join(spoken)}.",
        data=[_bars(encoders, setup) for setup in SHARES],
        layout=layout,
    )


def _bars(encoders: list[Measures], setup: str) -> dict[str, Any]:
    name, colour = SHARES[setup]
    found = [
        (measures[setup], -float(index))
        for index, measures in enumerate(encoders)
        if setup in measures
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "legendgroup": name,
        "x": [max(row["value"], 0.0) for row, _ in found],
        "y": [height for _, height in found],
        "width": 0.28,
        "marker": {"color": f"var({colour})", "line": {"color": "var(--muted)", "width": 1}},
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(row['encoder'])}<br>{name} {_share(row)} "
            f"({span(row['low'], row['high'], digits=2)})"
            for row, _ in found
        ],
    }


def _share(row: Row) -> str:
    return f"{number(row['value'], 2 if row['value'] < 10 else 1)}%"
