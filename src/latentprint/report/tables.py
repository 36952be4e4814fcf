"""The numbers of each figure and of the whole run, as text in tables."""

from __future__ import annotations

import polars as pl

from latentprint.report.context import published_context
from latentprint.report.inputs import Row, rows_by_setup
from latentprint.report.photos_section import JpegQuality
from latentprint.report.table import Table
from latentprint.report.wording import (
    capital,
    checks,
    classes,
    name_of,
    number,
    points,
    setup_name,
    significant,
    span,
    title_of,
    whole,
)


def probe_table(probes: list[Row]) -> Table:
    """The numbers of a probe figure; columns that no probe fills are left out."""
    columns = {
        "Encoder": [row["encoder"] for row in probes],
        "Attribute": [title_of(row) for row in probes],
        "Protocol": [setup_name(row["setup"]) for row in probes],
        "Verdict": [row["verdict"] or "–" for row in probes],
        "Accuracy": [number(row["value"]) for row in probes],
        "Interval": [span(row["low"], row["high"]) for row in probes],
        "Chance": [number(row["chance"]) for row in probes],
        "Classes": [whole(classes(row)) for row in probes],
        "Floor": [number(row["floor"]) for row in probes],
        "Above floor, interval": [_signed(row["excess_low"], row["excess_high"]) for row in probes],
        "Ceiling": [number(row["ceiling"]) for row in probes],
        "File alone": [number(row["container"]) for row in probes],
        "Shuffled labels": [number(row["permuted"]) for row in probes],
        "Selectivity": [points(row["selectivity"]) for row in probes],
        "Smallest effect": [points(row["smallest_effect"]) for row in probes],
        "q": [significant(row["q"]) for row in probes],
        "Test photos": [whole(row["n_test"]) for row in probes],
        "Training photos": [whole(row["n_train"]) for row in probes],
        "Floor by": [_floor_by(row) for row in probes],
        "Health checks": ["; ".join(checks(row)) or "–" for row in probes],
    }
    always = ("Encoder", "Attribute", "Protocol", "Verdict", "Floor by", "Health checks")
    kept = {name: texts for name, texts in columns.items() if name in always or set(texts) - {"–"}}
    return Table(
        "Probe accuracy in percent, with 95% intervals; differences in percentage points",
        tuple(kept),
        list(zip(*kept.values(), strict=True)),
        names=4,
        remarks=2,
    ).on([row["dataset"] for row in probes])


def curve_table(curves: list[Row]) -> Table:
    """The numbers of the learning curves."""
    return Table(
        "Accuracy in percent by number of training photos, with 95% intervals",
        ("Encoder", "Attribute", "Protocol", "Training photos", "Accuracy", "Interval", "Chance",
         "Fits", "Test photos"),
        [
            (
                row["encoder"],
                title_of(row),
                setup_name(row["setup"]),
                whole(row["n_train"]),
                number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                whole(row["seeds"]),
                whole(row["n_test"]),
            )
            for row in curves
        ],
        names=3,
    ).on([row["dataset"] for row in curves])  # fmt: skip


def variance_table(rows: list[Row]) -> Table:
    """Shares of the variance, and how far a processed photo moves."""
    groups = rows_by_setup(rows, "dataset", "attribute", "encoder")
    measures = ("processing share", "photo share", "rest share", "shift", "distance")
    return Table(
        "Shares of the variance in percent and mean cosine distances times 100, each with its "
        "95% interval",
        ("Encoder", "Attribute", "Processing", "Interval", "Photo", "Interval", "Rest", "Interval",
         "Between versions of a photo", "Interval", "Between photos", "Interval", "Photos"),
        [
            (
                encoder,
                title_of(next(iter(found.values()))),
                *(text for name in measures for text in _with_interval(found.get(name))),
                whole(next(iter(found.values()))["n_test"]),
            )
            for (*_, encoder), found in groups.items()
        ],
        names=2,
    ).on([next(iter(found.values()))["dataset"] for found in groups.values()])  # fmt: skip


def neighbour_table(neighbours: list[Row]) -> Table:
    """The numbers of the kNN figure."""
    return Table(
        "kNN accuracy in percent (influence: percentage points), with 95% intervals",
        ("Encoder", "Attribute", "Set-up", "Verdict", "k", "Value", "Interval", "Chance",
         "Test photos"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                row["verdict"] or "–",
                whole(row["k"]),
                points(row["value"]) if row["setup"] == "influence" else number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                whole(row["n_test"]),
            )
            for row in neighbours
        ],
        names=4,
    ).on([row["dataset"] for row in neighbours])  # fmt: skip


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


def quality_table(quality: JpegQuality) -> Table:
    """The numbers of the JPEG quality figure."""
    return Table(
        "JPEG files among the inputs",
        ("Quality", "Chroma subsampling", "Files"),
        [
            (str(row["jpeg_quality"]), row["jpeg_subsampling"], f"{row['files']:,}")
            for row in quality.table.to_dicts()
        ],
        names=2,
    )


def complete_table(table: pl.DataFrame) -> Table:
    """Every row of the result table, the controls included."""
    return Table(
        "Every result; shares in percent, differences in percentage points, cosine similarities "
        "and distances times 100",
        ("Encoder", "Family", "Experiment", "Attribute", "Set-up", "Verdict", "Value", "Interval",
         "Chance", "Classes", "All answers", "Floor", "Value − floor, interval", "Ceiling",
         "Shuffled labels", "Selectivity", "File alone", "Smallest effect", "p", "q", "SD", "Fits",
         "k", "Test photos", "Training photos", "Floor by", "Fit", "Notes"),
        [_complete_row(row) for row in table.to_dicts()],
        names=6,
        remarks=3,
    ).on(table["dataset"].to_list())  # fmt: skip


def _complete_row(row: Row) -> tuple[str, ...]:
    digits = 2 if row["experiment"] in ("variance", "similarity", "stability") else 1
    return (
        *(row[name] or "–" for name in ("encoder", "family", "experiment", "attribute")),
        *(row[name] or "–" for name in ("setup", "verdict")),
        number(row["value"], digits),
        span(row["low"], row["high"], digits=digits),
        number(row["chance"]),
        whole(row["classes"]),
        number(row["micro"]),
        number(row["floor"]),
        _signed(row["excess_low"], row["excess_high"]),
        *(number(row[name]) for name in ("ceiling", "permuted", "selectivity", "container")),
        number(row["smallest_effect"]),
        significant(row["p"]),
        significant(row["q"]),
        number(row["sd"]),
        *(whole(row[name]) for name in ("seeds", "k", "n_test", "n_train")),
        row["floor_of"] or "–",
        row["fit"] or "–",
        "; ".join(checks(row)) or "–",
    )


def _floor_by(row: Row) -> str:
    return "–" if row["floor"] is None else row["floor_of"] or "the same network untrained"


def _signed(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{points(low)} to {points(high)}"


def _with_interval(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "–", "–"
    return number(row["value"], 2), span(row["low"], row["high"], digits=2)
