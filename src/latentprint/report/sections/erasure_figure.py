"""Before and after erasure as arrows, and what fewer directions would have done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from latentprint.report.complete_table import signed
from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.panel import (
    ROW,
    Panel,
    axis,
    base,
    hover,
    label,
    layout_of,
    rounded,
    vertical,
    whiskers,
)
from latentprint.report.figures.row_table import row_table
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.wording import count, number, points, span, title_of, whole
from latentprint.words import (
    HARMS,
    RANDOM_DIRECTIONS,
    ErasureMeasure,
    Experiment,
    Seen,
    Stage,
)

_PROBES = (ErasureMeasure.LINEAR_PAIRED, ErasureMeasure.LINEAR)
"""The probe that is drawn: the first of these that was measured."""

_UNITS = {
    ErasureMeasure.SELF: 2,
    ErasureMeasure.MARGIN: 2,
    ErasureMeasure.VARIANCE: 2,
    ErasureMeasure.MEANS: 5,
}
"""Decimals of measures that need more than one."""

_KEPT = "kept (%)"

_KEYS = [
    Key("before", "Before", "ring"),
    Key("after", "After; hollow where the eraser did not see all classes", "neg-same"),
    Key("chance", "Chance, or no harm", "chance", fixed=True),
]


def is_full(row: Row, rows: Iterable[Row]) -> bool:
    """Whether a row is of all directions of its eraser."""
    names = ("dataset", "encoder", "eraser")
    own = [each["rank"] for each in rows if all(each[name] == row[name] for name in names)]
    return bool(row["rank"] == max(own))


def erasure_figure(run: Run) -> Figure | None:
    """The figure; None where no eraser was tested."""
    rows = run.of(Experiment.ERASURE)
    if not rows:
        return None
    full = [row for row in rows if is_full(row, rows)]
    own = [row for row in full if row["eraser"] != RANDOM_DIRECTIONS]
    panels = [
        *_arrows(own, _probe_of(own), "Probe accuracy", "accuracy (%)"),
        *_arrows(own, HARMS, "Harm to neighbours", "influence (points) or purity (%)"),
        *_curves([row for row in rows if row["eraser"] != RANDOM_DIRECTIONS]),
    ]
    return Figure(
        "erasure",
        "Before and after erasure, on photos that the eraser never saw: what a linear probe reads, "
        "and how far neighbours follow the trace; below, what the first directions alone would "
        "have done. Whiskers are 95% intervals.",
        panels=panels,
        keys=_KEYS,
        tables=[("Before and after", erasure_table(full))],
        download=row_table(rows),
    )


def _probe_of(rows: Sequence[Row]) -> tuple[str, ...]:
    there = {row["setup"] for row in rows}
    return next(((name,) for name in _PROBES if name in there), ())


def _arrows(rows: Sequence[Row], measures: Sequence[str], title: str, unit: str) -> list[Panel]:
    """A panel of arrows from before to after, one for each attribute."""
    kept = [row for row in rows if row["setup"] in measures and row["stage"] != Stage.CHANGE]
    groups = grouped(kept, "dataset", "encoder", "eraser", "attribute", "setup", "condition")
    pairs = [{row["stage"]: row for row in group} for group in groups]
    pairs = [pair for pair in pairs if len(pair) == 2]
    if not pairs:
        return []
    encoders = {pair[Stage.BEFORE]["encoder"] for pair in pairs}
    labels, spoken, data, shapes = [], [], [], []
    for index, pair in enumerate(pairs):
        before, after = pair[Stage.BEFORE], pair[Stage.AFTER]
        name = title_of(after) + (f", {after['encoder']}" if len(encoders) > 1 else "")
        said = f"{number(before['value'])} to {number(after['value'])}"
        labels.append(label(name, said + _unseen(after), -float(index)))
        spoken.append(f"{name}: {said}")
        data += _arrow(before, after, -float(index))
        shapes.append(vertical(after["chance"] or 0.0, (-index - 0.3, -index + 0.14)))
    ends = [row[end] for pair in pairs for row in pair.values() for end in ("low", "high")]
    chances = [pair[Stage.AFTER]["chance"] or 0.0 for pair in pairs]
    layout = layout_of(ROW * len(pairs), -len(pairs) + 0.5, labels, title=unit)
    low, high = min(*ends, *chances), max(*ends, *chances)
    room = 0.06 * (high - low or 1.0)
    layout["xaxis"] |= {"range": [low - room, high + room], "dtick": None, "nticks": 5}
    layout["shapes"] = shapes
    setup = pairs[0][Stage.AFTER]["setup"]
    shown = f"{title}: {setup}" if len(measures) == 1 else title
    return [Panel(shown, f"{shown}. {'; '.join(spoken)}.", data, layout)]


def _unseen(row: Row) -> str:
    return f" ({row['condition']})" if row["condition"] in (Seen.UNSEEN, Seen.PARTLY) else ""


def _arrow(before: Row, after: Row, height: float) -> list[dict[str, Any]]:
    falls = after["value"] <= before["value"]
    hollow = "-open" if _unseen(after) else ""
    head = f"triangle-{'left' if falls else 'right'}{hollow}"
    colour = "neg-same" if falls else "pos-same"
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "legendgroup": "after",
            "x": rounded([before["value"], after["value"]]),
            "y": [height, height],
            "line": {"color": f"var(--{colour})", "width": 2},
            "hoverinfo": "skip",
        },
        _point(before, height - 0.05, "before", "circle-open", "muted"),
        _point(after, height, "after", head, colour),
    ]


def _point(row: Row, height: float, group: str, symbol: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": group,
        "x": rounded([row["value"]]),
        "y": [height],
        "error_x": whiskers([row], colour, 1.1),
        "marker": {
            "symbol": symbol,
            "size": 11,
            "color": f"var(--{colour})",
            "line": {"color": f"var(--{colour})", "width": 2},
        },
        "hoverinfo": "text",
        "hovertext": [
            hover(
                title_of(row),
                f"{row['setup']}, {row['stage']}: {number(row['value'])} "
                f"({span(row['low'], row['high'])})",
                count(row["n_test"], "photo"),
            )
        ],
    }


def _curves(rows: Sequence[Row]) -> list[Panel]:
    """Harm, and neighbours kept, against the number of directions."""
    found = []
    for measures, title, unit in (
        (HARMS, "Harm against directions erased", "influence (points)"),
        ((ErasureMeasure.OVERLAP,), "Neighbours kept against directions erased", _KEPT),
    ):
        kept = [row for row in rows if row["setup"] in measures and row["stage"] == Stage.AFTER]
        fewer = {(row["dataset"], row["attribute"]) for row in kept if not is_full(row, rows)}
        lines = grouped(
            [row for row in kept if (row["dataset"], row["attribute"]) in fewer],
            "dataset", "encoder", "attribute", "setup",
        )  # fmt: skip
        if lines:
            starts = [_at_zero(line[0], rows) for line in lines]
            found.append(_curve_panel(lines, starts, title, unit))
    return found


def _at_zero(row: Row, rows: Iterable[Row]) -> Row:
    """Where a curve begins: nothing is erased."""
    if row["setup"] == ErasureMeasure.OVERLAP:
        return {**row, "rank": 0, "value": 100.0, "low": 100.0, "high": 100.0}
    names = ("dataset", "encoder", "attribute", "setup", "eraser")
    return next(
        {**each, "rank": 0}
        for each in rows
        if each["stage"] == Stage.BEFORE and all(each[name] == row[name] for name in names)
    )


def _curve_panel(
    lines: Sequence[Sequence[Row]], starts: Sequence[Row], title: str, unit: str
) -> Panel:
    data, spoken = [], []
    most = max(row["rank"] for line in lines for row in line)
    for line, start in zip(lines, starts, strict=True):
        ordered = sorted([start, *line], key=lambda row: int(row["rank"]))
        unseen = bool(_unseen(start))
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "legendgroup": "after",
                "x": [row["rank"] for row in ordered],
                "y": rounded([row["value"] for row in ordered]),
                "error_y": whiskers(ordered, "neg-same", 1.1),
                "line": {"color": "var(--neg-same)", "dash": "dash" if unseen else "solid"},
                "marker": {
                    "symbol": "circle-open" if unseen else "circle",
                    "size": 8,
                    "color": "var(--neg-same)",
                },
                "hoverinfo": "text",
                "hovertext": [
                    hover(
                        title_of(row),
                        f"{count(row['rank'], 'direction')}: {number(row['value'])} "
                        f"({span(row['low'], row['high'])})",
                    )
                    for row in ordered
                ],
            }
        )
        told = ", ".join(f"{number(row['value'])} at {row['rank']}" for row in ordered)
        spoken.append(f"{title_of(start)}: {told}")
    layout = {
        **base(),
        "height": 280,
        "margin": {"l": 44, "r": 16, "t": 10, "b": 46},
        "xaxis": axis("directions erased", showgrid=False, range=[-0.4, most + 0.4]),
        "yaxis": axis(unit, nticks=6, rangemode="normal" if unit == _KEPT else "tozero"),
    }
    return Panel(title, f"{title}. {'; '.join(spoken)}.", data, layout)


def erasure_table(rows: Sequence[Row]) -> Table:
    """Every measure before and after, with the interval of its change."""
    columns = (
        "dataset", "encoder", "eraser", "rank", "attribute", "setup", "condition", "k",
    )  # fmt: skip
    groups = [{row["stage"]: row for row in group} for group in grouped(rows, *columns)]
    firsts = [next(iter(stages.values())) for stages in groups]
    return Table(
        "Before and after erasure, on photos that the eraser never saw; shares in percent, "
        "influence and changes in points, similarities times 100, with 95% intervals",
        ("Encoder", "Eraser", "About", "Measure", "Condition", "Verdict", "Directions", "Before",
         "Interval", "After", "Interval", "Change", "Interval", "Chance", "q", "Photos", "Notes"),
        [_table_row(stages) for stages in groups],
        names=6,
        remarks=1,
    ).on([row["dataset"] for row in firsts])  # fmt: skip


def _table_row(stages: dict[str, Row]) -> tuple[str, ...]:
    row = next(iter(stages.values()))
    digits = _UNITS.get(row["setup"], 1)
    before, after = stages.get(Stage.BEFORE), stages.get(Stage.AFTER)
    change = stages.get(Stage.CHANGE)
    verdict = (change or row)["verdict"] or "–"
    q = change["q"] if change else None
    chance = next((each["chance"] for each in stages.values() if each["chance"] is not None), None)
    return (
        row["encoder"],
        row["eraser"],
        title_of(row),
        row["setup"],
        row["condition"] or "–",
        verdict,
        whole(row["rank"]),
        *(
            text
            for each in (before, after)
            for text in (
                number(each["value"] if each else None, digits),
                span(each["low"], each["high"], digits=digits) if each else "–",
            )
        ),
        points(change["value"]) if change else "–",
        signed(change["low"], change["high"]) if change else "–",
        number(chance),
        "–" if q is None else ("<0.001" if q < 0.001 else f"{q:.2g}"),
        whole(row["n_test"]),
        row["notes"] or "–",
    )
