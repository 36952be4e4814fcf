"""Panels for many encoders: one thin row each, in the same order in every panel of a figure."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from latentprint.report.context import FAMILIES, family_of
from latentprint.report.figures.panel import base, safe
from latentprint.report.inputs import Row
from latentprint.report.wording import shortened

FEW = 6
"""Encoders up to which each has its name and finding written over its bar."""

PITCH = 15
"""Pixels of a row."""

_TOP, _BOTTOM = 46, 6
_NAME = 38
_LETTER = 6.0

TICKS = (1, 2, 5, 10, 25)


@dataclass(frozen=True)
class Rows:
    """The rows of a dense figure.

    Attributes:
        heights: The height of each encoder, from 0 down; the families stand apart.
        names: Families and encoders: the height, what is written there, and the entry of the
            legend that it comes and goes with.
        bottom: The height of the next free row.
    """

    heights: dict[str, float]
    names: list[tuple[float, str, str]]
    bottom: float

    def with_names(self, names: list[str], group: str = "published") -> Rows:
        """The same with further rows below, that come and go with an entry of the legend."""
        added = [
            (round(self.bottom - index, 1), safe(name), group) for index, name in enumerate(names)
        ]
        return Rows(self.heights, [*self.names, *added], self.bottom - len(names))


def dense_rows(rows: Iterable[Row]) -> Rows:
    """Encoders by family, then by their mean value over all rows, the highest first."""
    values: dict[str, list[float]] = {}
    families: dict[str, str] = {}
    for row in rows:
        values.setdefault(row["encoder"], []).append(row["value"])
        families[row["encoder"]] = family_of(row)
    height = 0.0
    heights: dict[str, float] = {}
    names: list[tuple[float, str, str]] = []
    for family in (each for each in FAMILIES if each in families.values()):
        of_family = [name for name in values if families[name] == family]
        title = "Your own" if family == "yours" else family
        names.append((height, f"<b>{title}</b>", family))
        for name in sorted(of_family, key=lambda each: -fmean(values[each])):
            height = round(height - 1, 1)
            heights[name] = height
            names.append((height, safe(shortened(name, _NAME)), family))
        height = round(height - 1.3, 1)
    return Rows(heights, names, height)


def many(rows: Iterable[Row]) -> bool:
    """Whether there are too many encoders to write about each of them."""
    return len({row["encoder"] for row in rows}) > FEW


def dense_layout(rows: Rows, limits: tuple[float, float], title: str) -> dict[str, Any]:
    """The layout of a dense panel; its axis of values is at the top."""
    heights, texts, groups = (list(each) for each in zip(*rows.names, strict=True))
    return {
        **base(),
        "height": round(PITCH * (1 - rows.bottom)) + _TOP + _BOTTOM,
        "margin": {"l": names_width(texts), "r": 12, "t": _TOP, "b": _BOTTOM},
        "barmode": "overlay",
        "meta": {"groups": groups},
        "annotations": [],
        "shapes": [],
        "xaxis": {
            "side": "top",
            "range": list(limits),
            "dtick": step_of(limits),
            "fixedrange": True,
            "color": "var(--muted)",
            "gridcolor": "var(--line)",
            "zerolinecolor": "var(--muted)",
            "tickfont": {"size": 11},
            "title": {"text": title, "standoff": 4, "font": {"size": 11}},
        },
        "yaxis": {
            "range": [rows.bottom + 0.4, 0.6],
            "tickvals": heights,
            "ticktext": texts,
            "tickfont": {"size": 10.5, "color": "var(--ink)"},
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    }


def names_width(texts: Iterable[str]) -> int:
    """Pixels that names need at the left."""
    return round(_LETTER * max(len(html.unescape(text)) for text in texts)) + 14


def limits_from_zero(values: Iterable[float | None]) -> tuple[float, float]:
    """The range of an axis of percentages: to 100, or less far where all values are small."""
    most = max((value for value in values if value is not None), default=100.0)
    return 0.0, next((float(end) for end in (10, 20, 40, 60) if most <= 0.96 * end), 100.0)


def limits_with_zero(values: Iterable[float]) -> tuple[float, float]:
    """The range of an axis of differences: it holds zero and all values, with a little room."""
    known = [0.0, *values]
    room = max(0.06 * (max(known) - min(known)), 0.25)
    return min(known) - room, max(known) + room


def step_of(limits: tuple[float, float]) -> int:
    """The distance of two numbers at a narrow axis."""
    return next((step for step in TICKS if (limits[1] - limits[0]) / step <= 5), TICKS[-1])
