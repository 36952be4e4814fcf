"""The plain-language summary: rows of the result table in, sentences out.

No sentence says more than its row shows: an interval that is not clear of chance is "not readable
with this many photos", which is not the same as no information.
"""

from __future__ import annotations

from dataclasses import dataclass

from latentprint.report.inputs import Row, Run
from latentprint.report.wording import (
    attribute_name,
    capital,
    classes,
    listed,
    percent,
    points,
    span,
)

_LEADS = {
    "read": "A linear probe reads {} from its embeddings.",
    "not above the floor": (
        "For {}, {probe} is above guessing, but not shown to be above the same network untrained."
    ),
    "not readable": "{} {} not readable with this many photos.",
    "below chance": "For {}, the probe is below guessing, which calls for a check of the data.",
}


@dataclass(frozen=True)
class Finding:
    """One sentence of the summary.

    Attributes:
        attribute: Name of the attribute, for people.
        verdict: As in the result table.
        sentence: What was measured, with its interval.
        notes: Health warnings of the row.
    """

    attribute: str
    verdict: str
    sentence: str
    notes: str


@dataclass(frozen=True)
class EncoderSummary:
    """What was found about one encoder: a lead sentence and the findings behind it."""

    encoder: str
    lead: str
    probes: list[Finding]
    neighbours: list[Finding]


def summarise(run: Run) -> list[EncoderSummary]:
    """Summarise every encoder of the user."""
    influences = [row for row in run.neighbours if row["setup"] == "influence"]
    return [
        EncoderSummary(
            encoder=encoder,
            lead=lead_sentence([row for row in run.probes if row["encoder"] == encoder]),
            probes=_findings([row for row in run.probes if row["encoder"] == encoder]),
            neighbours=_findings([row for row in influences if row["encoder"] == encoder]),
        )
        for encoder in dict.fromkeys(row["encoder"] for row in run.rows)
    ]


def lead_sentence(probes: list[Row]) -> str:
    """Gather the probe verdicts of one encoder."""
    sentences: list[str] = []
    for verdict, template in _LEADS.items():
        names = [attribute_name(row["attribute"]) for row in probes if row["verdict"] == verdict]
        if names:
            verb = "are" if len(names) > 1 else "is"
            probe = "it" if sentences else "a linear probe"
            sentences.append(capital(template.format(listed(names), verb, probe=probe)))
    return " ".join(sentences)


def probe_sentence(row: Row) -> str:
    """What a probe found, with interval, chance and the untrained network beside it."""
    name = capital(attribute_name(row["attribute"]))
    chance = f", where guessing gives {percent(row['chance'])}" if row["chance"] else ""
    right = f"the probe is right {_accuracy(row)}"
    match row["verdict"]:
        case "read":
            among = f" among {classes(row)} classes" if classes(row) else ""
            return f"{name} can be read: {right}{among}{chance}. {floor_sentence(row)}"
        case "not readable":
            return (
                f"{name} is not readable with this many photos: {right}{chance}. "
                f"{floor_sentence(row)} More photos could change this."
            )
        case "not above the floor":
            return (
                f"{name} is not shown to be above the untrained floor: {right}{chance}. "
                f"{floor_sentence(row)} So this cannot be put down to what the encoder learned."
            )
        case "below chance":
            return (
                f"{name} comes out below chance: {right}{chance}. A probe below guessing points "
                "to something odd in the photos or their splits; take no conclusion from it."
            )
        case _:
            return f"{name}: {right}{chance}. {floor_sentence(row)}"


def floor_sentence(row: Row) -> str:
    """How far the result is from the same network with untrained weights."""
    if row["floor"] is None:
        return "No untrained network was measured beside it."
    sentence = f"The same network untrained reaches {percent(row['floor'])}"
    if row["excess_low"] is None:
        return f"{sentence}."
    return (
        f"{sentence}; the difference is {points(row['value'] - row['floor'])} points "
        f"(95% interval {points(row['excess_low'])} to {points(row['excess_high'])})."
    )


def influence_sentence(row: Row) -> str:
    """Whether processing changed which neighbours vote: pos-same minus neg-same."""
    name = capital(attribute_name(row["attribute"]))
    k = f", k = {row['k']}" if row["k"] else ""
    measured = (
        f"influence {points(row['value'])} points "
        f"(95% interval {points(row['low'])} to {points(row['high'])}{k})"
    )
    match row["verdict"]:
        case "traces change neighbours":
            effect = "attract" if row["value"] > 0 else "repel"
            return (
                f"{name} changes neighbours: photos processed alike {effect} each other; "
                f"{measured}."
            )
        case "no change shown":
            return f"{name} is not shown to change neighbours with this many photos; {measured}."
        case _:
            return f"{name}: {measured}."


def _accuracy(row: Row) -> str:
    return (
        f"in {percent(row['value'])} of cases "
        f"(95% interval {span(row['low'], row['high'], unit='%')})"
    )


def _findings(rows: list[Row]) -> list[Finding]:
    return [
        Finding(
            attribute=attribute_name(row["attribute"]),
            verdict=row["verdict"] or "no verdict",
            sentence=(
                influence_sentence(row) if row["setup"] == "influence" else probe_sentence(row)
            ).strip(),
            notes=row["notes"] or "",
        )
        for row in rows
    ]
