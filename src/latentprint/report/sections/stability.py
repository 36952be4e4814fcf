"""Does a photo stay itself when it is encoded again? Stability against the nearest other photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latentprint.report.figures.figure import Figure
from latentprint.report.figures.table import Table
from latentprint.report.inputs import Row, Run, grouped
from latentprint.report.section import Chapter, Finding, Section
from latentprint.report.telling import (
    Setups,
    by_encoder,
    by_whom,
    ends,
    first,
    place,
    told,
)
from latentprint.report.wording import (
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
        f"{starting_name(farther)}: re-encoded {version}, a photo keeps a cosine similarity of "
        f"{_cosine(rows[StabilityMeasure.SELF])} to itself, and one in a hundred has "
        f"{_cosine(rows[StabilityMeasure.FIRST])} or less; its nearest other photo is at "
        f"{_cosine(rows[StabilityMeasure.OTHER])}. In {_small(farther['value'])} of cases (95% "
        f"interval {_small_interval(farther)}) the other photo is nearer than the photo's own "
        f"copy.{threshold}"
    )


def stabilities_sentence(found: Sequence[Row]) -> str:
    """How often another photo is nearer than a photo's own copy, with many encoders.

    Args:
        found: Shares of photos that are farther from their copy than from another photo.
    """
    return (
        f"{starting_name(found[0])}: the share of cases in which another photo is nearer to a "
        f"photo than its own re-encoded copy {ends(found, _small, _small_interval)}."
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


def _headline(run: Run) -> list[Finding]:
    found = []
    for rows in grouped(_shares(_measured(run)), "dataset"):
        top = max(rows, key=lambda row: float(row["value"]))
        found.append(Finding(place(run, top), _headline_sentence(top, rows)))
    return found


def _headline_sentence(top: Row, rows: list[Row]) -> str:
    if top["value"] == 0:
        widest = max(row["high"] for row in rows)
        return (
            "In no case was another photo nearer to a photo than its own re-encoded copy (95% "
            f"interval up to {_small(widest)})."
        )
    return (
        f"Another photo is nearer to a photo than its own re-encoded copy in at most "
        f"{_small(top['value'])} of cases ({_small_interval(top)}; {quoted_name(top)}"
        f"{by_whom(top, rows)})."
    )


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
        f"A threshold for duplicates has to be below {number(low['value'] / 100, 3)} to keep 99 of "
        f"100 re-encoded copies ({quoted_name(low)}, {low['encoder']}; 95% interval "
        f"{span(low['low'] / 100, low['high'] / 100, digits=3)}), and above the similarity of "
        "other photos."
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


def _introduction(_: Run) -> str:
    return (
        "**Does a photo stay itself when it is encoded again?** An index finds a re-encoded copy "
        "as long as the copy is nearer to its photo than any other photo is, and within the "
        "threshold that the index uses."
    )


STABILITY = Section(
    key="stability",
    chapter=Chapter.RISK,
    title="",
    name="stability under re-encoding",
    experiments=(Experiment.STABILITY,),
    command="latentprint similarity STORE -a jpeg --threshold 0.95 --out RUN",
    unanswered="Whether a photo stays itself when it is encoded again was",
    introduction=_introduction,
    findings=_findings,
    headline=_headline,
    figures=_figures,
    advice=_advice,
    protocol=lambda _: (
        "**Stability.** Cosine similarities between a photo and its re-encoded self, and between "
        "the photo and the nearest other one."
    ),
)

SECTIONS = (STABILITY,)
