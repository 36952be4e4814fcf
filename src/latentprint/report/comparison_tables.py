"""Tables of similarity, stability, near-duplicate retrieval, robustness and correlation."""

from __future__ import annotations

from typing import Any

from latentprint.report.comparison_prose import DIFFERENCE, QUERY_GALLERY, TARGET_GALLERY
from latentprint.report.inputs import Row
from latentprint.report.table import Table
from latentprint.report.wording import (
    number,
    percent,
    points,
    significant,
    span,
    title_of,
    whole,
)

_DIRECTION = ": "
_WHOLE = "mean of all directions"


def similarity_table(rows: list[Row], details: list[dict[str, Any]]) -> Table:
    """Means of the curves and the AUCs."""
    pairs = {
        (each.get("dataset"), each["encoder"], each["attribute"], curve["setup"]): curve["pairs"]
        for each in details
        for curve in each["curves"]
    }
    return Table(
        "Mean cosine similarities times 100; AUCs in percent and their difference in points, with "
        "95% intervals",
        ("Encoder", "Metadata", "Measure", "Value", "Interval", "Pairs", "Queries", "Photos",
         "Notes"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                number(row["value"], 2),
                span(row["low"], row["high"], digits=2),
                whole(
                    pairs.get((row["dataset"], row["encoder"], row["attribute"], row["setup"]))
                ),
                whole(row["n_test"]),
                whole(row["n_train"]),
                row["notes"] or "–",
            )
            for row in rows
        ],
        names=3,
        remarks=1,
    ).on([row["dataset"] for row in rows])  # fmt: skip


def stability_table(rows: list[Row]) -> Table:
    """How far photos move, over all pairs of classes and from the reference."""
    return Table(
        "Cosine similarities times 100; shares of photos in percent, with 95% intervals",
        ("Encoder", "Attribute", "Measure", "Value", "Interval", "Photos", "Notes"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                number(row["value"], 2),
                span(row["low"], row["high"], digits=2),
                whole(row["n_test"]),
                row["notes"] or "–",
            )
            for row in rows
        ],
        names=3,
        remarks=1,
    ).on([row["dataset"] for row in rows])


def overtaken_table(details: list[dict[str, Any]]) -> Table:
    """Photos whose re-encoded copy is farther than another photo."""
    return Table(
        "Photos whose own copy is farther than another photo, worst first (cosine similarities)",
        ("Photo", "Encoder", "Processed as", "Copy processed as", "Nearest other photo",
         "To the copy", "To the other photo"),
        [
            (
                each["id"],
                record["encoder"],
                each["processing"],
                each["re_encoded_as"],
                each["nearest_other"],
                number(each["self_similarity"], 3),
                number(each["similarity"], 3),
            )
            for record in details
            for each in record["overtaken"]
        ],
        names=5,
    )  # fmt: skip


def pairs_table(rows: list[Row]) -> Table:
    """Every measure and direction on a line, the two galleries beside each other."""
    lines: dict[tuple[str, str, str, str], dict[str, Row]] = {}
    for row in rows:
        gallery, _, direction = row["setup"].partition(_DIRECTION)
        # Which devices distract follows from the column; it would part one line in three.
        direction = direction.partition(", distractors ")[0] or _WHOLE
        key = (row["dataset"], row["encoder"], row["attribute"], direction)
        lines.setdefault(key, {})[gallery] = row
    return Table(
        "Recall in percent, ranks, and margins (cosines times 100), with 95% intervals",
        ("Encoder", "Measure", "Query and target", "Distractors of the query's device",
         "Of the target's device", "Difference", "Chance", "p (McNemar)", "Queries", "Verdict",
         "Notes"),
        [_pairs_line(key, found) for (_, *key), found in lines.items()],
        names=3,
        remarks=2,
    ).on([place for place, *_ in lines])  # fmt: skip


def _pairs_line(key: list[str], found: dict[str, Row]) -> tuple[str, ...]:
    encoder, measure, direction = key
    change, first = found.get(DIFFERENCE), next(iter(found.values()))
    return (
        encoder,
        measure.replace("_", " "),
        direction,
        *(_figure(found.get(name)) for name in (QUERY_GALLERY, TARGET_GALLERY, DIFFERENCE)),
        percent(first["chance"]),
        significant(change["p"] if change else None),
        whole(first["n_test"]),
        (change["verdict"] if change else "") or "–",
        first["notes"] or "–",
    )


def robustness_table(rows: list[Row]) -> Table:
    """Robustness index and purities."""
    return Table(
        "Shares of neighbours in percent, with 95% intervals; chance is the mean after shuffling",
        ("Encoder", "Nuisance", "Measure", "Verdict", "k", "Value", "Interval", "Chance", "p",
         "Photos", "Notes"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                row["verdict"] or "–",
                whole(row["k"]),
                number(row["value"]),
                span(row["low"], row["high"]),
                number(row["chance"]),
                significant(row["p"]),
                whole(row["n_test"]),
                row["notes"] or "–",
            )
            for row in rows
        ],
        names=4,
        remarks=1,
    ).on([row["dataset"] for row in rows])  # fmt: skip


def correlation_table(correlation: dict[str, Any]) -> Table:
    """Columns by how far they go together with the classes."""
    return Table(
        f"Cramér's V with {correlation['label']}, the largest first",
        ("Column", "V", "95% by chance below", "Photos", "Classes", "Levels", "p", "q",
         "Levels are"),
        [
            (
                each["column"],
                number(each["v"], 3),
                number(each["chance"], 3),
                whole(each["n"]),
                whole(each["classes"]),
                whole(each["levels"]),
                significant(each["p"]),
                significant(each["q"]),
                each["rule"],
            )
            for each in correlation["columns"]
        ],
        remarks=1,
    )  # fmt: skip


def _figure(row: Row | None) -> str:
    if row is None:
        return "–"
    value = points(row["value"]) if row["setup"].startswith(DIFFERENCE) else number(row["value"])
    return f"{value} ({span(row['low'], row['high'])})"
