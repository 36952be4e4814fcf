"""A panel of a figure, and the parts of a Plotly layout that panels share."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from latentprint.report.wording import shortened

FONT = {"size": 13, "color": "var(--ink)"}

ROW = 76
"""Pixels of a row of a panel: a bar, with a name and a finding above it."""

TOP = 0.72
"""Height of the upper edge of a panel, whose first row is at 0 and each next one 1 below."""


@dataclass(frozen=True)
class Panel:
    """One plot: a title, what it shows in words, and its Plotly data and layout."""

    title: str
    described: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]

    @property
    def json(self) -> Markup:
        """The figure as JSON that can stand inside a script element, whatever it holds."""
        text = json.dumps({"data": self.data, "layout": self.layout}, allow_nan=False)
        for character in "<>&":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return Markup(text)  # noqa: S704 - every character that could end the element is escaped


def base() -> dict[str, Any]:
    """What every layout shares."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "var(--muted)"},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"bgcolor": "var(--paper)", "bordercolor": "var(--line)", "font": FONT},
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
