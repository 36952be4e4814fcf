"""Influence on nearest neighbours as a figure: a dot with its interval around zero."""

from __future__ import annotations

from typing import Any

import polars as pl

from latentprint.report.complete_table import signed
from latentprint.report.context import (
    PUBLISHED,
    by_family,
    family_keys,
    family_of,
    published_influence,
    published_key,
)
from latentprint.report.figures.dense import (
    Rows,
    dense_layout,
    dense_rows,
    limits_with_zero,
    many,
    step_of,
)
from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.panel import (
    ROW,
    TOP,
    Panel,
    clipped_whiskers,
    hover,
    label,
    layout_of,
    note,
    rounded,
)
from latentprint.report.figures.row_table import row_table
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, grouped, is_published
from latentprint.report.sections.probe_marks import chance_line, published_points
from latentprint.report.wording import (
    count,
    digits_of,
    listed,
    name_of,
    number,
    points,
    significant,
    span,
    title_of,
    whole,
    with_intervals,
)
from latentprint.words import InfluenceSetup

_STRIP = 104
"""Pixels of the published encoders below the user's."""

_LANE = 0.3

_TITLE = "influence (points)"


def influences(run: Run) -> list[Row]:
    """The rows of the influence itself, without the set-ups that it is the difference of."""
    return [row for row in run.neighbours if row["setup"] == InfluenceSetup.INFLUENCE]


def influence_figure(run: Run) -> Figure | None:
    """The figure; None where kNN was not measured."""
    every, rows = run.neighbours, influences(run)
    if not every:
        return None
    contexts = [each for group in _groups(rows) if (each := _context(group)).height]
    caption = (
        f"Influence{with_intervals(rows)}: kNN accuracy where only photos of the right class are "
        "processed like the test photo, minus where only those of wrong classes are. Axes differ, "
        "and hold every dot; an arrow marks an interval that goes on."
    )
    if contexts:
        caption += " Published encoders are of other photos, with as many neighbours."
    keys = family_keys(rows, "point")
    if contexts:
        sets = dict.fromkeys(each["dataset"][0] for each in contexts)
        keys.append(published_key(contexts[0].height, listed(sets)))
    return Figure(
        "neighbours",
        caption,
        panels=neighbour_panels(rows),
        keys=[*keys, Key("chance", "No influence", "chance", fixed=True)] if rows else [],
        tables=[("Numbers of the five set-ups", neighbour_table(every))],
        download=row_table(every),
    )


def neighbour_panels(rows: list[Row]) -> list[Panel]:
    """Influences, a panel for each set of photos, attribute and number of neighbours."""
    several = len({row["dataset"] for row in rows}) > 1
    if not many(rows):
        return [_panel(group, several) for group in _groups(rows)]
    order = dense_rows(rows)
    return [_dense_panel(group, several, order) for group in _groups(rows)]


def _groups(rows: list[Row]) -> list[list[Row]]:
    """The rows of each panel."""
    return grouped(rows, "dataset", "attribute", "k")


def _title(rows: list[Row], several: bool) -> str:
    parts = [title_of(rows[0]), f"k = {rows[0]['k']}", rows[0]["dataset"] if several else ""]
    return ", ".join(filter(None, parts))


def _panel(rows: list[Row], several: bool) -> Panel:
    """A dot for each encoder, its name and finding above it."""
    heights = [-float(index) for index in range(len(rows))]
    labels = [
        {**label(row["encoder"], f"{_said(row)}{_verdict(row)}", height), "name": family_of(row)}
        for row, height in zip(rows, heights, strict=True)
    ]
    context = _context(rows)
    limits = _limits(rows, context)
    data = _dots(rows, heights, limits, 10)
    bottom, pixels = -len(rows) + 0.5, ROW * len(rows)
    lines = chance_line(0.0, (bottom, TOP))
    if context.height:
        lanes = {each: bottom - 0.5 - _LANE * index for index, each in enumerate(PUBLISHED)}
        data += published_points(context, lanes, 0.09, 7, points)
        said = f"{context.height} published encoders, {context['dataset'][0]}"
        labels.append({**note(said, bottom - 0.12), "name": "published"})
        lines += chance_line(0.0, (bottom - _STRIP / ROW, bottom - 0.3), "published")
        bottom, pixels = bottom - _STRIP / ROW, pixels + _STRIP
    layout = layout_of(pixels, bottom, labels, title=_TITLE)
    layout["xaxis"] |= {"range": list(limits), "dtick": step_of(limits)}
    layout["shapes"] = lines
    spoken = "; ".join(f"{row['encoder']}, {_said(row)}" for row in rows)
    return Panel(
        _title(rows, several), f"Influence on neighbours of {name_of(rows[0])}: {spoken}.",
        data, layout,
    )  # fmt: skip


def _dense_panel(rows: list[Row], several: bool, order: Rows) -> Panel:
    """A dot in a thin row for each encoder, the published ones below."""
    context = _context(rows)
    placed = order.with_names([f"published {each}" for each in PUBLISHED] if len(context) else [])
    limits = _limits(rows, context)
    data = _dots(rows, [order.heights[row["encoder"]] for row in rows], limits, 7)
    lines = chance_line(0.0, (min(order.heights.values()) - 0.5, 0.5))
    if context.height:
        lanes = {each: order.bottom - index for index, each in enumerate(PUBLISHED)}
        data += published_points(context, lanes, 0.2, 6, points)
        below = (order.bottom - len(PUBLISHED) + 0.5, order.bottom + 0.5)
        lines += chance_line(0.0, below, "published")
    layout = dense_layout(placed, limits, _TITLE)
    layout["shapes"] = lines
    most, least = (choose(rows, key=lambda row: float(row["value"])) for choose in (max, min))
    described = (
        f"Influence on neighbours of {name_of(rows[0])}, {count(len(rows), 'encoder')}, from "
        f"{points(least['value'])} ({least['encoder']}) to {points(most['value'])} points "
        f"({most['encoder']})."
    )
    return Panel(_title(rows, several), described, data, layout, dense=True)


def _context(rows: list[Row]) -> pl.DataFrame:
    """The published influences, where the rows are measured with as many neighbours."""
    context = published_influence(rows[0]["attribute"], rows[0]["k"])
    return context.clear() if is_published(rows[0]) else context


def _limits(rows: list[Row], context: pl.DataFrame) -> tuple[float, float]:
    """The range of the axis: every dot is in it, whatever the intervals."""
    known = context["value"].to_list() if context.height else []
    return limits_with_zero([*(row["value"] for row in rows), *known])


def _dots(
    rows: list[Row], heights: list[float], limits: tuple[float, float], size: int
) -> list[dict[str, Any]]:
    """Dots with intervals for each family, and arrows where an interval leaves the axis."""
    found = []
    for name, family, of_family, places in by_family(rows, heights):
        colour = f"var(--{family.colour})"
        trace: dict[str, Any] = {
            "type": "scatter", "mode": "markers", "legendgroup": name, "hoverinfo": "text",
        }  # fmt: skip
        found.append(
            {
                **trace,
                "x": rounded([row["value"] for row in of_family]),
                "y": places,
                "marker": {"symbol": family.symbol, "size": size, "color": colour},
                "error_x": clipped_whiskers(of_family, limits, 1.5 if size > 8 else 1.0),
                "hovertext": [_hover(row) for row in of_family],
            }
        )
        arrows = [
            (end, height, symbol, row)
            for row, height in zip(of_family, places, strict=True)
            if not is_published(row)
            for end, symbol, beyond in (
                (limits[0], "triangle-left", row["low"] < limits[0]),
                (limits[1], "triangle-right", row["high"] > limits[1]),
            )
            if beyond
        ]
        if arrows:
            found.append(
                {
                    **trace,
                    "x": rounded([end for end, *_ in arrows]),
                    "y": [height for _, height, *_ in arrows],
                    "cliponaxis": False,
                    "marker": {
                        "symbol": [symbol for *_, symbol, _ in arrows],
                        "size": 0.8 * size,
                        "color": "var(--ink)",
                    },
                    "hovertext": [_hover(row) for *_, row in arrows],
                }
            )
    return found


def _said(row: Row) -> str:
    if is_published(row):
        return points(row["value"])
    value, low, high = (points(row[name], digits_of(row)) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _verdict(row: Row) -> str:
    return f" · {row['verdict']}" if row["verdict"] else ""


def _hover(row: Row) -> str:
    photos = "" if is_published(row) else count(row["n_test"], "test photo")
    told = "published" if is_published(row) else row["verdict"] or ""
    return hover(row["encoder"], f"influence {_said(row)}", f"k = {row['k']}", photos, told)


def neighbour_table(neighbours: list[Row]) -> Table:
    """The numbers of the kNN figure."""
    return Table(
        f"kNN accuracy in percent (influence: percentage points){with_intervals(neighbours)}",
        ("Encoder", "Attribute", "Set-up", "Verdict", "Direction", "k", "Value", "Interval",
         "Chance", "p", "q", "Test photos", "Notes"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                row["verdict"] or "–",
                row["direction"] or "–",
                whole(row["k"]),
                _figure(row),
                _interval(row),
                number(row["chance"]),
                significant(row["p"]),
                significant(row["q"]),
                whole(row["n_test"]),
                row["notes"] or "–",
            )
            for row in neighbours
        ],
        names=5,
        remarks=1,
    ).on([row["dataset"] for row in neighbours])  # fmt: skip


def _figure(row: Row) -> str:
    return points(row["value"], digits_of(row)) if _is_change(row) else number(row["value"])


def _interval(row: Row) -> str:
    low, high = row["low"], row["high"]
    return signed(low, high) if _is_change(row) else span(low, high)


def _is_change(row: Row) -> bool:
    return bool(row["setup"] == InfluenceSetup.INFLUENCE)
