"""How the variance of embeddings divides into processing, photo and the rest."""

from __future__ import annotations

from typing import Any

from latentprint.report.figures.dense import Rows, dense_layout, dense_rows, many
from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.panel import ROW, Panel, hatched, hover, label, layout_of, rounded
from latentprint.report.figures.row_table import row_table
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, rows_by_setup
from latentprint.report.wording import count, name_of, number, span, title_of, whole
from latentprint.words import Experiment, VarianceMeasure

SHARES: dict[str, tuple[str, str, str]] = {
    VarianceMeasure.PROCESSING: ("processing", "--bar", ""),
    VarianceMeasure.PHOTO: ("photo", "--faint", ""),
    VarianceMeasure.REST: ("rest", "--muted", "/"),
}
"""The shares of the variance by set-up: what they are called, their colour and hatching."""

Measures = dict[str, Row]
"""The variance rows of one encoder and attribute, by set-up."""


def variance_figure(run: Run) -> Figure | None:
    """The figure; None where the variance was not measured."""
    rows = run.of(Experiment.VARIANCE)
    panels = variance_panels(rows)
    if not panels:
        return None
    return Figure(
        "variance",
        "Shares of the variance of the embeddings: what all photos move by alike when they are "
        "processed, what the versions of a photo have in common, and the rest.",
        panels=panels,
        keys=[
            Key("processing", "Processing", "bar"),
            Key("photo", "Photo", "faint"),
            Key("rest", "Rest", "bar rest"),
        ],
        tables=[("Numbers", variance_table(rows))],
        download=row_table(rows),
    )


def variance_panels(rows: list[Row]) -> list[Panel]:
    """Stacked bars of the shares, one panel for each set of photos and attribute."""
    shares = [row for row in rows if row["setup"] in SHARES]
    several = len({row["dataset"] for row in shares}) > 1
    panels: dict[tuple[str, str], dict[str, Measures]] = {}
    for row in shares:
        encoders = panels.setdefault((row["dataset"], row["attribute"]), {})
        encoders.setdefault(row["encoder"], {})[row["setup"]] = row
    if not many(shares):
        return [_panel(found, several) for found in panels.values()]
    order = dense_rows([row for row in shares if row["setup"] == VarianceMeasure.PROCESSING])
    return [_dense_panel(found, several, order) for found in panels.values()]


def _panel(encoders: dict[str, Measures], several: bool) -> Panel:
    labels, spoken = [], []
    for index, (name, measures) in enumerate(encoders.items()):
        said = ", ".join(f"{SHARES[setup][0]} {_share(row)}" for setup, row in measures.items())
        labels.append(label(name, said.replace(", ", " · "), -float(index)))
        spoken.append(f"{name}: {said}")
    layout = layout_of(
        ROW * len(encoders), -len(encoders) + 0.5, labels, title="share of the variance (%)"
    )
    layout["barmode"] = "stack"
    heights = {name: -float(index) for index, name in enumerate(encoders)}
    return Panel(
        _title(encoders, several),
        f"Shares of the variance for {name_of(_first(encoders))}. {'; '.join(spoken)}.",
        [_bars(encoders, setup, heights, 0.28) for setup in SHARES],
        layout,
    )


def _dense_panel(encoders: dict[str, Measures], several: bool, order: Rows) -> Panel:
    known = [found for found in encoders.values() if VarianceMeasure.PROCESSING in found]
    shares = [found[VarianceMeasure.PROCESSING] for found in known]
    described = f"Shares of the variance for {name_of(_first(encoders))}, "
    described += count(len(encoders), "encoder")
    if shares:
        most = max(shares, key=lambda row: float(row["value"]))
        described += f"; the most by processing: {_share(most)}, {most['encoder']}"
    layout = dense_layout(order, (0.0, 100.0), "share of the variance (%)")
    layout["barmode"] = "stack"
    return Panel(
        _title(encoders, several),
        f"{described}.",
        [_bars(encoders, setup, order.heights, 0.66) for setup in SHARES],
        layout,
        dense=True,
    )


def _first(encoders: dict[str, Measures]) -> Row:
    return next(iter(next(iter(encoders.values())).values()))


def _title(encoders: dict[str, Measures], several: bool) -> str:
    first = _first(encoders)
    return f"{title_of(first)}, {first['dataset']}" if several else title_of(first)


def _bars(
    encoders: dict[str, Measures], setup: str, heights: dict[str, float], width: float
) -> dict[str, Any]:
    name, colour, pattern = SHARES[setup]
    found = [
        (measures[setup], heights[encoder])
        for encoder, measures in encoders.items()
        if setup in measures
    ]
    return {
        "type": "bar",
        "orientation": "h",
        "legendgroup": name,
        "x": rounded([max(row["value"], 0.0) for row, _ in found]),
        "y": [height for _, height in found],
        "width": width,
        "marker": {
            "color": f"var({colour})",
            "line": {"color": "var(--muted)", "width": 1 if width < 0.5 else 0.5},
            "pattern": hatched(pattern),
        },
        "hoverinfo": "text",
        "hovertext": [
            hover(
                row["encoder"],
                f"{name} {_share(row)} ({span(row['low'], row['high'], digits=2)})",
                count(row["n_test"], "photo"),
            )
            for row, _ in found
        ],
    }


def _share(row: Row) -> str:
    return f"{number(row['value'], 2 if row['value'] < 10 else 1)}%"


def variance_table(rows: list[Row]) -> Table:
    """Shares of the variance, and how far a processed photo moves."""
    groups = rows_by_setup(rows, "dataset", "attribute", "encoder")
    return Table(
        "Shares of the variance in percent and mean cosine distances times 100, each with its "
        "95% interval",
        ("Encoder", "Attribute", "Processing", "Interval", "Photo", "Interval", "Rest", "Interval",
         "Between versions of a photo", "Interval", "Between photos", "Interval", "Photos"),
        [
            (
                encoder,
                title_of(next(iter(found.values()))),
                *(text for name in VarianceMeasure for text in _with_interval(found.get(name))),
                whole(next(iter(found.values()))["n_test"]),
            )
            for (*_, encoder), found in groups.items()
        ],
        names=2,
    ).on([next(iter(found.values()))["dataset"] for found in groups.values()])  # fmt: skip


def _with_interval(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "–", "–"
    return number(row["value"], 2), span(row["low"], row["high"], digits=2)
