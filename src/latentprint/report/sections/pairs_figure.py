"""Recall of near-duplicates in the two galleries, beside the published encoders."""

from __future__ import annotations

from typing import Any

import polars as pl

from latentprint.published import published
from latentprint.report.context import (
    FAMILIES,
    PUBLISHED,
    family_keys,
    family_of,
    published_key,
)
from latentprint.report.figures.dense import many
from latentprint.report.figures.figure import Figure, Key
from latentprint.report.figures.panel import (
    CHANCE,
    FONT,
    Panel,
    axis,
    base,
    hover,
    measured,
    rounded,
    safe,
    whiskers,
)
from latentprint.report.figures.row_table import numbers_of, row_table
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, is_published, rows_by_setup
from latentprint.report.telling import Setups
from latentprint.report.wording import (
    count,
    number,
    percent,
    points,
    shortened,
    span,
    whole,
    with_intervals,
)
from latentprint.words import Experiment, PairGallery, PairMeasure

_NAMED = 4
"""Encoders of the user up to which names stand beside their points."""


def recall_figure(run: Run) -> Figure | None:
    """The figure; None where near-duplicates were not retrieved."""
    rows = run.of(Experiment.NEAR_DUPLICATE)
    found = _both(rows)
    if not found:
        return None
    chosen = [row for setups in found for row in _two(setups)]
    context = _context(found)
    keys = family_keys(chosen, "point")
    tables = [(numbers_of(chosen), _table(found))]
    said = ""
    if context.height:
        keys.append(published_key(context.height, "PairCams"))
        tables.append(("Numbers: published encoders", _published_table(context)))
        said = " Published encoders were measured on other photos: a range, not a ranking."
    return Figure(
        "recall",
        f"{found[0][PairGallery.QUERY]['attribute']} of near-duplicates in two galleries"
        f"{with_intervals(chosen)}. Below the line, recall is lower where distractors share the "
        f"query's device.{said} The axes begin where there is something to see.",
        panels=pairs_panels(rows),
        keys=[*keys, Key("equal", "Alike in both galleries", "chance slope", fixed=True)],
        tables=tables,
        layout="l-body",
        download=row_table(chosen),
    )


def published_recalls() -> pl.DataFrame:
    """Published recall@1: ``encoder, family`` and a column for each gallery."""
    return (
        published()
        .filter(pl.col("experiment") == Experiment.NEAR_DUPLICATE)
        .pivot("setup", index=["encoder", "family"], values="value")
    )


def pairs_panels(rows: list[Row]) -> list[Panel]:
    """Hard gallery against easy gallery, a panel for each set of photos; none without recalls."""
    found = _both(rows)
    datasets = list(dict.fromkeys(setups[PairGallery.QUERY]["dataset"] for setups in found))
    return [
        _panel(
            [setups for setups in found if setups[PairGallery.QUERY]["dataset"] == dataset],
            dataset if len(datasets) > 1 else "",
        )
        for dataset in datasets
    ]


def first_recalls(rows: list[Row]) -> list[Setups]:
    """Mean recall over the directions at the smallest k, for every set of photos and encoder."""
    found = [
        row
        for row in rows
        if row["attribute"].startswith(PairMeasure.RECALL) and not row["query_device"]
    ]
    least = min((row["attribute"] for row in found), key=_k_of, default="")
    kept = [row for row in found if row["attribute"] == least]
    return list(rows_by_setup(kept, "dataset", "encoder").values())


def _k_of(name: str) -> int:
    return int(name.removeprefix(f"{PairMeasure.RECALL}@"))


def _both(rows: list[Row]) -> list[Setups]:
    """Recalls of the encoders that were tried in both galleries."""
    return [
        each for each in first_recalls(rows) if {PairGallery.QUERY, PairGallery.TARGET} <= set(each)
    ]


def _two(setups: Setups) -> tuple[Row, Row]:
    """The rows of the hard and of the easy gallery."""
    return setups[PairGallery.QUERY], setups[PairGallery.TARGET]


def _context(found: list[Setups]) -> pl.DataFrame:
    table, hard = published_recalls(), found[0][PairGallery.QUERY]
    alike = hard["attribute"] == PairMeasure.RECALL.at(1) and not is_published(hard)
    return table if alike else table.clear()


def _panel(found: list[Setups], dataset: str) -> Panel:
    context = _context(found)
    lows = {
        name: _low([_least(setups[name]) for setups in found], context[name].to_list())
        for name in (PairGallery.TARGET, PairGallery.QUERY)
    }
    title = f"{found[0][PairGallery.QUERY]['attribute']} in percent"
    return Panel(
        title=", ".join(filter(None, [title, dataset])),
        described=f"{title} in the two galleries. {_spoken(found)}.",
        data=[*(_family(context, family) for family in PUBLISHED if len(context)), *_yours(found)],
        layout=_layout(lows, found),
    )


def _least(row: Row) -> float:
    """The lower end of the interval; the value itself of a published figure."""
    return float(row["value"] if is_published(row) else row["low"])


def _low(measured: list[float], published: list[float]) -> float:
    """Where an axis begins, with some room below the lowest point."""
    low = min([*measured, *published])
    return max(low - max(0.06 * (100 - low), 0.5), -2.0)


def _spoken(found: list[Setups]) -> str:
    """Every encoder of a few; how many of many lose."""
    if many(row for setups in found for row in setups.values()):
        lower = sum(
            setups[PairGallery.QUERY]["value"] < setups[PairGallery.TARGET]["value"]
            for setups in found
        )
        return (
            f"{count(len(found), 'encoder')}; {lower} find fewer targets where {PairGallery.QUERY} "
            f"than where {PairGallery.TARGET}"
        )
    return "; ".join(
        f"{hard['encoder']}: {percent(hard['value'])} where {PairGallery.QUERY}, "
        f"{percent(easy['value'])} where {PairGallery.TARGET}"
        for hard, easy in (_two(setups) for setups in found)
    )


def _family(context: pl.DataFrame, family: str) -> dict[str, Any]:
    rows = context.filter(pl.col("family") == family).to_dicts()
    colour = f"var(--{FAMILIES[family].colour})"
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": "published",
        "x": rounded([row[PairGallery.TARGET] for row in rows]),
        "y": rounded([row[PairGallery.QUERY] for row in rows]),
        "cliponaxis": False,
        "marker": {"symbol": FAMILIES[family].symbol, "size": 7, "color": colour, "opacity": 0.5},
        "hoverinfo": "text",
        "hovertext": [
            hover(
                row["encoder"],
                f"{family}, published",
                f"query's device {percent(row[PairGallery.QUERY])}",
                f"target's device {percent(row[PairGallery.TARGET])}",
            )
            for row in rows
        ],
    }


def _yours(found: list[Setups]) -> list[dict[str, Any]]:
    """A trace for each family, with intervals as crosses."""
    crowded = many(row for setups in found for row in setups.values())
    traces = []
    for name, family in FAMILIES.items():
        chosen = [setups for setups in found if family_of(setups[PairGallery.QUERY]) == name]
        if not chosen:
            continue
        hard, easy = (list(each) for each in zip(*map(_two, chosen), strict=True))
        colour, thickness = (family.colour, 0.7) if crowded else ("ink", 1.2)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "legendgroup": name,
                "x": rounded([row["value"] for row in easy]),
                "y": rounded([row["value"] for row in hard]),
                "cliponaxis": False,
                "error_x": whiskers(easy, colour, thickness),
                "error_y": whiskers(hard, colour, thickness),
                "marker": {
                    "symbol": family.symbol,
                    "size": (9 if crowded else 12) + (4 if name == "yours" else 0),
                    "color": f"var(--{family.colour})",
                    "line": {"color": "var(--ink)", "width": 1.2},
                },
                "hoverinfo": "text",
                "hovertext": [_hover(setups) for setups in chosen],
            }
        )
    return traces


def _hover(setups: Setups) -> str:
    hard, easy = _two(setups)
    found = {"query's device": measured(hard), "target's device": measured(easy)}
    name, _, *photos = measured(hard)
    return hover(
        name,
        *(f"{device} {value}" for device, (_, value, *_) in found.items()),
        photos[0] if is_published(hard) else count(hard["n_test"], "query", "queries"),
        setups[PairGallery.DIFFERENCE]["verdict"] or "" if PairGallery.DIFFERENCE in setups else "",
    )


def _layout(lows: dict[PairGallery, float], found: list[Setups]) -> dict[str, Any]:
    def scale(gallery: PairGallery, **changes: Any) -> dict[str, Any]:
        low = lows[gallery]
        return axis(gallery, range=[low, 100 + 0.03 * (100 - low)], **changes)

    start = max(lows.values())
    return {
        **base(),
        "height": 440,
        "margin": {"l": 56, "r": 18, "t": 12, "b": 50},
        "xaxis": scale(PairGallery.TARGET, nticks=6),
        "yaxis": scale(PairGallery.QUERY, nticks=8),
        "shapes": [
            {"type": "line", "x0": start, "y0": start, "x1": 100, "y1": 100, "layer": "below",
             "line": CHANCE}
        ],
        "annotations": [
            _name(setups, lows[PairGallery.TARGET]) for setups in found if len(found) <= _NAMED
        ],
    }  # fmt: skip


def _name(setups: Setups, low: float) -> dict[str, Any]:
    """The name of an encoder, on the side of its point that has more room."""
    hard, easy = _two(setups)
    right = easy["value"] < (low + 100) / 2
    return {
        "x": easy["value"],
        "y": hard["value"],
        "text": safe(shortened(hard["encoder"], 22)),
        "showarrow": False,
        "xanchor": "left" if right else "right",
        "xshift": 12 if right else -12,
        "yshift": 10 if right else -10,
        "font": FONT,
        "name": family_of(hard),
    }


def _table(found: list[Setups]) -> Table:
    measure = found[0][PairGallery.QUERY]["attribute"]
    return Table(
        f"{measure} in percent{with_intervals(setups[PairGallery.QUERY] for setups in found)}",
        ("Encoder", "Photos", "Distractors of the query's device", "Interval",
         "Of the target's device", "Interval", "Difference", "Queries"),
        [
            (
                hard["encoder"],
                hard["dataset"],
                number(hard["value"]),
                span(hard["low"], hard["high"]),
                number(easy["value"]),
                span(easy["low"], easy["high"]),
                points(easy["value"] - hard["value"]),
                whole(hard["n_test"]),
            )
            for hard, easy in (
                (setups[PairGallery.QUERY], setups[PairGallery.TARGET]) for setups in found
            )
        ],
        names=2,
    )  # fmt: skip


def _published_table(context: pl.DataFrame) -> Table:
    return Table(
        "Published recall@1 in percent, PairCams",
        ("Encoder", "Family", "Distractors of the query's device", "Of the target's device"),
        [
            (
                row["encoder"],
                row["family"],
                number(row[PairGallery.QUERY]),
                number(row[PairGallery.TARGET]),
            )
            for row in context.sort("family", "encoder").to_dicts()
        ],
        names=2,
    )
