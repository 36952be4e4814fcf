"""Probe accuracy as figures: processing labels, the paired probe, and labels of photos.

Colours are names of the page's CSS variables, such as ``var(--bar)``: the page looks them up, and
again when it turns dark or is printed.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from latentprint.report.complete_table import signed
from latentprint.report.context import (
    FAMILIES,
    PUBLISHED,
    family_keys,
    family_of,
    published_context,
    published_key,
)
from latentprint.report.figures.dense import (
    Rows,
    dense_layout,
    dense_rows,
    limits_from_zero,
    many,
)
from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.panel import (
    ROW,
    TOP,
    Panel,
    label,
    layout_of,
    note,
)
from latentprint.report.figures.row_table import numbers_of, row_table
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, is_paired, is_published
from latentprint.report.sections.probe_marks import (
    MARKS,
    bars,
    chance_line,
    markers,
    published_points,
    reached,
)
from latentprint.report.wording import (
    capital,
    checks,
    classes,
    count,
    name_of,
    number,
    percent,
    points,
    setup_name,
    significant,
    span,
    title_of,
    whole,
    with_intervals,
)
from latentprint.words import Experiment, Verdict

_CAPTIONS = {
    "processing": "Probe accuracy for processing labels{intervals}.",
    "paired": "Accuracy of the paired probe, the sensitive measure for small sets{intervals}; not "
    "to be compared with other probes or with published figures. “Carried” says here that "
    "processing moves embeddings in a consistent direction, not that it can be read off one photo.",
    "labels": "Probe accuracy for labels of the photos, the mean over the classes{intervals}. The "
    "axes may end at different values.",
}

_CONTEXT = (
    " Published encoders were measured on other photos (CVL: contrastive vision-language, SUP: "
    "supervised, SSL: self-supervised): they show a range, not a ranking."
)

_STRIP = 104
"""Pixels of the published encoders below the bars."""

_LANE = 0.3


def probe_figure(key: str, rows: list[Row]) -> Figure:
    """The figure of some probes.

    Args:
        key: ``processing``, ``paired`` or ``labels``.
        rows: The probes of final embeddings.
    """
    context = _context_rows(rows)
    tables = [(numbers_of(rows), probe_table(rows))]
    if context.height:
        tables.append(("Numbers: published encoders", _context_table(rows)))
    return Figure(
        key,
        _CAPTIONS[key].format(intervals=with_intervals(rows))
        + (_CONTEXT if context.height else ""),
        panels=probe_panels(rows),
        keys=_keys(key, rows, context),
        tables=tables,
        download=row_table(rows),
    )


def probe_panels(probes: list[Row]) -> list[Panel]:
    """Probe accuracy of the user's encoders, a panel for each set of photos and attribute."""
    if not many(probes):
        return [_panel(rows, name) for rows, name in _groups(probes)]
    order = dense_rows(probes)
    return [_dense_panel(rows, name, order) for rows, name in _groups(probes, "setup")]


def _keys(key: str, rows: list[Row], context: pl.DataFrame) -> list[Key]:
    keys = family_keys(rows, "bar hollow" if key == "paired" else "bar")
    keys += [
        Key(column, title, mark)
        for column, (mark, title) in MARKS.items()
        if any(row[column] is not None for row in rows)
    ]
    if context.height:
        where = context["dataset"][0].partition(" (")[0]
        keys.append(published_key(context["encoder"].n_unique(), where))
    return [*keys, Key("chance", "Guessing", "chance", fixed=True)]


def _groups(rows: list[Row], *columns: str) -> list[tuple[list[Row], str]]:
    """Rows of each panel, with what its title says beside the attribute."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        key = (row["dataset"], row["attribute"], *(row[name] for name in columns))
        groups.setdefault(key, []).append(row)
    several = len({row["dataset"] for row in rows}) > 1
    setups = {row["setup"] or "" for row in rows}
    found = []
    for group in groups.values():
        first = group[0]
        parts = [f"{classes(first)} classes" if classes(first) else ""]
        if columns and len(setups) > 1:
            parts.append(setup_name(first["setup"]))
        if several:
            parts.append(first["dataset"])
        found.append((group, ", ".join([title_of(first), *filter(None, parts)])))
    return found


def _context_rows(rows: list[Row]) -> pl.DataFrame:
    """The published encoders, where measured rows follow the published protocol."""
    alike = dict.fromkeys(
        row["attribute"] for row in rows if not row["setup"] and not is_published(row)
    )
    return published_context(rows[0]["experiment"], list(alike))


def _context_table(rows: list[Row]) -> Table:
    names = list(dict.fromkeys(row["attribute"] for row in rows if not row["setup"]))
    return context_table(rows[0]["experiment"], names)


def _limits(rows: list[Row], context: pl.DataFrame) -> tuple[float, float]:
    if rows[0]["experiment"] == Experiment.PROCESSING_PROBE:
        return 0.0, 100.0
    shown = [
        value
        for row in rows
        for value in (
            row["value"],
            row["high"],
            row["chance"],
            *(reached(row, mark) for mark in MARKS),
        )
    ]
    return limits_from_zero([*shown, *context["value"].to_list()])


def _panel(rows: list[Row], title: str) -> Panel:
    """A bar for each encoder, its name and finding above it."""
    rows = sorted(rows, key=lambda row: list(FAMILIES).index(family_of(row)))
    heights = [-float(index) for index in range(len(rows))]
    context = _context_rows(rows)
    bottom = -len(rows) + 0.5
    labels = [
        {**label(row["encoder"], _said(row), height), "name": family_of(row)}
        for row, height in zip(rows, heights, strict=True)
    ]
    data = [*bars(rows, heights, 0.28), *markers(rows, heights, 11)]
    pixels = ROW * len(rows)
    lines = chance_line(rows[0]["chance"], (bottom, TOP))
    if context.height:
        lanes = {each: bottom - 0.5 - _LANE * index for index, each in enumerate(PUBLISHED)}
        data += published_points(context, lanes, 0.09, 7)
        labels.append({**note(_context_note(context), bottom - 0.12), "name": "published"})
        lines += chance_line(
            context["chance"][0], (bottom - _STRIP / ROW, bottom - 0.3), "published"
        )
        bottom -= _STRIP / ROW
        pixels += _STRIP
    layout = layout_of(pixels, bottom, labels, title="probe accuracy (%)")
    limits = _limits(rows, context)
    layout["xaxis"] |= {"range": list(limits), "dtick": limits[1] / 4}
    layout["shapes"] = lines
    return Panel(title, f"{_kind(rows)}: {_each(rows)}. {_guessing(rows)}", data, layout)


def _dense_panel(rows: list[Row], title: str, order: Rows) -> Panel:
    """A thin row for each encoder, the published ones below."""
    context = _context_rows(rows)
    placed = order.with_names([f"published {each}" for each in PUBLISHED] if len(context) else [])
    heights = [order.heights[row["encoder"]] for row in rows]
    data = [*bars(rows, heights, 0.66, 1.0), *markers(rows, heights, 6)]
    last = min(order.heights.values()) - 0.5
    lines = chance_line(rows[0]["chance"], (last, 0.5))
    if context.height:
        lanes = {each: order.bottom - index for index, each in enumerate(PUBLISHED)}
        data += published_points(context, lanes, 0.2, 6)
        below = (order.bottom - len(PUBLISHED) + 0.5, order.bottom + 0.5)
        lines += chance_line(context["chance"][0], below, "published")
    layout = dense_layout(placed, _limits(rows, context), "probe accuracy (%)")
    layout["shapes"] = lines
    return Panel(
        title, f"{_kind(rows)}: {_extremes(rows)}. {_guessing(rows)}", data, layout, dense=True
    )


def _context_note(context: pl.DataFrame) -> str:
    among = round(100 / context["chance"][0])
    where = context["dataset"][0].partition(" (")[0]
    return f"{context.height} published encoders, {where}, {among} classes"


def _said(row: Row) -> str:
    """What stands under an encoder's name: figure, verdict, protocol and failed checks."""
    setup = row["setup"] or ""
    parts = [percent(row["value"]), row["verdict"] or "", setup_name(setup) if setup else ""]
    return " · ".join(filter(None, [*parts, "see checks" if checks(row) else ""]))


def _kind(rows: list[Row]) -> str:
    probe = "Paired probe accuracy" if is_paired(rows[0]) else "Probe accuracy"
    return f"{probe} for {name_of(rows[0])}"


def _guessing(rows: list[Row]) -> str:
    return f"Chance {percent(rows[0]['chance'])}."


def _each(rows: list[Row]) -> str:
    return "; ".join(
        f"{row['encoder']} {percent(row['value'])}, {row['verdict'] or 'no verdict'}"
        for row in rows
    )


def _extremes(rows: list[Row]) -> str:
    most, least = (choose(rows, key=lambda row: row["value"]) for choose in (max, min))
    judged = [row["verdict"] for row in rows if row["verdict"]]
    carried = judged.count(Verdict.CARRIED)
    what = "move in a consistent direction" if is_paired(rows[0]) else "carry it"
    return (
        f"{count(len(rows), 'encoder')}, from {percent(least['value'])} ({least['encoder']}) to "
        f"{percent(most['value'])} ({most['encoder']})" + (f"; {carried} {what}" if judged else "")
    )


def probe_table(probes: list[Row]) -> Table:
    """The numbers of a probe figure; columns that no probe fills are left out."""
    columns = {
        "Encoder": [row["encoder"] for row in probes],
        "Attribute": [title_of(row) for row in probes],
        "Protocol": [setup_name(row["setup"]) for row in probes],
        "Verdict": [row["verdict"] or "–" for row in probes],
        "Training": [row["learned"] or "–" for row in probes],
        "Accuracy": [number(row["value"]) for row in probes],
        "Interval": [span(row["low"], row["high"]) for row in probes],
        "Chance": [number(row["chance"]) for row in probes],
        "Classes": [whole(classes(row)) for row in probes],
        "Above untrained": [points(row["twin"]) for row in probes],
        "Interval of that": [signed(row["twin_low"], row["twin_high"]) for row in probes],
        "Colour statistics": [number(row["colour"]) for row in probes],
        "DCT energies": [number(row["dct"]) for row in probes],
        "File alone": [number(row["container"]) for row in probes],
        "Shuffled labels": [number(row["permuted"]) for row in probes],
        "Selectivity": [points(row["selectivity"]) for row in probes],
        "Smallest effect": [points(row["smallest_effect"]) for row in probes],
        "Discriminant": [number(row["discriminant"]) for row in probes],
        "Exact p": [significant(row["discriminant_p"]) for row in probes],
        "At ten times": [number(row["ten_times"]) for row in probes],
        "q": [significant(row["q"]) for row in probes],
        "Test photos": [whole(row["n_test"]) for row in probes],
        "Training photos": [whole(row["n_train"]) for row in probes],
        "Health checks": ["; ".join(checks(row)) or "–" for row in probes],
    }
    always = ("Encoder", "Attribute", "Protocol", "Verdict", "Training", "Health checks")
    kept = {name: texts for name, texts in columns.items() if name in always or set(texts) - {"–"}}
    return Table(
        f"Probe accuracy in percent{with_intervals(probes)}; differences in percentage points",
        tuple(kept),
        list(zip(*kept.values(), strict=True)),
        names=5,
        remarks=1,
    ).on([row["dataset"] for row in probes])


def context_table(experiment: str, attributes: list[str]) -> Table:
    """The published probe accuracies that a figure shows, by family."""
    table = published_context(experiment, attributes)
    families = (
        table.group_by("experiment", "attribute", "family", maintain_order=True)
        .agg(
            pl.len().alias("encoders"),
            pl.col("chance").first(),
            pl.col("value").min().alias("least"),
            pl.col("value").mean().alias("mean"),
            pl.col("value").max().alias("most"),
        )
        .sort(
            pl.col("attribute").replace_strict(attributes, list(range(len(attributes)))),
            maintain_order=True,
        )
    )
    return Table(
        "Published probe accuracy in percent, by family",
        ("Attribute", "Family", "Encoders", "Chance", "Lowest", "Mean", "Highest"),
        [
            (
                capital(name_of(row)),
                row["family"],
                str(row["encoders"]),
                number(row["chance"]),
                number(row["least"]),
                number(row["mean"]),
                number(row["most"]),
            )
            for row in families.to_dicts()
        ],
        names=2,
    )
