"""What nearest neighbours share, beside chance and the controls: a bar for every encoder."""

from __future__ import annotations

from typing import Any

from latentprint.report.context import family_keys
from latentprint.report.figures.dense import (
    Rows,
    dense_layout,
    dense_rows,
    limits_from_zero,
    many,
    step_of,
)
from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.panel import ROW, Panel, label, layout_of
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.sections.probe_marks import MARKS, bars, chance_line, markers, reached
from latentprint.report.wording import (
    name_of,
    number,
    percent,
    significant,
    span,
    title_of,
    whole,
)
from latentprint.words import (
    COLOUR_STATISTICS,
    CONTROL,
    DCT_ENERGIES,
    UNTRAINED,
    Experiment,
    ProbeSetup,
    RobustnessCondition,
    RobustnessMeasure,
    Verdict,
)

CONTROLS = ("twin", "colour", "dct")
"""The columns of the controls of a share of neighbours, see ``with_controls``."""


def judged_rows(run: Run) -> list[Row]:
    """The rows that are judged: within classes, but for the share of the class itself."""
    return [row for row in run.of(Experiment.ROBUSTNESS) if _is_judged(row)]


def _is_judged(row: Row) -> bool:
    by_class = row["setup"] == RobustnessMeasure.CLASS_PURITY
    return bool(by_class == (row["condition"] == RobustnessCondition.ALL_PHOTOS))


def with_controls(run: Run, rows: list[Row]) -> list[Row]:
    """The same rows, each with the same figures of its controls in the columns that probes have.

    Args:
        run: What was measured, controls among it.
        rows: Rows of encoders.
    """
    table = run.table.filter(
        (run.table["family"] == CONTROL) & (run.table["experiment"] == Experiment.ROBUSTNESS)
    )
    known = {(each["encoder"], *_about(each)): float(each["value"]) for each in table.to_dicts()}
    found = []
    for row in rows:
        twin, colour, dct = (
            known.get((name, *_about(row)))
            for name in (row["encoder"] + UNTRAINED, COLOUR_STATISTICS, DCT_ENERGIES)
        )
        above = None if twin is None else row["value"] - twin
        found.append({**row, "twin": above, "colour": colour, "dct": dct})
    return found


def _about(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("dataset", "attribute", "setup", "condition", "k"))


def robustness_figure(run: Run) -> Figure | None:
    """The figure; None where robustness was not measured."""
    every = run.of(Experiment.ROBUSTNESS)
    if not every:
        return None
    shares = [row for row in judged_rows(run) if row["setup"] == RobustnessMeasure.NUISANCE_PURITY]
    shares = with_controls(run, shares)
    panels = [_panel(group, shares) for group in grouped(shares, "dataset", "attribute", "k")]
    keys = [
        *family_keys(shares, "bar"),
        *(
            Key(column, MARKS[column][1], MARKS[column][0])
            for column in CONTROLS
            if any(row[column] is not None for row in shares)
        ),
        Key("chance", "What the class alone explains", "chance", fixed=True),
    ]
    return Figure(
        "robustness",
        "Nearest neighbours that share what they should not, with 95% intervals; the dotted line "
        "is what the class alone explains.",
        panels=panels,
        keys=keys if panels else [],
        tables=[("Robustness index and purity", robustness_table(every))],
    )


def _panel(rows: list[Row], every: list[Row]) -> Panel:
    first = rows[0]
    several = len({row["dataset"] for row in every}) > 1
    parts = [title_of(first), f"k = {first['k']}", first["dataset"] if several else ""]
    title = ", ".join(filter(None, parts))
    what = f"neighbours with the photo's own {name_of(first)} (%)"
    spoken = "; ".join(
        f"{row['encoder']} {percent(row['value'])}, {percent(row['chance'])} by the class alone"
        for row in rows
    )
    described = f"Shares of neighbours with the same {name_of(first)}: {spoken}."
    if many(every):
        return Panel(title, described, *_dense(rows, dense_rows(every), what), dense=True)
    return Panel(title, described, *_wide(rows, what))


def _wide(rows: list[Row], what: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A bar for each encoder, its name and finding above it."""
    heights = [-float(index) for index in range(len(rows))]
    labels = [
        label(row["encoder"], _said(row), height) for row, height in zip(rows, heights, strict=True)
    ]
    layout = layout_of(ROW * len(rows), -len(rows) + 0.5, labels, title=what)
    _set_axis(layout, rows)
    layout["shapes"] = _chances(rows, heights, 0.2)
    return [*_bars(rows, heights, 0.24, 1.5), *markers(rows, heights, 11)], layout


def _dense(rows: list[Row], order: Rows, what: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A thin bar for each encoder."""
    heights = [order.heights[row["encoder"]] for row in rows]
    layout = dense_layout(order, _limits(rows), what)
    layout["shapes"] = _chances(rows, heights, 0.45)
    return [*_bars(rows, heights, 0.6, 1.0), *markers(rows, heights, 6)], layout


def _bars(
    rows: list[Row], heights: list[float], width: float, thickness: float
) -> list[dict[str, Any]]:
    """Bars as those of plain probes: the measure is that of the whole figure."""
    plain = [{**row, "setup": ProbeSetup.PUBLISHED} for row in rows]
    return bars(plain, heights, width, thickness)


def _chances(rows: list[Row], heights: list[float], reach: float) -> list[dict[str, Any]]:
    return [
        line
        for row, height in zip(rows, heights, strict=True)
        for line in chance_line(row["chance"], (height - reach, height + reach))
    ]


def _limits(rows: list[Row]) -> tuple[float, float]:
    held = [reached(row, column) for row in rows for column in CONTROLS]
    return limits_from_zero([*held, *(row[name] for row in rows for name in ("high", "chance"))])


def _set_axis(layout: dict[str, Any], rows: list[Row]) -> None:
    limits = _limits(rows)
    layout["xaxis"] |= {"range": list(limits), "dtick": step_of(limits)}


def _said(row: Row) -> str:
    parts = f"{percent(row['value'])} ({span(row['low'], row['high'])})", _WORDS.get(row["verdict"])
    return " · ".join(filter(None, parts))


_WORDS = {
    Verdict.FOLLOWS_NUISANCE: "neighbours follow it",
    Verdict.AVOIDS_NUISANCE: "neighbours avoid it",
    Verdict.NO_NUISANCE: "not shown",
}
"""Verdicts as they fit a narrow screen."""


def robustness_table(rows: list[Row]) -> Table:
    """Robustness index and purities, compared within classes and over all photos."""
    return Table(
        "Shares of neighbours in percent, with 95% intervals; chance is the mean after shuffling "
        "within classes, which is judged, or over all photos, where classes and nuisance may go "
        "together",
        ("Encoder", "Nuisance", "Measure", "Shuffled", "Verdict", "k", "Value", "Interval",
         "Chance", "p", "q", "Photos", "Notes"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                row["condition"],
                row["verdict"] or "–",
                whole(row["k"]),
                number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                significant(row["p"]),
                significant(row["q"]),
                whole(row["n_test"]),
                row["notes"] or "–",
            )
            for row in rows
        ],
        names=5,
        remarks=1,
    ).on([row["dataset"] for row in rows])  # fmt: skip
