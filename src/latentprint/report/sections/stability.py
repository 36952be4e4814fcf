"""Does a photo stay itself when it is encoded again? Stability against the nearest other photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.telling import (
    Setups,
    by_encoder,
    by_whom,
    ends,
    first,
    told,
)
from latentprint.report.wording import (
    count,
    number,
    quoted_name,
    span,
    starting_name,
    title_of,
    whole,
)
from latentprint.words import Experiment, StabilityMeasure

_NEEDED = {
    StabilityMeasure.SELF,
    StabilityMeasure.FIRST,
    StabilityMeasure.OTHER,
    StabilityMeasure.FARTHER,
}


def stability_sentence(rows: Setups) -> str:
    """How far re-encoding moves a photo, over every pair of classes or from a reference."""
    if not set(rows) >= _NEEDED:
        return ""
    farther = rows[StabilityMeasure.FARTHER]
    reference = farther["reference"]
    version = f"from {reference} to another class" if reference else "as another class"
    threshold = ""
    if below := rows.get(StabilityMeasure.BELOW):
        threshold = (
            f" Below your threshold of {below['threshold']:g} come {_small(below['value'])} "
            f"({_small_interval(below)})."
        )
    return (
        f"{starting_name(farther)}: re-encoded {version}, another photo is nearer than the own "
        f"copy in {_small(farther['value'])} of cases (95% interval {_small_interval(farther)}; "
        f"{count(farther['n_test'], 'photo')}). Copies keep a cosine similarity of "
        f"{_cosine(rows[StabilityMeasure.SELF])}, one in a hundred of "
        f"{_cosine(rows[StabilityMeasure.FIRST])} or less.{threshold}"
    )


def stabilities_sentence(found: Sequence[Row]) -> str:
    """How often another photo is nearer than a photo's own copy, with many encoders.

    Args:
        found: Shares of photos that are farther from their copy than from another photo.
    """
    return (
        f"{starting_name(found[0])}, share of photos whose own copy is farther than another photo: "
        f"{ends(found, _small, _small_interval)}."
    )


def _measured(run: Run) -> list[Setups]:
    """Rows over every pair of classes; those from a reference where there are no pairs."""
    found = by_encoder(run.of(Experiment.STABILITY), "reference")
    whole_ones = [each for each in found if not first(each)["reference"]]
    told_ones = {_about(each) for each in whole_ones}
    return [*whole_ones, *(each for each in found if _about(each) not in told_ones)]


def _about(setups: Setups) -> tuple[str, ...]:
    row = first(setups)
    return row["dataset"], row["attribute"], row["encoder"]


def _shares(found: Sequence[Setups]) -> list[Row]:
    measure = StabilityMeasure.FARTHER
    return [each[measure] for each in found if measure in each]


def _findings(run: Run) -> list[Finding]:
    def many(found: list[Setups]) -> str:
        shares = _shares(found)
        return stabilities_sentence(shares) if shares else ""

    return told(run, _measured(run), ("attribute", "reference"), stability_sentence, many)


def _heading(run: Run) -> str:
    values = [row["value"] for row in _shares(_measured(run))]
    if not values:
        return "How far re-encoding moves a photo"
    low, high = _small(min(values)), _small(max(values))
    share = low if low == high else f"{low} to {high}"
    return f"In {share} of cases another photo is nearer than a photo's own re-encoded copy"


def _advice(run: Run) -> list[str]:
    firsts = [
        row
        for row in run.of(Experiment.STABILITY)
        if row["setup"] == StabilityMeasure.FIRST and not row["reference"]
    ]
    if not firsts:
        return []
    low = min(firsts, key=lambda row: float(row["value"]))
    return [
        f"Set a threshold for duplicates below {number(low['value'] / 100, 3)} (95% interval "
        f"{span(low['low'] / 100, low['high'] / 100, digits=3)}) to keep 99 of 100 copies "
        f"({quoted_name(low)}{by_whom(low, firsts)})."
    ]


def stability_table(rows: list[Row]) -> Table:
    """How far photos move, over all pairs of classes and from the reference."""
    return Table(
        "Cosine similarities times 100; shares of photos in percent, with 95% intervals",
        ("Encoder", "Attribute", "Measure", "From", "Threshold", "Value", "Interval", "Photos",
         "Notes"),
        [
            (
                row["encoder"],
                title_of(row),
                row["setup"],
                row["reference"] or "every class",
                "–" if row["threshold"] is None else f"{row['threshold']:g}",
                number(row["value"], 2),
                span(row["low"], row["high"], digits=2),
                whole(row["n_test"]),
                row["notes"] or "–",
            )
            for row in rows
        ],
        names=4,
        remarks=1,
    ).on([row["dataset"] for row in rows])  # fmt: skip


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


def _figures(run: Run, _pictures: bool) -> list[Figure]:
    tables = [
        (
            "Similarity to the own copy and to the nearest other photo",
            stability_table(run.of(Experiment.STABILITY)),
        ),
        (
            "Photos that another one overtakes",
            overtaken_table(run.details_of(Experiment.STABILITY)),
        ),
    ]
    kept = [(heading, table) for heading, table in tables if table.rows]
    caption = "How far re-encoding moves a photo, beside its nearest other photo."
    return [Figure("stability", caption, tables=kept)] if kept else []


def _cosine(row: Row) -> str:
    return number(row["value"] / 100, 3)


def _small(share: float | None) -> str:
    """A share in percent that may be tiny."""
    return f"{number(share, 2)}%"


def _small_interval(row: Row) -> str:
    return span(row["low"], row["high"], unit="%", digits=2)


STABILITY = Section(
    key="stability",
    chapter=Chapter.RISK,
    heading=_heading,
    name="stability under re-encoding",
    experiments=(Experiment.STABILITY,),
    command="latentprint similarity {store} -a jpeg --threshold 0.95 --out {new}",
    page="similarity",
    is_listed=True,
    findings=_findings,
    figures=_figures,
    advice=_advice,
    procedure="Cosine similarities of a photo to its re-encoded self and to the nearest other one.",
)

SECTIONS = (STABILITY,)
