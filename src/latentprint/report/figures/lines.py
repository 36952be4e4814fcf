"""Lines of encoders in a panel: an own style for each of a few, that of its family for many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from latentprint.report.context import FAMILIES, family_keys, family_of
from latentprint.report.figures.figure import Key
from latentprint.report.inputs import Row
from latentprint.report.wording import shortened

STYLES = (
    ("cvl", "circle", "solid"),
    ("sup", "square", "dash"),
    ("ssl", "triangle-up", "dashdot"),
    ("all-diff", "x", "longdash"),
    ("uniform", "circle-open", "dot"),
)
"""Colour, shape and dash of the lines of a few encoders: never colour alone."""


@dataclass(frozen=True)
class LineStyle:
    """How a line is drawn.

    Attributes:
        group: The entry of the legend that it belongs to.
        colour: Name of the page's CSS variable.
        symbol: Shape of its points.
        dash: Its dash.
        width: Its width in pixels.
    """

    group: str
    colour: str
    symbol: str
    dash: str
    width: float

    def drawn(self) -> dict[str, Any]:
        """The parts of a trace that say how it looks; a line has the colour of its points."""
        colour = f"var(--{self.colour})"
        return {
            "mode": "lines+markers",
            "legendgroup": self.group,
            "line": {"width": self.width, "dash": self.dash},
            "marker": {"color": colour, "symbol": self.symbol, "size": 3 + 2.5 * self.width},
            **({"opacity": 0.6} if self.width <= 1 else {}),
        }


def line_styles(rows: Iterable[Row], column: str) -> tuple[dict[str, LineStyle], list[Key]]:
    """A style for every encoder, and the legend that explains them.

    Args:
        rows: Rows of the result table.
        column: What a line is for: ``encoder`` or ``network``.
    """
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row[column] or row["encoder"], row)
    if len(first) > len(STYLES):
        by_family = {
            name: LineStyle(key, family.colour, family.symbol, family.dash, 1)
            for name, row in first.items()
            for key in [family_of(row)]
            for family in [FAMILIES[key]]
        }
        return by_family, family_keys(first.values(), "stroke")
    own = {name: LineStyle(f"line-{index}", *STYLES[index], 2) for index, name in enumerate(first)}
    keys = [
        Key(style.group, shortened(name, 60), f"stroke {style.colour} {style.dash}")
        for name, style in own.items()
    ]
    return own, keys


def intervals_where(keys: Iterable[Key]) -> str:
    """Where a reader finds the intervals of lines: those of many would hide the lines."""
    own = any(key.group.startswith("line-") for key in keys)
    return "are drawn" if own else "are in the labels of the points"
