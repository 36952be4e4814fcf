"""Probe accuracy along the blocks of networks, up to the final embedding."""

from __future__ import annotations

from typing import Any

from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.lines import STYLES, LineStyle, intervals_where, line_styles
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
    classes,
    name_of,
    number,
    percent,
    points,
    setup_name,
    span,
    title_of,
    whole,
)
from latentprint.words import COLOUR_STATISTICS, CONTROL, PROBES, UNTRAINED, ProbeSetup

Curve = list[Row]
"""The rows of a network in the order of its blocks, the final embedding last."""


def layer_figure(run: Run) -> Figure | None:
    """The figure; None where no block was probed."""
    probed = [row for row in run.table.to_dicts() if row["experiment"] in PROBES]
    blocks = [row for row in probed if row["layer"] is not None]
    if not blocks:
        return None
    networks = {row["network"] for row in blocks}
    rows = [row for row in probed if (row["network"] or row["encoder"]) in networks]
    measured_rows = [row for row in rows if row["family"] != CONTROL]
    if not measured_rows:
        return None
    styles, keys = line_styles(measured_rows, "network")
    if any(row["family"] == CONTROL for row in rows):
        few = len(styles) <= len(STYLES)
        keys.append(Key("untrained", "The same network untrained", "stroke uniform dot", few))
    panels = _panels(rows)
    colours = {
        _asked(row): row
        for row in probed
        if row["encoder"] == COLOUR_STATISTICS and _asked(row) in panels
    }
    if colours:
        keys.append(Key("colour", "Colour statistics, no network", "stroke all-diff longdash"))
    return Figure(
        "layers",
        "Probe accuracy from block to block; the large last mark is the final embedding. 95% "
        f"intervals {intervals_where(keys)}. The vertical axes differ from panel to panel.",
        panels=[
            _panel(curves, styles, rows, colours.get(asked)) for asked, curves in panels.items()
        ],
        keys=[*keys, Key("chance", "Guessing", "chance level", fixed=True)],
        tables=[("Numbers", _table(measured_rows))],
        download=row_table([*rows, *colours.values()]),
    )


def _panels(rows: list[Row]) -> dict[tuple[str, ...], dict[str, Curve]]:
    """The curves of each set of photos, attribute and protocol that has blocks, by network."""
    found: dict[tuple[str, ...], dict[str, Curve]] = {}
    for row in rows:
        found.setdefault(_asked(row), {}).setdefault(row["network"], []).append(row)
    return {
        key: {name: sorted(curve, key=_place) for name, curve in curves.items()}
        for key, curves in sorted(found.items(), key=lambda each: ProbeSetup(each[0][3]).paired)
        if any(row["layer"] is not None for curve in curves.values() for row in curve)
    }


def _asked(row: Row) -> tuple[str, ...]:
    """The set of photos, experiment, attribute and protocol of a row."""
    return row["dataset"], row["experiment"], row["attribute"], row["setup"] or ""


def _place(row: Row) -> float:
    """The block; the final embedding comes after every block."""
    return float("inf") if row["layer"] is None else float(row["layer"])


def _panel(
    curves: dict[str, Curve],
    styles: dict[str, LineStyle],
    every: list[Row],
    colours: Row | None,
) -> Panel:
    rows = [row for curve in curves.values() for row in curve]
    first = rows[0]
    learned = {name: curve for name, curve in curves.items() if curve[0]["family"] != CONTROL}
    parts = [
        title_of(first),
        f"{classes(first)} classes" if classes(first) else "",
        setup_name(first["setup"]) if first["setup"] else "",
        first["dataset"] if len({row["dataset"] for row in every}) > 1 else "",
    ]
    few = len(styles) <= len(STYLES)
    data = [
        _line(curve, _untrained(styles[name.removesuffix(UNTRAINED)]), few=False)
        for name, curve in curves.items()
        if name not in learned and name.removesuffix(UNTRAINED) in styles
    ]
    data += [_line(curve, styles[name], few=few) for name, curve in learned.items()]
    if colours is not None:
        data.append(_level(colours, _deepest(rows)))
    return Panel(
        title=", ".join(filter(None, parts)),
        described=(
            f"Probe accuracy for {name_of(first)} by block. {_spoken(learned)}."
            + (f" Colour statistics {percent(colours['value'])}." if colours else "")
            + f" Chance {percent(first['chance'])}."
        ),
        data=data,
        layout=_layout([*rows, *([colours] if colours else [])], curves),
    )


def _untrained(style: LineStyle) -> LineStyle:
    return LineStyle("untrained", style.colour, style.symbol, "dot", 1)


def _spoken(curves: dict[str, Curve]) -> str:
    """Where each network has its highest accuracy."""
    said = []
    for name, curve in curves.items():
        best = max(curve, key=lambda row: float(row["value"]))
        last = curve[-1]
        final = last["layer"] is None and best is not last
        said.append(
            f"{name}: highest at {_where(best)} with {percent(best['value'])}"
            + (f", final embedding {percent(last['value'])}" if final else "")
        )
    return "; ".join(said)


def _where(row: Row) -> str:
    return "the final embedding" if row["layer"] is None else f"block {row['layer']}"


def _line(curve: Curve, style: LineStyle, *, few: bool) -> dict[str, Any]:
    drawn = style.drawn()
    size = drawn["marker"]["size"]
    sizes = [1.7 * size if row["layer"] is None else size for row in curve]
    drawn["marker"] |= {"size": sizes, "opacity": 1}
    last = _deepest(curve)
    trace = {
        **drawn,
        "x": [last + 1 if row["layer"] is None else row["layer"] for row in curve],
        "y": rounded([row["value"] for row in curve]),
        "hoverinfo": "text",
        "meta": hover(curve[0]["network"]),
        "hovertext": [hover(_where(row), *measured(row)[1:]) for row in curve],
    }
    return trace | ({"error_y": whiskers(curve, style.colour, 1.1)} if few else {})


def _deepest(rows: list[Row]) -> int:
    return max((row["layer"] for row in rows if row["layer"] is not None), default=0)


def _level(colours: Row, deepest: int) -> dict[str, Any]:
    """What colour statistics read, which know no blocks: a level line."""
    said = hover("no network", *measured(colours)[1:])
    return {
        "mode": "lines",
        "legendgroup": "colour",
        "line": {"color": "var(--all-diff)", "width": 1.5, "dash": "longdash"},
        "x": [0.5, deepest + 1],
        "y": rounded([colours["value"]] * 2),
        "hoverinfo": "text",
        "meta": hover(colours["encoder"]),
        "hovertext": [said, said],
    }


def _layout(rows: list[Row], curves: dict[str, Curve]) -> dict[str, Any]:
    depths = {_deepest(curve) for curve in curves.values()} - {0}
    deepest = max(depths)
    chance = rows[0]["chance"]
    low = min(*(row["low"] for row in rows), chance or 100.0)
    high = max(*(row["high"] for row in rows), chance or 0.0)
    step = next(step for step in (1, 2, 4, 5, 10, 20, 50) if deepest / step <= 7 or step == 50)
    ticks = list(range(step, deepest + 1, step))
    texts = [str(tick) for tick in ticks]
    if len(depths) == 1:
        # The last number must leave room for the word beside it.
        kept = [tick for tick in ticks if deepest + 1 - tick > 0.7 * step]
        ticks, texts = [*kept, deepest + 1], [*map(str, kept), "final"]
    return {
        **base(),
        "height": 280,
        "margin": {"l": 44, "r": 16, "t": 10, "b": 46},
        "xaxis": axis(
            "block", range=[0.4, deepest + 1.6], tickvals=ticks, ticktext=texts, showgrid=False
        ),
        "yaxis": axis("accuracy (%)", range=[max(0.0, low - 4), min(102.0, high + 4)], nticks=6),
        "shapes": [horizontal(chance)] if chance is not None else [],
    }


def _order(row: Row) -> tuple[Any, ...]:
    return row["dataset"], row["attribute"], row["setup"] or "", row["network"], _place(row)


def _table(rows: list[Row]) -> Table:
    return Table(
        "Probe accuracy in percent by block, with 95% intervals",
        ("Network", "Attribute", "Protocol", "Block", "Verdict", "Accuracy", "Interval", "Chance",
         "Above untrained", "Test photos"),
        [
            (
                row["network"] or row["encoder"],
                title_of(row),
                setup_name(row["setup"]),
                "final embedding" if row["layer"] is None else str(row["layer"]),
                row["verdict"] or "–",
                number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                points(row["twin"]),
                whole(row["n_test"]),
            )
            for row in sorted(rows, key=_order)
        ],
        names=5,
    )  # fmt: skip
