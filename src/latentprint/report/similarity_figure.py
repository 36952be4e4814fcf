"""Four densities of cosine similarity: same or other class, same or other metadata."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from latentprint.report.inputs import Row
from latentprint.report.panel import Panel, base, safe
from latentprint.report.wording import number, shortened, title_of

STYLES = (
    ("cvl", "solid"),
    ("ssl", "dash"),
    ("sup", "longdash"),
    ("all-diff", "dot"),
)
"""Colour and dash of the curves in the published order. The page's key has strokes of these
names."""


def similarity_curves(details: list[dict[str, Any]]) -> list[str]:
    """Names of the curves, in the published order."""
    return list(dict.fromkeys(curve["setup"] for each in details for curve in each["curves"]))


def similarity_panels(details: list[dict[str, Any]]) -> list[Panel]:
    """A panel for each encoder and attribute or column."""
    names = similarity_curves(details)
    return [_panel(each, names) for each in details]


def metadata_row(record: dict[str, Any]) -> Row:
    """What names a record like a row of the result table."""
    return {"experiment": "similarity", "attribute": record["attribute"]}


def _panel(record: dict[str, Any], names: list[str]) -> Panel:
    curves = [each for each in record["curves"] if each["pairs"]]
    spoken = "; ".join(
        f"{each['setup']}: mean {number(each['mean'], 3)} over {each['pairs']:,} pairs"
        for each in curves
    )
    edges = record["bin_edges"]
    axis = {"color": "var(--muted)", "gridcolor": "var(--line)", "zeroline": False,
            "fixedrange": True}  # fmt: skip
    name = title_of(metadata_row(record))
    return Panel(
        title=f"{name}: {shortened(record['encoder'])}",
        described=(
            f"Density of cosine similarity by class and {name}, {record['encoder']}. {spoken}."
        ),
        data=[_line(each, edges, names.index(each["setup"])) for each in curves],
        layout={
            **base(),
            "height": 320,
            "margin": {"l": 44, "r": 14, "t": 10, "b": 46},
            "xaxis": {
                **axis,
                "title": {"text": "cosine similarity", "standoff": 8, "font": {"size": 12}},
                "range": [edges[0], edges[-1]],
                "nticks": 8,
            },
            "yaxis": {
                **axis,
                "title": {"text": "density", "standoff": 6, "font": {"size": 12}},
                "rangemode": "tozero",
                "nticks": 6,
            },
        },
    )


def _line(curve: dict[str, Any], edges: list[float], index: int) -> dict[str, Any]:
    colour, dash = STYLES[index % len(STYLES)]
    centres = [(low + high) / 2 for low, high in pairwise(edges)]
    return {
        "type": "scatter",
        "mode": "lines",
        "legendgroup": f"curve-{index}",
        "x": [round(each, 5) for each in centres],
        "y": [round(each, 4) for each in curve["density"]],
        "line": {
            "color": f"var(--{colour})",
            "width": 2.2,
            "dash": dash,
            "shape": "spline",
            "smoothing": 0.6,
        },
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(curve['setup'])}<br>cosine {number(x, 3)}: {number(y, 2)}, {pairs:,} pairs"
            for x, y, pairs in zip(centres, curve["density"], curve["counts"], strict=True)
        ],
    }
