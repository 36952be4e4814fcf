"""The kNN set-ups as a figure: how far processing changes the vote of the nearest neighbours."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import Any

import polars as pl

from latentprint.report.complete_table import signed
from latentprint.report.context import PUBLISHED, published_influence
from latentprint.report.figures.dense import Rows, dense_layout, dense_rows, limits_around, many
from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.panel import (
    ROW,
    Panel,
    hover,
    label,
    layout_of,
    measured,
    note,
    rounded,
)
from latentprint.report.figures.row_table import row_table
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, is_published, rows_by_setup
from latentprint.report.wording import (
    count,
    name_of,
    number,
    percent,
    points,
    significant,
    span,
    title_of,
    whole,
    with_intervals,
)
from latentprint.words import InfluenceSetup

SETUPS: dict[str, str] = {
    InfluenceSetup.POS_SAME: "triangle-right",
    InfluenceSetup.NEG_SAME: "triangle-left",
    InfluenceSetup.UNIFORM: "circle-open",
    InfluenceSetup.ALL_DIFF: "x-thin-open",
}
"""The kNN set-ups drawn as markers over the bar of all-same."""

LANES: dict[str, float] = {InfluenceSetup.UNIFORM: 0.07, InfluenceSetup.ALL_DIFF: -0.07}
"""Markers that would hide each other are drawn a little above and below the middle of the bar."""

_KEYS = [
    Key("all-same", "all-same: everything processed alike", "faint"),
    Key("pos-same", "pos-same: only the right class alike", "pos-same"),
    Key("neg-same", "neg-same: only wrong classes alike", "neg-same"),
    Key("uniform", "uniform: at random", "uniform"),
    Key("all-diff", "all-diff: all unlike the test photo", "all-diff"),
]

_LANE = 26
"""Pixels of a published family."""

Group = dict[str, Row]
"""The rows of one encoder by set-up."""


def influence_figure(run: Run) -> Figure | None:
    """The figure; None where kNN was not measured."""
    rows = run.neighbours
    if not rows:
        return None
    panels = neighbour_panels(rows)
    published = any(each["legendgroup"] == "published" for panel in panels for each in panel.data)
    keys = _KEYS if not many(rows) else [replace(_KEYS[0], mark="tick"), *_KEYS[1:]]
    axes = " The axes begin where there is something to see." if many(rows) else ""
    return Figure(
        "neighbours",
        "kNN accuracy of the five set-ups. Influence is pos-same minus neg-same, in points."
        + axes
        + (
            " Published means are of other photos, with the same number of neighbours."
            if published
            else ""
        ),
        panels=panels,
        keys=[
            *keys,
            *([Key("published", "Published encoders, means", "faint")] if published else []),
        ],
        tables=[("Numbers", neighbour_table(rows))],
        download=row_table(rows),
    )


def neighbour_panels(neighbours: list[Row]) -> list[Panel]:
    """The kNN set-ups, a panel for each set of photos and attribute; many encoders: for each k."""
    dense = many(neighbours)
    panels: dict[tuple[Any, ...], list[Row]] = {}
    for row in neighbours:
        key = (row["dataset"], row["attribute"], row["k"] if dense else None)
        panels.setdefault(key, []).append(row)
    several = len({row["dataset"] for row in neighbours}) > 1
    if not dense:
        return [_panel(rows, several) for rows in panels.values()]
    order = dense_rows(
        [row for row in neighbours if row["setup"] == InfluenceSetup.INFLUENCE] or neighbours
    )
    return [_dense_panel(rows, several, order) for rows in panels.values()]


def _title(rows: list[Row], several: bool) -> str:
    k = {row["k"] for row in rows}
    parts = [title_of(rows[0])]
    if len(k) == 1 and None not in k:
        parts.append(f"k = {k.pop()}")
    return ", ".join([*parts, rows[0]["dataset"]] if several else parts)


def _panel(rows: list[Row], several: bool) -> Panel:
    """A bar for each encoder and k, its influence written above it."""
    groups = rows_by_setup(rows, "encoder", "k")
    each_k = len({k for _, k in groups}) > 1
    labels, spoken = [], []
    for index, ((encoder, k), group) in enumerate(groups.items()):
        name = f"{encoder}, k = {k}" if each_k else encoder
        labels.append(label(name, _said(group), -float(index)))
        spoken.append(f"{name}, {_said(group)}")
    heights = [-float(index) for index in range(len(groups))]
    data = _setups(list(groups.values()), heights, 0.28, 11)
    bottom, pixels = -len(groups) + 0.5, ROW * len(groups)
    context = _context(rows)
    if context.height and not each_k:
        lanes = [bottom - 0.45 - index * _LANE / ROW for index in range(3)]
        data += _published(context, lanes)
        labels += [_lane_name(name, lane) for name, lane in zip(PUBLISHED, lanes, strict=True)]
        said = f"{context.height} published encoders, means of the families"
        labels.append({**note(said, bottom - 0.05), "name": "published"})
        bottom, pixels = bottom - (3 * _LANE + 28) / ROW, pixels + 3 * _LANE + 28
    layout = layout_of(pixels, bottom, labels, title="kNN accuracy (%)")
    described = f"kNN accuracy for {name_of(rows[0])}: {'; '.join(spoken)} points."
    return Panel(_title(rows, several), described, data, layout)


def _context(rows: list[Row]) -> pl.DataFrame:
    """The published encoders, where the rows are measured with as many neighbours."""
    context = published_influence(rows[0]["attribute"], rows[0]["k"])
    return context.clear() if is_published(rows[0]) else context


def _lane_name(name: str, height: float) -> dict[str, Any]:
    """The name of a published family, within its bar."""
    shown = {"xshift": 4, "font": {"size": 11, "color": "var(--ink)"}, "name": "published"}
    return {**note(name, height), "bgcolor": "rgba(0,0,0,0)", **shown}


def _dense_panel(rows: list[Row], several: bool, order: Rows) -> Panel:
    """The set-ups of each encoder as marks in a thin row."""
    groups = {encoder: group for (encoder,), group in rows_by_setup(rows, "encoder").items()}
    context = _context(rows)
    placed = order.with_names([f"published {each}" for each in PUBLISHED] if len(context) else [])
    heights = [order.heights[encoder] for encoder in groups]
    data = [_spans(groups, heights), *_setups(list(groups.values()), heights, 0.7, 7)]
    if context.height:
        data += _published(context, [order.bottom - index for index in range(3)], dense=True)
    values = [row["value"] for row in rows if row["setup"] != InfluenceSetup.INFLUENCE]
    layout = dense_layout(placed, limits_around(values), "kNN accuracy (%)")
    measured_ones = [
        group[InfluenceSetup.INFLUENCE]
        for group in groups.values()
        if InfluenceSetup.INFLUENCE in group
    ]
    described = f"kNN accuracy for {name_of(rows[0])}, {count(len(groups), 'encoder')}."
    if measured_ones:
        most, least = (choose(measured_ones, key=_value) for choose in (max, min))
        described += (
            f" Influence from {points(least['value'])} ({least['encoder']}) to "
            f"{points(most['value'])} points ({most['encoder']})."
        )
    return Panel(_title(rows, several), described, data, layout, dense=True)


def _value(row: Row) -> float:
    return float(row["value"])


def _said(group: Group) -> str:
    influence = group.get(InfluenceSetup.INFLUENCE)
    if not influence:
        return "influence not measured"
    if is_published(influence):
        return f"influence {points(influence['value'])}"
    return (
        f"influence {points(influence['value'])} "
        f"({points(influence['low'])} to {points(influence['high'])})"
    )


def _setups(
    groups: list[Group], heights: list[float], width: float, size: int
) -> list[dict[str, Any]]:
    """A trace for each set-up."""
    return [
        _setup(
            setup,
            [(group, y) for group, y in zip(groups, heights, strict=True) if setup in group],
            width,
            size,
        )
        for setup in (InfluenceSetup.ALL_SAME, *SETUPS)
    ]


def _setup(setup: str, found: list[tuple[Group, float]], width: float, size: int) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "legendgroup": setup,
        "x": rounded([group[setup]["value"] for group, _ in found]),
        "y": [round(y + LANES.get(setup, 0) * width / 0.28, 2) for _, y in found],
        "hoverinfo": "text",
        "hovertext": [_hover(setup, group) for group, _ in found],
    }
    return trace | _look(setup, width, size)


def _spans(groups: dict[str, Group], heights: list[float]) -> dict[str, Any]:
    """Thin lines between neg-same and pos-same: their length is the influence."""
    ends = [
        (group[InfluenceSetup.NEG_SAME]["value"], group[InfluenceSetup.POS_SAME]["value"], height)
        for group, height in zip(groups.values(), heights, strict=True)
        if {InfluenceSetup.NEG_SAME, InfluenceSetup.POS_SAME} <= set(group)
    ]
    return {
        "type": "scatter",
        "mode": "lines",
        "legendgroup": "spans",
        "x": [x for low, high, _ in ends for x in (round(low, 3), round(high, 3), None)],
        "y": [y for *_, height in ends for y in (height, height, None)],
        "line": {"color": "var(--faint)", "width": 5},
        "hoverinfo": "skip",
    }


def _look(setup: str, width: float, size: int) -> dict[str, Any]:
    if setup == InfluenceSetup.ALL_SAME and size < 9:
        line = {"color": "var(--ink)", "width": 1.6}
        marker = {"symbol": "line-ns", "size": 5, "color": "var(--ink)", "line": line}
        return {"type": "scatter", "mode": "markers", "marker": marker}
    if setup == InfluenceSetup.ALL_SAME:
        faint = {"color": "var(--faint)", "line": {"color": "var(--muted)", "width": 1}}
        return {"type": "bar", "orientation": "h", "width": width, "marker": faint}
    colour = f"var(--{setup})"
    line = {"color": colour, "width": 2 if size > 9 else 1.3}
    marker = {"symbol": SETUPS[setup], "size": size, "color": colour, "line": line}
    return {"type": "scatter", "mode": "markers", "marker": marker}


def _hover(setup: str, group: Group) -> str:
    name, found, *photos = measured(group[setup])
    influence = group.get(InfluenceSetup.INFLUENCE)
    if setup != InfluenceSetup.ALL_SAME or influence is None:
        photos = []
    verdict = influence["verdict"] if influence and photos else ""
    return hover(name, f"{setup}, {found}", _said(group), *photos, verdict or "")


def _published(
    context: pl.DataFrame, heights: list[float], *, dense: bool = False
) -> list[dict[str, Any]]:
    """The means of the published families in the same marks, below the user's encoders."""
    families = {name: context.filter(pl.col("family") == name) for name in PUBLISHED}
    width, size = (0.7, 7) if dense else (0.2, 9)
    found = []
    for setup in (InfluenceSetup.ALL_SAME, *SETUPS):
        if setup not in context.columns:
            continue
        found.append(
            {
                "legendgroup": "published",
                "x": rounded([fmean(rows[setup]) for rows in families.values()]),
                "y": [round(y + LANES.get(setup, 0) * width / 0.28, 2) for y in heights],
                "hoverinfo": "text",
                "hovertext": [_family_hover(name, setup, rows) for name, rows in families.items()],
                **_look(setup, width, size),
            }
        )
    return found


def _family_hover(name: str, setup: str, rows: pl.DataFrame) -> str:
    influence = rows["influence"].to_list()
    return hover(
        f"{name}, mean of {count(len(rows), 'published encoder')}",
        f"{setup}, {percent(fmean(rows[setup]))}",
        f"influence {points(fmean(influence))} "
        f"({points(min(influence))} to {points(max(influence))})",
    )


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
    return points(row["value"]) if _is_change(row) else number(row["value"])


def _interval(row: Row) -> str:
    low, high = row["low"], row["high"]
    return signed(low, high) if _is_change(row) else span(low, high)


def _is_change(row: Row) -> bool:
    return bool(row["setup"] == InfluenceSetup.INFLUENCE)
