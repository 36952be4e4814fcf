"""The numbers of each figure and of the whole run, as text in tables."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from latentprint.published import published
from latentprint.report.inputs import Row
from latentprint.report.photos_section import JpegQuality
from latentprint.report.wording import attribute_name, capital, number, points, span


@dataclass(frozen=True)
class Table:
    """A table for the page: a caption, column heads and rows of text.

    The first ``names`` columns hold text, the others numbers.
    """

    caption: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    names: int = 1


def probe_table(probes: list[Row]) -> Table:
    """The numbers of the probe figure."""
    return Table(
        "Probe accuracy in percent, with 95% intervals",
        (
            "Encoder",
            "Attribute",
            "Verdict",
            "Accuracy",
            "Interval",
            "Chance",
            "Floor",
            "Test photos",
        ),
        [
            (
                row["encoder"],
                capital(attribute_name(row["attribute"])),
                row["verdict"] or "–",
                number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                number(row["floor"]),
                f"{row['n_test']:,}",
            )
            for row in probes
        ],
        names=3,
    )


def neighbour_table(neighbours: list[Row]) -> Table:
    """The numbers of the kNN figure."""
    return Table(
        "kNN accuracy in percent (influence: percentage points), with 95% intervals",
        ("Encoder", "Attribute", "Set-up", "Verdict", "k", "Value", "Interval", "Chance", "Floor",
         "Test photos"),
        [
            (
                row["encoder"],
                capital(attribute_name(row["attribute"])),
                row["setup"],
                row["verdict"] or "–",
                _whole(row["k"]),
                points(row["value"]) if row["setup"] == "influence" else number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                number(row["floor"]),
                f"{row['n_test']:,}",
            )
            for row in neighbours
        ],
        names=4,
    )  # fmt: skip


def context_table(attributes: list[str]) -> Table:
    """The published probe accuracies on ImageNet, by family."""
    table = published().filter(
        (pl.col("experiment") == "processing_probe")
        & (pl.col("dataset") == "ImageNet")
        & pl.col("attribute").is_in(attributes)
    )
    families = (
        table.group_by("attribute", "family", maintain_order=True)
        .agg(
            pl.len().alias("encoders"),
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
        "Published probe accuracy on ImageNet in percent, by family",
        ("Attribute", "Family", "Encoders", "Lowest", "Mean", "Highest"),
        [
            (
                capital(attribute_name(row["attribute"])),
                row["family"],
                str(row["encoders"]),
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
    """Every row of the result table, the untrained controls included."""
    return Table(
        "Every result; accuracies in percent, influence and differences in percentage points",
        ("Encoder", "Family", "Experiment", "Attribute", "Set-up", "Verdict", "Notes", "Value",
         "Interval", "Chance", "Floor", "Value − floor, interval", "SD", "Seeds", "k",
         "Test photos", "Training photos"),
        [
            (
                row["encoder"],
                row["family"],
                row["experiment"],
                row["attribute"],
                row["setup"] or "–",
                row["verdict"] or "–",
                row["notes"] or "–",
                number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                number(row["floor"]),
                span(row["excess_low"], row["excess_high"]),
                number(row["sd"]),
                _whole(row["seeds"]),
                _whole(row["k"]),
                f"{row['n_test']:,}",
                f"{row['n_train']:,}",
            )
            for row in table.to_dicts()
        ],
        names=7,
    )  # fmt: skip


def _whole(value: int | None) -> str:
    return "–" if value is None else str(value)
