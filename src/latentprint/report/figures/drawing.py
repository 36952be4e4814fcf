"""A figure as one drawing for paper: its panels and its legend in a single Plotly figure."""

from __future__ import annotations

import re
import textwrap
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.panel import Panel, safe

PIXELS = 96 / 25.4
"""Pixels of a millimetre, as browsers count them: a letter of 11 pixels is one of 8 points."""

_FONT = "Arial, Helvetica, Liberation Sans, DejaVu Sans, sans-serif"
_GAP = 14
_LINE = 14
_ENTRY = 19
_LETTER = 5.8
_BOLD = 6.9
_WIDE, _NARROW, _NARROWEST = 250, 180, 105
"""Pixels that a panel needs: with text in it, with axes, and of dense rows."""

_PITCH, _NAME = 0.62, 0.74
"""Heights of dense rows and widths of their names, of what they are on a screen."""

_SMALL = 8.2
_COLOURS = Path(__file__).parents[2] / "article" / "colours.css"
_VARIABLE = re.compile(r"var\(--([\w-]+)\)\Z")


@dataclass(frozen=True)
class Drawing:
    """A Plotly figure with its size.

    Attributes:
        data: The traces.
        layout: The layout, with ``width`` and ``height`` in pixels.
    """

    data: list[dict[str, Any]]
    layout: dict[str, Any]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.layout["width"], self.layout["height"]


def drawing_of(figure: Figure, width: float) -> Drawing:
    """Put the panels of a figure and its legend into one drawing, in the light colours.

    Args:
        figure: A figure with panels.
        width: Millimetres.
    """
    whole = _Whole(figure, round(width * PIXELS))
    for place, panel in enumerate(figure.panels):
        whole.add(place, panel)
    data, layout = _coloured([whole.data, whole.layout], _light())
    return Drawing(data, layout)


class _Whole:
    """The drawing while panels are put into it."""

    def __init__(self, figure: Figure, width: int) -> None:
        panels = figure.panels
        first = panels[0]
        self._keys = {key.group: key for key in figure.keys}
        self._named: set[str] = set()
        self._dense = first.dense
        self._names = _NAME * (first.layout["margin"]["l"] - 10) if first.dense else 0
        has_text = not first.layout["yaxis"].get("visible", True)
        needed = _NARROWEST if first.dense else _WIDE if has_text else _NARROW
        across = max(int((width - self._names + _GAP) / (needed + _GAP)), 1)
        down = -(-len(panels) // min(across, figure.across))
        self._across = -(-len(panels) // down)
        self._cell = (width - self._names - _GAP * (self._across - 1)) / self._across
        self._width = width
        self._top = self._legend_height()
        rows = [
            panels[start : start + self._across] for start in range(0, len(panels), self._across)
        ]
        self._title = 10 + _LINE * max(len(self._lines(each.title)) for each in panels)
        self._heights = [max(map(_height, row)) + self._title for row in rows]
        self._height = self._top + sum(self._heights) + _GAP * (len(rows) - 1)
        self.data: list[dict[str, Any]] = []
        self.layout: dict[str, Any] = {
            "width": width,
            "height": round(self._height),
            # Every panel has room of its own for what stands beside it.
            "margin": {**dict.fromkeys("lrtb", 0), "autoexpand": False},
            "paper_bgcolor": "var(--paper)",
            "plot_bgcolor": "var(--paper)",
            "font": {"family": _FONT, "size": 11, "color": "var(--muted)"},
            "barmode": first.layout.get("barmode", "overlay"),
            "showlegend": bool(figure.keys),
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1,
                "xanchor": "left",
                "yanchor": "top",
                "itemsizing": "constant",
                "tracegroupgap": 0,
                "font": {"size": 11, "color": "var(--ink)"},
            },
            "annotations": [],
            "shapes": [],
        }

    def _legend_height(self) -> int:
        """Pixels of the legend, whose entries stand in lines like words."""
        lines, filled = 1, 0.0
        for key in self._keys.values():
            entry = len(key.label) * _LETTER + 48
            if filled and filled + entry > self._width:
                lines, filled = lines + 1, 0.0
            filled += entry
        return lines * _ENTRY + 14 if self._keys else 0

    def _lines(self, title: str) -> list[str]:
        """A panel's title in lines that fit its cell."""
        return textwrap.wrap(title, max(int(self._cell / _BOLD), 8))

    def add(self, place: int, panel: Panel) -> None:
        """Put a panel into its cell."""
        number = str(place + 1) if place else ""
        x, y = f"x{number}", f"y{number}"
        row, column = divmod(place, self._across)
        layout = deepcopy(panel.layout)
        margin = layout["margin"]
        layout["height"] = _height(panel)
        if self._dense:
            _small(layout)
            margin["l"] = self._names + 10
        names = self._names if column == 0 else 0
        left = column * (self._cell + _GAP) + (self._names if column else 0)
        top = self._top + sum(self._heights[:row]) + _GAP * row
        if self._dense and column:
            margin["l"] = 10
            layout["yaxis"]["showticklabels"] = False
        start, end = left + margin["l"], left + names + self._cell - margin["r"]
        upper = top + self._title + margin["t"]
        lower = top + self._title + layout["height"] - margin["b"]
        across = [start / self._width, end / self._width]
        up = [1 - lower / self._height, 1 - upper / self._height]
        self.layout[f"xaxis{number}"] = {**layout["xaxis"], "domain": across, "anchor": y}
        self.layout[f"yaxis{number}"] = {**layout["yaxis"], "domain": up, "anchor": x}
        for trace in panel.data:
            self.data.append(self._trace({**deepcopy(trace), "xaxis": x, "yaxis": y}, across, up))
        axes = {"xref": x, "yref": y}
        for kind in ("annotations", "shapes"):
            for each in layout.get(kind, []):
                self.layout[kind].append(_placed(each, axes))
        for shape in self.layout["shapes"]:
            self._name_shape(shape)
        self.layout["annotations"].append(
            {
                "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top",
                "x": left / self._width, "y": 1 - top / self._height, "showarrow": False,
                "text": "<br>".join(f"<b>{safe(each)}</b>" for each in self._lines(panel.title)),
                "align": "left", "font": {"size": 11, "color": "var(--ink)"},
            }
        )  # fmt: skip

    def _trace(self, trace: dict[str, Any], across: list[float], up: list[float]) -> dict[str, Any]:
        """A trace with its entry of the legend, which the first of a group makes."""
        trace.pop("meta", None)
        group = trace.get("legendgroup", "")
        key = self._keys.get(group)
        trace["showlegend"] = key is not None and group not in self._named
        if key is not None:
            trace["name"] = safe(key.label)
            self._named.add(group)
            if not key.shown:
                trace["visible"] = "legendonly"
        if "colorbar" in trace:
            trace["colorbar"] |= {
                "x": across[1], "xanchor": "left", "y": sum(up) / 2, "yanchor": "middle",
                "lenmode": "fraction", "len": 0.9 * (up[1] - up[0]),
            }  # fmt: skip
        return trace

    def _name_shape(self, shape: dict[str, Any]) -> None:
        """The line of guessing, and others that stand for an entry that no trace makes."""
        fixed = next((key for key in self._keys.values() if key.fixed), None)
        if fixed is not None and fixed.group not in self._named:
            shape |= {"showlegend": True, "name": safe(fixed.label), "legendgroup": fixed.group}
            self._named.add(fixed.group)


def _height(panel: Panel) -> int:
    """Pixels of a panel without its title; rows of many encoders are lower than on a screen."""
    height: int = panel.layout["height"]
    if not panel.dense:
        return height
    margins: int = panel.layout["margin"]["t"] + panel.layout["margin"]["b"]
    return margins + round(_PITCH * (height - margins))


def _small(layout: dict[str, Any]) -> None:
    """Make the letters of a dense panel as small as its rows."""
    for name in ("xaxis", "yaxis"):
        layout[name]["tickfont"] |= {"size": _SMALL}
    layout["xaxis"]["title"]["font"] = {"size": 9}


def _placed(each: dict[str, Any], axes: dict[str, str]) -> dict[str, Any]:
    """An annotation or a shape of a panel among those of others."""
    placed = {**each, "name": ""}
    if "font" in each:
        placed["font"] = {**each["font"], "size": min(each["font"].get("size", 11), 10.5)}
    # Plotly draws no shape between the traces and the grid of one of several panels.
    if placed.get("layer") == "between":
        placed["layer"] = "below"
    for name, axis in axes.items():
        placed[name] = f"{axis} domain" if each.get(name) == "paper" else axis
    return placed


def _coloured(value: Any, colours: dict[str, str]) -> Any:
    """A value with the colours that its texts name."""
    if isinstance(value, str):
        found = _VARIABLE.match(value)
        return colours[found[1]] if found else value
    if isinstance(value, list):
        return [_coloured(each, colours) for each in value]
    if isinstance(value, dict):
        return {name: _coloured(each, colours) for name, each in value.items()}
    return value


def _light() -> dict[str, str]:
    """The colours of the light theme, which come first in their file."""
    block = _COLOURS.read_text("utf-8").partition("}")[0]
    return dict(re.findall(r"--([\w-]+): (#\w+)", block))
