"""Learning curves: accuracy by number of training photos."""

from __future__ import annotations

import math
from typing import Any

from latentprint.report.figures.dense import many
from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.lines import LineStyle, intervals_where, line_styles
from latentprint.report.figures.panel import (
    Panel,
    axis,
    base,
    horizontal,
    hover,
    measured,
    rounded,
    whiskers,
)
from latentprint.report.figures.row_table import row_table
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run
from latentprint.report.wording import (
    count,
    name_of,
    number,
    percent,
    setup_name,
    span,
    title_of,
    whole,
)
from latentprint.words import Experiment

_CLOSE = 1.3
"""Factor between two training sizes below which only one of them is written at the axis."""


def curve_figure(run: Run) -> Figure | None:
    """The figure; None where no probe was fitted with several numbers of training photos."""
    curves = named_by_probe(run.of(Experiment.LEARNING_CURVE), run.every_probe)
    panels = curve_panels(curves)
    if not panels:
        return None
    _, keys = line_styles(curves, "encoder")
    return Figure(
        "curves",
        "Accuracy by number of training photos, on a logarithmic scale; 95% intervals "
        f"{intervals_where(keys)}. The vertical axes differ from panel to panel.",
        panels=panels,
        keys=[*keys, Key("chance", "Guessing", "chance level", fixed=True)],
        tables=[("Numbers", curve_table(curves))],
        download=row_table(run.of(Experiment.LEARNING_CURVE)),
    )


def named_by_probe(curves: list[Row], probes: list[Row]) -> list[Row]:
    """Rows of curves with the experiment of the probe that they belong to.

    A column of the photos may be named like a processing attribute. Curves of both are told apart
    by the number of their test photos and classes, as the whole probe has them.
    """
    experiments: dict[tuple[Any, ...], str] = {}
    for row in probes:
        name = (row["encoder"], row["dataset"], row["attribute"], row["setup"])
        for key in ((*name, row["n_test"], row["classes"]), name):
            experiments.setdefault(key, row["experiment"])
    found = []
    for row in curves:
        name = (row["encoder"], row["dataset"], row["attribute"], row["setup"])
        exact = (*name, row["n_test"], row["classes"])
        experiment = experiments.get(exact) or experiments.get(name) or row["experiment"]
        found.append({**row, "experiment": experiment})
    return found


def curve_panels(curves: list[Row]) -> list[Panel]:
    """A panel for each set of photos, attribute and protocol, where a curve has two sizes."""
    styles, _ = line_styles(curves, "encoder")
    several = len({row["dataset"] for row in curves}) > 1
    panels: dict[tuple[str, ...], dict[str, list[Row]]] = {}
    for row in curves:
        key = (row["dataset"], row["experiment"], row["attribute"], row["setup"] or "")
        panels.setdefault(key, {}).setdefault(row["encoder"], []).append(row)
    return [
        _panel(lines, styles, several)
        for lines in panels.values()
        if max(len(points) for points in lines.values()) > 1
    ]


def _panel(lines: dict[str, list[Row]], styles: dict[str, LineStyle], several: bool) -> Panel:
    lines = {
        name: sorted(points, key=lambda row: float(row["n_train"]))
        for name, points in lines.items()
    }
    rows = [row for points in lines.values() for row in points]
    first = rows[0]
    parts = [title_of(first), setup_name(first["setup"]) if first["setup"] else ""]
    parts.append(first["dataset"] if several else "")
    setup = f", {setup_name(first['setup'])}" if first["setup"] else ""
    return Panel(
        title=", ".join(filter(None, parts)),
        described=(
            f"Learning curves for {name_of(first)}{setup}. {_spoken(lines)}. "
            f"Chance {percent(first['chance'])}."
        ),
        data=[_line(points, styles[name]) for name, points in lines.items()],
        layout=_layout(rows),
    )


def _spoken(lines: dict[str, list[Row]]) -> str:
    """Every point of a few encoders; the ends of the curves of many."""
    if many(row for points in lines.values() for row in points):
        rising = sum(points[-1]["value"] > points[0]["high"] for points in lines.values())
        return f"{count(len(lines), 'encoder')}; {rising} of the curves rise"
    return "; ".join(
        f"{name}: "
        + ", ".join(
            f"{percent(row['value'])} with {count(row['n_train'], 'training photo')}"
            for row in points
        )
        for name, points in lines.items()
    )


def _line(points: list[Row], style: LineStyle) -> dict[str, Any]:
    trace = {
        **style.drawn(),
        "x": [row["n_train"] for row in points],
        "y": rounded([row["value"] for row in points]),
        "hoverinfo": "text",
        "meta": hover(points[0]["encoder"], count(points[0]["n_test"], "test photo")),
        "hovertext": [
            hover(measured(row)[1], count(row["n_train"], "training photo")) for row in points
        ],
    }
    # The intervals of many lines would hide the lines; the labels tell them.
    return trace if style.width <= 1 else {**trace, "error_y": whiskers(points, style.colour, 1.2)}


def _layout(rows: list[Row]) -> dict[str, Any]:
    sizes = sorted({max(row["n_train"], 1) for row in rows})
    ticks = _ticks(sizes)
    chance = rows[0]["chance"]
    low = min(*(row["low"] for row in rows), chance or 100.0)
    high = max(*(row["high"] for row in rows), chance or 0.0)
    across = [math.log10(sizes[0]) - 0.1, math.log10(sizes[-1]) + 0.1]
    return {
        **base(),
        "height": 260,
        "margin": {"l": 44, "r": 14, "t": 10, "b": 46},
        "xaxis": {
            **axis("training photos", type="log", range=across, tickvals=ticks),
            "ticktext": [f"{size:,}" for size in ticks],
        },
        "yaxis": axis("accuracy (%)", range=[max(0.0, low - 4), min(100.0, high + 4)], nticks=6),
        "shapes": [horizontal(chance)] if chance is not None else [],
    }


def _ticks(sizes: list[int]) -> list[int]:
    """The sizes that have room at a logarithmic axis, the largest always."""
    kept: list[int] = []
    for size in reversed(sizes):
        if not kept or kept[-1] / size >= _CLOSE:
            kept.append(size)
    return kept[::-1]


def curve_table(curves: list[Row]) -> Table:
    """The numbers of the learning curves."""
    return Table(
        "Accuracy in percent by number of training photos, with 95% intervals",
        ("Encoder", "Attribute", "Protocol", "Training photos", "Accuracy", "Interval", "Chance",
         "Fits", "Test photos"),
        [
            (
                row["encoder"],
                title_of(row),
                setup_name(row["setup"]),
                whole(row["n_train"]),
                number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                whole(row["seeds"]),
                whole(row["n_test"]),
            )
            for row in curves
        ],
        names=3,
    ).on([row["dataset"] for row in curves])  # fmt: skip
