"""Recall of near-duplicates in the two galleries, beside the published encoders."""

from __future__ import annotations

from typing import Any

import polars as pl

from latentprint.published import published
from latentprint.report.comparison_prose import QUERY_GALLERY, TARGET_GALLERY, Setups
from latentprint.report.inputs import Row, rows_by_setup
from latentprint.report.panel import CHANCE, FONT, Panel, base, safe
from latentprint.report.probe_figure import FAMILIES
from latentprint.report.wording import percent, shortened, span

_NAMED = 4
"""Encoders of the user up to which names stand beside their points."""


def recalls(rows: list[Row]) -> dict[tuple[Any, ...], Setups]:
    """Mean recall over the directions at the smallest k, by encoder."""
    found = [row for row in rows if row["attribute"].startswith("recall@")]
    names = sorted({row["attribute"] for row in found}, key=lambda name: int(name.split("@")[1]))
    return rows_by_setup([row for row in found if row["attribute"] in names[:1]], "encoder")


def published_recalls() -> pl.DataFrame:
    """Published recall@1: ``encoder, family`` and a column for each gallery."""
    return (
        published()
        .filter(pl.col("experiment") == "near_duplicate")
        .pivot("setup", index=["encoder", "family"], values="value")
    )


def pairs_panels(rows: list[Row]) -> list[Panel]:
    """One panel: hard gallery against easy gallery; none without recalls."""
    both = {QUERY_GALLERY, TARGET_GALLERY}
    found = [setups for setups in recalls(rows).values() if both <= set(setups)]
    if not found:
        return []
    measure = found[0][QUERY_GALLERY]["attribute"]
    context = published_recalls() if measure == "recall@1" else published_recalls().clear()
    values = [setups[name]["value"] for setups in found for name in both]
    values += [value for name in both for value in context[name].to_list()]
    low = max(min(values) - 3.0, -2.0)
    spoken = "; ".join(
        f"{setups[QUERY_GALLERY]['encoder']}: {percent(setups[QUERY_GALLERY]['value'])} where "
        f"{QUERY_GALLERY}, {percent(setups[TARGET_GALLERY]['value'])} where {TARGET_GALLERY}"
        for setups in found
    )
    return [
        Panel(
            title=f"{measure} in percent",
            described=f"{measure} in the two galleries. {spoken}.",
            data=[*(_family(context, family) for family in FAMILIES), _yours(found)],
            layout=_layout(low, found),
        )
    ]


def _family(context: pl.DataFrame, family: str) -> dict[str, Any]:
    rows = context.filter(pl.col("family") == family).to_dicts()
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": family,
        "x": [row[TARGET_GALLERY] for row in rows],
        "y": [row[QUERY_GALLERY] for row in rows],
        "cliponaxis": False,
        "marker": {
            "symbol": FAMILIES[family],
            "size": 8,
            "color": f"var(--{family.lower()})",
            "opacity": 0.85,
        },
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(row['encoder'])}<br>{family}, query's device "
            f"{percent(row[QUERY_GALLERY])}, target's {percent(row[TARGET_GALLERY])}"
            for row in rows
        ],
    }


def _yours(found: list[Setups]) -> dict[str, Any]:
    hard, easy = ([setups[name] for setups in found] for name in (QUERY_GALLERY, TARGET_GALLERY))
    return {
        "type": "scatter",
        "mode": "markers",
        "legendgroup": "yours",
        "x": [row["value"] for row in easy],
        "y": [row["value"] for row in hard],
        "cliponaxis": False,
        "error_x": _whiskers(easy),
        "error_y": _whiskers(hard),
        "marker": {
            "symbol": "star",
            "size": 15,
            "color": "var(--bar)",
            "line": {"color": "var(--ink)", "width": 1.2},
        },
        "hoverinfo": "text",
        "hovertext": [
            f"{safe(one['encoder'])}<br>query's device {percent(one['value'])} "
            f"({span(one['low'], one['high'])})<br>target's device "
            f"{percent(other['value'])} ({span(other['low'], other['high'])})"
            for one, other in zip(hard, easy, strict=True)
        ],
    }


def _whiskers(rows: list[Row]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [row["high"] - row["value"] for row in rows],
        "arrayminus": [row["value"] - row["low"] for row in rows],
        "color": "var(--ink)",
        "thickness": 1.2,
        "width": 4,
    }


def _layout(low: float, found: list[Setups]) -> dict[str, Any]:
    def axis(who: str) -> dict[str, Any]:
        title = f"distractors share the {who} device"
        return {
            "range": [low, 100.6],
            "fixedrange": True,
            "color": "var(--muted)",
            "gridcolor": "var(--line)",
            "zeroline": False,
            "title": {"text": title, "standoff": 8, "font": {"size": 12}},
        }

    named = found if len(found) <= _NAMED else []
    return {
        **base(),
        "height": 420,
        "margin": {"l": 56, "r": 18, "t": 12, "b": 50},
        "xaxis": axis("target's"),
        "yaxis": axis("query's"),
        "shapes": [{"type": "line", "x0": low, "y0": low, "x1": 100, "y1": 100, "line": CHANCE}],
        "annotations": [
            {
                "x": setups[TARGET_GALLERY]["value"],
                "y": setups[QUERY_GALLERY]["value"],
                "text": safe(shortened(setups[QUERY_GALLERY]["encoder"], 28)),
                "showarrow": False,
                "xanchor": "right",
                "xshift": -13,
                "yshift": 9,
                "font": FONT,
                "bgcolor": "var(--paper)",
                "borderpad": 1,
            }
            for setups in named
        ],
    }
