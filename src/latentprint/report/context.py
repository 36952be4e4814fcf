"""Families of encoders, and the published figures that a measured one is shown beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from latentprint.published import published
from latentprint.report.figures.figure import Key
from latentprint.report.inputs import Row
from latentprint.words import Experiment, InfluenceSetup


@dataclass(frozen=True)
class Family:
    """How a family of encoders is drawn: never by colour alone.

    Attributes:
        title: What it is called.
        colour: Name of the page's CSS variable.
        symbol: Shape of its points.
        pattern: Hatching of its bars.
        dash: Dash of its lines.
    """

    title: str
    colour: str
    symbol: str
    pattern: str
    dash: str


FAMILIES = {
    "CVL": Family("contrastive vision-language", "cvl", "circle", "", "solid"),
    "SUP": Family("supervised", "sup", "square", "/", "dash"),
    "SSL": Family("self-supervised", "ssl", "triangle-up", ".", "dashdot"),
    "yours": Family("yours", "bar", "star", "x", "longdash"),
}
"""Families in the order in which they stand; the first three are the published ones."""

PUBLISHED = ("CVL", "SUP", "SSL")
"""The families that were published."""

CONTEXT = {
    Experiment.PROCESSING_PROBE: "ImageNet",
    Experiment.ACQUISITION_PROBE: "FlickrExif (90% masked)",
}
"""The published set of photos that a probe is shown beside."""

INFLUENCE_SETS = {10: "ImageNet", 1: "iNaturalist 2018"}
"""The published set of photos that kNN is shown beside, by the number of neighbours."""


def family_of(row: Row) -> str:
    """The family of a row's encoder; any that is not published is the user's own."""
    return row["family"] if row["family"] in PUBLISHED else "yours"


def by_family(
    rows: Sequence[Row], heights: Sequence[float]
) -> Iterator[tuple[str, Family, list[Row], list[float]]]:
    """The families that some rows are of, each with its name, its rows and their heights.

    Args:
        rows: Rows of the result table.
        heights: Where each row is drawn.
    """
    for name, family in FAMILIES.items():
        chosen = [each for each, row in enumerate(rows) if family_of(row) == name]
        if chosen:
            yield name, family, [rows[each] for each in chosen], [heights[each] for each in chosen]


def family_keys(rows: Iterable[Row], mark: str) -> list[Key]:
    """Legend entries of the families that some rows are of.

    Args:
        rows: Rows of the result table.
        mark: CSS class of the marks, beside that of the family: ``bar``, ``point``…
    """
    present = {family_of(row) for row in rows}
    return [
        Key(name, _spelt(name, family), f"{mark} {name.lower()}")
        for name, family in FAMILIES.items()
        if name in present
    ]


def _spelt(name: str, family: Family) -> str:
    return "Your own" if name == "yours" else f"{name}: {family.title}"


def published_key(count: int, where: str) -> Key:
    """The legend entry that hides and shows published encoders."""
    label = f"{count} published encoders, {where}: circles CVL, squares SUP, triangles SSL"
    return Key("published", label, "published")


def published_context(experiment: str, attributes: list[str]) -> pl.DataFrame:
    """The published figures of some attributes, all 47 encoders."""
    return published().filter(
        (pl.col("experiment") == experiment)
        & (pl.col("dataset") == CONTEXT[Experiment(experiment)])
        & pl.col("attribute").is_in(attributes)
    )


def published_influence(attribute: str, k: int | None) -> pl.DataFrame:
    """Published influence on neighbours of an attribute, by encoder; empty for another ``k``.

    Returns:
        ``encoder, family, dataset`` and ``value``, the influence in points.
    """
    rows = published().filter(
        (pl.col("experiment") == Experiment.KNN_INFLUENCE)
        & (pl.col("dataset") == INFLUENCE_SETS.get(k or 0, ""))
        & (pl.col("attribute") == attribute)
    )
    if rows.is_empty():
        return rows
    setups = rows.pivot("setup", index=["encoder", "family", "dataset"], values="value")
    influence = pl.col(InfluenceSetup.POS_SAME) - pl.col(InfluenceSetup.NEG_SAME)
    return setups.select("encoder", "family", "dataset", value=influence)
