"""Four densities of cosine similarity: same or other class, same or other metadata."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from latentprint.report.figures.choices import Choice, choices_html
from latentprint.report.figures.figure import NOTHING, Figure, Key
from latentprint.report.figures.fragment import fragment
from latentprint.report.figures.panel import Panel, axis, base, safe
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.records import Record, in_turns, place_of, records_of, shown_of
from latentprint.report.wording import interval, number, shortened, significant, title_of, whole
from latentprint.words import Experiment

STYLES = (
    ("pos-same", "solid"),
    ("pos-same", "dash"),
    ("neg-same", "solid"),
    ("neg-same", "dash"),
)
"""Colour and dash of the curves in the published order: colour tells the class, dash the
metadata."""

OPEN = 6
"""Panels that stand side by side; further encoders are chosen from a list."""

SHOWN = 48
"""Panels that the page has room for; details.json holds every one."""


def similarity_figure(run: Run) -> Figure | None:
    """The figure: a panel for each encoder and attribute or column.

    Returns:
        None where distributions of similarity were neither measured nor recorded.
    """
    every, rows = records_of(run, Experiment.SIMILARITY), run.of(Experiment.SIMILARITY)
    records = in_turns(every, lambda each: each["encoder"], SHOWN)
    table = similarity_table(rows, every)
    if not records and not rows:
        return None
    names = list(dict.fromkeys(curve["setup"] for each in records for curve in each["curves"]))
    first, others = _open(records)
    choices = [Choice("", _encoder(run, group[0]), _plots(run, group, names)) for group in others]
    return Figure(
        "similarity",
        "Distributions of the cosine similarity of queries to all other photos, each of area one, "
        "those of a panel smoothed alike. "
        "Where the curves of one colour lie on each other, metadata play no part."
        + shown_of(len(records), len(every), "distributions"),
        panels=[_panel(run, each, names) for each in first],
        keys=[
            Key(f"curve-{index}", name, f"stroke {' '.join(STYLES[index % len(STYLES)])}")
            for index, name in enumerate(names)
        ],
        tables=[("Numbers: means of the curves, and AUCs", table)] if table.rows else [],
        after=choices_html("similarity", "Another encoder", choices) if choices else NOTHING,
    )


def metadata_row(record: Record) -> Row:
    """What names a record like a row of the result table."""
    return {"experiment": Experiment.SIMILARITY, "attribute": record["attribute"]}


def _open(records: Sequence[Record]) -> tuple[list[Record], list[list[Record]]]:
    """The records that are open, whole encoders; and those to choose from, by encoder."""
    if len(records) <= OPEN:
        return list(records), []
    groups = grouped(records, "encoder")
    first, *others = groups
    while others and len(first) + len(others[0]) <= OPEN:
        first = [*first, *others.pop(0)]
    return first, others


def _plots(run: Run, records: Sequence[Record], names: list[str]) -> Markup:
    panels = [_panel(run, each, names, named=False) for each in records]
    return fragment("plots.html.j2", panels=panels)


def _encoder(run: Run, record: Record) -> str:
    return ", ".join(filter(None, [record["encoder"], place_of(run, record)]))


def _panel(run: Run, record: Record, names: list[str], *, named: bool = True) -> Panel:
    curves = [each for each in record["curves"] if each["pairs"] != 0]
    edges = [edge for each in curves for edge in _edges(record, each)]
    name, encoder = title_of(metadata_row(record)), _encoder(run, record)
    spoken = "; ".join(
        f"{each['setup']}: mean {number(each['mean'], 3)}"
        + (f" over {each['pairs']:,} pairs" if each["pairs"] else "")
        for each in curves
    )
    return Panel(
        title=f"{name}: {shortened(encoder)}" if named else name,
        described=f"Density of cosine similarity by class and {name}, {encoder}. {spoken}.",
        data=[_line(each, _edges(record, each), names.index(each["setup"])) for each in curves],
        layout={
            **base(),
            "height": 300,
            "margin": {"l": 44, "r": 14, "t": 10, "b": 46},
            "xaxis": axis("cosine similarity", range=[min(edges), max(edges)], nticks=8),
            "yaxis": axis("density", rangemode="tozero", nticks=6),
        },
    )


def _edges(record: Record, curve: Record) -> list[float]:
    """The edges of a curve's bins: published curves have their own."""
    edges: list[float] = curve.get("bin_edges") or record["bin_edges"]
    return edges


def _line(curve: Record, edges: list[float], index: int) -> dict[str, Any]:
    colour, dash = STYLES[index % len(STYLES)]
    centres = [(low + high) / 2 for low, high in pairwise(edges)]
    return {
        "type": "scatter",
        "mode": "lines",
        "legendgroup": f"curve-{index}",
        "x": [round(each, 4) for each in centres],
        "y": [round(each, 3) for each in curve["density"]],
        "line": {
            "color": f"var(--{colour})",
            "width": 2.2,
            "dash": dash,
            "shape": "spline",
            "smoothing": 0.6,
        },
        "hoverinfo": "text",
        "meta": f"{safe(curve['setup'])}<br>cosine: density",
        "hovertext": [
            f"{number(x, 2)}: {number(y, 2)}"
            for x, y in zip(centres, curve["density"], strict=True)
        ],
    }


def similarity_table(rows: list[Row], details: list[dict[str, Any]]) -> Table:
    """Means of the curves and the AUCs."""
    pairs = {
        (each.get("dataset"), each["encoder"], each["attribute"], curve["setup"]): curve["pairs"]
        for each in details
        for curve in each["curves"]
    }
    return Table(
        "Mean cosine similarities times 100; AUCs in percent and their difference in points, with "
        "95% intervals",
        ("Encoder", "Metadata", "Measure", "Value", "Interval", "Pairs", "Queries", "Photos",
         "p", "q", "Verdict", "Notes"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                number(row["value"], 2),
                interval(row, digits=2),
                whole(
                    pairs.get((row["dataset"], row["encoder"], row["attribute"], row["setup"]))
                ),
                whole(row["n_test"]),
                whole(row["n_train"]),
                significant(row["p"]),
                significant(row["q"]),
                row["verdict"] or "–",
                row["notes"] or "–",
            )
            for row in rows
        ],
        names=3,
        remarks=2,
    ).on([row["dataset"] for row in rows])  # fmt: skip
