"""A panel of a figure, and the parts of a Plotly layout that panels share."""

from __future__ import annotations

import html
import json
import textwrap
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from latentprint.report.inputs import Row, is_published
from latentprint.report.wording import count, percent, shortened, span

FONT = {"size": 13, "color": "var(--ink)"}

ROW = 76
"""Pixels of a row of a panel: a bar, with a name and a finding above it."""

_LOWEST = 150

TOP = 0.72
"""Height of the upper edge of a panel, whose first row is at 0 and each next one 1 below."""


@dataclass(frozen=True)
class Panel:
    """One plot: a title, what it shows in words, and its Plotly data and layout.

    A trace's ``hovertext`` tells what its points are; what all of them begin with, such as the
    name of an encoder, stands once in ``meta``.

    ``dense`` panels have a row of the same height for each encoder and stand side by side, so
    that the names are written once for a row of panels.
    """

    title: str
    described: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    dense: bool = False

    @property
    def least(self) -> int:
        """Pixels of height that it can be pressed to: rows of text cannot, curves and bars can."""
        height: int = self.layout["height"]
        if not self.layout["yaxis"].get("visible", True):
            return height
        margins: int = self.layout["margin"]["t"] + self.layout["margin"]["b"]
        return max(margins + (height - margins) // (4 if self.dense else 2), _LOWEST)

    @property
    def json(self) -> Markup:
        """The figure as JSON that can stand inside a script element, whatever it holds."""
        content = {"data": self.data, "layout": self.layout}
        text = json.dumps(content, allow_nan=False, separators=(",", ":"))
        return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - nothing can end the element


def base() -> dict[str, Any]:
    """What every layout shares."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "var(--muted)"},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {
            "align": "left",
            "bgcolor": "var(--paper)",
            "bordercolor": "var(--muted)",
            "font": FONT,
        },
    }


def layout_of(
    pixels: int, bottom: float, labels: list[dict[str, Any]], *, title: str
) -> dict[str, Any]:
    """The layout of a panel of horizontal bars, one row an encoder, over a percent axis."""
    return {
        **base(),
        "height": pixels + 56,
        "margin": {"l": 8, "r": 14, "t": 6, "b": 50},
        "barmode": "overlay",
        "annotations": labels,
        "xaxis": {
            "range": [0, 100],
            "dtick": 25,
            "fixedrange": True,
            "color": "var(--muted)",
            "gridcolor": "var(--line)",
            "zerolinecolor": "var(--muted)",
            "title": {"text": title, "standoff": 8, "font": {"size": 12}},
        },
        "yaxis": {"range": [bottom, TOP], "visible": False, "fixedrange": True},
    }


def label(name: str, said: str, height: float) -> dict[str, Any]:
    """The name of an encoder over its bar, and what was found."""
    text = f"<b>{safe(shortened(name, 34))}</b><br>{safe(said)}"
    return {**note(text, height + 0.16), "yanchor": "bottom", "font": FONT}


def note(text: str, height: float) -> dict[str, Any]:
    """A small text at the left edge of a panel."""
    return {
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": height,
        "yanchor": "middle",
        "align": "left",
        "showarrow": False,
        "text": text,
        "font": {"size": 12, "color": "var(--muted)"},
        "bgcolor": "var(--paper)",
        "borderpad": 1,
    }


def axis(title: str, **changes: Any) -> dict[str, Any]:
    """An axis of numbers with a title."""
    return {
        "fixedrange": True,
        "color": "var(--muted)",
        "gridcolor": "var(--line)",
        "zeroline": False,
        "title": {"text": title, "standoff": 8, "font": {"size": 12}},
        **changes,
    }


def whiskers(rows: list[Row], colour: str = "ink", thickness: float = 1.5) -> dict[str, Any]:
    """The intervals of some rows as error bars; none where the rows are published figures."""
    if any(map(is_published, rows)):
        return {"visible": False}
    return {
        "type": "data",
        "symmetric": False,
        "array": [round(row["high"] - row["value"], 2) for row in rows],
        "arrayminus": [round(row["value"] - row["low"], 2) for row in rows],
        "color": f"var(--{colour})",
        "thickness": thickness,
        "width": 4 if thickness > 1 else 0,
    }


def clipped_whiskers(
    rows: list[Row], limits: tuple[float, float], thickness: float
) -> dict[str, Any]:
    """Intervals as error bars that end where the axis does."""
    low, high = limits
    kept = [
        row
        if is_published(row)
        else {**row, "low": max(row["low"], low), "high": min(row["high"], high)}
        for row in rows
    ]
    return whiskers(kept, thickness=thickness)


def hatched(pattern: str, colour: str = "var(--paper)") -> dict[str, Any]:
    """Thin lines or dots over a bar, so that colour is not all that tells it."""
    return {
        "shape": pattern,
        "fillmode": "overlay",
        "fgcolor": colour,
        "size": 5,
        "solidity": 0.2,
    }


def rounded(values: list[float]) -> list[float]:
    """Values as precise as they can be seen."""
    return [round(value, 2) for value in values]


def hover(*lines: str) -> str:
    """The label of a point: plain text in lines that also fit a narrow screen."""
    wrapped = (textwrap.wrap(" ".join(line.split()), _WIDEST)[:_LINES] for line in lines if line)
    return "<br>".join(html.escape(part, quote=False) for parts in wrapped for part in parts)


def measured(row: Row) -> list[str]:
    """What every label of a measured point tells: name, value, interval, photos and verdict."""
    if is_published(row):
        return [row["encoder"], percent(row["value"]), f"{row['family']}, published"]
    return [
        row["encoder"],
        f"{percent(row['value'])} ({span(row['low'], row['high'])})",
        count(row["n_test"], "test photo"),
        row["verdict"] or "",
    ]


_WIDEST = 46
_LINES = 4

CHANCE = {"color": "var(--chance)", "width": 2, "dash": "dot"}
"""The line of guessing."""


def vertical(value: float, heights: tuple[float, float] | None = None) -> dict[str, Any]:
    """A dotted vertical line at a value of x, over the whole panel or between two heights."""
    y0, y1 = heights or (0, 1)
    return {
        "type": "line", "yref": "y" if heights else "paper", "x0": value, "x1": value,
        "y0": y0, "y1": y1, "layer": "above", "line": CHANCE,
    }  # fmt: skip


def horizontal(value: float) -> dict[str, Any]:
    """A dotted line at a value of y over the whole panel."""
    return {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value,
        "layer": "between", "line": CHANCE,
    }  # fmt: skip


def safe(text: str) -> str:
    """Text for Plotly, which reads a little HTML in labels."""
    return html.escape(" ".join(text.split()), quote=False)
